"""Validation that every metric shares: arrays must be finite, non-empty and of equal length.

No function changes the caller's array; they return the same values as float64 or int8.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, RelevanceError
from awb.intervals import FloatArray
from awb.segments import IGNORED, NEGATIVE, POSITIVE, LabelArray


def relevance_array(relevance: npt.ArrayLike) -> FloatArray:
    """Return relevance as float64, or refuse it.

    Parameters
    ----------
    relevance : array_like, shape=(n,)
        One finite number per cell, ``n >= 1``.

    Returns
    -------
    np.ndarray, shape=(n,), dtype=float64
        The same values.

    Raises
    ------
    RelevanceError
        If it is empty, not one-dimensional, not numeric, or contains NaN or infinite values.
    """
    try:
        checked = np.asarray(relevance, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise RelevanceError(f"relevance is not an array of numbers: {error}") from error
    if checked.ndim != 1 or checked.size == 0:
        raise RelevanceError(
            f"relevance must be a non-empty row, one value per cell; got shape {checked.shape}"
        )
    bad = int(np.count_nonzero(~np.isfinite(checked)))
    if bad:
        raise RelevanceError(f"relevance has {bad} NaN or infinite of {checked.size} values")
    return checked


def label_array(labels: npt.ArrayLike, n_cells: int) -> LabelArray:
    """Return labels as int8, or refuse them.

    Parameters
    ----------
    labels : array_like, shape=(n_cells,)
        1 inside, 0 outside, -1 ignored, as `awb.segments.labels_from_coverage` makes them.
    n_cells : int
        Length of the relevance that they belong to.

    Returns
    -------
    np.ndarray, shape=(n_cells,), dtype=int8
        The same values.

    Raises
    ------
    ParameterError
        If the length differs, or a value is not 1, 0 or -1.
    """
    given = np.asarray(labels)
    if given.shape != (n_cells,):
        raise ParameterError(f"expected {n_cells} labels, one per cell; got shape {given.shape}")
    known = (given == POSITIVE) | (given == NEGATIVE) | (given == IGNORED)
    if not np.all(known):
        raise ParameterError(
            "labels must be 1, 0 or -1 (did you pass coverage? use labels_from_coverage)"
        )
    return given.astype(np.int8)


def coverage_array(coverage: npt.ArrayLike, n_cells: int) -> FloatArray:
    """Return coverage as float64, or refuse it.

    Parameters
    ----------
    coverage : array_like, shape=(..., n_cells)
        Part of each cell inside the events, in [0, 1].
    n_cells : int
        Length of the relevance that it belongs to.

    Returns
    -------
    np.ndarray, shape=(..., n_cells), dtype=float64
        The same values.

    Raises
    ------
    ParameterError
        If the last dimension is not `n_cells`, or a value is outside [0, 1].
    """
    given = np.asarray(coverage, dtype=np.float64)
    if given.ndim == 0 or given.shape[-1] != n_cells:
        raise ParameterError(f"expected coverage of {n_cells} cells; got shape {given.shape}")
    if not ((given >= 0) & (given <= 1)).all():
        raise ParameterError("coverage must lie in [0, 1]")
    return given


def probability_array(probabilities: npt.ArrayLike, *, minimum_length: int = 1) -> FloatArray:
    """Return probabilities as float64, or refuse them.

    Parameters
    ----------
    probabilities : array_like, shape=(n,)
        Probabilities of the target, in [0, 1].
    minimum_length : int
        Fewest values allowed.

    Returns
    -------
    np.ndarray, shape=(n,), dtype=float64
        The same values.

    Raises
    ------
    ParameterError
        If there are too few, or one is not a probability.
    """
    given = np.asarray(probabilities, dtype=np.float64)
    if given.ndim != 1 or given.size < minimum_length:
        raise ParameterError(
            f"expected a row of at least {minimum_length} probabilities; got shape {given.shape}"
        )
    if not ((given >= 0) & (given <= 1)).all():
        raise ParameterError("expected probabilities in [0, 1] (did you pass log-odds?)")
    return given


def same_length(first: npt.ArrayLike, second: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return two finite rows of equal length as float64, or refuse them.

    Parameters
    ----------
    first, second : array_like, shape=(n,)
        Finite numbers, ``n >= 1``.

    Returns
    -------
    tuple of np.ndarray, shape=(n,), dtype=float64
        The same values.

    Raises
    ------
    ParameterError
        If a row is empty, not one-dimensional or not finite, or the lengths differ.
    """
    rows = [np.asarray(row, dtype=np.float64) for row in (first, second)]
    if rows[0].ndim != 1 or rows[0].size == 0 or rows[0].shape != rows[1].shape:
        raise ParameterError(
            f"expected two rows of equal length; got shapes {rows[0].shape} and {rows[1].shape}"
        )
    if not all(np.isfinite(row).all() for row in rows):
        raise ParameterError("expected finite numbers; got NaN or infinite values")
    return rows[0], rows[1]
