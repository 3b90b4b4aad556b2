"""Two independent samples of clips: is the mean of one higher than chance allows?

Conventions
-----------
If both samples are drawn in the same way, any division of their clips into two groups of these
sizes was equally likely. So the p-value is the share of divisions whose means differ by at least as
much (Fisher's permutation test): exact for any distribution and any number of clips. The statistic
is the difference of the means over instances; whole clips change sides with their instances.

References
----------
Ernst, M. D. (2004). Permutation methods: A basis for exact inference. Statistical Science 19(4).
doi:10.1214/088342304000000396
Phipson, B., & Smyth, G. K. (2010). Permutation p-values should never be zero. Statistical
Applications in Genetics and Molecular Biology 9(1). doi:10.2202/1544-6115.1585
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import numpy.typing as npt

from awb.statistics.clusters import ClusterSums


def permutation_p_value(
    first: npt.ArrayLike,
    first_clusters: npt.ArrayLike,
    second: npt.ArrayLike,
    second_clusters: npt.ArrayLike,
    *,
    resamples: int = 9_999,
    rng: np.random.Generator,
) -> float:
    """One-sided p-value for a first mean that is higher than the second.

    Parameters
    ----------
    first, second : array_like, shape=(instances,)
        One finite value per instance.
    first_clusters, second_clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id; the samples share none.
    resamples : int
        If there are more divisions, this many are drawn, and the observed one is counted with them.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    float
        In (0, 1]; never below 1 / (number of divisions).

    Raises
    ------
    ParameterError
        If a value is not finite, the lengths differ, or a sample is empty.

    References
    ----------
    Ernst, M. D. (2004). doi:10.1214/088342304000000396

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> permutation_p_value([0.9, 0.8, 0.9], ["a", "b", "c"], [0.5], ["d"], rng=rng)
    0.25
    """
    samples = [ClusterSums.of(first, first_clusters), ClusterSums.of(second, second_clusters)]
    sums = np.concatenate([one.sums[:, 0] for one in samples])
    sizes = np.concatenate([one.sizes for one in samples])
    n, n_first = sizes.size, samples[0].n
    if math.comb(n, n_first) <= resamples:
        divisions, added = np.array(list(combinations(range(n), n_first))), 0
    else:
        divisions, added = rng.random((resamples, n)).argpartition(n_first, axis=1)[:, :n_first], 1
    inside, n_inside = sums[divisions].sum(axis=1), sizes[divisions].sum(axis=1)
    differences = inside / n_inside - (sums.sum() - inside) / (sizes.sum() - n_inside)
    observed = samples[0].means()[0] - samples[1].means()[0]
    noise = 1e-12 * np.abs(sums).max()  # summing in another order must not count as a difference
    extreme = np.count_nonzero(differences >= observed - noise)
    return float((extreme + added) / (len(differences) + added))


def least_permutation_p_value(n_first: int, n_second: int) -> float:
    """Smallest p-value that samples of so many clusters can have.

    Parameters
    ----------
    n_first, n_second : int
        Number of clusters of each sample, at least 1.

    Returns
    -------
    float
        In (0, 1).

    Examples
    --------
    >>> least_permutation_p_value(3, 1)
    0.25
    """
    return 1 / math.comb(n_first + n_second, n_second)
