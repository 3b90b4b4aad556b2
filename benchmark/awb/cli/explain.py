"""``awb explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.completing import names_of
from awb.cli.plugin_files import PLUGIN
from awb.cli.settings import LIMITS, SettingsCommand
from awb.cli.tables import tell

if TYPE_CHECKING:
    from awb.api.results import Run

_TOLD = (
    *("not applicable", "scores of", "The model", "The checkpoint"),
    *("left out", "events trimmed", "files found", "labels are results"),
)
"""How the notes of a board begin that say something of a single file, too."""


@click.command("explain", cls=SettingsCommand, settings=(*LIMITS, "isolate"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model",
    default="soundscape-cnn",
    show_default=True,
    metavar="NAME",
    shell_complete=names_of("model"),
    help="The model.",
)
@click.option(
    "--target", metavar="CLASS", help="The class.  [default: the one with the highest score]"
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Labels of the file: Raven, Audacity, TextGrid, JAMS, a table of DCASE or any other.",
)
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Detections in a recording of any length, or labels of it: explain each of them.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Length of the windows around the --events.",
)
@click.option(
    "--columns",
    default="",
    metavar="onset:COLUMN+...",
    help="Columns of a table of labels, where their names tell too little.",
)
@click.option(
    "--explainers",
    default="all",
    show_default=True,
    metavar="all|A,B,...",
    shell_complete=names_of("explainer", several=True, also=("all",)),
    help="The explainers.",
)
@click.option(
    "--masker",
    default="zeros",
    show_default=True,
    metavar="NAME",
    shell_complete=names_of("masker"),
    help="What replaces dropped audio.",
)
@click.option(
    "--samples",
    type=int,
    default=1000,
    show_default=True,
    metavar="N",
    help="Number of drop masks of the shared design.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The HTML page.  [default: NAME.explained.html]",
)
@click.option("--open/--no-open", "show", default=True, help="Open the page in the browser.")
@PLUGIN
def explain_command(
    file: Path,
    model: str,
    target: str | None,
    labels: Path | None,
    events: Path | None,
    window: float,
    columns: str,
    explainers: str,
    masker: str,
    samples: int,
    seed: int,
    out: Path | None,
    time_limit_s: str | None,
    memory_limit: str | None,
    isolate: bool | None,
    show: bool,
) -> None:
    """Explain a model's decision about one audio file, and open a page with sound and figures.

    The file needs no labels: explanations are scored by fidelity to the model only. With --labels,
    they are scored against the labels, too, and the default target is a labelled class.

    With --events, every event of a recording of any length is explained in a window around it; only
    the windows are read. --out is then the run folder [default: NAME.explained], for awb show and
    awb export --as raven.
    """
    if events is not None:
        from awb.api.detections import explain_events
        from awb.cli.progress import progress_bar

        if target is not None or labels is not None:
            raise click.UsageError(
                "--events has the classes and the times; omit --target, --labels"
            )
        folder = out or Path(f"{file.stem}.explained")
        with progress_bar(folder) as progress:
            run = explain_events(
                file,
                events,
                model=model,
                explainers=explainers,
                window_s=window,
                samples=samples,
                seed=seed,
                columns=columns,
                masker=masker,
                out=folder,
                time_limit_s=time_limit_s,
                memory_limit=memory_limit,
                isolate=isolate is not False,
                progress=progress,
            )
        _show_events(run, show)
        return
    from awb.api.explaining import explain

    path = out or Path(f"{file.stem}.explained.html")
    found = explain(
        file,
        model=model,
        target=target,
        labels=labels,
        columns=columns,
        explainers=explainers,
        masker=masker,
        samples=samples,
        seed=seed,
        out=path,
        time_limit_s=time_limit_s,
        memory_limit=memory_limit,
        isolate=isolate is not False,
    )
    click.echo(f"{found.model} hears {found.target!r} with log-odds {found.score:.2f}", err=True)
    click.echo(path)
    for shown in found.boards:
        notes = [note for note in shown.board.notes if note.startswith(_TOLD)]
        tell([*shown.board.problems, *notes])
    tell([found.unheard] if found.unheard else [])
    if show:
        click.launch(str(path.resolve()))
    if found.failed:
        click.get_current_context().exit(1)


def _show_events(run: Run, show: bool) -> None:
    """Print the boards of explained events, and write the page."""
    from awb.cli.results import print_boards
    from awb.plugins.discovery import load
    from awb.report.run_report import write_report

    boards = [shown.board for shown in run.boards]
    print_boards(boards, "table")
    page = run.path / "report.html"
    write_report(run.folder, load(), page, instances=50)
    click.echo(page)
    if show:
        click.launch(str(page.resolve()))
    if run.failed:
        click.get_current_context().exit(1)
