"""Do explainers agree? Their relevance of the same instance is compared, for every pair.

Averages over instances say how alike two explainers are; a hierarchy of these averages puts
explainers that are alike side by side.

References
----------
Spearman, C. (1904). The proof and measurement of association between two things.
doi:10.2307/1412159
Bar-Joseph, Z., Gifford, D. K., & Jaakkola, T. S. (2001). Fast optimal leaf ordering for
hierarchical clustering. Bioinformatics 17. doi:10.1093/bioinformatics/17.suppl_1.S22
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from awb.data.windows import recording_of
from awb.errors import RunError
from awb.intervals import FloatArray
from awb.leaderboard.boards.construction import BoardData
from awb.metrics.mass import top_shares
from awb.randomness import RandomKey
from awb.statistics import Interval, mean_intervals

RESAMPLES = 2000
TOP = 5
"""One segment of so many is among the top ones: the overlap by chance is 1 / TOP."""
ALIKE = 0.8
"""Mean rank correlation of explainers that are grouped together."""

_NONE = Interval(math.nan, math.nan, math.nan)

Relevances = Mapping[tuple[str, str], Mapping[str, FloatArray]]
"""By clip and target, then by explainer."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How alike two explainers' relevance is, averaged over the instances that both have.

    `correlation` is Spearman's, in [-1, 1]; `overlap` is the share of the top fifth of the segments
    that they have in common, in [0, 1], by chance 0.2. NaN where an explainer is constant on every
    instance.
    """

    first: str
    second: str
    correlation: Interval
    overlap: Interval
    n_instances: int
    n_clips: int


@dataclass(frozen=True, slots=True)
class ExplainerAgreement:
    """All pairs of explainers of one board."""

    dataset: str
    model: str
    names: tuple[str, ...]  # clustered: explainers that are alike are side by side
    pairs: tuple[PairAgreement, ...]  # in the order of the names
    groups: tuple[tuple[str, ...], ...]  # of more than one, whose mean correlation is ALIKE or more
    n_instances: int
    left_out: tuple[str, ...]  # without any order to compare
    budget: int | None = None  # model calls per instance, on a board with a limit

    def matrix(self, what: str) -> FloatArray:
        """Arrange ``correlation`` or ``overlap`` of all pairs, with 1 on the diagonal."""
        found = np.eye(len(self.names))
        place = {name: at for at, name in enumerate(self.names)}
        for pair in self.pairs:
            row, column = place[pair.first], place[pair.second]
            found[row, column] = found[column, row] = getattr(pair, what).mean
        return found


def explainer_agreement(data: BoardData, relevances: Relevances) -> ExplainerAgreement:
    """Compare every pair of explainers of a board on the instances that both explained.

    An explanation that is constant has no order: its instance is left out for that explainer.

    Parameters
    ----------
    data : BoardData
        The board.
    relevances : mapping
        Relevance of the cells by (clip, target) and by the explainer's name on the board.

    Returns
    -------
    ExplainerAgreement
        Pairs, in an order that puts explainers that are alike side by side.

    Raises
    ------
    RunError
        If there are not two explainers to compare.
    """
    every = list(dict.fromkeys(row.explainer for row in data.explanations))
    instances = [pair for pair in sorted(relevances) if relevances[pair]]
    tables = [_alike(relevances[pair], every) for pair in instances]
    able = [
        name
        for at, name in enumerate(every)
        if any(np.isfinite(correlation[at, at]) for correlation, _ in tables)
    ]
    dataset, model = data.manifest.dataset, data.manifest.model
    if len(able) < 2:
        raise RunError(
            f"{model} on {dataset}: agreement needs two explainers whose relevance has an order;"
            f" there are {len(able)}"
        )
    rows = [every.index(name) for name in able]
    correlations, overlaps = (
        np.array([table[kind][np.ix_(rows, rows)] for table in tables]) for kind in (0, 1)
    )
    clips = [recording_of(clip_id) for clip_id, _ in instances]
    places = list(combinations(range(len(able)), 2))
    values = [
        np.column_stack([grid[:, row, column] for row, column in places])
        for grid in (correlations, overlaps)
    ]
    key = RandomKey((data.seed, "explainer agreement"))
    means, tops = (
        _intervals(grid, clips, key, lowest)
        for grid, lowest in zip(values, (-1.0, 0.0), strict=True)
    )
    order, groups = _clustered(np.array([one.mean for one in means]), able)
    names = [able[at] for at in order]
    known = {
        frozenset((able[row], able[column])): (means[at], tops[at], np.isfinite(values[0][:, at]))
        for at, (row, column) in enumerate(places)
    }
    pairs = []
    for first, second in combinations(names, 2):
        mean, top, used = known[frozenset((first, second))]
        n_clips = len({clips[at] for at in np.flatnonzero(used)})
        pairs.append(PairAgreement(first, second, mean, top, int(used.sum()), n_clips))
    return ExplainerAgreement(
        dataset,
        model,
        tuple(names),
        tuple(pairs),
        tuple(tuple(name for name in names if name in group) for group in groups),
        len(instances),
        tuple(name for name in every if name not in able),
        data.budget,
    )


def _alike(found: Mapping[str, FloatArray], names: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Compare all explanations of an instance; NaN where one is missing or constant."""
    from scipy.stats import rankdata

    correlation = np.full((len(names), len(names)), np.nan)
    overlap = correlation.copy()
    able = [at for at, name in enumerate(names) if name in found and np.ptp(found[name]) > 0]
    if not able:
        return correlation, overlap
    table = np.array([found[names[at]] for at in able])
    ranks = rankdata(table, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    ranks /= np.sqrt((ranks**2).sum(axis=1, keepdims=True))
    correlation[np.ix_(able, able)] = np.clip(ranks @ ranks.T, -1.0, 1.0)
    count = max(1, round(table.shape[1] / TOP))
    top = np.array([top_shares(row, count) for row in table])
    common = np.array([np.minimum(row, top).sum(axis=1) for row in top]) / count
    overlap[np.ix_(able, able)] = np.minimum(common, 1.0)
    return correlation, overlap


def _intervals(
    values: FloatArray, clips: Sequence[str], key: RandomKey, lowest: float
) -> list[Interval]:
    """Average each column over its instances; columns with the same ones share their resamples."""
    used = np.isfinite(values)
    found = [_NONE] * values.shape[1]
    together: dict[bytes, list[int]] = {}
    for column in range(values.shape[1]):
        together.setdefault(used[:, column].tobytes(), []).append(column)
    for columns in together.values():
        rows = [int(row) for row in np.flatnonzero(used[:, columns[0]])]
        if rows:
            intervals = mean_intervals(
                values[rows][:, columns],
                [clips[row] for row in rows],
                lowest=lowest,
                highest=1.0,
                resamples=RESAMPLES,
                rng=key.generator("resamples"),
            )
            for column, interval in zip(columns, intervals, strict=True):
                found[column] = interval
    return found


def _clustered(
    correlations: FloatArray, names: Sequence[str]
) -> tuple[list[int], list[tuple[str, ...]]]:
    """Order names by average linkage of ``1 - correlation``, and list the groups of alike ones."""
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage

    distance = np.where(np.isfinite(correlations), 1.0 - correlations, 1.0)
    tree = linkage(np.maximum(distance, 0.0), method="average", optimal_ordering=True)
    order = [int(at) for at in leaves_list(tree)]
    numbers = fcluster(tree, 1.0 - ALIKE + 1e-9, criterion="distance")
    groups = [
        tuple(names[at] for at in order if numbers[at] == number)
        for number in dict.fromkeys(int(numbers[at]) for at in order)
    ]
    return order, [group for group in groups if len(group) > 1]
