"""``--plugin FILE``: plugins that are not installed."""

from __future__ import annotations

from pathlib import Path

import click

_TYPED = "awb.plugin_files"


def typed_files(context: click.Context) -> tuple[Path, ...]:
    """Return the files given with ``--plugin``, which are already loaded."""
    found: tuple[Path, ...] = context.meta.get(_TYPED, ())
    return found


def _load(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> None:  # noqa: ARG001
    """Load the files before the command looks up any plugin."""
    if paths:
        context.meta[_TYPED] = paths
        from awb.plugins.session import add_file

        for path in paths:
            add_file(path)


PLUGIN = click.option(
    "--plugin",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    callback=_load,
    expose_value=False,
    is_eager=True,
    help="A file with plugins that are not installed; can be repeated.",
)
