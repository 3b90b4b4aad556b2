"""Ranks of explainers: how certain a place is, and critical differences.

Conventions
-----------
`values` is ``shape=(instances, explainers)``, finite. Rank 1 is the best; ties share the mean of
their ranks.

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7.
https://jmlr.org/papers/v7/demsar06a.html
Mogstad, M., Romano, J. P., Shaikh, A. M., & Wilhelm, D. (2024). Inference for ranks with
applications to mobility across neighbourhoods and academic achievement across countries. Review of
Economic Studies 91(1). doi:10.1093/restud/rdad006
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import cluster_means
from awb.statistics.comparisons import Comparison


@dataclass(frozen=True, slots=True)
class RankInterval:
    """The place of an explainer, and the range of places consistent with the data.

    Attributes
    ----------
    rank : float
        Place by the mean over instances, 1 = best; ties share the mean of their places.
    low, high : float
        Best and worst place within the confidence level. Of tied places, the best counts for `low`
        and the worst for `high`: three explainers that tie for the first place have rank 2 and an
        interval from 1 to 3.
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
    means: npt.ArrayLike,
    comparisons: Sequence[Comparison],
    *,
    higher_is_better: bool,
    alpha: float = 0.05,
) -> list[RankInterval]:
    """Rank explainers by their means, with the ranks that the comparisons leave possible.

    An explainer is behind those that are significantly better, and ahead of those that are
    significantly worse. As the comparisons are wrong anywhere in at most a share `alpha` of tables,
    all intervals together contain the true ranks in the rest.

    Parameters
    ----------
    means : array_like, shape=(explainers,)
        Mean of each column over the instances that were compared.
    comparisons : sequence of Comparison
        Every pair of columns, from `awb.statistics.compare_all`; a single column has none.
    higher_is_better : bool
        Direction of the metric.
    alpha : float
        Two explainers differ when their adjusted p-value is at most this.

    Returns
    -------
    list of RankInterval
        One per column. The interval always contains the rank and every place that it is tied with.

    Raises
    ------
    ParameterError
        If two columns were not compared, a mean is not finite, or `alpha` is out of range.

    References
    ----------
    Mogstad, M., Romano, J. P., Shaikh, A. M., & Wilhelm, D. (2024). doi:10.1093/restud/rdad006

    Examples
    --------
    >>> from awb.statistics import compare_all
    >>> table, clips = [[0.9, 0.5], [0.8, 0.6]] * 6, range(12)
    >>> found = compare_all(table, clips, rng=np.random.default_rng(0))
    >>> rank_intervals([0.85, 0.55], found, higher_is_better=True)[0]
    RankInterval(rank=1.0, low=1.0, high=1.0)
    """
    signed = np.round(np.asarray(means, dtype=np.float64), 12) * (-1 if higher_is_better else 1)
    if signed.ndim != 1 or not np.isfinite(signed).all():
        raise ParameterError(f"expected a row of finite means; got shape {signed.shape}")
    if not 0 < alpha < 1:
        raise ParameterError(f"the level of a test must be in (0, 1): {alpha}")
    pairs = {frozenset((one.first, one.second)) for one in comparisons}
    for first, second in combinations(range(signed.size), 2):
        if frozenset((first, second)) not in pairs:
            raise ParameterError(f"columns {first} and {second} were not compared")
    better, worse = np.zeros(signed.size), np.zeros(signed.size)
    for one in comparisons:
        if one.adjusted_p_value <= alpha:
            first_wins = (one.difference > 0) == higher_is_better
            winner, loser = (one.first, one.second) if first_wins else (one.second, one.first)
            worse[winner] += 1
            better[loser] += 1
    return [
        RankInterval(float(rank), 1.0 + float(ahead), float(signed.size - behind))
        for rank, ahead, behind in zip(
            _midranks(signed.astype(np.float64)), better, worse, strict=True
        )
    ]


def _midranks(values: FloatArray) -> FloatArray:
    """Rank values from 1; equal ones share the mean of their ranks."""
    ordered = np.sort(values)
    first, last = (np.searchsorted(ordered, values, side=side) for side in ("left", "right"))
    return np.asarray((first + 1 + last) / 2)


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
