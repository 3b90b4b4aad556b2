"""Agreement of metrics: do two metrics order the explainers in the same way?

References
----------
Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika 33(3).
doi:10.1093/biomet/33.3.239
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums
from awb.statistics.mean_intervals import Interval

_DECIMALS = 12  # means that differ by float noise are tied


def kendall_tau(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Kendall's tau-b of two rows of scores.

    Parameters
    ----------
    first, second : array_like, shape=(explainers,)
        Score of each explainer in two metrics, both oriented so that higher is better.

    Returns
    -------
    float
        In [-1, 1]; 1 = the same order.

    Raises
    ------
    ParameterError
        If a row is not finite, the lengths differ, or there are fewer than two explainers.
    UndefinedScoreError
        If one metric ties all explainers.

    References
    ----------
    Kendall, M. G. (1945). doi:10.1093/biomet/33.3.239

    Examples
    --------
    >>> kendall_tau([1.0, 2.0, 3.0], [5.0, 6.0, 9.0])
    1.0
    """
    one = np.asarray(first, dtype=np.float64)
    other = np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.size < 2 or one.shape != other.shape:
        raise ParameterError(f"expected two rows of equal length; got {one.shape}, {other.shape}")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ParameterError("agreement takes finite values; drop missing ones first")
    (tau,) = _tau_b(one[None], other[None])
    if math.isnan(tau):
        raise UndefinedScoreError("a metric ties all explainers")
    return float(tau)


def kendall_bootstrap(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Kendall's tau-b of two metrics' rankings of the explainers, with its interval over clips.

    Parameters
    ----------
    first, second : array_like, shape=(instances, explainers)
        Values of two metrics on the same instances; negate a metric of which lower is better.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    resamples : int
        Number of bootstrap draws; both metrics see the same clips.
    level : float
        Confidence, in (0, 1).
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Interval
        Tau of the mean scores, and the percentiles of tau over the draws. Draws that tie all
        explainers say nothing and are left out; with a single cluster the ends are NaN.

    Raises
    ------
    ParameterError
        If the tables differ in shape, have fewer than two explainers, a value is not finite, or a
        setting is out of range.
    UndefinedScoreError
        If one metric ties all explainers.

    References
    ----------
    Kendall, M. G. (1945). doi:10.1093/biomet/33.3.239
    """
    one = np.asarray(first, dtype=np.float64)
    other = np.asarray(second, dtype=np.float64)
    if one.ndim != 2 or one.shape != other.shape:
        raise ParameterError(f"expected two tables of one shape; got {one.shape}, {other.shape}")
    if not 0 < level < 1:
        raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
    board = ClusterSums.of(np.hstack([one, other]), clusters)
    mean_one, mean_other = np.hsplit(board.means(), 2)
    tau = kendall_tau(mean_one, mean_other)
    if board.n == 1:
        return Interval(tau, math.nan, math.nan)
    drawn = _tau_b(*np.hsplit(board.resampled_means(resamples, rng), 2))
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn[np.isfinite(drawn)], tails)
    return Interval(tau, float(low), float(high))


def _tau_b(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return tau-b of each row, NaN if all values of a row tie."""
    one, two = np.triu_indices(first.shape[1], k=1)
    signs = [
        np.sign(table[:, one] - table[:, two])
        for table in (np.round(first, _DECIMALS), np.round(second, _DECIMALS))
    ]
    agreeing = (signs[0] * signs[1]).sum(axis=1)
    untied = np.sqrt((signs[0] ** 2).sum(axis=1) * (signs[1] ** 2).sum(axis=1))
    tau = np.full(agreeing.size, math.nan)
    np.divide(agreeing, untied, out=tau, where=untied > 0)
    return tau
