"""Contrast between classes: is it this sound that the explanation points at, or any sound?

References
----------
Arias-Duart, A., Parés, F., Garcia-Gasulla, D., & Gimenez-Abalos, V. (2022). Focus! Rating XAI
methods and finding biases. FUZZ-IEEE. arXiv:2109.15035
Zhang, J., et al. (2018). Top-down neural attention by excitation backprop. IJCV.
doi:10.1007/s11263-017-1059-x
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics.checks import relevance_array
from awb.metrics.facts import MetricFacts
from awb.metrics.ranking import roc_auc
from awb.segments import labels_from_coverage

CLASS_CONTRAST = MetricFacts(
    name="class-contrast",
    family="localization",
    summary="chance that a segment of the target outranks one of another labelled sound",
    higher_is_better=True,
    lowest=0.0,
    highest=1.0,
    unit="probability",
    undefined="no other labelled sound is in the clip, or it and the target have no segments that"
    " hold the one without the other",
    citation="our own, after Arias-Duart et al. 2022, arXiv:2109.15035, and the difficult images of"
    " Zhang et al. 2018, doi:10.1007/s11263-017-1059-x",
    formula=r"\frac{1}{|P'|\,|D|} \sum_{i \in P'} \sum_{j \in D}"
    r" \left( [r_i > r_j] + \tfrac{1}{2} [r_i = r_j] \right)",
)


def class_contrast(
    relevance: npt.ArrayLike, coverage: npt.ArrayLike, others_coverage: npt.ArrayLike
) -> float:
    """Area under the ROC curve of the target's segments against those of other labelled sounds.

    Segments without a labelled sound do not count, nor those where the target and another sound
    overlap. What points at anything that is loud, or at anything that is labelled, scores 0.5.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    coverage : array_like, shape=(n,)
        Part of each cell inside the target's events.
    others_coverage : array_like, shape=(n,)
        Part of each cell inside events of other classes.

    Returns
    -------
    float
        In [0, 1], higher is better; exactly 0.5 for constant relevance.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.
    ParameterError
        If the coverages do not fit.
    UndefinedScoreError
        If no cell holds the target alone, or none another sound alone.

    References
    ----------
    Arias-Duart, A., et al. (2022). Focus! Rating XAI methods and finding biases. arXiv:2109.15035

    Examples
    --------
    >>> class_contrast([0.9, 0.2, 0.4, 0.8], [1, 1, 0, 0], [0, 0, 1, 0])
    0.5
    """
    values = relevance_array(relevance)
    own, others = (np.asarray(one, dtype=np.float64) for one in (coverage, others_coverage))
    if own.shape != values.shape or others.shape != values.shape:
        raise ParameterError(f"expected {values.size} parts of cells, as many as relevances")
    target = (labels_from_coverage(own) == 1) & (others == 0)
    distractor = (labels_from_coverage(others) == 1) & (own == 0)
    if not distractor.any():
        raise UndefinedScoreError("no segment holds another labelled sound alone")
    if not target.any():
        raise UndefinedScoreError("no segment holds the target alone")
    return roc_auc(values, np.where(target, 1, np.where(distractor, 0, -1)))
