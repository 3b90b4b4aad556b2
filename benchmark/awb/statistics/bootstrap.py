"""Cluster bootstrap: how far would a mean move if other clips had been drawn?

Conventions
-----------
An instance is one (clip, target) pair. Instances of one clip share its audio, so whole clips are
resampled: they are the clusters. The statistic is the mean over instances, a clip with more of them
weighing more. There is no NaN here: a board drops missing instances, and says so, before it asks.

The plain percentile interval is too narrow for few clusters, and off centre for scores that crowd
at 1. Two published corrections are applied together: percentiles are bias-corrected and accelerated
(BCa, Efron 1987), and taken further out, because the bootstrap variance is too small by
``(C - 1) / C`` and a t distribution is called for (Hesterberg 2015). On simulated boards, skewed as
AUC is and with several instances a clip, it covers the true mean in 93 to 97 % from 20 clusters on;
with 10 clusters of very skewed scores in about 92 %, with 5 in 85 to 90 %. It never leaves the
range of the data.

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

_CHUNK_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its confidence interval.

    Attributes
    ----------
    mean : float
        Mean over instances.
    low, high : float
        Ends of the interval; NaN where a single cluster gives no idea of the spread.
    """

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums over the instances of each cluster: all that the bootstrap of a mean needs.

    Attributes
    ----------
    sums : np.ndarray, shape=(clusters, columns)
        Sum of the values of each cluster.
    sizes : np.ndarray, shape=(clusters,)
        Number of instances of each cluster.
    """

    sums: FloatArray
    sizes: FloatArray

    @classmethod
    def of(cls, values: npt.ArrayLike, clusters: npt.ArrayLike) -> ClusterSums:
        """Sum up values by cluster.

        Parameters
        ----------
        values : array_like, shape=(instances,) or (instances, columns)
            One finite value an instance (and column).
        clusters : array_like, shape=(instances,)
            Cluster of each instance, such as its clip's id.

        Returns
        -------
        ClusterSums
            Clusters in the order in which they first appear.

        Raises
        ------
        ParameterError
            If a value is not finite, the lengths differ, or there is no instance.
        """
        table = np.asarray(values, dtype=np.float64)
        names = np.asarray(clusters)
        if table.ndim not in (1, 2) or table.size == 0:
            raise ParameterError(f"expected instances, or instances by columns; got {table.shape}")
        if names.shape != (len(table),):
            raise ParameterError(f"expected {len(table)} clusters; got shape {names.shape}")
        if not np.isfinite(table).all():
            raise ParameterError("the bootstrap takes finite values; drop missing instances first")
        columns = table.reshape(len(table), -1)
        _, first, inverse = np.unique(names, return_index=True, return_inverse=True)
        cluster = np.argsort(np.argsort(first))[inverse]
        sums = np.zeros((first.size, columns.shape[1]))
        np.add.at(sums, cluster, columns)
        return cls(sums, np.bincount(cluster).astype(np.float64))

    @property
    def n(self) -> int:
        """Number of clusters."""
        return self.sizes.size

    def means(self) -> FloatArray:
        """Mean of each column over all instances, ``shape=(columns,)``."""
        return np.asarray(self.sums.sum(axis=0) / self.sizes.sum())

    def resampled_means(self, resamples: int, rng: np.random.Generator) -> FloatArray:
        """Draw the means over resampled clusters, the same clusters for every column.

        Parameters
        ----------
        resamples : int
            Number of draws, at least 1.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        np.ndarray, shape=(resamples, columns)
            Mean over the instances of the clusters drawn.

        Raises
        ------
        ParameterError
            If there is nothing to draw.
        """
        if resamples < 1:
            raise ParameterError(f"the bootstrap needs at least one resample: {resamples}")
        means = np.empty((resamples, self.sums.shape[1]))
        chunk = max(1, _CHUNK_CELLS // self.n)
        for start in range(0, resamples, chunk):
            rows = min(chunk, resamples - start)
            drawn = rng.integers(self.n, size=(rows, self.n)) + self.n * np.arange(rows)[:, None]
            times = np.bincount(drawn.ravel(), minlength=rows * self.n).reshape(rows, self.n)
            weights = times.astype(np.float64)
            means[start : start + rows] = (weights @ self.sums) / (weights @ self.sizes)[:, None]
        return means

    def accelerations(self) -> FloatArray:
        """Skew of the jackknife over clusters, ``shape=(columns,)``: the "a" of BCa."""
        left_out = (self.sums.sum(axis=0) - self.sums) / (self.sizes.sum() - self.sizes)[:, None]
        distance = left_out.mean(axis=0) - left_out
        spread = (distance**2).sum(axis=0) ** 1.5
        cubes = (distance**3).sum(axis=0)
        skew = np.divide(cubes, 6 * spread, out=np.zeros_like(cubes), where=spread > 0)
        return np.asarray(skew, dtype=np.float64)


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
        One finite value an instance.
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
        Mean, low and high, in the unit of the values. One cluster has no interval: NaN.

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
        raise ParameterError(f"expected one value an instance; got shape {np.shape(values)}")
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
    """Intervals of many columns from one set of resamples: a whole board at once.

    Parameters
    ----------
    values : array_like, shape=(instances, columns)
        One finite value an instance and column, such as an explainer.
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
        One a column.

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

    noise = 1e-12 * np.abs(means)  # sums in another order are not another mean
    below = (draws < means - noise).mean(axis=0) + (np.abs(draws - means) <= noise).mean(axis=0) / 2
    least = 0.5 / len(draws)
    bias = norm.ppf(np.clip(below, least, 1 - least))[:, None]
    reach = t.ppf((1 + level) / 2, df=n_clusters - 1) * math.sqrt(n_clusters / (n_clusters - 1))
    shifted = bias + np.array([-reach, reach])
    slope = np.maximum(1 - accelerations[:, None] * shifted, 1e-6)
    return np.asarray(norm.cdf(bias + shifted / slope), dtype=np.float64)
