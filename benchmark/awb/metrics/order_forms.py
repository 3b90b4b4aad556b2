"""Localization by the order alone: forms of metrics that otherwise read magnitudes.

Conventions
-----------
``exp(3 * relevance)`` has the order of `relevance`, and so the same ROC-AUC and the same curves;
but its margin, its mean and its mass differ. The metrics here, like those of `awb.metrics.ranking`,
are the same for every strictly increasing transform of the relevance. Ties are shared equally: a
constant scores 0 in `event_rank_margin`, wherever the events are.

Metrics
-------
* `event_rank_margin`: does each event's peak outrank the peaks of equally long stretches outside?
* `iou_area`: intersection over union, averaged over how many of the most relevant cells are taken.

References
----------
Bolaños, C., Pepino, L., Meza, M., & Ferrer, L. (2025). Benchmarking time-localized explanations for
audio classification models. arXiv:2506.04391. (The margin of magnitudes.)
Cliff, N. (1993). Dominance statistics: Ordinal analyses to answer ordinal questions. Psychological
Bulletin 114(3). doi:10.1037/0033-2909.114.3.494
Choe, J., Oh, S. J., Lee, S., Chun, S., Akata, Z., & Shim, H. (2020). Evaluating weakly supervised
object localization methods right. CVPR. arXiv:2001.07437 (Overlap must not depend on a threshold.)
Crabbé, J., & van der Schaar, M. (2021). Explaining time series predictions with dynamic masks.
ICML. arXiv:2106.05303 (Areas under precision and recall over all thresholds, AUP and AUR.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.events import touched_cells
from awb.metrics.facts import MetricFacts
from awb.metrics.ranking import labelled
from awb.types import BoolArray

EVENT_RANK_MARGIN = MetricFacts(
    name="event-rank-margin",
    family="localization",
    summary="share of equally long stretches outside whose peak is below the weakest event's, "
    "minus those above",
    higher_is_better=True,
    lowest=-1.0,
    highest=1.0,
    unit="share of stretches",
    undefined="there is no event, or no stretch outside the events is as long as one",
    formula=r"\min_{e \in E} \frac{1}{|W_e|} \sum_{w \in W_e}"
    r" \mathrm{sign} \left( \max_{i \in e} r_i - \max_{i \in w} r_i \right),"
    r" \quad W_e = \text{stretches of } |e| \text{ segments outside}",
    citation="order form of the margin of Bolaños et al. 2025, arXiv:2506.04391, by the dominance"
    " of Cliff 1993, doi:10.1037/0033-2909.114.3.494",
)

IOU_AREA = MetricFacts(
    name="iou-area",
    family="localization",
    summary="intersection over union of the events and the top k segments, averaged over all k, "
    "relative to a perfect order",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of a perfect order",
    undefined="no segment is inside the events, or none is outside",
    formula=r"\frac{\sum_k |P \cap T_k| \,/\, |P \cup T_k|}"
    r"{\sum_k \min(k, |P|) \,/\, \max(k, |P|)},"
    r" \quad T_k = \text{the } k \text{ most relevant segments}",
    citation="overlap without a threshold as Choe et al. 2020, arXiv:2001.07437, and the areas AUP"
    " and AUR of Crabbé & van der Schaar 2021, arXiv:2106.05303; over k: our own",
)


def _dominance(values: FloatArray, event: BoolArray, outside: BoolArray) -> float:
    """Compare the peak of an event with those of all equally long stretches outside."""
    width = int(np.count_nonzero(event))
    stretches = np.lib.stride_tricks.sliding_window_view(values, width)
    free = np.lib.stride_tricks.sliding_window_view(outside, width).all(axis=1)
    if not free.any():
        raise UndefinedScoreError("no stretch outside the events is as long as one")
    peaks, peak = stretches[free].max(axis=1), values[event].max()
    return float((peaks < peak).mean() - (peaks > peak).mean())


def event_rank_margin(relevance: npt.ArrayLike, event_coverage: npt.ArrayLike) -> float:
    """Compare the weakest event's peak with the peaks of equally long stretches outside.

    The peak of many cells is higher than that of few by chance alone, so that only stretches of the
    event's own length are a fair comparison: with one event, random relevance scores 0 on average.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    event_coverage : array_like, shape=(events, n)
        Part of each cell inside each event.

    Returns
    -------
    float
        In [-1, 1], higher is better; 1 when every event has a peak above everything outside, -1
        when one has a peak below every stretch outside, 0 for a constant.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the coverage does not fit.
    UndefinedScoreError
        If there is no event, or no stretch outside is as long as one.

    References
    ----------
    Bolaños, C., et al. (2025). arXiv:2506.04391. Cliff, N. (1993).
    doi:10.1037/0033-2909.114.3.494

    Examples
    --------
    >>> event_rank_margin([4.0, 1.0, 2.0, 0.0], [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0]])
    1.0
    """
    values, touched = touched_cells(relevance, event_coverage)
    outside = np.asarray(~touched.any(axis=0))
    return min(_dominance(values, event, outside) for event in touched)


def iou_area(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Intersection over union at every number of cells taken, relative to a perfect order.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In (0, 1], higher is better; 1 when every cell inside outranks every cell outside. Where
        tied cells are only partly taken, their hits count by expectation.

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
    Choe, J., et al. (2020). arXiv:2001.07437. Crabbé, J., & van der Schaar, M. (2021).
    arXiv:2106.05303

    Examples
    --------
    >>> iou_area([0.9, 0.1, 0.5], [1, 0, 0])
    1.0
    >>> round(iou_area([0.1, 0.5, 0.9], [1, 0, 0]), 4)
    0.1818
    """
    values, positive = labelled(relevance, labels)
    order = np.argsort(-values, kind="stable")
    descending = values[order]
    last_of_tie = np.append(descending[1:] != descending[:-1], True)
    taken, inside = np.arange(1, values.size + 1), int(np.count_nonzero(positive))
    ends = np.append(0, taken[last_of_tie])
    hits = np.interp(taken, ends, np.append(0, np.cumsum(positive[order])[last_of_tie]))
    perfect = np.minimum(taken, inside) / np.maximum(taken, inside)
    return float((hits / (taken + inside - hits)).sum() / perfect.sum())
