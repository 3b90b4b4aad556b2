"""The documentation is correct: blocks run, commands parse, and linked files exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from awb.cli import main
from awb.errors import AwbError, MissingExtraError
from awb.plugins.discovery import Kind, load
from awb.plugins.references import parse_list
from awb.plugins.resolve import resolve
from doc_blocks import Block, blocks, command_lines, pages

ROOT = Path(__file__).resolve().parents[1]
PAGES = pages(ROOT)
LANGUAGES = {"python", "bash", "sh", "text", "toml", "yaml", "json", "tsv", "csv", "math"}
REFERENCES: dict[str, Kind] = {
    "dataset": "dataset",
    "datasets": "dataset",
    "model": "model",
    "models": "model",
    "explainers": "explainer",
    "metrics": "metric",
    "masker": "masker",
    "scoring_masker": "masker",
}
SLOW_PAGES = {
    "docs/bring-your-own-model.md", "docs/captum.md", "docs/comparison.md", "docs/configuration.md",
    "docs/models-from-packages.md", "docs/publishing.md", "docs/recipes.md", "docs/robust-runs.md",
    "docs/write-an-explainer.md", "docs/your-annotations.md",
}  # fmt: skip
"""Pages whose blocks take more than ten seconds; the tutorial and the others stay quick."""
RECORDINGS = "docs/models-from-packages.md"
"""Starts from folders of recordings that it does not download here: speech/ and others/."""
SPEECH = "asterisk"
OTHERS = ("gcompris_lrbark", "lincity_health4", "lomiri", "minetest", "sonic")
PLACEHOLDER = re.compile(r"\.\.\.|…|[<>\[\]|{}]")


def _blocks(page: Path) -> list[Block]:
    return list(blocks(page.read_text(encoding="utf-8")))


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


NOTEBOOK = "docs/notebook.md"
"""Made of a notebook, which tests/test_notebook.py executes."""


def _executed() -> list[Any]:
    pages = [
        page
        for page in PAGES
        if _name(page) != NOTEBOOK and any(block.is_executed for block in _blocks(page))
    ]
    assert {_name(page) for page in pages} >= SLOW_PAGES
    return [
        pytest.param(page, marks=pytest.mark.slow if _name(page) in SLOW_PAGES else (), id=name)
        for page, name in zip(pages, map(_name, pages), strict=True)
    ]


@pytest.mark.parametrize("page", _executed())
def test_blocks_run(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    work = tmp_path / "work"
    work.mkdir()
    if _name(page) == RECORDINGS:
        _lay_out(request.getfixturevalue("test_data") / "real-sounds" / "sources", work)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "AWB_CACHE"},
        "CLIPS": "2",
        "MPLBACKEND": "Agg",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [sys.executable, str(ROOT / "tests" / "doc_runner.py"), str(page)]
    done = subprocess.run(
        command, cwd=work, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


def _lay_out(recordings: Path, work: Path) -> None:
    """Put a few recordings where the page expects a stranger's."""
    for name, prefixes in (("speech/a-voice", (SPEECH,)), ("others", OTHERS)):
        (work / name).mkdir(parents=True)
        for path in sorted(recordings.glob("*.flac")):
            if path.name.startswith(prefixes):
                (work / name / path.name).symlink_to(path)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_parse(page: Path) -> None:
    wrong = []
    new = set(re.findall(r"awb new \w+ ([a-z0-9-]+)", page.read_text(encoding="utf-8")))
    for block in _blocks(page):
        if block.language not in {"bash", "sh", "inline", "indented", "console"}:
            continue
        for line, words in command_lines(block):
            reason = trouble(words, new)
            if reason:
                wrong.append(f"{page}:{line}: awb {' '.join(words)}: {reason}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_fences_declare_their_kind(page: Path) -> None:
    wrong = []
    for block in _blocks(page):
        where = f"{page}:{block.line}"
        if block.language == "indented":
            if "docs" in page.relative_to(ROOT).parts:
                wrong.append(f"{where}: fence this block as bash or sh")
        elif block.language not in LANGUAGES | {"inline"}:
            wrong.append(f"{where}: fenced as {block.language!r}, not one of {sorted(LANGUAGES)}")
        elif block.language == "sh" and not block.before:
            wrong.append(f"{where}: the sentence before a block that is not run must say why")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_are_used(page: Path) -> None:
    found = _blocks(page)
    for number, block in enumerate(found):
        if block.is_file and block.language == "python":
            compile(block.content, f"{page}:{block.line}", "exec")
            later = [one.content for one in found[number + 1 :] if one.is_executed or one.is_left]
            used = any(block.title in text for text in later)
            assert used, f"{page}:{block.line}: nothing runs {block.title}"


def trouble(words: list[str], new: set[str]) -> str:
    """Say what is wrong with a command line, without running it; empty if it would be accepted.

    Placeholders are accepted: only names of commands and options, choices of options, and names of
    plugins except those in `new` are checked.
    """
    command: click.Command = main
    context = click.Context(main, info_name="awb")
    try:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            name, *words = words
            found = command.get_command(context, name)
            if found is None:
                return "" if PLACEHOLDER.search(name) else f"no command {name!r}"
            command = found
            context = click.Context(command, info_name=name, parent=context, **_settings(command))
        values, _, _ = command.make_parser(context).parse_args(_without_ellipses(words))
    except click.UsageError as error:
        return error.format_message()
    return _wrong_choice(command, context, values) or _wrong_reference(context, values, new)


def _wrong_reference(context: click.Context, values: dict[str, Any], new: set[str]) -> str:
    """Say which plugin or setting does not exist; plugin files are not opened."""
    if "plugins" in values or "plugin" in values or context.info_name not in {"run", "explain"}:
        return ""
    for option, kind in REFERENCES.items():
        given = values.get(option) or ()
        for text in [given] if isinstance(given, str) else given:
            for one in parse_list(text):
                unknown = one.name.isupper() or one.name in {"all", *new}
                if unknown or PLACEHOLDER.search(str(one)):
                    continue
                try:
                    resolve(load(), kind, str(one))
                except MissingExtraError:
                    continue
                except AwbError as error:
                    return str(error)
    return ""


def _without_ellipses(words: list[str]) -> list[str]:
    pairs = zip(["", *words], words, strict=False)
    return [word for before, word in pairs if word not in {"...", "…"} or before.startswith("--")]


def _settings(command: click.Command) -> dict[str, object]:
    return dict(command.context_settings)


def _wrong_choice(command: click.Command, context: click.Context, values: dict[str, object]) -> str:
    for parameter in command.params:
        given = values.get(parameter.name or "")
        if isinstance(parameter.type, click.Choice) and isinstance(given, str):
            if PLACEHOLDER.search(given) or given.isupper():
                continue
            try:
                parameter.type.convert(given, parameter, context)
            except click.UsageError as error:
                return error.format_message()
    return ""


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("run --explainrs all", "--explainers"),
        ("run --explainers nave", "Did you mean naive"),
        ("run --model soundscape-cnn:weigth=3", "Did you mean weights"),
        ("run --clips", "requires an argument"),
        ("rum", "no command"),
        ("show DIR --format xml", "is not one of"),
        ("cache shwo", "no command"),
    ],
)
def test_a_wrong_command_is_found(command: str, reason: str) -> None:
    assert reason in trouble(command.split(), set())


@pytest.mark.parametrize(
    "command", ["run ... --scheduler tcp://a:1", "resume DIR --scheduler ...", "run --model MODEL"]
)
def test_placeholders_are_accepted(command: str) -> None:
    assert trouble(command.split(), set()) == ""
