"""Localization by overlap: cut the relevance at a threshold and compare the cells that pass.

Conventions
-----------
A *selection* is a row of shares in [0, 1]: 1 = the cell passes. Two thresholds do not depend on the
labels: the mean of the relevance, and Otsu's, which splits it best into two groups. The third takes
as many cells as are annotated, and so measures the order, not the threshold. A cell passes when it
is *above* the threshold; a constant explanation selects nothing and scores 0 (except at the
annotated share, where all cells tie and each counts by its share).

References
----------
Otsu, N. (1979). A threshold selection method from gray-level histograms. IEEE Transactions on
Systems, Man, and Cybernetics 9(1). doi:10.1109/TSMC.1979.4310076
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, did_you_mean
from awb.intervals import FloatArray
from awb.metrics.checks import label_array, relevance_array
from awb.metrics.facts import MetricFacts
from awb.metrics.mass import top_shares
from awb.metrics.ranking import labelled
from awb.segments import IGNORED

Threshold = Literal["mean", "otsu", "annotated"]

_NOISE = 1e-12  # of the highest magnitude: a cell at the mean is not above it by rounding

_CUTS: dict[Threshold, str] = {
    "mean": "above their mean",
    "otsu": "above Otsu's threshold",
    "annotated": "taking as many as are annotated",
}
_CHOSEN: dict[Threshold, str] = {
    "mean": r"\{ i : r_i > \bar{r} \}",
    "otsu": r"\{ i : r_i > \tau_{\text{Otsu}} \}",
    "annotated": r"\text{the } |P| \text{ most relevant segments}",
}


def _facts(score: str, long: str, threshold: Threshold, citation: str, formula: str) -> MetricFacts:
    """Describe one overlap score at one threshold."""
    return MetricFacts(
        name=f"{score}-{threshold}",
        family="localization",
        summary=f"{long} of the events and the most relevant segments, {_CUTS[threshold]}",
        higher_is_better=True,
        lowest=0.0,
        highest=1.0,
        unit="share of segments",
        undefined="no segment is inside the events, or none is outside",
        formula=rf"{formula}, \quad S = {_CHOSEN[threshold]}",
        citation=citation + "; Otsu 1979, doi:10.1109/TSMC.1979.4310076" * (threshold == "otsu"),
        reads="order" if threshold == "annotated" else "magnitudes",
        order_form="" if threshold == "annotated" else "iou-area",
    )


IOU: dict[Threshold, MetricFacts] = {
    threshold: _facts(
        "iou",
        "intersection over union",
        threshold,
        "Jaccard 1901",
        r"\frac{|P \cap S|}{|P \cup S|}",
    )
    for threshold in _CUTS
}
F1: dict[Threshold, MetricFacts] = {
    threshold: _facts(
        "f1",
        "harmonic mean of precision and recall",
        threshold,
        "Dice 1945",
        r"\frac{2\,|P \cap S|}{|P| + |S|}",
    )
    for threshold in _CUTS
}


def otsu_threshold(relevance: npt.ArrayLike) -> float:
    """Find the value that best splits the relevance into two groups.

    The split maximizes the variance between the groups; it is found on the values themselves, not
    on a histogram.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.

    Returns
    -------
    float
        The highest value of the lower group; of equally good splits the lowest. For a constant, up
        to a rounding error of 1e-12 of the highest magnitude, its highest value.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.

    References
    ----------
    Otsu, N. (1979). doi:10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> otsu_threshold([0.1, 0.2, 0.8, 0.9])
    0.2
    """
    ascending = np.sort(relevance_array(relevance))
    scaled = ascending / (np.abs(ascending).max() or 1.0)
    if scaled[-1] - scaled[0] <= _NOISE:
        return float(ascending[-1])
    splits = np.flatnonzero(ascending[1:] > ascending[:-1]) + 1
    sums = np.cumsum(scaled)
    lower = sums[splits - 1] / splits
    upper = (sums[-1] - sums[splits - 1]) / (ascending.size - splits)
    between = splits * (ascending.size - splits) * (upper - lower) ** 2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-12))[0]
    return float(ascending[splits[best] - 1])


def select(
    relevance: npt.ArrayLike, *, threshold: Literal["mean", "otsu"]
) -> npt.NDArray[np.bool_]:
    """Choose the cells above a threshold that does not depend on the labels.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    threshold : {"mean", "otsu"}
        Mean of all cells, or Otsu's threshold.

    Returns
    -------
    np.ndarray, shape=(n,), dtype=bool
        True = above. All False for a constant.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the threshold is neither.

    Examples
    --------
    >>> select([0.0, 0.0, 3.0], threshold="mean").tolist()
    [False, False, True]
    """
    values = relevance_array(relevance)
    if threshold == "otsu":
        return np.asarray(values > otsu_threshold(values))
    if threshold != "mean":
        raise ParameterError(f"unknown threshold {threshold!r}.{did_you_mean(threshold, _CUTS)}")
    scaled = values / (np.abs(values).max() or 1.0)
    centre = math.fsum(scaled.tolist()) / scaled.size
    return np.asarray(scaled > centre + _NOISE)


def _overlap(
    relevance: npt.ArrayLike, labels: npt.ArrayLike, threshold: Threshold
) -> tuple[float, float, int]:
    """Return the selected cells inside the events, the selected cells, and the cells inside."""
    values, positive = labelled(relevance, labels)
    inside = int(np.count_nonzero(positive))
    chosen: FloatArray
    if threshold == "annotated":
        chosen = top_shares(values, inside)
    elif threshold in get_args(Threshold):
        counted = label_array(labels, np.size(labels)) != IGNORED
        chosen = select(relevance, threshold=threshold)[counted].astype(np.float64)
    else:
        raise ParameterError(f"unknown threshold {threshold!r}.{did_you_mean(threshold, _CUTS)}")
    return float(chosen[positive].sum()), float(chosen.sum()), inside


def iou(relevance: npt.ArrayLike, labels: npt.ArrayLike, *, threshold: Threshold) -> float:
    """Intersection over union of the selected and the annotated cells.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell; the threshold is computed on all of them.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored in the overlap).
    threshold : {"mean", "otsu", "annotated"}
        Which threshold to use.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit, or the threshold is unknown.
    UndefinedScoreError
        If no cell is positive, or none is negative.

    Examples
    --------
    >>> iou([0.9, 0.8, 0.0, 0.0], [1, 0, 0, 0], threshold="mean")
    0.5
    """
    hits, chosen, inside = _overlap(relevance, labels, threshold)
    return hits / (chosen + inside - hits)


def f1(relevance: npt.ArrayLike, labels: npt.ArrayLike, *, threshold: Threshold) -> float:
    """Harmonic mean of the precision and the recall of the selected cells.

    At the annotated share, precision and recall are equal, and equal to
    `awb.metrics.mass.rank_accuracy`.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell; the threshold is computed on all of them.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored in the overlap).
    threshold : {"mean", "otsu", "annotated"}
        Which threshold to use.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit, or the threshold is unknown.
    UndefinedScoreError
        If no cell is positive, or none is negative.

    Examples
    --------
    >>> f1([0.9, 0.8, 0.0, 0.0], [1, 0, 0, 0], threshold="mean")
    0.6666666666666666
    """
    hits, chosen, inside = _overlap(relevance, labels, threshold)
    return 2 * hits / (chosen + inside)
