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
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.intervals import FloatArray
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
    from scipy.stats import permutation_test

    samples = [
        ClusterSums.of(values, names)
        for values, names in ((first, first_clusters), (second, second_clusters))
    ]
    sums = np.concatenate([one.sums[:, 0] for one in samples])
    sizes = np.concatenate([one.sizes for one in samples])
    split = samples[0].n

    def difference(one: Any, other: Any, axis: int) -> FloatArray:
        means = [sums[at].sum(axis=axis) / sizes[at].sum(axis=axis) for at in (one, other)]
        return np.asarray(means[0] - means[1])

    found = permutation_test(
        (np.arange(split), np.arange(split, len(sums))),
        difference,
        vectorized=True,
        n_resamples=resamples,
        alternative="greater",
        random_state=rng,  # called rng from scipy 1.15 on
    )
    return float(found.pvalue)


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
