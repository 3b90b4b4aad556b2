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
from awb.plugins.discovery import load

if TYPE_CHECKING:
    from awb.harness.selection.selector import Progress
    from awb.plugins.discovery import Broken


_PAUSE_S = 60.0


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
    _warn_of(load().broken)
    if not sys.stderr.isatty():
        yield _lines(path, name)
        return
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
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}
        first = bar.add_task(waiting, total=None, visible=bool(waiting), left="")

        def update(phase: str, done: int, total: int) -> None:
            bar.update(first, visible=False)
            if phase not in tasks:
                tasks[phase] = bar.add_task(phase, total=total, left="")
            left = estimates.left(phase, done, total)
            bar.update(tasks[phase], completed=done, total=total, left=left)

        try:
            yield update
        finally:
            bar.update(first, visible=False)


def _lines(path: Path, name: str, now: Callable[[], float] = time.monotonic) -> Progress:
    """Print lines when a phase starts and ends, and in between once its length is known.

    From then on, they come at most once a minute.
    """
    from awb.harness.planning.estimate import Estimates

    click.echo(f"{name}: {path}", err=True)
    printed: dict[tuple[str, bool, bool], float] = {}
    estimates = Estimates(now)

    def update(phase: str, done: int, total: int) -> None:
        left = estimates.left(phase, done, total)
        event = (phase, done == total, left not in {"", "a few seconds left"})
        if event not in printed or (done < total and now() - printed[event] >= _PAUSE_S):
            printed[event] = now()
            click.echo(f"{phase}: {done} of {total}{left and f', {left}'}", err=True)

    return update
