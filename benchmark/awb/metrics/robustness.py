"""Robustness and sanity: compare two explanations that should, or should not, be the same.

Conventions
-----------
Every function compares given explanations. What the number means depends on how they were made:
with two seeds of one explainer (seed stability), of a clip and a quieter copy (gain invariance), of
a clip and the same clip rolled in time (shift equivariance), of the clip with a little noise
(maximum sensitivity), or of the model and its randomized copy (model randomization, where
similarity is bad).

References
----------
Yeh, C.-K., Hsieh, C.-Y., Suggala, A. S., Inouye, D. I., & Ravikumar, P. (2019). On the (in)fidelity
and sensitivity of explanations. NeurIPS 32. arXiv:1901.09392
Adebayo, J., Gilmer, J., Muelly, M., Goodfellow, I., Hardt, M., & Kim, B. (2018). Sanity checks for
saliency maps. NeurIPS 31. arXiv:1810.03292
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, RelevanceError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import relevance_array
from awb.metrics.mass import top_shares

_NOISE = 1e-12  # relative: relevance this small beside another is rounding


def _pair(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Validate two explanations of equally many cells."""
    one, other = relevance_array(first), relevance_array(second)
    if one.size != other.size:
        raise RelevanceError(f"cannot compare explanations of {one.size} and {other.size} segments")
    return one, other


def rank_correlation(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Spearman correlation of two explanations, with midranks for ties.

    Parameters
    ----------
    first, second : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        In [-1, 1]; 1 = the same order.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    UndefinedScoreError
        If one of them is constant and so has no order.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things.
    doi:10.2307/1412159

    Examples
    --------
    >>> rank_correlation([1.0, 2.0, 3.0], [10.0, 20.0, 25.0])
    1.0
    """
    from scipy.stats import rankdata

    one, other = (rankdata(values) for values in _pair(first, second))
    one, other = one - one.mean(), other - other.mean()
    if not one.any() or not other.any():
        raise UndefinedScoreError("an explanation is constant")
    return float(np.clip((one @ other) / np.sqrt((one @ one) * (other @ other)), -1.0, 1.0))


def top_k_overlap(first: npt.ArrayLike, second: npt.ArrayLike, *, k: int) -> float:
    """Share of the k most relevant cells that two explanations have in common.

    Parameters
    ----------
    first, second : array_like, shape=(n,)
        Relevance of every cell.
    k : int
        Number of cells, at least 1; in a clip with fewer, all of them.

    Returns
    -------
    float
        In [0, 1]; 1 = the same cells. Cells that tie for the last places count by their share.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    ParameterError
        If `k` is not positive.

    Examples
    --------
    >>> top_k_overlap([3.0, 2.0, 0.0, 0.0], [3.0, 0.0, 2.0, 0.0], k=2)
    0.5
    """
    one, other = _pair(first, second)
    if k < 1:
        raise ParameterError(f"the overlap needs at least one segment: {k}")
    count = min(k, one.size)
    return float(np.minimum(top_shares(one, count), top_shares(other, count)).sum() / count)


def shift_equivariance(relevance: npt.ArrayLike, rolled: npt.ArrayLike, *, shift: int) -> float:
    """Say whether the explanation follows a clip that is rolled in time.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of the clip.
    rolled : array_like, shape=(n,)
        Relevance of the clip whose samples are rolled by `shift` whole cells; samples rolled past
        the end reappear at the start. The clip must be a whole number of cells long.
    shift : int
        Cells by which the clip is rolled; positive = later.

    Returns
    -------
    float
        Spearman correlation with the rolled relevance of the clip, in [-1, 1], higher is better.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    UndefinedScoreError
        If one of them is constant.

    Examples
    --------
    >>> shift_equivariance([0.0, 5.0, 1.0], [1.0, 0.0, 5.0], shift=1)
    1.0
    """
    return rank_correlation(np.roll(relevance_array(relevance), shift), rolled)


def target_similarity(relevance: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """How alike the explanations of two classes in one clip are: what finds any sound scores 1.

    Opposite explanations are no more alike than unrelated ones: with two classes that exclude each
    other, the evidence for one is evidence against the other.

    Parameters
    ----------
    relevance, other : array_like, shape=(n,)
        Relevance for the target and for another class.

    Returns
    -------
    float
        Spearman correlation, 0 if it is negative; in [0, 1], lower is better.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    UndefinedScoreError
        If one of them is constant.

    References
    ----------
    Sixt, L., Granz, M., & Landgraf, T. (2020). When explanations lie: Why many modified BP
    attributions fail. ICML. arXiv:1912.09818
    Hedström, A., et al. (2023). Quantus: An explainable AI toolkit for responsible evaluation of
    neural network explanations. JMLR 24(34). arXiv:2202.06861

    Examples
    --------
    >>> target_similarity([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
    0.0
    """
    return max(0.0, rank_correlation(relevance, other))


def max_sensitivity(relevance: npt.ArrayLike, perturbed: npt.ArrayLike) -> float:
    """Largest relative change of an explanation under small perturbations of the clip.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of the clip.
    perturbed : array_like, shape=(draws, n)
        Relevance of the clip with each draw of noise.

    Returns
    -------
    float
        Largest Euclidean distance over the norm of `relevance`; at least 0, lower is better.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    UndefinedScoreError
        If the relevance is zero everywhere, or nearly so beside that of the perturbed clip.

    References
    ----------
    Yeh, C.-K., et al. (2019). arXiv:1901.09392 (Here divided by the norm, so that explainers of
    different scales can be compared.)

    Examples
    --------
    >>> max_sensitivity([3.0, 4.0], [[3.0, 4.0], [3.0, 9.0]])
    1.0
    """
    values = relevance_array(relevance)
    draws = np.asarray(perturbed, dtype=np.float64)
    if draws.ndim != 2 or draws.shape[1] != values.size or len(draws) == 0:
        raise RelevanceError(
            f"expected draws of {values.size} segments each; got shape {draws.shape}"
        )
    if not np.isfinite(draws).all():
        raise RelevanceError("a perturbed explanation contains NaN or infinite values")
    peak, scale = np.abs(values).max(), max(np.abs(values).max(), np.abs(draws).max())
    if peak == 0:
        raise UndefinedScoreError("the relevance is zero everywhere")
    if peak <= _NOISE * scale:
        raise UndefinedScoreError("the relevance is zero beside that of the perturbed clip")
    scaled = values / scale
    distances = np.linalg.norm(draws / scale - scaled, axis=1)
    return float(distances.max() / np.linalg.norm(scaled))


def randomization_similarity(relevance: npt.ArrayLike, randomized: npt.ArrayLike) -> float:
    """Similarity of the explanations of a model and of its randomized copy.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance for the model.
    randomized : array_like, shape=(n,)
        Relevance for the model with random weights, or trained on random labels.

    Returns
    -------
    float
        Magnitude of the Spearman correlation, in [0, 1], lower is better: an explanation that
        survives a randomized model explains the clip, not the model.

    Raises
    ------
    RelevanceError
        If an explanation is empty or not finite, or the lengths differ.
    UndefinedScoreError
        If one of them is constant.

    References
    ----------
    Adebayo, J., et al. (2018). Sanity checks for saliency maps. arXiv:1810.03292

    Examples
    --------
    >>> randomization_similarity([1.0, 2.0, 3.0], [3.0, 2.0, 1.0])
    1.0
    """
    return abs(rank_correlation(relevance, randomized))
