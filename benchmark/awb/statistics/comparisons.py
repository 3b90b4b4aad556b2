"""Comparisons of explainers on the same instances: differences, tests, and Holm's correction.

Conventions
-----------
`values` is ``shape=(instances, explainers)``, finite: the instances that all explainers scored.
Clips are the independent units, so differences are averaged within a clip before a test, and the
interval of a mean difference is over clips. None of the functions depends on a metric's direction.

References
----------
Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1(6).
doi:10.2307/3001968
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
Statistics 6(2). https://www.jstor.org/stable/4615733
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import cluster_means
from awb.statistics.mean_intervals import Interval, difference_intervals

_FEW = 13
"""Up to this many differences are counted exactly; scipy's permutations are 500 times slower."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two explainers on the same instances.

    Attributes
    ----------
    first, second : int
        Columns of the table.
    difference : Interval
        Mean of first minus second over instances, with its interval over clips; see
        `awb.statistics.difference_intervals`.
    p_value : float
        Of the Wilcoxon signed-rank test over clips, two-sided.
    adjusted_p_value : float
        The same, Holm-corrected for all comparisons made together.
    """

    first: int
    second: int
    difference: Interval
    p_value: float
    adjusted_p_value: float


def wilcoxon_p_value(differences: npt.ArrayLike) -> float:
    """Two-sided p-value of the Wilcoxon signed-rank test.

    Parameters
    ----------
    differences : array_like, shape=(n,)
        Paired differences of independent units. Differences within float noise of 0 are zeros;
        zeros are ranked and then left out (Pratt).

    Returns
    -------
    float
        In (0, 1]; 1 if there is no difference at all. Exact for up to 13 differences, and for up to
        50 without ties or zeros, else by the normal approximation with its tie correction.

    Raises
    ------
    ParameterError
        If there is none, or one is not finite.

    References
    ----------
    Wilcoxon, F. (1945). doi:10.2307/3001968
    Pratt, J. W. (1959). Remarks on zeros and ties in the Wilcoxon signed rank procedures.
    doi:10.1080/01621459.1959.10501526

    Examples
    --------
    >>> wilcoxon_p_value([1.0, 2.0, 3.0, 4.0])
    0.125
    >>> wilcoxon_p_value([0.0, 0.0])
    1.0
    """
    from scipy.stats import rankdata, wilcoxon

    given = np.asarray(differences, dtype=np.float64)
    if given.ndim != 1 or given.size == 0 or not np.isfinite(given).all():
        raise ParameterError(f"expected a row of finite differences; got shape {given.shape}")
    rounded = np.round(given, 12)
    if not rounded.any():
        return 1.0
    if given.size <= _FEW:
        return _exact_p_value(rankdata(np.abs(rounded)), np.sign(rounded))
    return float(wilcoxon(rounded, zero_method="pratt", correction=False).pvalue)


def _exact_p_value(ranks: FloatArray, signs: FloatArray) -> float:
    """Count the assignments of signs that are at least as extreme, by convolution of half ranks."""
    halves = np.round(2 * ranks).astype(np.int64)
    counts = np.zeros(int(halves.sum()) + 1, dtype=np.int64)
    counts[0] = 1
    for half in halves[signs != 0]:
        counts[half:] += counts[:-half].copy()
    observed = int(halves[signs > 0].sum())
    tail = min(int(counts[: observed + 1].sum()), int(counts[observed:].sum()))
    return min(1.0, 2 * tail / int(counts.sum()))


def holm(p_values: npt.ArrayLike) -> FloatArray:
    """Adjust p-values for multiple testing by Holm's step-down procedure.

    Parameters
    ----------
    p_values : array_like, shape=(m,)
        In [0, 1], in any order.

    Returns
    -------
    np.ndarray, shape=(m,)
        Adjusted p-values in the same order; each is at least the given one.

    Raises
    ------
    ParameterError
        If one is not in [0, 1].

    References
    ----------
    Holm, S. (1979). A simple sequentially rejective multiple test procedure.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    if given.ndim != 1 or not ((given >= 0) & (given <= 1)).all():
        raise ParameterError("expected a row of p-values in [0, 1]")
    order = np.argsort(given, kind="stable")
    stepped = given[order] * np.arange(given.size, 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(stepped))
    return adjusted


def compare_all(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    lowest: float = -math.inf,
    highest: float = math.inf,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> list[Comparison]:
    """Compare every pair of explainers on the same instances.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    lowest, highest : float
        Range of the metric, infinite where there is no bound.
    resamples : int
        Number of random weights, shared by all comparisons.
    level : float
        Confidence of the intervals, in (0, 1).
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list of Comparison
        One per pair of columns, in the order of `itertools.combinations`.

    Raises
    ------
    ParameterError
        If there are fewer than two columns, a value is not finite, or a setting is out of range.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ParameterError(f"a comparison needs at least two columns; got shape {table.shape}")
    pairs = list(combinations(range(table.shape[1]), 2))
    intervals = difference_intervals(
        table, pairs, clusters, lowest=lowest, highest=highest,
        resamples=resamples, level=level, rng=rng,
    )  # fmt: skip
    first, second = np.array(pairs).T
    differences = table[:, first] - table[:, second]
    raw = [wilcoxon_p_value(column) for column in cluster_means(differences, clusters).T]
    return [
        Comparison(*pair, interval, p_value, float(adjusted))
        for pair, interval, p_value, adjusted in zip(pairs, intervals, raw, holm(raw), strict=True)
    ]
