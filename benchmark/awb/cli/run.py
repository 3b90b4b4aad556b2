"""``awb run`` and ``awb resume``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import config_files, run_folders
from awb.cli.plugin_files import PLUGIN
from awb.cli.settings import LIMITS, SettingsCommand, typed_settings
from awb.cli.waiting import clear, say

if TYPE_CHECKING:
    from awb.harness.config.settings import Settled
    from awb.harness.storage.run_folder import RunFolder
    from awb.harness.storage.sweep_folder import SweepFolder
    from awb.leaderboard.boards.board import Board

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""

RESOURCES = ("within", "jobs", *LIMITS, "isolate", "scheduler", "cache")


def tell_now(line: str) -> None:
    """Write a line to stderr during a run."""
    click.echo(line, err=True)


_WAITING = "Loading data and models"


def tell_overridden(settled: Settled) -> None:
    """Say on stderr which options replace what the file holds."""
    clear()
    for phrase in settled.overridden:
        click.echo(f"{settled.source}: {phrase}", err=True)


@contextmanager
def resumable(context: click.Context, path: Path) -> Iterator[None]:
    """Say after Ctrl-C what is stored, and how to go on."""
    from awb.harness.storage.run_folder import RUN_FILE, SWEEP_FILE

    try:
        yield
    except KeyboardInterrupt:
        begun = (path / RUN_FILE).exists() or (path / SWEEP_FILE).exists()
        advice = f"Finished instances are stored. Type: awb resume {path}"
        click.echo(f"Stopped. {advice if begun else 'Nothing was computed yet.'}", err=True)
        context.exit(INTERRUPTED)


@click.command("run", cls=SettingsCommand)
@click.argument(
    "file",
    metavar="[FILE.toml]",
    required=False,
    type=click.Path(path_type=Path),
    shell_complete=config_files,
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Measure for about a minute, and say how many instances, hours and megabytes it takes.",
)
@PLUGIN
@click.pass_context
def run_command(
    context: click.Context, /, file: Path | None, *, dry_run: bool, **options: Any
) -> None:
    """Run explainers on models over datasets, and print the boards.

    Without options: every explainer and metric on the embedded dataset and model, in a few minutes.
    A FILE.toml holds the same settings (awb config example); options that are typed replace its.
    Exit code 0 if everything worked, 1 if some rows failed, 2 if nothing could be done.
    """
    from awb.cli.forecasts import forecast_lines
    from awb.cli.progress import passing_bar, progress_bar
    from awb.harness.config.resources import Resources
    from awb.harness.config.toml_input import read_settings
    from awb.harness.launch import forecast, load_plugins, out_path, start
    from awb.harness.unit.score_cache import chosen_cache

    settled = read_settings(file, typed_settings(context, options))
    tell_overridden(settled)
    settings = settled.settings
    load_plugins(settings)
    resources = Resources.of(settings, chosen_cache(settings.cache), isolate=True)
    path = out_path(settled)
    if dry_run:
        with passing_bar(_WAITING) as progress:
            found = forecast(settled, resources, progress)
        for line in forecast_lines(found):
            click.echo(line)
        return
    with resumable(context, path), progress_bar(path, waiting=_WAITING) as progress:
        folder = start(settled, resources, path, progress, tell_now)
    _finish(context, folder)


@click.command("resume", cls=SettingsCommand, settings=RESOURCES)
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option(
    "--retry-stopped",
    is_flag=True,
    help="Repeat the instances on which a plugin was stopped or not tried.",
)
@PLUGIN
@click.pass_context
def resume_command(
    context: click.Context, /, folder: Path, *, retry_stopped: bool, **options: Any
) -> None:
    """Finish a run that was interrupted, or a sweep of runs, and print the boards."""
    from awb.cli.progress import progress_bar
    from awb.harness.config.resources import Resources
    from awb.harness.config.toml_input import read_settings
    from awb.harness.launch import take_up
    from awb.harness.planning.timed import Timed
    from awb.harness.unit.score_cache import chosen_cache

    settings = read_settings(None, typed_settings(context, options)).settings
    resources = Resources.of(settings, chosen_cache(settings.cache), isolate=True)
    with resumable(context, folder), progress_bar(folder, waiting=_WAITING) as progress:
        timed = Timed.of(settings, tell_now)
        finished = take_up(folder, resources, progress, retry_stopped=retry_stopped, timed=timed)
    _finish(context, finished)


def _finish(context: click.Context, folder: RunFolder | SweepFolder) -> None:
    """Print the boards and where they are; fail if rows failed."""
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.cli.progress import passing_bar
    from awb.cli.results import print_boards, print_contrasts, print_sweep
    from awb.harness.steps import steps
    from awb.harness.storage.sweep_folder import SweepFolder
    from awb.leaderboard.boards.construction import make_board, read_boards
    from awb.leaderboard.formats.lesson import lesson, next_steps
    from awb.plugins.discovery import load

    if isinstance(folder, SweepFolder):
        failed = print_sweep(folder, "table", None)
        click.echo(f"\nFolder of the sweep: {folder.path}", err=True)
    else:
        with passing_bar("Comparing explainers"):
            data = read_boards(folder, load())
            found = [make_board(one) for one in steps(data, "Comparing explainers")]
            lessons = [(one, lesson(one, rows)) for one, rows in zip(found, data, strict=True)]
        print_boards(found, "table")
        print_contrasts(found, "table")
        _tell_lessons(lessons)
        config = folder.config()
        more = config.clips is not None or config.among_first is not None
        say(f"\nRun folder: {folder.path}")
        for line in next_steps(str(folder.path), found, more_clips=more):
            click.echo(f"  {line}", err=True)
        failed = any(board.failed for board in found)
    if failed:
        context.exit(EXIT_WITH_PROBLEMS)


_MOST_BOARDS = 4  # of which the lesson is told


def _tell_lessons(lessons: Sequence[tuple[Board, list[str]]]) -> None:
    """Say what the boards show."""
    told = [(board, lines) for board, lines in lessons if lines]
    for board, lines in told[-_MOST_BOARDS:]:
        name = f"{board.model} on {board.dataset}: " if len(told) > 1 else ""
        say(f"\n{name}{' '.join(lines)}")
