"""Localization by ranking: does relevance order the cells as the labels do?

Conventions
-----------
`relevance` is float, ``shape=(n,)``, higher = more evidence for the target. `labels` are 1 inside
an event, 0 outside, -1 ignored; ignored cells are left out before anything is computed. Cells of
equal relevance are tied: no metric here depends on the order in which they are written.

Metrics
-------
* `roc_auc`: chance that a positive cell outranks a negative one; 0.5 is chance.
* `average_precision`: area under the precision-recall steps; chance is the share of positives.
* `ndcg`: normalized discounted cumulative gain, in which the first ranks count most.

References
----------
Fawcett, T. (2006). An introduction to ROC analysis. Pattern Recognition Letters 27(8).
doi:10.1016/j.patrec.2005.10.010
Järvelin, K., & Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM
Transactions on Information Systems 20(4). doi:10.1145/582415.582418
McSherry, F., & Najork, M. (2008). Computing information retrieval performance measures efficiently
in the presence of tied scores. ECIR. doi:10.1007/978-3-540-78646-7_38
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import label_array, relevance_array
from awb.metrics.facts import MetricFacts
from awb.segments import IGNORED, POSITIVE
from awb.types import BoolArray

ROC_AUC = MetricFacts(
    name="roc-auc",
    family="localization",
    summary="chance that a segment inside an event outranks one outside, ties counting half",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="probability",
    undefined="no segment is inside the events, or none is outside",
    formula=r"\frac{1}{|P|\,|N|} \sum_{i \in P} \sum_{j \in N}"
    r" \left( [r_i > r_j] + \frac{1}{2} [r_i = r_j] \right)",
    citation="Fawcett 2006, doi:10.1016/j.patrec.2005.10.010; labels of Bolaños et al. 2025, "
    "arXiv:2506.04391",
)

AVERAGE_PRECISION = MetricFacts(
    name="average-precision",
    family="localization",
    summary="mean precision over the recall steps of all thresholds; chance is the event share",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="precision",
    undefined="no segment is inside the events, or none is outside",
    formula=r"\sum_t \frac{|P \cap T_t| - |P \cap T_{t-1}|}{|P|} \cdot \frac{|P \cap T_t|}{|T_t|},"
    r" \quad T_t = \text{segments with the } t \text{ highest values}",
    citation="Zhu 2004, Recall, precision and average precision, University of Waterloo; "
    "the sum without interpolation of scikit-learn",
)


NDCG = MetricFacts(
    name="ndcg",
    family="localization",
    summary="gain of the segments inside the events, discounted by their rank, over the best order",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="gain",
    undefined="no segment is inside the events, or none is outside",
    formula=r"\sum_{i \in P} \frac{1}{\log_2(1 + \text{rank}_i)} \Big/"
    r" \sum_{k=1}^{|P|} \frac{1}{\log_2(1 + k)}",
    citation="Järvelin & Kekäläinen 2002, doi:10.1145/582415.582418; ties as McSherry & Najork"
    " 2008, doi:10.1007/978-3-540-78646-7_38",
)


_ROUNDING = 1e-12
"""How far sums of the same discounts in another order may be apart."""


def labelled(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[FloatArray, BoolArray]:
    """Leave out the ignored cells and require both kinds among the rest.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1.

    Returns
    -------
    relevance : np.ndarray, shape=(m,), dtype=float64
        Relevance of the cells that count, ``m <= n``.
    positive : np.ndarray, shape=(m,), dtype=bool
        True = inside an event.

    Raises
    ------
    UndefinedScoreError
        If no cell is positive, or none is negative.
    """
    values = relevance_array(relevance)
    marks = label_array(labels, values.size)
    counted = marks != IGNORED
    positive = marks[counted] == POSITIVE
    if not positive.any():
        raise UndefinedScoreError("no segment lies inside the events")
    if positive.all():
        raise UndefinedScoreError("no segment lies outside the events")
    return values[counted], positive


def roc_auc(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Area under the ROC curve, with midranks for ties.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In [0, 1], higher is better; exactly 0.5 for constant relevance wherever the event is.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit.
    UndefinedScoreError
        If no cell is positive, or none is negative.

    References
    ----------
    Fawcett, T. (2006). An introduction to ROC analysis. doi:10.1016/j.patrec.2005.10.010

    Examples
    --------
    >>> roc_auc([0.1, 0.9, 0.4, 0.4], [0, 1, 0, 1])
    0.875
    >>> roc_auc([3.0, 3.0, 3.0], [1, 0, 0])
    0.5
    """
    values, positive = labelled(relevance, labels)
    ordered = np.sort(values[~positive])
    below = np.searchsorted(ordered, values[positive], side="left")
    not_above = np.searchsorted(ordered, values[positive], side="right")
    return float((below.sum() + not_above.sum()) / (2 * ordered.size * below.size))


def average_precision(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Average precision: precision at every threshold, weighted by the recall that it adds.

    Tied cells pass the threshold together, as in scikit-learn; there is no interpolation.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In (0, 1], higher is better; the share of positives for constant relevance.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit.
    UndefinedScoreError
        If no cell is positive, or none is negative.

    References
    ----------
    Zhu, M. (2004). Recall, precision and average precision. Technical report, University of
    Waterloo.

    Examples
    --------
    >>> average_precision([0.9, 0.5, 0.4], [1, 0, 1])
    0.8333333333333333
    """
    values, positive = labelled(relevance, labels)
    order = np.argsort(-values, kind="stable")
    descending = values[order]
    last_of_tie = np.append(descending[1:] != descending[:-1], True)
    hits = np.cumsum(positive[order])[last_of_tie]
    chosen = np.flatnonzero(last_of_tie) + 1
    gained = np.diff(hits, prepend=0)
    return float(np.sum(gained * hits / chosen) / hits[-1])


def ndcg(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Normalized discounted cumulative gain: how early the positive cells come.

    A positive cell of rank k gains 1 / log2(1 + k). Tied cells share the mean discount of their
    ranks, which is the expectation over all ways to break the tie.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In (0, 1], higher is better; 1 if all positive cells come first. Even the worst order is
        above 0, and chance depends on the numbers of cells.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit.
    UndefinedScoreError
        If no cell is positive, or none is negative.

    References
    ----------
    Järvelin, K., & Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM
    Transactions on Information Systems 20(4). doi:10.1145/582415.582418
    McSherry, F., & Najork, M. (2008). Computing information retrieval performance measures
    efficiently in the presence of tied scores. ECIR. doi:10.1007/978-3-540-78646-7_38

    Examples
    --------
    >>> round(ndcg([0.9, 0.5, 0.4], [1, 0, 1]), 4)
    0.9197
    """
    values, positive = labelled(relevance, labels)
    discounts = 1.0 / np.log2(np.arange(values.size) + 2.0)
    _, ties, counts = np.unique(-values, return_inverse=True, return_counts=True)
    firsts = np.cumsum(counts) - counts
    shared = np.add.reduceat(discounts, firsts) / counts
    best = discounts[: int(positive.sum())].sum()
    found = float(shared[ties][positive].sum() / best)
    return found if found < 1.0 - _ROUNDING else 1.0
