"""Arrange stored rows in a table of explainers by instances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import OK
from awb.leaderboard.boards.board import FULL_COVERAGE, Cell
from awb.leaderboard.boards.ranking import Place, places
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import mean_interval

Grid = npt.NDArray[np.float64]

_EMPTY = Cell(math.nan, math.nan, math.nan, 0)


class Layout:
    """Maps every stored row to its explainer (row) and its instance (column)."""

    def __init__(self, explanations: Sequence[ExplanationRow]) -> None:
        pairs = sorted({(row.clip_id, row.target) for row in explanations})
        self.names = list(dict.fromkeys(row.explainer for row in explanations))
        self.column = {pair: index for index, pair in enumerate(pairs)}
        self.row = {name: index for index, name in enumerate(self.names)}
        self.clips = [clip_id for clip_id, _ in pairs]
        self.done = np.zeros((len(self.names), len(pairs)), dtype=bool)
        self.calls = np.full(self.done.shape, np.nan)
        for entry in explanations:
            if entry.status == OK:
                place = self.row[entry.explainer], self.column[entry.clip_id, entry.target]
                self.done[place], self.calls[place] = True, entry.calls
        self.coverage = self.done.mean(axis=1) if pairs else np.zeros(len(self.names))

    def grid(self, scores: Sequence[ScoreRow], metric: str) -> Grid:
        """Arrange the values of one metric; NaN where there is none."""
        grid = np.full(self.done.shape, np.nan)
        for row in scores:
            if row.metric == metric:
                grid[self.row[row.explainer], self.column[row.clip_id, row.target]] = row.value
        return grid


@dataclass(frozen=True, slots=True)
class Column:
    """One metric: its values, the explainers with enough of them, and their common instances."""

    grid: Grid  # shape (explainers, instances); NaN where there is no value
    full: npt.NDArray[np.bool_]  # shape (explainers,): has 95 % of the values that any of them has
    common: npt.NDArray[np.bool_]  # shape (instances,): all full explainers have a value

    @classmethod
    def of(cls, grid: Grid) -> Column:
        """Find the explainers with 95 % of the available values, and their common instances."""
        finite = np.isfinite(grid)
        definable = finite.any(axis=0)
        share = finite[:, definable].mean(axis=1) if definable.any() else np.zeros(len(grid))
        full = share >= FULL_COVERAGE
        common = np.all(finite[full], axis=0) if full.any() else definable
        return cls(grid, full, np.asarray(common, dtype=bool))

    def cells(self, layout: Layout, facts: MetricFacts, key: RandomKey) -> list[Cell]:
        """Average each explainer's values, those of full explainers over their common instances."""
        cells = []
        for row, name in enumerate(layout.names):
            finite = np.isfinite(self.grid[row])
            used = np.flatnonzero(self.common & finite if self.full[row] else finite)
            if used.size == 0:
                cells.append(_EMPTY)
                continue
            clips = [layout.clips[index] for index in used]
            found = mean_interval(
                self.grid[row, used], clips, lowest=facts.lowest, highest=facts.highest,
                rng=key.generator(name),
            )  # fmt: skip
            cells.append(Cell(found.mean, found.low, found.high, used.size))
        return cells

    def places(
        self, layout: Layout, facts: MetricFacts, ranked: Sequence[int], key: RandomKey
    ) -> dict[int, Place]:
        """Rank the given explainers on the common instances."""
        used = np.flatnonzero(self.common)
        clips = [layout.clips[index] for index in used]
        if not clips or not ranked:
            return {}
        values = self.grid[np.array(ranked)[:, np.newaxis], used].T
        return dict(zip(ranked, places(values, clips, facts, key), strict=True))
