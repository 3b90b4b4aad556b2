"""Cluster bootstrap: how much would a mean vary with other clips?

Conventions
-----------
An instance is one (clip, target) pair. Instances of one clip share its audio, so whole clips are
resampled: they are the clusters. The statistic is the mean over instances, so a clip with more of
them has more weight. NaN is not accepted: a board drops missing instances first, and says so.

The plain percentile interval is too narrow for few clusters, and off centre for scores that crowd
at 1. Two published corrections are applied together: percentiles are bias-corrected and accelerated
(BCa, Efron 1987), and moved further out, because the bootstrap variance is too small by the factor
``(C - 1) / C`` and a t distribution is called for (Hesterberg 2015). On simulated boards, skewed as
AUC is and with several instances per clip, the intervals cover the true mean in 93 to 97 % of cases
with 20 or more clusters; with 10 clusters of very skewed scores in about 92 %, with 5 in 85 to
90 %. They never extend beyond the range of the data.

References
----------
Efron, B. (1987). Better bootstrap confidence intervals. JASA 82(397).
doi:10.1080/01621459.1987.10478410
Davison, A. C., & Hinkley, D. V. (1997). Bootstrap methods and their application, section 3.8.
doi:10.1017/CBO9780511802843
Hesterberg, T. C. (2015). What teachers should know about the bootstrap: Resampling in the
undergraduate statistics curriculum. The American Statistician 69(4).
doi:10.1080/00031305.2015.1089789
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval.

    Attributes
    ----------
    mean : float
        Mean over instances.
    low, high : float
        Ends of the interval; NaN for a single cluster, which does not show the spread.
    """

    mean: float
    low: float
    high: float


def cluster_bootstrap(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Interval:
    """Mean over instances with its expanded BCa interval over clusters.

    Parameters
    ----------
    values : array_like, shape=(instances,)
        One finite value per instance.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    resamples : int
        Number of draws.
    level : float
        Confidence, in (0, 1).
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Interval
        Mean, low and high, in the unit of the values; with one cluster, low and high are NaN.

    Raises
    ------
    ParameterError
        If a value is not finite, the lengths differ, there is no instance, or a setting is out of
        range.

    References
    ----------
    Efron, B. (1987). doi:10.1080/01621459.1987.10478410
    Hesterberg, T. C. (2015). doi:10.1080/00031305.2015.1089789

    Examples
    --------
    >>> cluster_bootstrap([0.5, 0.5, 0.5], ["a", "a", "b"], rng=np.random.default_rng(0))
    Interval(mean=0.5, low=0.5, high=0.5)
    """
    if np.ndim(values) != 1:
        raise ParameterError(f"expected one value per instance; got shape {np.shape(values)}")
    (interval,) = cluster_bootstrap_columns(
        np.reshape(values, (-1, 1)), clusters, resamples=resamples, level=level, rng=rng
    )
    return interval


def cluster_bootstrap_columns(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    *,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> list[Interval]:
    """Intervals of many columns, such as a whole board, from one set of resamples.

    Parameters
    ----------
    values : array_like, shape=(instances, columns)
        One finite value per instance and column; a column may be an explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance.
    resamples : int
        Number of draws.
    level : float
        Confidence, in (0, 1).
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    list of Interval
        One per column.

    Raises
    ------
    ParameterError
        As `cluster_bootstrap`.
    """
    board = ClusterSums.of(values, clusters)
    if not 0 < level < 1:
        raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
    means = board.means()
    draws = board.resampled_means(resamples, rng)
    if board.n == 1:
        return [Interval(float(mean), math.nan, math.nan) for mean in means]
    tails = _bca_tails(draws, means, board.accelerations(), board.n, level)
    return [
        Interval(float(mean), *(float(end) for end in np.quantile(draw, tail)))
        for mean, draw, tail in zip(means, draws.T, tails, strict=True)
    ]


def _bca_tails(
    draws: FloatArray, means: FloatArray, accelerations: FloatArray, n_clusters: int, level: float
) -> FloatArray:
    """Return which quantiles of the draws are the ends of each interval, ``shape=(columns, 2)``."""
    from scipy.stats import norm, t

    noise = 1e-12 * np.abs(means)  # summing in another order must not count as another mean
    below = (draws < means - noise).mean(axis=0) + (np.abs(draws - means) <= noise).mean(axis=0) / 2
    least = 0.5 / len(draws)
    bias = norm.ppf(np.clip(below, least, 1 - least))[:, None]
    reach = t.ppf((1 + level) / 2, df=n_clusters - 1) * math.sqrt(n_clusters / (n_clusters - 1))
    shifted = bias + np.array([-reach, reach])
    slope = np.maximum(1 - accelerations[:, None] * shifted, 1e-6)
    return np.asarray(norm.cdf(bias + shifted / slope), dtype=np.float64)
