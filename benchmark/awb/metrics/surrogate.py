"""Fidelity against random perturbations: does relevance add up to the model's response?

Conventions
-----------
`drop_masks` is bool, ``shape=(masks, n)``, True = the cell's audio is replaced; `score_drops` is
``shape=(masks,)``: the clip's score minus the score with those cells dropped, in log-odds. On a
board, all metrics of this module share one set of held-out masks.

References
----------
Bhatt, U., Weller, A., & Moura, J. M. F. (2020). Evaluating and aggregating feature-based model
explanations. IJCAI. doi:10.24963/ijcai.2020/417
Yeh, C.-K., Hsieh, C.-Y., Suggala, A. S., Inouye, D. I., & Ravikumar, P. (2019). On the (in)fidelity
and sensitivity of explanations. NeurIPS 32. arXiv:1901.09392
Ribeiro, M. T., Singh, S., & Guestrin, C. (2016). "Why should I trust you?" Explaining the
predictions of any classifier. KDD. doi:10.1145/2939672.2939778
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import relevance_array, same_length
from awb.metrics.facts import MetricFacts
from awb.types import BoolArray

_NOISE = 1e-12  # relative: what is left of a constant after subtracting its mean

FAITHFULNESS_CORRELATION = MetricFacts(
    name="faithfulness-correlation",
    family="fidelity",
    summary="correlation of the dropped relevance with the lost score, among masks of equal size",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="correlation",
    undefined="among masks of one size the relevance dropped, or the score, is constant",
    formula=r"\mathrm{corr}_m \left( R_m - \bar{R}_{|m|},\; d_m - \bar{d}_{|m|} \right)",
    citation="Bhatt et al. 2020, doi:10.24963/ijcai.2020/417",
    reads="magnitudes",
    order_form="rank-faithfulness",
)

RANK_FAITHFULNESS = MetricFacts(
    name="rank-faithfulness",
    family="fidelity",
    summary="correlation of the dropped ranks of relevance with the lost score, among masks of "
    "equal size",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="correlation",
    undefined="the relevance is constant, or the score is among masks of one size",
    formula=r"\mathrm{corr}_m \left( Q_m - \bar{Q}_{|m|},\; d_m - \bar{d}_{|m|} \right),"
    r" \quad Q_m = \sum_{i \in m} \mathrm{rank}(r_i)",
    citation="order form of Bhatt et al. 2020, doi:10.24963/ijcai.2020/417, with midranks",
)

INFIDELITY = MetricFacts(
    name="infidelity",
    family="fidelity",
    summary="mean squared error of the dropped relevance, centred and optimally scaled, against "
    "the lost score",
    higher_is_better=False,
    lowest=0.0,
    highest=math.inf,
    unit="squared log-odds",
    undefined="never",
    formula=r"\min_{\beta \geq 0} \frac{1}{M} \sum_m \left( \beta (R_m - \bar{R}_{|m|})"
    r" - (d_m - \bar{d}_{|m|}) \right)^2",
    citation="Yeh et al. 2019, arXiv:1901.09392; centred among masks of one size: our own",
    reads="magnitudes",
    order_form="rank-faithfulness",
)

LOCAL_ACCURACY = MetricFacts(
    name="local-accuracy",
    family="fidelity",
    summary="R² of a surrogate's predictions of the model's scores on held-out masks",
    higher_is_better=True,
    lowest=-math.inf,
    highest=1.0,
    unit="share of variance",
    undefined="the model's scores are constant",
    formula=r"1 - \frac{\sum_m (s_m - \hat{s}_m)^2}{\sum_m (s_m - \bar{s})^2}",
    citation="Ribeiro et al. 2016, doi:10.1145/2939672.2939778",
)


def _dropped_relevance(
    relevance: npt.ArrayLike,
    drop_masks: npt.ArrayLike,
    score_drops: npt.ArrayLike,
    *,
    scaled: bool = True,
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Validate, and sum up the relevance that each mask drops, scaled so that no sum overflows."""
    values = relevance_array(relevance)
    if scaled:
        _, exponent = np.frexp(np.abs(values).max())
        values = np.ldexp(values, -exponent)
    masks = np.asarray(drop_masks)
    if masks.ndim != 2 or masks.dtype != np.bool_ or masks.shape[1] != values.size:
        raise ParameterError(
            f"expected boolean drop masks of {values.size} segments;"
            f" got {masks.dtype} of shape {masks.shape}"
        )
    dropped, lost = same_length(masks @ values, score_drops)
    return masks, dropped, lost


def _centred(values: FloatArray, groups: npt.NDArray[np.intp]) -> FloatArray:
    """Subtract the mean of each group; float noise in a constant group becomes exactly 0."""
    means = np.bincount(groups, values) / np.bincount(groups)
    rest = values - means[groups]
    return np.where(np.abs(rest) > _NOISE * np.abs(values).max(), rest, 0.0)


