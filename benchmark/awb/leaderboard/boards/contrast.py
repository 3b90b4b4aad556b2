"""Contrasts: pairs of boards that answer a dataset's question only together.

A dataset may plant something that one model has learned and another has not (`clever-hans`: an
artefact). An explainer that is right about both models points at it for the first but not for the
second, so neither board alone tells how good the explainer is. Their difference does: for ROC-AUC
it is 0.5 if the first is perfect and the second at chance, more if the artefact is ranked last for
the second, and 0 for an explainer that points at the same segments for both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from awb.errors import UnknownNameError
from awb.leaderboard.boards.board import Board, Cell
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry


@dataclass(frozen=True, slots=True)
class ContrastRow:
    """One explainer's means on the boards of both models."""

    explainer: str
    first: Cell
    second: Cell

    @property
    def difference(self) -> float:
        """First minus second; NaN if one of them is missing."""
        return self.first.mean - self.second.mean


@dataclass(frozen=True, slots=True)
class Contrast:
    """The difference between two boards of one dataset."""

    dataset: str
    first: str  # label of the model that has learned what the dataset plants
    second: str  # label of the model that has not
    metric: MetricFacts  # the boards' first one
    rows: tuple[ContrastRow, ...]  # the largest difference first, rows without one last


def contrasts(boards: Sequence[Board], registry: Registry) -> list[Contrast]:
    """Find the pairs of boards that form a contrast."""
    by_name: dict[str, dict[str, Board]] = {}
    for board in boards:
        by_name.setdefault(board.dataset, {}).setdefault(_name(board.model), board)
    found = []
    for dataset, own in by_name.items():
        pair = _pair(dataset, registry)
        if pair and all(name in own for name in pair):
            found.append(_contrast(own[pair[0]], own[pair[1]]))
    return found


def _name(label: str) -> str:
    return label.partition(":")[0]


def _pair(dataset: str, registry: Registry) -> tuple[str, ...]:
    """Return the two models that a dataset contrasts, or nothing."""
    try:
        return registry.get("dataset", _name(dataset)).spec.contrast
    except UnknownNameError:
        return ()


def _contrast(first: Board, second: Board) -> Contrast:
    """Compare two boards by their first metric."""
    others = {row.explainer: row.cells[0] for row in second.rows}
    rows = [
        ContrastRow(row.explainer, row.cells[0], others[row.explainer])
        for row in first.rows
        if row.explainer in others
    ]
    sign = -1.0 if first.metrics[0].higher_is_better else 1.0
    rows.sort(
        key=lambda row: (
            math.isnan(row.difference),
            0.0 if math.isnan(row.difference) else sign * row.difference,
            row.explainer,
        )
    )
    return Contrast(first.dataset, first.model, second.model, first.metrics[0], tuple(rows))


def contrast_text(contrast: Contrast, form: str) -> str:
    """Format a contrast as a table."""
    from tabulate import tabulate

    title = (
        f"Contrast on {contrast.dataset}: {contrast.metric.name} {contrast.metric.arrow}"
        f" for {contrast.first} and {contrast.second}"
    )
    table = tabulate(
        [
            (row.explainer, _cell(row.first), _cell(row.second), _signed(row.difference))
            for row in contrast.rows
        ],
        ["explainer", contrast.first, contrast.second, "difference"],
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
    ends = "" if math.isnan(cell.low) else f" [{cell.low:.2f}, {cell.high:.2f}]"
    return f"{cell.mean:.3f}{ends}"


def _signed(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.3f}"
