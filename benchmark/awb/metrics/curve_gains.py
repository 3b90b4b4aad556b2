"""Curves that compare: areas between a random order and the best order known.

How far a deletion curve can fall depends on the clip: where one segment is enough for the model, a
random order keeps the target until the end, and where all are needed, any order loses it at once.
So an area says more about the instance than about the explanation. Here each instance has its own
scale, which its explanations share and which no explanation can change: 0 is the mean over random
orders, and 1 the best of three orders that are found by asking the model about the instance.

Conventions
-----------
The deletion curve of an order, read backwards, is the insertion curve of the reversed order. Hence
random orders have the same mean area on both sides, and least-relevant-first deletion has the
insertion area.

References
----------
Petsiuk, V., Das, A., & Saenko, K. (2018). RISE. arXiv:1806.07421
Blücher, S., Vielhaben, J., & Strodthoff, N. (2024). Decoupling pixel flipping and occlusion
strategy for consistent XAI benchmarks. TMLR. arXiv:2401.06654
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray, IntArray
from awb.metrics.fidelity import deletion_area, deletion_order, insertion_area
from awb.types import BoolArray

Scores = Callable[[BoolArray], FloatArray]
"""Log-odds of the target under drop masks of cells, ``bool[n, cells]`` to ``(n,)``."""

RANDOM_SETS = 200
"""Random sets of cells, each with its complement, from which the area of a random order comes."""

LEAST_GAP = 0.05
"""Smallest difference of area between a random order and the best one that is a scale."""

_RIDGE = 5.0


@dataclass(frozen=True, slots=True)
class ReferenceAreas:
    """The scale of one instance's curves.

    Attributes
    ----------
    random : float
        Mean area over random orders, of deletion and insertion alike.
    deletion : float
        Smallest deletion area of the orders known.
    insertion : float
        Largest insertion area of the orders known.
    """

    random: float
    deletion: float
    insertion: float


def random_area(scores: Scores, n_cells: int, rng: np.random.Generator) -> float:
    """Estimate the mean area over all orders.

    An area is a mean over the sizes of what is dropped, so its mean over orders is one over random
    sets of cells of each size. As many sizes as sets are drawn, evenly, and every set goes with its
    complement: the estimate is unbiased, and varies far less than that of as many whole curves.

    Parameters
    ----------
    scores : callable
        Log-odds of the target under drop masks of cells.
    n_cells : int
        Number of cells.
    rng : np.random.Generator
        Draws the sets.

    Returns
    -------
    float
        In [0, 1].
    """
    from scipy.special import expit

    ends = expit(scores(np.array([[False] * n_cells, [True] * n_cells])))
    if n_cells == 1:
        return float(ends.mean())
    strata = (np.arange(RANDOM_SETS) + rng.random(RANDOM_SETS)) / RANDOM_SETS
    sizes = 1 + np.floor(strata * (n_cells - 1)).astype(np.int64)
    ranks = rng.permuted(np.tile(np.arange(n_cells), (RANDOM_SETS, 1)), axis=1)
    drop = ranks < sizes[:, np.newaxis]
    inside = expit(scores(np.concatenate([drop, ~drop])))
    return float((ends.mean() + (n_cells - 1) * inside.mean()) / n_cells)


def known_orders(
    scores: Scores,
    n_cells: int,
    drop_masks: BoolArray,
    mask_scores: FloatArray,
    rng: np.random.Generator,
) -> list[IntArray]:
    """Find good orders of an instance's cells, each most relevant first.

    Three kinds of evidence give one each: the score without each cell, the score of each cell
    alone, and a ridge regression over random masks. Which is best depends on whether the clip holds
    the evidence once or several times.

    Parameters
    ----------
    scores : callable
        Log-odds of the target under drop masks of cells.
    n_cells : int
        Number of cells.
    drop_masks : np.ndarray, shape=(samples, n_cells), dtype=bool
        Random drop masks.
    mask_scores : np.ndarray, shape=(samples,)
        Their log-odds.
    rng : np.random.Generator
        Breaks ties.

    Returns
    -------
    list of np.ndarray, shape=(n_cells,), dtype=int64
        Three orders.
    """
    alone = ~np.eye(n_cells, dtype=bool)
    kept = (~drop_masks).astype(np.float64)
    kept -= kept.mean(axis=0)
    gram = kept.T @ kept + _RIDGE * np.eye(n_cells)
    slopes = np.linalg.solve(gram, kept.T @ (mask_scores - mask_scores.mean()))
    without, only = scores(np.concatenate([~alone, alone])).reshape(2, n_cells)
    evidence = (-without, only, slopes)
    return [deletion_order(values, rng) for values in evidence]


def reference_areas(
    scores: Scores,
    n_cells: int,
    drop_masks: BoolArray,
    mask_scores: FloatArray,
    rng: np.random.Generator,
) -> ReferenceAreas:
    """Measure the scale of an instance's curves.

    Parameters
    ----------
    scores : callable
        Log-odds of the target under drop masks of cells. At most ``8 * n_cells + 408`` masks are
        scored.
    n_cells : int
        Number of cells.
    drop_masks : np.ndarray, shape=(samples, n_cells), dtype=bool
        Random drop masks, for one of the orders.
    mask_scores : np.ndarray, shape=(samples,)
        Their log-odds.
    rng : np.random.Generator
        Draws random sets, and breaks ties.

    Returns
    -------
    ReferenceAreas
        The mean area over random orders, and the best areas of `known_orders`.

    References
    ----------
    Blücher, S., Vielhaben, J., & Strodthoff, N. (2024). arXiv:2401.06654

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> masks = rng.random((50, 4)) < 0.5
    >>> def first_cell(drop_cells):
    ...     return np.where(drop_cells[:, 0], -9.0, 9.0)
    >>> found = reference_areas(first_cell, 4, masks, first_cell(masks), rng)
    >>> round(found.deletion, 3), round(found.insertion, 3)
    (0.125, 0.875)
    """
    from scipy.special import expit

    middle = random_area(scores, n_cells, rng)
    orders = known_orders(scores, n_cells, drop_masks, mask_scores, rng)
    ranks = np.argsort(orders, axis=1)
    top = ranks[:, np.newaxis, :] < np.arange(n_cells + 1)[:, np.newaxis]
    masks = np.concatenate([top, ~top]).reshape(
        -1, n_cells
    )  # in one call: fewer batches are padded
    curves = expit(scores(masks)).reshape(2, len(orders), n_cells + 1)
    deletion, insertion = map(deletion_area, curves[0]), map(insertion_area, curves[1])
    return ReferenceAreas(middle, min(deletion), max(insertion))


def _gain(gained: float, possible: float) -> float:
    """Divide what an order gains over a random one by what the best one known gains."""
    if possible < LEAST_GAP:
        raise UndefinedScoreError(
            f"the best order known changes the area by {max(0.0, possible):.2g} only"
        )
    return float(np.clip(gained / possible, -1.0, 1.0))


def deletion_gain(curve: npt.ArrayLike, reference: ReferenceAreas) -> float:
    """Deletion area on the instance's own scale: 0 a random order, 1 the best one known.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.
    reference : ReferenceAreas
        The scale.

    Returns
    -------
    float
        In [-1, 1], higher is better; 1 as well for an order that is better than the best known, and
        -1 for all that are as much worse than a random one as the best is better, or more.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points, or one is not a probability.
    UndefinedScoreError
        If the best order known is no better than a random one by 0.05.

    References
    ----------
    Petsiuk, V., Das, A., & Saenko, K. (2018). RISE. arXiv:1806.07421

    Examples
    --------
    >>> deletion_gain([1.0, 0.5, 0.0], ReferenceAreas(random=0.75, deletion=0.25, insertion=0.9))
    0.5
    """
    area = deletion_area(curve)
    return _gain(reference.random - area, reference.random - reference.deletion)


def insertion_gain(curve: npt.ArrayLike, reference: ReferenceAreas) -> float:
    """Insertion area on the instance's own scale: 0 a random order, 1 the best one known.

    Parameters
    ----------
    curve : array_like, shape=(n + 1,)
        Target's probability with only the top 0, ..., n cells kept.
    reference : ReferenceAreas
        The scale.

    Returns
    -------
    float
        In [-1, 1], higher is better; see `deletion_gain`.

    Raises
    ------
    ParameterError
        If the curve has fewer than two points, or one is not a probability.
    UndefinedScoreError
        If the best order known is no better than a random one by 0.05.

    References
    ----------
    Petsiuk, V., Das, A., & Saenko, K. (2018). RISE. arXiv:1806.07421

    Examples
    --------
    >>> insertion_gain([0.0, 0.5, 1.0], ReferenceAreas(random=0.25, deletion=0.1, insertion=0.75))
    0.5
    """
    area = insertion_area(curve)
    return _gain(area - reference.random, reference.insertion - reference.random)


def symmetric_relevance_gain(
    deletion_curve: npt.ArrayLike, insertion_curve: npt.ArrayLike
) -> float:
    """Area of least-relevant-first deletion minus that of most-relevant-first deletion.

    The least relevant first, read backwards, is the insertion curve, so this is the insertion area
    minus the deletion area, and needs no further scores. A masker that moves all scores up or down
    moves both areas, and cancels out: that is what the measure is for.

    Parameters
    ----------
    deletion_curve : array_like, shape=(n + 1,)
        Target's probability after the top 0, ..., n cells are dropped.
    insertion_curve : array_like, shape=(n + 1,)
        Target's probability with only the top 0, ..., n cells kept.

    Returns
    -------
    float
        In [-1, 1], higher is better; 0 for a random order in the mean.

    Raises
    ------
    ParameterError
        If a curve has fewer than two points, or one is not a probability.

    References
    ----------
    Blücher, S., Vielhaben, J., & Strodthoff, N. (2024). arXiv:2401.06654

    Examples
    --------
    >>> symmetric_relevance_gain([1.0, 0.5, 0.0], [0.0, 1.0, 1.0])
    0.25
    """
    return insertion_area(insertion_curve) - deletion_area(deletion_curve)
