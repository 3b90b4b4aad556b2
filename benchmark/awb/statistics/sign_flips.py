"""Sign flips: how large could the differences of all pairs of explainers be by chance?

Conventions
-----------
`values` is ``shape=(instances, explainers)``, finite. Clips are the independent units.

One test decides on a board which explainers differ; letters, places and sentences follow from it.
Its hypothesis for a pair: each clip might as well have given the opposite difference. So the
differences of whole clips change their signs at random, the same clips for every pair, and a
difference counts if it is larger than the largest of all pairs is in 95 % of these draws; pairs
that differ are then set aside, and the others are tried again (step-down). Up to 14 clips, every
choice of signs is counted. A pair's statistic is the sum of its differences, which is what its
means differ by, divided by the root of their sum of squares. That is Student's t in another scale,
and does not break where all differences are equal.

References
----------
Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley.
Romano, J. P., & Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis
testing. JASA 100(469). doi:10.1198/016214504000000539
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums

LEAST_CLIPS = 6
"""Fewest clips of which all can agree by chance in less than 5 % of cases: 2 / 2**6."""

NOISE = 1e-9
"""Statistics that differ by less are equal."""

_CHUNK_CELLS = 2_000_000
_EXACT = 14
"""Up to this many clips, every choice of signs is counted: there are no more than 2**13."""


def pair_gaps(
    values: npt.ArrayLike, clusters: npt.ArrayLike
) -> tuple[list[tuple[int, int]], FloatArray, int]:
    """List the pairs of columns, and sum their differences within each cluster.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance.

    Returns
    -------
    pairs : list of (int, int)
        In the order of `itertools.combinations`.
    gaps : np.ndarray, shape=(clusters, pairs)
        Sum of first minus second over the cluster's instances; what is float noise is 0.
    n_instances : int
        Number of instances.

    Raises
    ------
    ParameterError
        If there are fewer than two columns, or a value is not finite.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise ParameterError(f"a comparison needs at least two columns; got shape {table.shape}")
    sums = ClusterSums.of(table, clusters).sums
    pairs = list(combinations(range(table.shape[1]), 2))
    first, second = np.array(pairs).T
    return pairs, np.round(sums[:, first] - sums[:, second], 12), len(table)


def largest_by_chance(
    gaps: FloatArray, *, level: float, draws: int = 10_000, rng: np.random.Generator
) -> float:
    """Statistic that a pair must exceed to differ from 0, whichever pair it is.

    Parameters
    ----------
    gaps : np.ndarray, shape=(clusters, pairs)
        From `pair_gaps`.
    level : float
        Confidence, in (0, 1).
    draws : int
        Number of random choices of signs.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    float
        In [0, sqrt(clusters)]: the statistic is at most that, so that nothing exceeds the root.
    """
    largest = np.concatenate([drawn.max(axis=1) for drawn in flipped(gaps, draws, rng)])
    allowed = int((1 - level) * largest.size + NOISE)
    return float(np.sort(largest)[::-1][allowed]) if allowed else float(len(gaps) ** 0.5)


def scale_of(gaps: FloatArray) -> FloatArray:
    """Root of the sum of squares of each pair; 1 where there is no difference at all."""
    scale = np.sqrt((gaps**2).sum(axis=0))
    return np.where(scale > 0, scale, 1.0)


def flipped(gaps: FloatArray, draws: int, rng: np.random.Generator) -> Iterator[FloatArray]:
    """Yield the statistics of pairs under changed signs, in chunks, first with the signs given."""
    if draws < 1:
        raise ParameterError(f"the test needs at least one draw: {draws}")
    n_clusters, n_pairs = gaps.shape
    scaled = gaps / scale_of(gaps)
    chunk = max(1, _CHUNK_CELLS // max(n_pairs, n_clusters))
    for flips in _choices(n_clusters, draws, rng, chunk):
        yield np.abs((1.0 - 2.0 * flips) @ scaled)


def _choices(
    n_clusters: int, draws: int, rng: np.random.Generator, chunk: int
) -> Iterator[npt.NDArray[np.bool_]]:
    """Choose whose signs change, ``shape=(chunk, clusters)`` each; nobody's in the first row."""
    if n_clusters > _EXACT:
        for start in range(0, draws, chunk):
            flips = rng.random((min(chunk, draws - start), n_clusters)) < 0.5
            if start == 0:
                flips[0] = False
            yield flips
        return
    numbers = np.arange(2 ** (n_clusters - 1))[:, np.newaxis]
    every = (numbers >> np.arange(n_clusters) & 1) > 0
    for start in range(0, len(every), chunk):  # the last sign never changes: opposites are equal
        yield every[start : start + chunk]
