"""Intervals in time: unions, and the conversion of seconds to samples.

Conventions
-----------
An interval is half-open, ``[onset, offset)``, in seconds. A set of intervals is an array of
``shape=(n, 2)``. Seconds become samples by rounding half up after removing float noise, for events
and for segment edges alike, so that an event labelled at an edge starts or ends exactly there.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_NOISE_DECIMALS = (
    6  # a millionth of a sample: far above float noise, far below what rounding affects
)


def to_samples(times_s: npt.ArrayLike, sample_rate_hz: int) -> IntArray:
    """Convert seconds to sample positions, rounding half up.

    Parameters
    ----------
    times_s : array_like
        Times in seconds, any shape.
    sample_rate_hz : int
        Sample rate in Hz.

    Returns
    -------
    np.ndarray, dtype=int64
        Sample positions, same shape.

    Examples
    --------
    >>> to_samples([0.3, 0.1 * 3, 0.7], 16000).tolist()
    [4800, 4800, 11200]
    """
    exact = np.round(np.asarray(times_s, dtype=np.float64) * sample_rate_hz, _NOISE_DECIMALS)
    return np.floor(exact + 0.5).astype(np.int64)


def _pairs(intervals_s: npt.ArrayLike) -> FloatArray:
    """Return intervals as an array of onsets and offsets, or refuse them."""
    intervals = np.asarray(intervals_s, dtype=np.float64)
    if intervals.size == 0:
        return intervals.reshape(0, 2)
    if intervals.ndim != 2 or intervals.shape[1] != 2:
        raise ParameterError(
            f"intervals are pairs of onset and offset, shape (n, 2); got shape {intervals.shape}"
            " (did you supply the coverage of segments?)"
        )
    return intervals


def union(intervals_s: npt.ArrayLike, *, merge_gap_s: float = 0.0) -> FloatArray:
    """Merge overlapping, nested and touching intervals.

    Parameters
    ----------
    intervals_s : array_like, shape=(n, 2)
        Onsets and offsets in seconds, in any order.
    merge_gap_s : float
        Gaps of at most this many seconds are closed too.

    Returns
    -------
    np.ndarray, shape=(m, 2)
        Disjoint intervals in temporal order, ``m <= n``.

    Raises
    ------
    ParameterError
        If the array has another shape.

    Examples
    --------
    >>> union([[3.0, 4.0], [0.0, 2.0], [0.5, 1.0]]).tolist()
    [[0.0, 2.0], [3.0, 4.0]]
    """
    intervals = _pairs(intervals_s)
    if len(intervals) < 2:
        return intervals.copy()
    ordered = intervals[np.lexsort((intervals[:, 1], intervals[:, 0]))]
    reach = np.maximum.accumulate(ordered[:, 1])
    noise = 10.0**-9  # so that 0.1 + 0.2 touches 0.3
    starts = np.concatenate([[True], ordered[1:, 0] > reach[:-1] + merge_gap_s + noise])
    ends = np.concatenate([starts[1:], [True]])
    return np.stack([ordered[starts, 0], reach[ends]], axis=1)


def total_s(intervals_s: npt.ArrayLike) -> float:
    """Return the total length of disjoint intervals in seconds.

    Parameters
    ----------
    intervals_s : array_like, shape=(n, 2)
        Disjoint intervals, as `union` returns them.

    Returns
    -------
    float
        Seconds, at least 0.

    Raises
    ------
    ParameterError
        If the array has another shape.

    Examples
    --------
    >>> total_s([[0.0, 2.0], [3.0, 4.0]])
    3.0
    """
    intervals = _pairs(intervals_s)
    return float(np.sum(intervals[:, 1] - intervals[:, 0]))
