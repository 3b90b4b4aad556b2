"""Medians over clips with intervals from order statistics, which hold for any distribution.

References
----------
Hettmansperger, T. P., & Sheather, S. J. (1986). Confidence intervals based on interpolated order
statistics. Statistics & Probability Letters 4(2). doi:10.1016/0167-7152(86)90021-0
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.statistics.clusters import cluster_means
from awb.statistics.mean_intervals import Interval


def median_intervals(
    values: npt.ArrayLike, clusters: npt.ArrayLike, *, level: float = 0.95
) -> list[Interval]:
    """Median over clusters of each column with its interval.

    Parameters
    ----------
    values : array_like, shape=(instances, columns)
        One finite value per instance and column; instances of a cluster are averaged. For the
        median of paired differences, give the differences.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    level : float
        Confidence, in (0, 1).

    Returns
    -------
    list of Interval
        One per column, with the median in `mean`. The ends are order statistics, interpolated to
        the level where no two values are equal. They are NaN if even the lowest and the highest
        value do not reach the level: for 95 %, with fewer than 6 clusters. Equal
        values have an interval without width, rightly: a median below 1 means that half of all
        values are below 1, and then six values of 1 are seen in 1.6 % of samples.

    Raises
    ------
    ParameterError
        If a value is not finite, the lengths differ, or the level is out of range.

    References
    ----------
    Hettmansperger, T. P., & Sheather, S. J. (1986). doi:10.1016/0167-7152(86)90021-0

    Examples
    --------
    >>> found = median_intervals([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]], list("abcdef"))
    >>> round(found[0].mean, 2), round(found[0].low, 2), round(found[0].high, 2)
    (3.5, 1.36, 5.64)
    """
    if not 0 < level < 1:
        raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
    ordered = np.sort(cluster_means(values, clusters), axis=0)
    n = len(ordered)
    medians = np.median(ordered, axis=0)
    first, share = _order_statistic(n, level)
    if first == 0:
        return [Interval(float(median), math.nan, math.nan) for median in medians]
    distinct = np.all(ordered[1:] > ordered[:-1], axis=0)
    shares = np.where(distinct, share, 0.0)
    low = (1 - shares) * ordered[first - 1] + shares * ordered[min(first, n - 1)]
    high = (1 - shares) * ordered[n - first] + shares * ordered[max(n - first - 1, 0)]
    return [
        Interval(*(float(one) for one in found)) for found in zip(medians, low, high, strict=True)
    ]


def _order_statistic(n: int, level: float) -> tuple[int, float]:
    """Return the last order statistic that reaches the level, from 1, and the share of the next."""
    from scipy.stats import binom

    counts = np.arange(1, n // 2 + 1)
    covered = 1 - 2 * binom.cdf(counts - 1, n, 0.5)
    first = int((covered >= level).sum())
    if first == 0:
        return 0, 0.0
    beyond = 1 - 2 * float(binom.cdf(first, n, 0.5)) if 2 * first < n else 0.0
    inside = (covered[first - 1] - level) / (covered[first - 1] - beyond)
    return first, float((n - first) * inside / (first + (n - 2 * first) * inside))
