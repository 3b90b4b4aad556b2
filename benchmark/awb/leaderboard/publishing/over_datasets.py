"""Summary over datasets: mean ranks of the explainers that every board ranks."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from awb.leaderboard.publishing.comparable_boards import Comparable, SummaryBoard
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import AcrossBoards, compare_across


@dataclass(frozen=True, slots=True)
class PartialRow:
    """An explainer that is not ranked on every board, and so has no mean rank."""

    explainer: str
    means: tuple[float, ...]  # per board, over its own instances; NaN where it is not ranked


@dataclass(frozen=True, slots=True, eq=False)
class DatasetSummary:
    """Explainers compared over boards by one metric."""

    metric: MetricFacts
    boards: tuple[SummaryBoard, ...]
    explainers: tuple[str, ...]  # ranked on every board; the columns of `means` and `found`
    means: np.ndarray  # shape (boards, explainers), over the instances that all explainers have
    found: AcrossBoards
    partial: tuple[PartialRow, ...]
    left_out: tuple[str, ...]  # the boards that are excluded, and why

    @property
    def order(self) -> list[int]:
        """Columns from the best mean rank to the worst."""
        ranks = [one.rank for one in self.found.mean_ranks]
        return sorted(range(len(ranks)), key=lambda column: (ranks[column], column))


def summarize_datasets(found: Comparable, metric: MetricFacts) -> DatasetSummary | None:
    """Average the explainers' ranks over boards.

    Localization metrics skip boards where explainers should not point at the events (the second
    model of a dataset's contrast).
    """
    left_out = list(found.left_out)
    boards = list(found.boards)
    if metric.family == "localization":
        boards = [board for board in found.boards if not board.control]
        left_out += [
            f"{board.title}: explainers should not point at the events there"
            for board in found.boards
            if board.control
        ]
    part = replace(found, boards=tuple(boards))
    names = part.common([metric.name])
    if len(boards) < 2 or len(names) < 2:
        return None
    tables = []
    for board in boards:
        used = board.common([metric.name], names)
        tables.append((board.values(metric.name, names, used), board.clips(used)))
    if not all(clips for _, clips in tables):
        return None
    key = RandomKey((boards[0].seed, "over boards", metric.name))
    across = compare_across(
        tables, higher_is_better=metric.higher_is_better, rng=key.generator("resamples")
    )
    means = np.array([values.mean(axis=0) for values, _ in tables])
    return DatasetSummary(
        metric, tuple(boards), tuple(names), means, across, _partial(part, metric.name),
        tuple(left_out),
    )  # fmt: skip


def _partial(found: Comparable, metric: str) -> tuple[PartialRow, ...]:
    """List the explainers that only some boards rank, with their means on those boards."""
    ranked = [board.ranked(metric) for board in found.boards]
    some = sorted(set().union(*ranked) - set(found.common([metric])))
    return tuple(
        PartialRow(
            name,
            tuple(
                float(np.nanmean(board.grids[metric][board.layout.row[name]]))
                if name in names
                else math.nan
                for board, names in zip(found.boards, ranked, strict=True)
            ),
        )
        for name in some
    )
