"""``awb report``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.completing import run_folders
from awb.cli.opening import open_page
from awb.cli.progress import passing_bar


@click.command("report")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The page.  [default: report.html in the run folder]",
)
@click.option(
    "--instances",
    type=click.IntRange(0),
    default=50,
    show_default=True,
    metavar="N",
    help="Most instances a board to look at and listen to: the worst and the best.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def report_command(folder: Path, out: Path | None, instances: int, show: bool) -> None:
    """Write one HTML page to look at a run and to listen to it, with everything in it.

    The board, charts of metrics, cost and agreement, and a player for each instance. The page loads
    nothing from anywhere and can be sent to anybody.
    """
    from awb.harness.storage.run_folder import RunFolder
    from awb.plugins.discovery import load
    from awb.report.run_report import write_report

    path = out or folder / "report.html"
    with passing_bar("Writing the report"):
        write_report(RunFolder.open(folder), load(), path, instances=instances)
    click.echo(path)
    if show:
        open_page(path)
