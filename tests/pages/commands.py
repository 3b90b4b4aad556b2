"""docs/reference/commands.md: the help of every command."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from awb.cli import main
from pages.tables import table

TEXT = """# Commands

What `--help` says of every command.

## Completion

Bash, zsh and fish complete commands, options, names of plugins (also behind a comma), run folders
and configuration files once the shell has loaded what `awb completion` prints;
`awb completion --help` says what to type to keep it.

```bash
awb completion bash > awb-complete.bash
```

## Environment variables

| variable | meaning |
| --- | --- |
| `AWB_CACHE` | folder of the scores that are kept from run to run, or `off` |
| `AWB_CACHE_SIZE` | how much of them may stay, as `500MB` |

{commands}
"""


def page() -> str:
    """Write the page."""
    return TEXT.format(commands="\n\n".join(_sections(main, ["awb"])))


def _sections(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path), max_content_width=10_000)
    if command is not main:
        yield _section(command, context, path)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            if found is not None:
                yield from _sections(found, [*path, name])


def _section(command: click.Command, context: click.Context, path: list[str]) -> str:
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    parts = [
        f"{'#' * (len(path))} {' '.join(path)}",
        f"`{usage}`",
        _paragraphs(inspect.cleandoc(command.help or "")),
    ]
    records = [parameter.get_help_record(context) for parameter in command.get_params(context)]
    rows = [
        [f"`{names}`", *_split(text)]
        for names, text in filter(None, records)
        if "--help" not in names
    ]
    if rows:
        parts.append(table(["option", "what", "default"], rows))
    return "\n\n".join(parts)


def _split(text: str) -> tuple[str, str]:
    """Split an option's help into what it is, and its default or range."""
    found = re.fullmatch(r"(.*?)\s*(?:\[([^\[\]]*)\])?", text, re.DOTALL)
    assert found is not None
    extra = (found.group(2) or "").replace("default: ", "").replace("x>=", "at least ")
    return found.group(1), extra


def _paragraphs(text: str) -> str:
    """Keep paragraphs, and unwrap their lines."""
    return "\n\n".join(" ".join(one.split()) for one in re.split(r"\n\s*\n", text))
