"""A heat map of one metric for every explainer and instance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from awb.leaderboard.boards.board import BoardRow
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import INK, new_figure, styled
from awb.report.views.board import BoardView


@styled
def draw_heatmap(
    view: BoardView, rows: Sequence[BoardRow], metric: int, canvas: Canvas | None = None
) -> Any:
    """Draw one row per explainer and one column per instance, the hardest instance first."""
    facts = view.board.metrics[metric]
    values = np.full((len(rows), len(view.instances)), np.nan)
    line = {row.explainer: place for place, row in enumerate(rows)}
    for column, instance in enumerate(view.instances):
        for one in instance.explanations:
            if one.explainer in line:
                values[line[one.explainer], column] = one.scores.get(facts.name, math.nan)
    named = len(view.instances) <= 60
    names = [f"{one.kept.clip_id}  {one.kept.target}" for one in view.instances]
    below = 0.062 * min(34, max(map(len, names))) if named else 0.3
    width = 2.6 + max(2.5, min(9.0, 0.2 * len(view.instances)))
    figure = new_figure(width, 0.8 + 0.15 * len(rows) + below, canvas)
    axes = figure.subplots()
    colors = "cividis" if facts.higher_is_better else "cividis_r"
    image = axes.imshow(np.ma.masked_invalid(values), aspect="auto", cmap=colors)
    for row, column in np.argwhere(np.isnan(values)):
        axes.text(column, row, "–", ha="center", va="center", fontsize=6, color=INK)
    axes.set_yticks(range(len(rows)), [row.explainer for row in rows], fontsize=7)
    if named:
        short = [name if len(name) <= 34 else f"{name[:33]}…" for name in names]
        axes.set_xticks(range(len(names)), short, rotation=90, fontsize=6.5)
    else:
        axes.set_xticks([])
        axes.set_xlabel(f"{len(names)} instances, hardest first")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.015, aspect=25)
    bar.outline.set_visible(False)
    bar.set_label(f"{facts.name} {facts.arrow}")
    return figure
