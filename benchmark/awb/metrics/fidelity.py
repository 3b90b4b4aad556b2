"""Fidelity by deletion and insertion: does the model's output follow the relevance?

Conventions
-----------
Cells are dropped in the order of `deletion_order`, most relevant first. A *deletion curve* is the
target's probability after the top 0, 1, ..., n cells are dropped, ``shape=(n + 1,)``: it starts at
the clip and ends with everything dropped. An *insertion curve* is the probability with only the top
0, 1, ..., n cells kept: it starts with everything dropped and ends at the clip. Each curve is
computed once, and all metrics that need it share it.

References
----------
Petsiuk, V., Das, A., & Saenko, K. (2018). RISE: Randomized input sampling for explanation of
black-box models. BMVC. arXiv:1806.07421
Arya, V., et al. (2019). One explanation does not fit all: A toolkit and taxonomy of AI
explainability techniques. arXiv:1909.03012
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.designs import dropped_count
from awb.errors import ParameterError, UndefinedScoreError
from awb.intervals import IntArray
from awb.metrics.checks import probability_array, relevance_array


def deletion_order(relevance: npt.ArrayLike, rng: np.random.Generator) -> IntArray:
    """Order the cells by decreasing relevance, tied cells at random.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        Relevance of every cell.
    rng : np.random.Generator
        Breaks the ties; without them the order does not depend on it.

    Returns
    -------
    np.ndarray, shape=(n,), dtype=int64
        Indices of cells, most relevant first.

    Raises
    ------
    RelevanceError
        If the relevance is empty or not finite.

    Examples
    --------
    >>> deletion_order([0.1, 0.7, -2.0], np.random.default_rng(0)).tolist()
    [1, 0, 2]
    """
    values = relevance_array(relevance)
    shuffled = rng.permutation(values.size)
    return shuffled[np.argsort(-values[shuffled], kind="stable")].astype(np.int64)


def _area(curve: npt.ArrayLike) -> float:
    """Integrate a curve over the fraction of cells in [0, 1], by the trapezoid rule."""
    probabilities = probability_array(curve, minimum_length=2)
    return float((probabilities[1:] + probabilities[:-1]).mean() / 2)


def deletion_area(curve: npt.ArrayLike) -> float:
    """Area under the deletion curve: how long the target survives without its best cells.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.

    Returns
    -------
    float
        In [0, 1], lower is better.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points, or one is not a probability.

    References
    ----------
    Petsiuk, V., Das, A., & Saenko, K. (2018). RISE. arXiv:1806.07421

    Examples
    --------
    >>> deletion_area([1.0, 0.5, 0.0])
    0.5
    """
    return _area(curve)


def insertion_area(curve: npt.ArrayLike) -> float:
    """Area under the insertion curve: how soon the best cells alone restore the target.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability with only the top 0, ..., n cells kept.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points, or one is not a probability.

    References
    ----------
    Petsiuk, V., Das, A., & Saenko, K. (2018). RISE. arXiv:1806.07421

    Examples
    --------
    >>> insertion_area([0.0, 1.0, 1.0])
    0.75
    """
    return _area(curve)


def ff(curve: npt.ArrayLike, fraction: float) -> float:
    """Faithfulness: how far the probability falls without the top fraction of the cells.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.
    fraction : float
        Part of the cells, in (0, 1]; ``ceil(fraction * n)`` are dropped.

    Returns
    -------
    float
        ``p(clip) - p(clip without the top cells)``, in [-1, 1], higher is better.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points or one is not a probability, or the fraction is not
        in (0, 1].

    References
    ----------
    Parekh, J., et al. (2022). Listen to interpret: Post-hoc interpretability for audio networks
    with NMF. NeurIPS 35. arXiv:2202.11479

    Examples
    --------
    >>> ff([1.0, 0.25, 0.0], 0.5)
    0.75
    """
    probabilities = probability_array(curve, minimum_length=2)
    return ff_at_count(probabilities, dropped_count(probabilities.size - 1, fraction))


def ff_at_count(curve: npt.ArrayLike, count: int) -> float:
    """Faithfulness at a number of cells, such as the number of annotated ones.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.
    count : int
        Cells dropped; for ``ff@annotated`` the number of positive labels.

    Returns
    -------
    float
        ``p(clip) - p(clip without the top cells)``, in [-1, 1], higher is better.

    Raises
    ------
    ParameterError
        If the curve is malformed, or has no such count.
    UndefinedScoreError
        If the count is 0: nothing is annotated.

    Examples
    --------
    >>> ff_at_count([1.0, 0.25, 0.0], 1)
    0.75
    """
    probabilities = probability_array(curve, minimum_length=2)
    if count == 0:
        raise UndefinedScoreError("no segment lies inside the events")
    if not 0 < count < probabilities.size:
        raise ParameterError(f"cannot drop {count} of {probabilities.size - 1} segments")
    return float(probabilities[0] - probabilities[count])


def monotonicity(curve: npt.ArrayLike, *, tolerance: float = 1e-6) -> float:
    """Share of the steps at which the probability does not fall as cells are restored.

    The cells are restored from the least to the most relevant, which is a deletion curve read
    backwards. Arya et al. ask whether every step rises; over a hundred segments that never happens,
    and the share is more informative: 1 means monotonic in their sense. (Nguyen and Martínez,
    arXiv:2007.07584, use the same name for a different metric, a rank correlation.)

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped: a deletion curve.
    tolerance : float
        Smaller falls are ignored.

    Returns
    -------
    float
        In [0, 1], higher is better.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points, or one is not a probability.

    References
    ----------
    Arya, V., et al. (2019). arXiv:1909.03012

    Examples
    --------
    >>> monotonicity([0.9, 0.5, 0.6, 0.0])
    0.6666666666666666
    """
    returning = probability_array(curve, minimum_length=2)[::-1]
    return float(np.mean(np.diff(returning) >= -tolerance))
