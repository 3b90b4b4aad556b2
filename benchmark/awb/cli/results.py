"""``awb show`` and ``awb export``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.completing import run_folders
from awb.cli.plugin_files import PLUGIN
from awb.cli.progress import passing_bar
from awb.cli.tables import tell

if TYPE_CHECKING:
    from awb.harness.storage.sweep_folder import SweepFolder
    from awb.leaderboard.boards.board import Board
    from awb.leaderboard.formats.long_table import Format


def print_boards(found: list[Board], form: str) -> None:
    """Write boards to stdout."""
    from awb.leaderboard.formats import text

    if form == "json":
        click.echo(text.to_json(found))
    elif form == "csv":
        click.echo(text.to_csv(found), nl=False)
    elif form == "md":
        click.echo("\n".join(text.to_markdown(board) for board in found), nl=False)
    elif sys.stdout.isatty():
        from rich.console import Console

        from awb.leaderboard.formats.terminal import to_terminal

        for board in found:
            to_terminal(board, Console())
    else:
        click.echo("\n\n".join(text.to_plain(board) for board in found))


def print_contrasts(found: list[Board], form: str) -> None:
    """Write the contrasts between boards, if any, after the boards."""
    from awb.leaderboard.boards.contrast import contrasts
    from awb.leaderboard.formats.contrast_table import contrast_text
    from awb.plugins.discovery import load

    if form in {"table", "md"}:
        for contrast in contrasts(found, load()):
            click.echo(f"\n{contrast_text(contrast, form)}", nl=form == "table")


def print_sweep(folder: SweepFolder, form: str, columns: list[str] | None) -> bool:
    """Write the tables of a sweep to stdout."""
    from awb.leaderboard.formats import sweep_table
    from awb.plugins.discovery import load

    with passing_bar("Comparing explainers"):
        found = sweep_table.sweep_boards(folder, load(), columns=columns)
    if form == "json":
        click.echo(sweep_table.sweep_json(found))
    elif form == "csv":
        click.echo(sweep_table.sweep_csv(found), nl=False)
    else:
        style = "github" if form == "md" else "simple"
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(sweep_table.sweep_text(found, style, width=width), nl=False)
    return found.failed


def print_slices(folder: Path, form: str, columns: list[str] | None, by: str, bins: int) -> None:
    """Write the boards of a run in slices: of the ranking metric, or of the metrics given."""
    from awb.harness.storage.run_folder import RunFolder
    from awb.leaderboard.boards.construction import read_boards
    from awb.leaderboard.boards.slices import slice_boards
    from awb.leaderboard.boards.traits import find_trait
    from awb.leaderboard.formats import slice_table
    from awb.plugins.discovery import load

    find_trait(by)
    boards = read_boards(RunFolder.open(folder), load(), columns=columns)
    with passing_bar("Comparing explainers"):
        tables, refused = slice_boards(boards, by, bins=bins, first_only=columns is None)
    tell(refused)
    if form == "json":
        click.echo(slice_table.to_json(tables))
    elif form == "csv":
        click.echo(slice_table.to_csv(tables), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo(slice_table.to_text(tables, form, width=width), nl=False)


@click.command("show")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "csv", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--metrics",
    metavar="all|A,B,...",
    help="Columns, of which the first ranks.  [default: the main ones]",
)
@click.option(
    "--by",
    metavar="class|snr|duration|...",
    help="Cut the board into slices: one table per metric.  [default metric: the one that ranks]",
)
@click.option(
    "--bins",
    metavar="N",
    type=int,
    default=3,
    show_default=True,
    help="Number of slices of a number, with --by.",
)
@PLUGIN
def show_command(folder: Path, form: str, metrics: str | None, by: str | None, bins: int) -> None:
    """Print the boards of a run, or the tables of a sweep; CSV and JSON include every metric.

    With --by, where does an explainer fail? Slices by class, duration (of the events, seconds),
    share (of the clip, %), events (their number), overlap (with other labelled sounds), snr (level
    of the events against the rest, dB), clip-duration, position (in the clip, %), score (the
    model's probability) or group.
    """
    from awb.errors import RunError
    from awb.harness.selection.no_instances import check_some
    from awb.harness.storage.run_folder import RunFolder
    from awb.harness.storage.sweep_folder import SweepFolder, is_sweep
    from awb.leaderboard.boards.construction import boards
    from awb.plugins.discovery import load

    columns = metrics.split(",") if metrics else None
    if by is not None:
        if is_sweep(folder):
            raise RunError(f"{folder} is a sweep; --by shows one of its runs: name its subfolder")
        print_slices(folder, form, columns, by, bins)
        return
    if columns is None and form in {"csv", "json"}:
        columns = ["all"]
    if is_sweep(folder):
        print_sweep(SweepFolder.open(folder), form, columns)
        return
    run = RunFolder.open(folder)
    with passing_bar("Comparing explainers"):
        found = boards(run, load(), columns=columns)
    if form in {"table", "md"}:
        check_some(run.manifests(), run.config(), {})
    print_boards(found, form)
    print_contrasts(found, form)


@click.command("export")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json", "parquet"]),
    default="csv",
    show_default=True,
    help="File format.",
)
@click.option(
    "--output",
    "--out",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Output file, or folder.  [default: stdout; tracks with --as, tensorboard with --to]",
)
@click.option(
    "--as",
    "tracks",
    type=click.Choice(["raven", "audacity", "textgrid", "jams"]),
    help="Write the explanations as tracks for an editor instead.",
)
@click.option(
    "--to",
    "tracker",
    type=click.Choice(["mlflow", "wandb", "tensorboard"]),
    help="Log the boards to a tracker of experiments instead.",
)
@click.option(
    "--explainers",
    metavar="A,B,...",
    help="Whose tracks, with --as.  [default: all but the baselines]",
)
@click.option(
    "--top",
    type=float,
    default=0.1,
    show_default=True,
    metavar="SHARE",
    help="Share of the segments that is written, with --as.",
)
@click.option(
    "--above",
    type=float,
    metavar="SHARE",
    help="Write the segments above this share of the highest relevance instead, with --as.",
)
def export_command(
    folder: Path,
    form: Format,
    output: Path | None,
    tracks: str | None,
    tracker: str | None,
    explainers: str | None,
    top: float,
    above: float | None,
) -> None:
    """Write the long table: one row per instance, explainer and metric.

    For a sweep, one table of all variants, with the settings that vary as columns.

    With --as, write for every clip what people labelled, the model's score and the strongest
    segments of every explainer, to look at and to listen to in Raven, Audacity or Praat.

    With --to, every explainer of every board becomes a run of MLflow, Weights & Biases or
    TensorBoard, with its means, their intervals, its rank and its cost.
    """
    from awb.errors import RunError
    from awb.harness.storage.run_folder import RunFolder
    from awb.harness.storage.sweep_folder import SweepFolder, is_sweep
    from awb.leaderboard.formats.long_table import write, write_sweep

    if tracker is not None:
        _log(folder, tracker, tracks, output)
        return
    if tracks is not None:
        _export_tracks(folder, tracks, output or Path("tracks"), explainers, top, above)
        return
    content = (
        write_sweep(SweepFolder.open(folder), form)
        if is_sweep(folder)
        else write(RunFolder.open(folder).store().scores(), form)
    )
    if output is None:
        sys.stdout.buffer.write(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise RunError(f"cannot write {output}: {error.strerror}") from error


def _log(folder: Path, tracker: str, tracks: str | None, output: Path | None) -> None:
    """Log boards to a tracker."""
    from awb.errors import ParameterError
    from awb.harness.storage.sweep_folder import open_folder
    from awb.leaderboard.trackers.entries import entries_of
    from awb.leaderboard.trackers.loggers import check_installed, log
    from awb.plugins.discovery import load

    if tracks is not None:
        raise ParameterError("--as and --to are two things; type one of them")
    if output is not None and tracker != "tensorboard":
        raise ParameterError(f"--out says nothing to {tracker}, which has a place of its own")
    check_installed(tracker)
    with passing_bar("Comparing explainers"):
        entries = entries_of(open_folder(folder), load())
    click.echo(log(tracker, entries, output or Path("tensorboard")), err=True)


def _export_tracks(
    folder: Path,
    form: str,
    into: Path,
    explainers: str | None,
    top: float,
    above: float | None,
) -> None:
    """Write tracks, in a folder per board if there are several."""
    import re

    from awb.data.annotations.tracks import write_tracks
    from awb.harness.storage.run_folder import RunFolder
    from awb.plugins.discovery import load
    from awb.plugins.references import parse_list
    from awb.report.tracks import Choice, recordings_of

    names = tuple(str(one) for one in parse_list(explainers)) if explainers else ()
    found = recordings_of(RunFolder.open(folder), load(), Choice(names, top, above))
    written = 0
    for pair, recordings in found.items():
        board = "" if len(found) == 1 else re.sub(r"[^\w.=+-]+", "_", "--".join(pair))
        written += len(write_tracks(form, recordings, into / board))
    clips = sum(map(len, found.values()))
    click.echo(f"wrote {written} files of {clips} clips to {into}", err=True)
