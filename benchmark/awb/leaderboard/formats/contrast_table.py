"""A contrast as a table: each explainer's means on the boards of both models."""

from __future__ import annotations

import math

from awb.leaderboard.boards.board import Cell
from awb.leaderboard.boards.contrast import Contrast
from awb.leaderboard.formats.escaping import markdown
from awb.leaderboard.formats.text import limit_text, number_text


def contrast_text(contrast: Contrast, form: str) -> str:
    """Format a contrast as a table."""
    from tabulate import tabulate

    shown = markdown if form == "md" else str
    title = shown(
        f"Contrast on {contrast.dataset}: {contrast.metric.name} {contrast.metric.arrow}"
        f" for {contrast.first} and {contrast.second}{limit_text(contrast.budget)}"
    )
    table = tabulate(
        [
            (shown(row.explainer), _cell(row.first), _cell(row.second), _signed(row.difference))
            for row in contrast.rows
        ],
        ["explainer", shown(contrast.first), shown(contrast.second), "difference"],
        tablefmt="github" if form == "md" else "simple",
        disable_numparse=True,
        colalign=("left", "left", "left", "right"),
    )
    reading = (
        "An explainer should point at the events for the first model, which uses them, but not for"
        " the second, which does not. Means are over each board's own instances."
    )
    if form == "md":
        return f"## {title}\n\n{table}\n\n- {reading}\n"
    return f"{title}\n\n{table}\n\n{reading}"


def _cell(cell: Cell) -> str:
    if math.isnan(cell.mean):
        return "–"
    ends = f" [{number_text(cell.low, 2)}, {number_text(cell.high, 2)}]"
    return f"{number_text(cell.mean)}{'' if math.isnan(cell.low) else ends}"


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+z.3f}"
