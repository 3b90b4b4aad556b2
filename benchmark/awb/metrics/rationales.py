"""Fidelity of rationales: the top few cells removed, or alone.

Conventions
-----------
The curves are those of `awb.metrics.fidelity`. A rationale is the top 1, 5, 10, 20 or 50 % of the
cells; a score is the mean over the five sizes. The empty rationale, which always scores 0, is not
counted as a sixth.

References
----------
DeYoung, J., et al. (2020). ERASER: A benchmark to evaluate rationalized NLP models. ACL.
doi:10.18653/v1/2020.acl-main.408
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from awb.designs import dropped_count
from awb.errors import ParameterError
from awb.metrics.checks import probability_array
from awb.metrics.fidelity import ff

RATIONALE_FRACTIONS = (0.01, 0.05, 0.1, 0.2, 0.5)


def comprehensiveness(
    curve: npt.ArrayLike, *, fractions: Sequence[float] = RATIONALE_FRACTIONS
) -> float:
    """Mean loss of probability without the top 1, 5, 10, 20 and 50 % of the cells.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.
    fractions : sequence of float
        Sizes of the rationale, each in (0, 1].

    Returns
    -------
    float
        In [-1, 1], higher is better: the model needed what was removed.

    Raises
    ------
    ParameterError
        If the curve or a fraction is out of range, or there is no fraction.

    References
    ----------
    DeYoung, J., et al. (2020). ERASER. doi:10.18653/v1/2020.acl-main.408

    Examples
    --------
    >>> comprehensiveness([1.0, 0.5, 0.0], fractions=(0.5, 1.0))
    0.75
    """
    if not fractions:
        raise ParameterError("comprehensiveness needs at least one fraction, like 0.1")
    return float(np.mean([ff(curve, fraction) for fraction in fractions]))


def sufficiency(curve: npt.ArrayLike, *, fractions: Sequence[float] = RATIONALE_FRACTIONS) -> float:
    """Mean loss of probability with only the top 1, 5, 10, 20 and 50 % of the cells.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability with only the top 0, ..., n cells kept: an insertion curve.
    fractions : sequence of float
        Sizes of the rationale, each in (0, 1].

    Returns
    -------
    float
        In [-1, 1], lower is better: the rationale alone was enough.

    Raises
    ------
    ParameterError
        If the curve or a fraction is out of range, or there is no fraction.

    References
    ----------
    DeYoung, J., et al. (2020). ERASER. doi:10.18653/v1/2020.acl-main.408

    Examples
    --------
    >>> sufficiency([0.0, 0.5, 1.0], fractions=(0.5, 1.0))
    0.25
    """
    if not fractions:
        raise ParameterError("sufficiency needs at least one fraction, like 0.1")
    probabilities = probability_array(curve, minimum_length=2)
    counts = [dropped_count(probabilities.size - 1, fraction) for fraction in fractions]
    return float(probabilities[-1] - probabilities[counts].mean())
