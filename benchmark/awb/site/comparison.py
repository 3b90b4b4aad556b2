"""Differences of every two explainers on a board, with paired intervals.

Numbers are whole thousandths, which keeps the page small: one mean per explainer, and per pair the
difference with both ends of its 95 % interval, over clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations

from awb.leaderboard.boards.construction import column_of, layout_of
from awb.leaderboard.publishing.summary_pages import Summaries
from awb.leaderboard.submissions.names import slug
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.report.payload import Plain
from awb.report.views.board import BoardView
from awb.site.catalog import Catalog, Pair
from awb.site.clip import ClipView
from awb.statistics import difference_intervals

SCALE = 1000
FAMILIES = "localization", "fidelity"
"""The families whose main metrics are compared, beside the metric that ranks."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Two explainers on one board by one metric."""

    pair: Pair
    metric: str
    arrow: str
    higher: bool
    first: float  # mean
    second: float
    difference: float  # first minus second
    low: float  # NaN with a single clip
    high: float

    @property
    def better(self) -> int:
        """0 if the interval excludes 0 in favour of the first, 1 of the second, else -1."""
        if not (self.low > 0 or self.high < 0):
            return -1
        return int((self.low > 0) != self.higher)


@dataclass(frozen=True, slots=True)
class Compared:
    """Every two explainers, and two of them without scripts."""

    names: tuple[str, ...]
    chosen: tuple[str, str]
    gaps: tuple[Gap, ...]  # of the chosen ones
    data: Plain = field(repr=False)  # of all, for the script

    @property
    def widest(self) -> dict[str, float]:
        """The largest end of any interval by metric, as the scale of the drawings."""
        found: dict[str, float] = {}
        for gap in self.gaps:
            ends = [abs(end) for end in (gap.low, gap.high, gap.difference) if math.isfinite(end)]
            found[gap.metric] = max(found.get(gap.metric, 0.0), *ends)
        return found


def comparison(catalog: Catalog, overall: Summaries, clip: ClipView | None) -> Compared | None:
    """Compare every two explainers, and choose two that lead by different metrics."""
    boards = [_board(pair) for pair in catalog.pairs]
    names = sorted({name for board in boards for one in board["metrics"] for name in one["names"]})
    if len(names) < 2:
        return None
    leaders = [one.explainers[one.order[0]] for one in overall.datasets]
    first, second = list(dict.fromkeys([*leaders[:1], *leaders[-1:], *names]))[:2]
    lanes = clip.lanes if clip else {}
    data = {
        "boards": boards,
        "edges": clip.edges_s if clip else (),
        "spans": clip.spans_s if clip else (),
        "lanes": {name: lane.relevance for name, lane in lanes.items() if name in names},
    }
    gaps = gaps_of(boards, catalog.pairs, first, second)
    return Compared(tuple(names), (first, second), tuple(gaps), data)


def _board(pair: Pair) -> Plain:
    view = pair.groups[0].views[0]
    return {
        "title": pair.title,
        "page": f"boards/{pair.name}.html",
        "clips": view.board.n_clips,
        "instances": view.board.n_instances,
        "metrics": [
            found
            for place, facts in enumerate(view.data.metrics)
            if place == 0 or facts.family in FAMILIES
            if (found := _metric(view, facts)) is not None
        ],
    }


def _metric(view: BoardView, facts: MetricFacts) -> Plain | None:
    """Compare by one metric; None if too few explainers have it on enough instances."""
    data = view.data
    layout = layout_of(data)
    column = column_of(data, layout, facts)
    rows = [row for row in range(len(layout.names)) if column.full[row]]
    clips = column.clips(layout)
    if len(rows) < 2 or not clips:
        return None
    rows.sort(key=lambda row: layout.names[row])
    values = column.table(rows)
    key = RandomKey((data.seed, "board")).child("compare").child(facts.name)
    gaps = difference_intervals(
        values, list(combinations(range(len(rows)), 2)), clips,
        lowest=facts.lowest, highest=facts.highest, resamples=2000, rng=key.generator("gaps"),
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
            mean, beside = (metric["means"][place] / SCALE for place in (one, other))
            facts = (metric["name"], metric["arrow"], metric["higher"])
            found.append(Gap(pair, *facts, mean, beside, *_ends(metric, one, other)))
    return found


def _ends(metric: Plain, one: int, other: int) -> tuple[float, float, float]:
    """Return the first minus the second, and the ends of its interval."""
    place = 3 * place_of(len(metric["names"]), min(one, other), max(one, other))
    mean, low, high = (
        math.nan if end is None else end / SCALE for end in metric["gaps"][place : place + 3]
    )
    return (mean, low, high) if one < other else (-mean, -high, -low)
