"""Differences of every two explainers on a board, with paired intervals, for the page that compares.

Numbers are whole thousandths, which keeps the page small: one mean per explainer, and per pair the
difference with both ends of its 95 % interval, over clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from awb.leaderboard.boards.construction import column_of, layout_of
from awb.leaderboard.boards.layout import worst
from awb.leaderboard.submissions.names import slug
from awb.randomness import RandomKey
from awb.report.payload import Plain
from awb.report.views.board import BoardView
from awb.site.catalog import Catalog, Pair
from awb.statistics import difference_intervals

SCALE = 1000
MOST_METRICS = 4
"""Number of main metrics that are compared, from the one that ranks."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Two explainers on one board by one metric."""

    pair: Pair
    metric: str
    arrow: str
    higher: bool
    first: float
    second: float
    difference: float  # first minus second
    low: float  # NaN with a single clip
    high: float
    limit: float  # the largest difference that the metric allows, or that was found

    @property
    def better(self) -> int:
        """0 if the interval excludes 0 in favour of the first, 1 of the second, else -1."""
        if not (self.low > 0 or self.high < 0):
            return -1
        return int((self.low > 0) != self.higher)


def compared(catalog: Catalog) -> list[Plain]:
    """Compare every two explainers on every board."""
    return [_board(pair) for pair in catalog.pairs]


def _board(pair: Pair) -> Plain:
    view = pair.groups[0].views[0]
    return {
        "title": pair.title,
        "page": f"boards/{pair.name}.html",
        "clips": view.board.n_clips,
        "instances": view.board.n_instances,
        "metrics": [
            found
            for facts in view.data.metrics[:MOST_METRICS]
            if (found := _metric(view, facts)) is not None
        ],
    }


def _metric(view: BoardView, facts: Any) -> Plain | None:
    data = view.data
    layout = layout_of(data)
    column = column_of(data, layout, facts)
    rows = [row for row in range(len(layout.names)) if column.full[row]]
    clips = column.clips(layout)
    if len(rows) < 2 or not clips:
        return None
    if not math.isfinite(worst(facts)) and any(column.lacking(row) for row in rows):
        return None
    rows.sort(key=lambda row: layout.names[row])
    values = column.table(rows)
    pairs = list(combinations(range(len(rows)), 2))
    key = RandomKey((data.seed, "board")).child("compare").child(facts.name)
    gaps = difference_intervals(
        values, pairs, clips, lowest=facts.lowest, highest=facts.highest,
        resamples=2000, rng=key.generator("gaps"),
    )  # fmt: skip
    return {
        "name": facts.name,
        "slug": slug(facts.name),
        "arrow": facts.arrow,
        "higher": facts.higher_is_better,
        "names": [layout.names[row] for row in rows],
        "means": [_whole(float(mean)) for mean in values.mean(axis=0)],
        "gaps": [_whole(end) for gap in gaps for end in (gap.mean, gap.low, gap.high)],
    }


def _whole(value: float) -> int | None:
    return round(SCALE * value) if math.isfinite(value) else None


def place_of(n: int, first: int, second: int) -> int:
    """Return the place of a pair, first below second, in the upper triangle of n rows.

    Examples
    --------
    >>> [place_of(3, *pair) for pair in ((0, 1), (0, 2), (1, 2))]
    [0, 1, 2]
    """
    return first * n - first * (first + 1) // 2 + second - first - 1


def gaps_of(boards: Sequence[Plain], pairs: Sequence[Pair], first: str, second: str) -> list[Gap]:
    """List the differences of two explainers, on every board that has both."""
    found = []
    for board, pair in zip(boards, pairs, strict=True):
        for metric in board["metrics"]:
            names = metric["names"]
            if first not in names or second not in names:
                continue
            one, other = names.index(first), names.index(second)
            place = 3 * place_of(len(names), min(one, other), max(one, other))
            ends = [math.nan if end is None else end / SCALE for end in metric["gaps"][place : place + 3]]
            difference, low, high = ends if one < other else (-ends[0], -ends[2], -ends[1])
            limit = max((abs(end) for end in metric["gaps"] if end is not None), default=0) / SCALE
            found.append(
                Gap(
                    pair, metric["name"], metric["arrow"], metric["higher"],
                    metric["means"][one] / SCALE, metric["means"][other] / SCALE,
                    difference, low, high, limit,
                )  # fmt: skip
            )
    return found


def widest(gaps: Sequence[Gap]) -> dict[str, float]:
    """Return, for each metric, the largest end of any interval, as the scale of its drawings."""
    found: dict[str, float] = {}
    for gap in gaps:
        ends = [abs(end) for end in (gap.low, gap.high, gap.difference) if math.isfinite(end)]
        found[gap.metric] = max(found.get(gap.metric, 0.0), *ends)
    return found
