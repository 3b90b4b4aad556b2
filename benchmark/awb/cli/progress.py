"""The progress bar, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.waiting import clear

if TYPE_CHECKING:
    from awb.harness.selection.selector import Progress
    from awb.plugins.discovery import Broken


_PATIENCE_S = 5.0


def _warn_of(broken: Iterable[Broken]) -> None:
    for one in broken:
        clear()
        click.echo(
            f"awb: plugin {one.origin.distribution} is broken and left out: {one.reason}",
            err=True,
        )


@contextmanager
def progress_bar(path: Path, name: str = "Run folder", *, waiting: str = "") -> Iterator[Progress]:
    """Show a bar on a terminal, and occasional lines elsewhere.

    A terminal shows what is waited for until the first clip or instance is done.
    """
    from awb.plugins.discovery import load

    _warn_of(load().broken)
    if not sys.stderr.isatty():
        yield _lines(path, name)
        return
    with _bars(waiting, stays=True) as progress:
        yield progress


@contextmanager
def passing_bar(waiting: str = "") -> Iterator[Progress]:
    """Show a bar that goes away, for work that may be over in a moment, and for its steps.

    Elsewhere than on a terminal, lines are printed once it has taken some seconds.
    """
    from awb.harness.steps import listening

    if not sys.stderr.isatty():
        progress = _patient()
        with listening(progress):
            yield progress
        return
    with _bars(waiting, stays=False) as progress, listening(progress):
        yield progress


@contextmanager
def _bars(waiting: str, *, stays: bool) -> Iterator[Progress]:
    """Show a bar per phase on a terminal, with the time left once that is known."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        Task,
        TaskID,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.table import Column
    from rich.text import Text

    from awb.harness.planning.estimate import Estimates

    class Time(TimeElapsedColumn):
        """The time that a phase has taken, and as soon as that is known, what it still takes."""

        def render(self, task: Task) -> Text:
            """Write it."""
            left = task.fields["left"]
            return Text(left, style="progress.remaining") if left else super().render(task)

    class Count(MofNCompleteColumn):
        """How much is done, where it is known of how much."""

        def render(self, task: Task) -> Text:
            """Write it."""
            return Text() if task.total is None else super().render(task)

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=12),
        Count(),
        Time(Column(no_wrap=True)),
    )
    estimates = Estimates()
    clear()
    console = Console(stderr=True)
    shared = sys.stdout.isatty()  # what is printed meanwhile stays above the bars
    with Progress(*columns, console=console, transient=not stays, redirect_stdout=shared) as bar:
        tasks: dict[str, TaskID] = {}
        first = bar.add_task(waiting, total=None, visible=bool(waiting), left="")

        def update(phase: str, done: int, total: int) -> None:
            bar.update(first, visible=False)
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=total, left="")
            left = estimates.left(phase, done, total)
            over = not stays and done == total
            bar.update(tasks[phase], completed=done, total=total, left=left, visible=not over)

        try:
            yield update
        finally:
            bar.update(first, visible=False)


def _lines(path: Path, name: str, now: Callable[[], float] = time.monotonic) -> Progress:
    """Name the folder, and print a line as phases start, go on and end."""
    from awb.harness.planning.estimate import progress_lines

    named = False

    def say(line: str) -> None:
        nonlocal named
        if not named:  # nothing is said before the names are known to be right
            click.echo(f"{name}: {path}", err=True)
        named = True
        click.echo(line, err=True)

    return progress_lines(say, now)


def _patient(now: Callable[[], float] = time.monotonic) -> Progress:
    """Print lines of a phase, but none before it has taken some seconds."""
    from awb.harness.planning.estimate import PAUSE_S, Estimates

    begun: dict[str, float] = {}
    told: dict[str, float] = {}
    estimates = Estimates(now)

    def update(phase: str, done: int, total: int) -> None:
        left = estimates.left(phase, done, total)
        now_s = now()
        last_s = told.get(phase, begun.setdefault(phase, now_s) + _PATIENCE_S - PAUSE_S)
        if now_s - last_s >= PAUSE_S or (phase in told and done == total):
            told[phase] = now_s
            click.echo(f"{phase}: {done} of {total}{left and f', {left}'}", err=True)

    return update
