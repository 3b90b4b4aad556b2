"""Clusters: every statistic treats the instances of one clip as belonging together.

Conventions
-----------
`values` is ``shape=(instances,)`` or ``(instances, columns)``, finite; `clusters` names the cluster
of each instance, usually its clip's id. Clusters are in the order in which they first appear.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray

_CHUNK_CELLS = 1_000_000
_BLOCK_CELLS = 40_000
"""Weights that are drawn at a time: few enough to stay in a core's cache."""

_MANY_COLUMNS = 64
"""From here on, sums are faster along the columns; the sums are the same."""


@dataclass(frozen=True, slots=True, eq=False)
class ClusterSums:
    """Sums over the instances of each cluster, which is all that the interval of a mean needs.

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
        """Sum values by cluster.

        Parameters
        ----------
        values : array_like, shape=(instances,) or (instances, columns)
            One finite value per instance (and column).
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
            raise ParameterError("statistics take finite values; drop missing instances first")
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
            If `resamples` is not positive.
        """
        if resamples < 1:
            raise ParameterError(f"the bootstrap needs at least one resample: {resamples}")
        means = np.empty((resamples, self.sums.shape[1]))
        totals = np.column_stack([self.sums, self.sizes])
        chunk = max(1, _CHUNK_CELLS // self.n)
        for start in range(0, resamples, chunk):
            rows = min(chunk, resamples - start)
            drawn = rng.integers(self.n, size=(rows, self.n)) + self.n * np.arange(rows)[:, None]
            times = np.bincount(drawn.ravel(), minlength=rows * self.n).reshape(rows, self.n)
            # not a BLAS product: its last bits depend on threads and shapes
            drawn_sums = np.einsum("rc,ck->rk", times.astype(np.float64), totals)
            means[start : start + rows] = drawn_sums[:, :-1] / drawn_sums[:, -1:]
        return means

    def weighted_totals(self, resamples: int, rng: np.random.Generator) -> FloatArray:
        """Draw sums under exponential weights of the clusters, ``shape=(columns + 1, resamples)``.

        The last row sums the sizes.
        """
        totals = np.column_stack([self.sums, self.sizes])
        drawn = np.empty((totals.shape[1], resamples))
        weights = np.empty((max(1, _BLOCK_CELLS // self.n), self.n))
        for start in range(0, resamples, len(weights)):
            block = weights[: resamples - start]
            rng.standard_exponential(out=block)
            part = drawn[:, start : start + len(block)]
            # not a BLAS product: its last bits depend on threads and shapes
            if len(drawn) < _MANY_COLUMNS:
                np.einsum("cr,ck->kr", block.T.copy(), totals, out=part)  # along the draws
            else:
                np.einsum("rc,ck->kr", block, totals, out=part)  # along the columns
        return drawn

    def cluster_means(self) -> FloatArray:
        """Mean of each column within each cluster, ``shape=(clusters, columns)``."""
        return np.asarray(self.sums / self.sizes[:, None])

    def residuals(self) -> FloatArray:
        """What each cluster's sum is above that of as many mean values."""
        return np.asarray(self.sums - self.sizes[:, None] * self.means())

    def standard_errors(self) -> FloatArray:
        """Standard error of each mean by the jackknife over clusters, ``shape=(columns,)``."""
        moved = self.residuals() / (self.sizes.sum() - self.sizes)[:, None]
        return np.asarray(np.sqrt((self.n - 1) / self.n * (moved**2).sum(axis=0)))


def cluster_means(values: npt.ArrayLike, clusters: npt.ArrayLike) -> FloatArray:
    """Average the instances of each cluster.

    Parameters
    ----------
    values : array_like, shape=(instances, columns)
        One finite value per instance and column.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.

    Returns
    -------
    np.ndarray, shape=(clusters, columns)
        Means, with clusters in the order in which they first appear.

    Raises
    ------
    ParameterError
        If a value is not finite, or the lengths differ.

    Examples
    --------
    >>> cluster_means([[1.0], [3.0], [5.0]], ["a", "a", "b"]).tolist()
    [[2.0], [5.0]]
    """
    return ClusterSums.of(values, clusters).cluster_means()
