"""Shell completion of plugin names, configuration files and run folders.

Plugins are discovered without importing their libraries, so that completion is fast.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from awb.plugins.discovery import Kind

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_RUN_FILES = ("run.json", "sweep.json")


def names_of(kind: Kind, *, several: bool = False, also: tuple[str, ...] = ()) -> Complete:
    """Make a function that completes plugin names."""

    def complete(
        context: click.Context,  # noqa: ARG001 - click's signature
        parameter: click.Parameter,  # noqa: ARG001
        incomplete: str,
    ) -> list[CompletionItem]:
        before, last = _split(incomplete) if several else ("", incomplete)
        taken = set(before.split(",")) if several else set()
        from awb.plugins.discovery import load

        known = {entry.spec.name: entry.spec.summary for entry in load() if entry.kind == kind}
        words = {**({} if before else dict.fromkeys(also, "")), **known}
        return [
            CompletionItem(before + name, help=summary)
            for name, summary in words.items()
            if name.startswith(last) and name not in taken
        ]

    return complete


def _split(text: str) -> tuple[str, str]:
    """Split a partly typed list into its finished part and the last name."""
    before, comma, last = text.rpartition(",")
    return before + comma, last


def run_folders(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Complete folders of runs and sweeps, newest first: in ``runs/``, and below the typed path."""
    typed = Path(incomplete or ".")
    parent = typed if incomplete.endswith(("/", "\\")) else typed.parent
    found = [
        path
        for folder in dict.fromkeys([parent, Path("runs")])
        for path in _folders_in(folder)
        if str(path).startswith(incomplete.removeprefix("./"))
    ]
    runs = [path for path in found if any((path / name).is_file() for name in _RUN_FILES)]
    if not runs:
        return [CompletionItem(incomplete, type="dir")]
    runs.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    return [CompletionItem(str(path)) for path in dict.fromkeys(runs)]


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir())
    except OSError:
        return []


def config_files(
    context: click.Context,  # noqa: ARG001 - click's signature
    parameter: click.Parameter,  # noqa: ARG001
    incomplete: str,
) -> list[CompletionItem]:
    """Complete TOML files, or any path if there are none."""
    typed = Path(incomplete or ".")
    parent = typed if incomplete.endswith(("/", "\\")) or not incomplete else typed.parent
    shown = incomplete.removeprefix("./")
    found = [str(path) for path in sorted(parent.glob("*.toml")) if str(path).startswith(shown)]
    return [CompletionItem(path) for path in found] or [CompletionItem(incomplete, type="file")]
