"""Comparisons of explainers on the same instances: differences, tests, and corrections.

Conventions
-----------
`values` is ``shape=(instances, explainers)``, finite. Clips are the independent units. None of the
functions depends on a metric's direction.

`compare_all` decides on a board which explainers differ, by the test of
`awb.statistics.sign_flips`; Wilcoxon's test and Holm's correction serve where the units are whole
boards.

References
----------
Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
Romano, J. P., & Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis
testing. JASA 100(469). doi:10.1198/016214504000000539
Wilcoxon, F. (1945). Individual comparisons by ranking methods. Biometrics Bulletin 1(6).
doi:10.2307/3001968
Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of
Statistics 6(2). https://www.jstor.org/stable/4615733
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.sign_flips import NOISE, flipped, pair_gaps, scale_of

_FEW = 13
"""Up to this many differences are counted exactly; scipy's permutations are 500 times slower."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two explainers on the same instances.

    Attributes
    ----------
    first, second : int
        Columns of the table.
    difference : float
        Mean of first minus second over instances.
    p_value : float
        Of this pair alone, two-sided, by changing the signs of clips.
    adjusted_p_value : float
        Corrected for all comparisons made together. In at most 5 % of tables is any pair at most
        0.05 that does not differ.
    """

    first: int
    second: int
    difference: float
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
    draws: int = 10_000,
    rng: np.random.Generator,
) -> list[Comparison]:
    """Compare every pair of explainers on the same instances.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    draws : int
        Number of random choices of signs, where there are more than 14 clusters.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list of Comparison
        One per pair of columns, in the order of `itertools.combinations`.

    Raises
    ------
    ParameterError
        If there are fewer than two columns, a value is not finite, or there is no draw.

    References
    ----------
    Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
    Romano, J. P., & Wolf, M. (2005). doi:10.1198/016214504000000539

    Examples
    --------
    >>> table, clips = [[0.9, 0.5], [0.8, 0.6], [0.9, 0.7]], ["a", "b", "c"]
    >>> compare_all(table, clips, rng=np.random.default_rng(0))[0].p_value
    0.25
    """
    pairs, gaps, n_instances = pair_gaps(values, clusters)
    observed = np.abs(gaps.sum(axis=0)) / scale_of(gaps)
    order = np.argsort(-observed, kind="stable")
    reached = observed[order] - NOISE
    alone = np.zeros(order.size)
    together = np.zeros(order.size)
    total = 0
    for drawn in flipped(gaps[:, order], draws, rng):
        alone += (drawn >= reached).sum(axis=0)
        largest = np.maximum.accumulate(drawn[:, ::-1], axis=1)[:, ::-1]
        together += (largest >= reached).sum(axis=0)
        total += len(drawn)
    raw, adjusted = np.empty(order.size), np.empty(order.size)
    raw[order], adjusted[order] = alone / total, np.maximum.accumulate(together / total)
    means = gaps.sum(axis=0) / n_instances
    return [
        Comparison(*pair, float(mean), float(p_value), float(corrected))
        for pair, mean, p_value, corrected in zip(pairs, means, raw, adjusted, strict=True)
    ]
