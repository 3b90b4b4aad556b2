"""Localization by the peak: is the most relevant cell inside an event?

References
----------
Zhang, J., Bargal, S. A., Lin, Z., Brandt, J., Shen, X., & Sclaroff, S. (2018). Top-down neural
attention by excitation backprop. International Journal of Computer Vision 126.
doi:10.1007/s11263-017-1059-x
"""

from __future__ import annotations

import numpy.typing as npt

from awb.metrics.facts import MetricFacts
from awb.metrics.ranking import labelled

POINTING_GAME = MetricFacts(
    name="pointing-game",
    family="localization",
    summary="share of the most relevant segments that lie inside an event",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of the tied peak",
    undefined="no segment is inside the events, or none is outside",
    formula=r"\frac{|P \cap M|}{|M|}, \quad M = \{ i : r_i = \max_j r_j \}",
    citation="Zhang et al. 2018, doi:10.1007/s11263-017-1059-x; ties by share are our own",
)


def pointing_game(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Share of the peak that lies inside an event.

    A single peak hits (1) or misses (0). Of several tied peaks, the share inside counts: the chance
    that one of them, picked at random, hits. So a constant scores the share of positives, not 1.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored: never a peak).

    Returns
    -------
    float
        In [0, 1], higher is better.

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
    Zhang, J., et al. (2018). Top-down neural attention by excitation backprop.
    doi:10.1007/s11263-017-1059-x

    Examples
    --------
    >>> pointing_game([0.2, 0.8, 0.8], [0, 1, 0])
    0.5
    """
    values, positive = labelled(relevance, labels)
    return float(positive[values == values.max()].mean())
