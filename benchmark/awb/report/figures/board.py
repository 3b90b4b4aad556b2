"""A board as a figure: one panel per metric, one line per explainer, means with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awb.leaderboard.boards.board import BoardRow
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import COLORS, INK, SOFT, new_figure, styled
from awb.report.views.board import BoardView


@styled
def draw_board(
    view: BoardView, rows: Sequence[BoardRow], metrics: Sequence[int], canvas: Canvas | None = None
) -> Any:
    """Draw means and 95 % intervals."""
    longest = max(len(row.explainer) for row in rows)
    width = 0.065 * longest + 1.15 * len(metrics) + 0.5
    figure = new_figure(max(3.4, width), 0.7 + 0.15 * len(rows), canvas)
    panels = figure.subplots(1, len(metrics), sharey=True, squeeze=False)[0]
    heights = range(len(rows))
    chance = next((row for row in rows if row.explainer == "random"), None)
    for axes, metric in zip(panels, metrics, strict=True):
        facts = view.board.metrics[metric]
        if chance is not None and chance.cells[metric].n:
            axes.axvline(chance.cells[metric].mean, color=SOFT, linewidth=0.7, linestyle=":")
        for height, row in zip(heights, rows, strict=True):
            cell = row.cells[metric]
            if not cell.n:
                continue
            color = SOFT if row.baseline else COLORS[0]
            axes.plot([cell.low, cell.high], [height, height], color=color, linewidth=1.1)
            axes.plot(
                cell.mean, height, "o", markersize=3.4, color=color, markeredgewidth=0.9,
                markerfacecolor="white" if row.baseline else color,
            )  # fmt: skip
        name = facts.name.replace("-", "-\n", 1) if len(facts.name) > 12 else facts.name
        axes.set_title(f"{name} {facts.arrow}", fontsize=8)
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.margins(x=0.08)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=3)
    panels[0].set_yticks(list(heights), [row.explainer for row in rows])
    for label, row in zip(panels[0].get_yticklabels(), rows, strict=True):
        label.set_style("italic" if row.baseline else "normal")
        label.set_color(INK)
    panels[0].set_ylim(len(rows) - 0.4, -0.6)
    return figure
