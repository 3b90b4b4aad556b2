"""``awb plot``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import run_folders

if TYPE_CHECKING:
    from awb.harness.storage.run_folder import RunFolder
    from awb.plugins.discovery import Registry
    from awb.report.views.board import BoardView

KINDS = ("board", "curves", "agreement", "cd", "heatmap", "instance")
FORMATS = ("pdf", "png", "svg", "latex")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a figure is made of."""

    folder: RunFolder
    registry: Registry
    view: BoardView
    metrics: list[int]
    explainers: list[str] | None
    instance: str


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
    from awb.report.figures.style import metric_place, save
    from awb.report.views.board import find_board, read_views

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
    columns = (
        [metric_place(view, name) for name in metrics.split(",")]
        if metrics
        else [metric_place(view, name) for name in view.headline]
    )
    names = [str(reference) for reference in parse_list(explainers)] if explainers else None
    asked = _Asked(opened, registry, view, columns, names, instance)
    if form == "latex":
        _write_latex(asked, out)
        return
    path = out or Path(f"{kind}.{form}")
    save(_FIGURES[kind](asked), path, form)
    click.echo(path)


def _write_latex(asked: _Asked, out: Path | None) -> None:
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


def _board(asked: _Asked) -> Any:
    from awb.report.figures.board import draw_board
    from awb.report.figures.style import chosen_rows

    rows = chosen_rows(asked.view, asked.explainers, None)
    return draw_board(asked.view, rows, asked.metrics)


def _curves(asked: _Asked) -> Any:
    from awb.report.figures.curves import draw_curves
    from awb.report.figures.style import chosen_rows
    from awb.report.figures.whole_curves import KINDS, draw_whole_curves, mean_curves

    rows = chosen_rows(asked.view, asked.explainers, 6)
    found = {kind: mean_curves(asked.folder, asked.view, rows, kind) for kind in KINDS}
    whole = {kind: curves for kind, curves in found.items() if curves}
    return draw_whole_curves(whole) if whole else draw_curves(asked.view, rows)


def _agreement(asked: _Asked) -> Any:
    from dataclasses import replace

    from awb.leaderboard.boards.agreement import agreements
    from awb.report.figures.agreement import figure_of

    metrics = [asked.view.board.metrics[column] for column in asked.metrics]
    return figure_of(agreements(replace(asked.view.data, metrics=metrics)))


def _critical(asked: _Asked) -> Any:
    from awb.report.figures.critical import draw_critical

    return draw_critical(asked.view, asked.metrics[0], asked.explainers)


def _heatmap(asked: _Asked) -> Any:
    from awb.report.figures.heatmap import draw_heatmap
    from awb.report.figures.style import chosen_rows

    rows = chosen_rows(asked.view, asked.explainers, None)
    return draw_heatmap(asked.view, rows, asked.metrics[0])


def _instance(asked: _Asked) -> Any:
    from awb.report.figures.instance import chosen_explanations, draw_instance
    from awb.report.views.clips import RunClips, require

    one = asked.view.instance(asked.instance)
    heard = require(RunClips(asked.folder, asked.registry), one)
    metric = asked.view.board.metrics[asked.metrics[0]].name
    rows = chosen_explanations(one, asked.explainers)
    return draw_instance(one, heard, rows, metric).figure


_FIGURES: dict[str, Callable[[_Asked], Any]] = {
    "board": _board,
    "curves": _curves,
    "agreement": _agreement,
    "cd": _critical,
    "heatmap": _heatmap,
    "instance": _instance,
}
