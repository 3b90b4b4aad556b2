"""Deletion curves: the fall of the target's probability as the most relevant audio is dropped."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awb.errors import RunError
from awb.leaderboard.boards.board import BoardRow
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import COLORS, DASHES, SOFT, new_figure, styled
from awb.report.views.board import BoardView


def deletion_points(view: BoardView) -> list[tuple[int, int]]:
    """List the percentages of audio at which the run measured the fall, with their columns."""
    points = sorted(
        (int(facts.name.removeprefix("ff@")), place)
        for place, facts in enumerate(view.board.metrics)
        if facts.name.startswith("ff@") and facts.name.removeprefix("ff@").isdigit()
    )
    if len(points) < 2:
        raise RunError(
            "curves need at least two of the metrics ff@1, ff@5, ff@10, ...; the run has fewer."
            " Type: awb run --metrics all"
        )
    return points


@styled
def draw_curves(view: BoardView, rows: Sequence[BoardRow], canvas: Canvas | None = None) -> Any:
    """Draw the mean fall of the target's probability against the percentage of audio dropped."""
    points = deletion_points(view)
    figure = new_figure(5.4, 3.4, canvas)
    axes = figure.subplots()
    percents = [percent for percent, _ in points]
    drawn = 0
    ends = []
    for row in rows:
        cells = [row.cells[place] for _, place in points]
        if not all(cell.n for cell in cells):
            raise RunError(f"{row.explainer} has no deletion curve on this board")
        means = [cell.mean for cell in cells]
        color = SOFT if row.baseline else COLORS[drawn % len(COLORS)]
        dash = ":" if row.baseline else DASHES[drawn % len(DASHES)]
        drawn += not row.baseline
        axes.plot(percents, means, dash, color=color, linewidth=1.3, marker="o", markersize=2.6)
        for percent, cell in zip(percents, cells, strict=True):
            axes.plot([percent, percent], [cell.low, cell.high], color=color, linewidth=0.6)
        ends.append((means[-1], row.explainer, color))
    axes.set_xscale("log")
    axes.set_xticks(percents, [f"{percent} %" for percent in percents])
    axes.minorticks_off()
    axes.grid()
    axes.set_axisbelow(True)
    axes.set_xlabel("most relevant part of the clip that is dropped")
    axes.set_ylabel("fall of the target's probability")
    _name_ends(axes, percents[-1], ends)
    return figure


def _name_ends(axes: Any, at: float, ends: list[tuple[float, str, str]]) -> None:
    """Write names beside the ends of the lines, without overlap."""
    low, high = axes.get_ylim()
    gap = 0.052 * (high - low)
    ends = sorted(ends)
    places = [value for value, _, _ in ends]
    for place in range(1, len(places)):
        places[place] = max(places[place], places[place - 1] + gap)
    over = places[-1] - (high - gap / 2)
    if over > 0:
        places[-1] -= over
        for place in range(len(places) - 2, -1, -1):
            places[place] = min(places[place], places[place + 1] - gap)
    for (value, name, color), height in zip(ends, places, strict=True):
        axes.annotate(
            name, (at * 1.04, value), (at * 1.22, height), color=color, va="center", fontsize=7.5,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": color, "lw": 0.4, "relpos": (0.0, 0.5), "shrinkB": 0,
            },
        )  # fmt: skip
