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
from itertools import product

from awb.data.instance_kinds import only_hits
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
    budget: int | None = None  # model calls per instance, where there is a limit


def contrasts(boards: Sequence[Board], registry: Registry) -> list[Contrast]:
    """Find the pairs of boards that form a contrast: of hits on one dataset, at one budget.

    Of a model that ran with several settings, every variant is compared.
    """
    together: dict[tuple[str, int | None], list[Board]] = {}
    for board in only_hits(boards):
        together.setdefault((board.dataset, board.budget), []).append(board)
    found = []
    for (dataset, _), own in together.items():
        pair = _pair(dataset, registry)
        if pair:
            firsts, seconds = (
                [board for board in own if _name(board.model) == name] for name in pair
            )
            found += [_contrast(first, second) for first, second in product(firsts, seconds)]
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
    return Contrast(
        first.dataset, first.model, second.model, first.metrics[0], tuple(rows), first.budget
    )
