"""Complexity: over how many cells does an explanation spread?

Conventions
-----------
All three metrics use the magnitude ``|relevance|`` as shares of its sum. They are undefined for
relevance that is zero everywhere, since it makes no statement; a *constant* map is the worst case,
with complexity ``ln n``.

References
----------
Hurley, N., & Rickard, S. (2009). Comparing measures of sparsity. IEEE Transactions on Information
Theory 55(10). doi:10.1109/TIT.2009.2027527
Chalasani, P., et al. (2020). Concise explanations of neural networks using adversarial training.
ICML. arXiv:1810.06583
Bhatt, U., Weller, A., & Moura, J. M. F. (2020). Evaluating and aggregating feature-based model
explanations. IJCAI. doi:10.24963/ijcai.2020/417
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import relevance_array
from awb.metrics.facts import MetricFacts

_ALL_ZERO = "the relevance is zero everywhere"

SPARSENESS = MetricFacts(
    name="sparseness",
    family="complexity",
    summary="Gini index of the relevance magnitudes: 0 if constant, near 1 if a single segment",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="Gini index",
    undefined=_ALL_ZERO,
    reads="magnitudes",
    formula=r"\sum_{i=1}^{n} \frac{2i - n - 1}{n} \, a_{(i)},"
    r" \quad a_{(1)} \leq \dots \leq a_{(n)}",
    citation="Hurley & Rickard 2009, doi:10.1109/TIT.2009.2027527; Chalasani et al. 2020, "
    "arXiv:1810.06583",
)

COMPLEXITY = MetricFacts(
    name="complexity",
    family="complexity",
    summary="entropy of the relevance magnitudes; a constant scores ln n, the worst",
    higher_is_better=False,
    lowest=0.0,
    highest=math.inf,
    unit="nat",
    undefined=_ALL_ZERO,
    reads="magnitudes",
    formula=r"-\sum_{i=1}^{n} a_i \ln a_i",
    citation="Bhatt et al. 2020, doi:10.24963/ijcai.2020/417",
)

EFFECTIVE_SUPPORT = MetricFacts(
    name="effective-support",
    family="complexity",
    summary="share of the segments that a flat map of the same entropy would cover",
    higher_is_better=False,
    lowest=0.0,
    highest=1.0,
    unit="share of segments",
    undefined=_ALL_ZERO,
    reads="magnitudes",
    formula=r"\frac{1}{n} \exp \left( -\sum_{i=1}^{n} a_i \ln a_i \right)",
    citation="exponential of the entropy: Hill 1973, doi:10.2307/1934352",
)


def _shares(relevance: npt.ArrayLike) -> FloatArray:
    """Return ``|relevance|`` scaled to sum 1, safe for huge and tiny values."""
    magnitude = np.abs(relevance_array(relevance))
    peak = magnitude.max()
    if peak == 0:
        raise UndefinedScoreError(_ALL_ZERO)
    scaled = magnitude / peak
    return np.asarray(scaled / scaled.sum(), dtype=np.float64)


def sparseness(relevance: npt.ArrayLike) -> float:
    """Gini index of the relevance magnitudes.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        In [0, 1 - 1/n], higher is sparser: 0 for a constant, ``1 - 1/n`` for a single cell.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    UndefinedScoreError
        If it is zero everywhere.

    References
    ----------
    Hurley, N., & Rickard, S. (2009). doi:10.1109/TIT.2009.2027527

    Examples
    --------
    >>> sparseness([0.0, -2.0, 0.0, 0.0])
    0.75
    """
    ascending = np.sort(_shares(relevance))
    n = ascending.size
    weight = (2 * np.arange(1, n + 1) - n - 1) / n
    return max(0.0, float(weight @ ascending))


def complexity(relevance: npt.ArrayLike) -> float:
    """Entropy of the relevance magnitudes, natural logarithm.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        In [0, ln n], lower is simpler.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    UndefinedScoreError
        If it is zero everywhere.

    References
    ----------
    Bhatt, U., Weller, A., & Moura, J. M. F. (2020). doi:10.24963/ijcai.2020/417

    Examples
    --------
    >>> bool(np.isclose(complexity([2.0, 2.0, -2.0]), np.log(3)))
    True
    """
    shares = _shares(relevance)
    spread = shares[shares > 0]
    return max(0.0, -float(spread @ np.log(spread)))


def effective_support(relevance: npt.ArrayLike) -> float:
    """Share of the cells that a flat map of the same entropy would cover.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        ``exp(entropy) / n`` in [1/n, 1], lower is more concentrated; 1 for a constant. Unlike the
        entropy, it can be compared between clips of different lengths.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    UndefinedScoreError
        If it is zero everywhere.

    References
    ----------
    Hill, M. O. (1973). Diversity and evenness. Ecology 54(2). doi:10.2307/1934352

    Examples
    --------
    >>> round(effective_support([1.0, 1.0, 0.0, 0.0]), 9)
    0.5
    """
    n = relevance_array(relevance).size
    return math.exp(complexity(relevance)) / n
