"""``awb plot``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.completing import run_folders

if TYPE_CHECKING:
    from awb.report.figures.kinds import Asked

KINDS = ("board", "curves", "agreement", "cd", "heatmap", "instance")
FORMATS = ("pdf", "png", "svg", "latex")


@click.command("plot")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option(
    "--kind", type=click.Choice(KINDS), default="board", show_default=True, help="Which figure."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Kind of file.  [default: --out's ending, or pdf]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The figure.  [default: KIND.FORMAT]",
)
@click.option("--board", "number", type=int, default=1, show_default=True, metavar="N",
              help="Which board of the run.")  # fmt: skip
@click.option("--metrics", metavar="A,B,...", help="Which metrics; cd and heatmap show the first.")
@click.option("--explainers", metavar="A,B,...", help="Which explainers.  [default: the best ones]")
@click.option(
    "--instance",
    default="1",
    metavar="CLIP/TARGET|N",
    show_default=True,
    help="Which one, for --kind instance.",
)
def plot_command(
    folder: Path,
    kind: str,
    form: str | None,
    out: Path | None,
    number: int,
    metrics: str | None,
    explainers: str | None,
    instance: str,
) -> None:
    """Write a figure of a run for a paper, or its board as a LaTeX table.

    board: means with intervals. curves: deletion and insertion curves, or their points where a run
    stored no whole ones. agreement: do metrics agree. cd: critical
    differences. heatmap: every instance. instance: one of them, with its sound.
    """
    from awb.errors import ParameterError
    from awb.harness.storage.run_folder import RunFolder
    from awb.plugins.discovery import load
    from awb.plugins.references import parse_list
    from awb.report.figures.kinds import Asked, columns_of, draw
    from awb.report.figures.style import save
    from awb.report.views.board import find_board, read_views
    from awb.report.views.clips import RunClips

    form = form or (out.suffix.lower().removeprefix(".") if out and out.suffix else "pdf")
    form = {"tex": "latex"}.get(form, form)
    if form not in FORMATS:
        raise ParameterError(f"cannot write {form}; known: {', '.join(FORMATS)}")
    if form == "latex" and kind != "board":
        raise ParameterError("only the board can be a LaTeX table; use --format pdf, png or svg")
    if explainers and kind == "agreement":
        raise ParameterError(
            "agreement is over all explainers of the board; leave --explainers out"
        )
    registry, opened = load(), RunFolder.open(folder)
    view = find_board(read_views(opened, registry), number)
    columns = columns_of(view, metrics.split(",") if metrics else None)
    names = [str(reference) for reference in parse_list(explainers)] if explainers else None
    asked = Asked(opened, view, columns, names, lambda: RunClips(opened, registry), instance)
    if form == "latex":
        _write_latex(asked, out)
        return
    path = out or Path(f"{kind}.{form}")
    save(draw(kind, asked), path, form)
    click.echo(path)


def _write_latex(asked: Asked, out: Path | None) -> None:
    from awb.leaderboard.formats.latex import to_latex
    from awb.report.figures.style import chosen_rows
    from awb.report.page import write

    rows = chosen_rows(asked.view, asked.explainers, None)
    text = to_latex(asked.view.board, rows=rows, metrics=asked.metrics)
    if out is None:
        click.echo(text, nl=False)
        return
    write(text, out)
    click.echo(out)
