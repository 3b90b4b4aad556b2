"""Arrange stored rows in a table of explainers by instances."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from awb.data.windows import recording_of
from awb.harness.storage.memo import Memo
from awb.harness.storage.score_table import ScoreTable, rows_of
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import OK
from awb.intervals import IntArray
from awb.leaderboard.boards.board import FULL_COVERAGE, Cell
from awb.leaderboard.boards.ranking import Ranking, ranking
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import mean_intervals

Grid = npt.NDArray[np.float64]

_EMPTY = Cell(math.nan, math.nan, math.nan, 0)


_CELLS: Memo[list[Cell]] = Memo(10_000)
"""A board is on several pages."""


class Layout:
    """Maps every stored row to its explainer (row) and its instance (column).

    The instances are those selected, where they are given, else those stored; coverage is the
    share of them that an explainer explained. Windows of one recording count as one clip, as they
    are not independent.
    """

    def __init__(
        self,
        explanations: Sequence[ExplanationRow],
        selected: Iterable[tuple[str, str]] = (),
    ) -> None:
        stored = {(row.clip_id, row.target) for row in explanations}
        pairs = sorted(stored.union(selected))
        self.names = list(dict.fromkeys(row.explainer for row in explanations))
        self.column = {pair: index for index, pair in enumerate(pairs)}
        self.row = {name: index for index, name in enumerate(self.names)}
        self.clips = [recording_of(clip_id) for clip_id, _ in pairs]
        codes = {clip: code for code, clip in enumerate(dict.fromkeys(self.clips))}
        self.clip_codes = np.array([codes[clip] for clip in self.clips], dtype=np.intp)
        self.stored = np.array([pair in stored for pair in pairs], dtype=bool)
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
        if isinstance(scores, ScoreTable):
            scores.filled(metric, self.row, self.column, grid)
            return grid
        for row in rows_of(scores, metric):
            grid[self.row[row.explainer], self.column[row.clip_id, row.target]] = row.value
        return grid


def _averages(
    table: Grid, clips: IntArray, lowest: float, highest: float, key: RandomKey
) -> list[Cell]:
    """Average columns of values of the same instances, with intervals over clips."""
    rng = key.generator()
    found = mean_intervals(table, clips, lowest=lowest, highest=highest, rng=rng)
    return [Cell(one.mean, one.low, one.high, len(table)) for one in found]


@dataclass(frozen=True, slots=True)
class Column:
    """One metric: its values, where it can have one, and which explainers have enough of them.

    A metric can have a value on an instance if a baseline has one there, so that no entry decides
    it; without baselines, if any explainer has one.
    """

    facts: MetricFacts
    grid: Grid  # shape (explainers, instances); NaN where there is no value
    definable: npt.NDArray[np.bool_]  # shape (instances,): the metric can have a value
    full: npt.NDArray[np.bool_]  # shape (explainers,): enough values for a place

    @classmethod
    def of(
        cls, grid: Grid, facts: MetricFacts, names: Sequence[str], baselines: Collection[str]
    ) -> Column:
        """Find where the metric can have a value, and the explainers with 95 % of the values.

        If the metric has no worst value, what is missing cannot count as the worst: all are needed.
        """
        definable, share = share_of_values(grid, names, baselines)
        enough = FULL_COVERAGE if math.isfinite(worst(facts)) else 1.0
        return cls(facts, grid, definable, share >= enough)

    def cells(self, layout: Layout, key: RandomKey) -> list[Cell]:
        """Average each explainer's own values; those of the same instances share random weights."""
        cells = [_EMPTY] * len(layout.names)
        limits = self.facts.lowest, self.facts.highest
        finite = np.isfinite(self.grid)
        for used in np.unique(finite[finite.any(axis=1)], axis=0):
            rows = np.flatnonzero((finite == used).all(axis=1))
            table, clips = self.grid[rows][:, used].T, layout.clip_codes[used]
            compute = partial(_averages, table, clips, *limits, key)
            found = _CELLS.get(compute, table.tobytes(), clips.tobytes(), limits, key)
            for row, cell in zip(rows, found, strict=True):
                cells[row] = cell
        return cells

    def clips(self, layout: Layout) -> list[str]:
        """Return the clip of each instance of `table`."""
        return [layout.clips[index] for index in np.flatnonzero(self.definable)]

    def table(self, rows: npt.ArrayLike) -> Grid:
        """Values of full explainers on the same instances, ``shape=(instances, explainers)``.

        What an explainer lacks counts as the worst value of the metric.
        """
        values = self.grid[np.asarray(rows, dtype=np.intp)][:, self.definable].T
        return np.where(np.isfinite(values), values, worst(self.facts))

    def lacking(self, row: int) -> int:
        """Count the values that an explainer could have and lacks."""
        return int((self.definable & ~np.isfinite(self.grid[row])).sum())

    def ranking(self, layout: Layout, ranked: Sequence[int], key: RandomKey) -> Ranking:
        """Rank the given explainers."""
        clips = self.clips(layout)
        names = [layout.names[row] for row in ranked] if clips else []
        return ranking(self.table(ranked), clips, names, self.facts, key)


def share_of_values(
    grid: Grid, names: Sequence[str], baselines: Collection[str]
) -> tuple[npt.NDArray[np.bool_], Grid]:
    """Find the instances where a metric can have a value, and each explainer's share of them."""
    finite = np.isfinite(grid)
    known = finite[[name in baselines for name in names]].any(axis=0)
    definable = np.asarray(known if known.any() else finite.any(axis=0), dtype=bool)
    share = finite[:, definable].mean(axis=1) if definable.any() else np.zeros(len(grid))
    return definable, share


def worst(facts: MetricFacts) -> float:
    """Return the worst value that a metric can take; infinite if there is none."""
    return facts.lowest if facts.higher_is_better else facts.highest