def _within_sizes(
    masks: BoolArray, dropped: FloatArray, lost: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Subtract the mean over the masks of each size from both sides."""
    _, size = np.unique(masks.sum(axis=1), return_inverse=True)
    return _centred(dropped, size), _centred(lost, size)


def faithfulness_correlation(
    relevance: npt.ArrayLike, drop_masks: npt.ArrayLike, score_drops: npt.ArrayLike
) -> float:
    """Pearson correlation of the relevance that a mask drops with the score that is lost.

    The published definition uses random subsets of one size. A pooled design has several; larger
    masks lose more score whatever the explanation, so both sides are centred within each size, and
    a constant explanation gains nothing from the sizes. With a single size this is the published
    metric.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    drop_masks : array_like, shape=(masks, n), dtype=bool
        Cells dropped.
    score_drops : array_like, shape=(masks,)
        Score of the clip minus score with the cells dropped, in log-odds.

    Returns
    -------
    float
        In [-1, 1], higher is better.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the masks or scores do not fit.
    UndefinedScoreError
        If either side is constant within every size.

    References
    ----------
    Bhatt, U., Weller, A., & Moura, J. M. F. (2020). doi:10.24963/ijcai.2020/417

    Examples
    --------
    >>> masks = np.eye(3, dtype=bool)
    >>> faithfulness_correlation([0.0, 1.0, 2.0], masks, [1.0, 2.0, 3.0])
    1.0
    """
    first, second = _within_sizes(*_dropped_relevance(relevance, drop_masks, score_drops))
    if not first.any() or not second.any():
        raise UndefinedScoreError(FAITHFULNESS_CORRELATION.undefined)
    first, second = first / np.abs(first).max(), second / np.abs(second).max()
    correlation = (first @ second) / math.sqrt((first @ first) * (second @ second))
    return float(np.clip(correlation, -1.0, 1.0))


def rank_faithfulness(
    relevance: npt.ArrayLike, drop_masks: npt.ArrayLike, score_drops: npt.ArrayLike
) -> float:
    """Faithfulness correlation of the ranks of the relevance, which depends on its order alone.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    drop_masks : array_like, shape=(masks, n), dtype=bool
        Cells dropped.
    score_drops : array_like, shape=(masks,)
        Score of the clip minus score with the cells dropped, in log-odds.

    Returns
    -------
    float
        In [-1, 1], higher is better.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the masks or scores do not fit.
    UndefinedScoreError
        If the relevance is constant, or the score is within every size.

    References
    ----------
    Bhatt, U., Weller, A., & Moura, J. M. F. (2020). doi:10.24963/ijcai.2020/417

    Examples
    --------
    >>> masks = np.eye(3, dtype=bool)
    >>> rank_faithfulness([0.0, 1.0, 99.0], masks, [1.0, 2.0, 3.0])
    1.0
    """
    from scipy.stats import rankdata

    ranks = rankdata(relevance_array(relevance))
    return faithfulness_correlation(ranks, drop_masks, score_drops)


def infidelity(
    relevance: npt.ArrayLike,
    drop_masks: npt.ArrayLike,
    score_drops: npt.ArrayLike,
    *,
    scaled: bool = True,
) -> float:
    """Mean squared error of the relevance that a mask drops as a prediction of the lost score.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    drop_masks : array_like, shape=(masks, n), dtype=bool
        Cells dropped: the perturbation ``I`` of the definition.
    score_drops : array_like, shape=(masks,)
        Score of the clip minus score with the cells dropped, in log-odds.
    scaled : bool
        Centre both sides among the masks of each size, and multiply the relevance by the scale that
        fits best, since explainers have no common scale; a constant explanation, whose relevance
        only counts segments, then scores the variance of the lost score. The scale is not negative:
        an inverted explanation is not a good one. False: the published definition.

    Returns
    -------
    float
        In squared log-odds, at least 0, lower is better.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the masks or scores do not fit.

    References
    ----------
    Yeh, C.-K., et al. (2019). arXiv:1901.09392

    Examples
    --------
    >>> masks = np.eye(2, dtype=bool)
    >>> infidelity([1.0, 2.0], masks, [3.0, 6.0])
    0.0
    >>> infidelity([1.0, 1.0], masks, [3.0, 6.0])
    2.25
    >>> infidelity([1.0, 2.0], masks, [1.0, 3.0], scaled=False)
    0.5
    """
    masks, dropped, lost = _dropped_relevance(relevance, drop_masks, score_drops, scaled=scaled)
    if scaled:
        dropped, lost = _within_sizes(masks, dropped, lost)
        if dropped.any():
            dropped = dropped / np.abs(dropped).max()
            dropped = dropped * max(0.0, float(dropped @ lost) / float(dropped @ dropped))
    return float(np.mean((dropped - lost) ** 2))


def local_accuracy(
    predicted: npt.ArrayLike, scores: npt.ArrayLike, *, weights: npt.ArrayLike | None = None
) -> float:
    """Weighted R² of a surrogate model: the variance of the scores that it explains.

    Parameters
    ----------
    predicted : array_like, shape=(masks,)
        Scores that the surrogate predicts, in log-odds.
    scores : array_like, shape=(masks,)
        Scores of the model, in log-odds.
    weights : array_like, shape=(masks,), optional
        Weight of each mask, not negative; by default all the same.

    Returns
    -------
    float
        At most 1, higher is better; 0 if it predicts the weighted mean everywhere, negative if it
        is worse than that.

    Raises
    ------
    ParameterError
        If the lengths differ, a value is not finite, or no weight is positive.
    UndefinedScoreError
        If the scores are constant.

    References
    ----------
    Ribeiro, M. T., Singh, S., & Guestrin, C. (2016). "Why should I trust you?" KDD.
    doi:10.1145/2939672.2939778

    Examples
    --------
    >>> local_accuracy([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    1.0
    """
    forecast, true = same_length(predicted, scores)
    weight, _ = same_length(np.ones(true.size) if weights is None else weights, true)
    if (weight < 0).any() or not weight.any():
        raise ParameterError("weights must not be negative, and one must be positive")
    spread = true - np.average(true, weights=weight)
    spread = np.where(np.abs(spread) > _NOISE * np.abs(true).max(), spread, 0.0)
    total = float(weight @ spread**2)
    if total == 0:
        raise UndefinedScoreError(LOCAL_ACCURACY.undefined)
    return 1.0 - float(weight @ (true - forecast) ** 2) / total
