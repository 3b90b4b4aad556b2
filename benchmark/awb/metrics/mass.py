"""Localization by mass: how much of the relevance lies inside the events?

Conventions
-----------
Labels are 1 inside, 0 outside, -1 ignored, as in `awb.metrics.ranking`. Both metrics are those of
Arras et al. (2022), with cells instead of pixels.

References
----------
Arras, L., Osman, A., & Samek, W. (2022). CLEVR-XAI: A benchmark dataset for the ground truth
evaluation of neural network explanations. Information Fusion 81. doi:10.1016/j.inffus.2021.11.008
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.checks import relevance_array
from awb.metrics.facts import MetricFacts
from awb.metrics.ranking import labelled

_ARRAS = "Arras et al. 2022, doi:10.1016/j.inffus.2021.11.008"
_ONE_KIND = "no segment is inside the events, or none is outside"

MASS_ACCURACY = MetricFacts(
    name="mass-accuracy",
    family="localization",
    summary="share of the positive relevance that lies inside the events",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of relevance",
    undefined=_ONE_KIND + ", or no relevance is positive",
    formula=r"\frac{\sum_{i \in P} \max(r_i, 0)}{\sum_{i \in P \cup N} \max(r_i, 0)}",
    citation=_ARRAS,
    reads="magnitudes",
    order_form="rank-accuracy",
)

RANK_ACCURACY = MetricFacts(
    name="rank-accuracy",
    family="localization",
    summary="share of the K most relevant segments inside the events, K being how many are inside",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="share of segments",
    undefined=_ONE_KIND,
    formula=r"\frac{|P \cap T|}{|P|}, \quad T = \text{the } |P| \text{ most relevant segments}",
    citation=_ARRAS + "; ties by share are our own",
)


def top_shares(relevance: npt.ArrayLike, count: int) -> FloatArray:
    """Choose the most relevant cells; cells tied for the last places get equal shares.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    count : int
        Number of cells to choose, in [1, n].

    Returns
    -------
    np.ndarray, shape=(n,)
        1 = chosen, 0 = not; in between for cells that tie for the last places: the chance of each
        if ties were broken at random. The sum is `count`.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If there are not that many cells.

    Examples
    --------
    >>> top_shares([5.0, 1.0, 1.0, 0.0], 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    values = relevance_array(relevance)
    if not 1 <= count <= values.size:
        raise ParameterError(f"cannot choose {count} of {values.size} segments")
    last = np.sort(values)[-count]
    above, tied = values > last, values == last
    share = (count - np.count_nonzero(above)) / np.count_nonzero(tied)
    return np.where(above, 1.0, np.where(tied, share, 0.0))


def mass_accuracy(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Share of the positive relevance that lies inside the events.

    Negative relevance is evidence against the target and counts as 0.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In [0, 1], higher is better; the share of positive labels for constant relevance above 0.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the labels do not fit.
    UndefinedScoreError
        If no cell is positive, none is negative, or no relevance is above 0.

    References
    ----------
    Arras, L., Osman, A., & Samek, W. (2022). CLEVR-XAI. doi:10.1016/j.inffus.2021.11.008

    Examples
    --------
    >>> mass_accuracy([3.0, 1.0, -9.0], [1, 0, 0])
    0.75
    """
    values, positive = labelled(relevance, labels)
    peak = values.max()
    if peak <= 0:
        raise UndefinedScoreError("no relevance is positive")
    mass = np.maximum(values, 0.0) / peak
    return float(mass[positive].sum() / mass.sum())


def rank_accuracy(relevance: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Share of the K most relevant cells inside the events, K being how many are inside.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    labels : array_like, shape=(n,)
        1, 0 or -1 (ignored).

    Returns
    -------
    float
        In [0, 1], higher is better. Cells that tie for the last places count by their share.

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
    Arras, L., Osman, A., & Samek, W. (2022). CLEVR-XAI. doi:10.1016/j.inffus.2021.11.008

    Examples
    --------
    >>> rank_accuracy([0.9, 0.1, 0.5, 0.2], [1, 1, 0, 0])
    0.5
    """
    values, positive = labelled(relevance, labels)
    count = int(np.count_nonzero(positive))
    return float(top_shares(values, count)[positive].sum() / count)
