"""Ranks of explainers: how certain a place is, and critical differences.

Conventions
-----------
`values` is ``shape=(instances, explainers)``, finite. Rank 1 is the best; ties share the mean of
their ranks.

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7.
https://jmlr.org/papers/v7/demsar06a.html
Goldstein, H., & Spiegelhalter, D. J. (1996). League tables and their limitations. JRSS A 159(3).
doi:10.2307/2983325 (Rank intervals from resampling.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums, cluster_means


@dataclass(frozen=True, slots=True)
class RankInterval:
    """The place of an explainer, and the range of places consistent with the data.

    Attributes
    ----------
    rank : float
        Place by the mean over instances, 1 = best; ties share the mean of their places.
    low, high : float
        Best and worst place within the confidence level. Of tied places, the best counts for `low`
        and the worst for `high`: three explainers that always tie for the first place have rank 2
        and an interval from 1 to 3.
    """

    rank: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CriticalDifference:
    """What a critical-difference diagram shows.

    Attributes
    ----------
    mean_ranks : tuple of float
        Mean over clips of each explainer's rank, 1 = best.
    p_value : float
        Of the Friedman test that all explainers are equal.
    critical_difference : float
        Mean ranks closer than this do not differ significantly (Nemenyi test).
    n_clips : int
        Number of independent clips.
    """

    mean_ranks: tuple[float, ...]
    p_value: float
    critical_difference: float
    n_clips: int


def _oriented(values: npt.ArrayLike, higher_is_better: bool) -> FloatArray:
    """Return values oriented so that the lowest is the best."""
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 1:
        raise ParameterError(f"expected instances by explainers; got shape {table.shape}")
    return -table if higher_is_better else table


def rank_intervals(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    higher_is_better: bool,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> list[RankInterval]:
    """Rank explainers by their means, with the ranks that other clips might have given.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    higher_is_better : bool
        Direction of the metric.
    resamples : int
        Number of bootstrap draws.
    level : float
        Confidence, in (0, 1).
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list of RankInterval
        One per column. The interval always contains the rank and every place that it is tied with.
        With a single cluster, every place is possible.

    Raises
    ------
    ParameterError
        If a value is not finite, the lengths differ, or a setting is out of range.

    References
    ----------
    Goldstein, H., & Spiegelhalter, D. J. (1996). doi:10.2307/2983325
    """
    from scipy.stats import rankdata

    board = ClusterSums.of(_oriented(values, higher_is_better), clusters)
    if not 0 < level < 1:
        raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
    means = np.round(board.means(), 12)
    ranks, best, worst = (rankdata(means, method) for method in ("average", "min", "max"))
    if board.n == 1:
        return [RankInterval(float(rank), 1.0, float(ranks.size)) for rank in ranks]
    drawn = np.round(board.resampled_means(resamples, rng), 12)
    low = np.quantile(rankdata(drawn, "min", axis=1), (1 - level) / 2, axis=0, method="lower")
    high = np.quantile(rankdata(drawn, "max", axis=1), (1 + level) / 2, axis=0, method="higher")
    return [
        RankInterval(float(rank), float(one_low), float(one_high))
        for rank, one_low, one_high in zip(
            ranks, np.minimum(best, low), np.maximum(worst, high), strict=True
        )
    ]


def critical_difference(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    higher_is_better: bool,
    level: float = 0.95,
) -> CriticalDifference:
    """Mean ranks over clips, the Friedman test and Nemenyi's critical difference.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer; instances of a clip are averaged.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    higher_is_better : bool
        Direction of the metric.
    level : float
        Confidence, in (0, 1).

    Returns
    -------
    CriticalDifference
        The data of a critical-difference diagram.

    Raises
    ------
    ParameterError
        If there are fewer than three explainers or two clips, a value is not finite, or the level
        is out of range.

    References
    ----------
    Demšar, J. (2006). https://jmlr.org/papers/v7/demsar06a.html
    """
    from scipy.stats import friedmanchisquare, rankdata, studentized_range

    means = np.round(cluster_means(_oriented(values, higher_is_better), clusters), 12)
    n_clips, n_explainers = means.shape
    if n_explainers < 3 or n_clips < 2 or not 0 < level < 1:
        raise ParameterError(
            "critical differences need at least three explainers, two clips and a level in (0, 1):"
            f" {n_explainers}, {n_clips}, {level}"
        )
    ranks = rankdata(means, axis=1)
    all_tied = bool((ranks == ranks[0, 0]).all())
    p_value = 1.0 if all_tied else float(friedmanchisquare(*means.T).pvalue)
    spread = float(studentized_range.ppf(level, n_explainers, math.inf)) / math.sqrt(2)
    return CriticalDifference(
        mean_ranks=tuple(float(rank) for rank in ranks.mean(axis=0)),
        p_value=p_value,
        critical_difference=spread * math.sqrt(n_explainers * (n_explainers + 1) / (6 * n_clips)),
        n_clips=n_clips,
    )
