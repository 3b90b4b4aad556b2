"""Deterministic designs: every window dropped once, or everything except one window.

References
----------
Zeiler, M. D., & Fergus, R. (2014). Visualizing and understanding convolutional networks. ECCV.
doi:10.1007/978-3-319-10590-1_53
"""

from __future__ import annotations

import numpy as np

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.types import BoolArray


def occlusion(n_segments: int, *, window: int = 5, hop: int = 1) -> BoolArray:
    """Drop every window once: the design of occlusion.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    window : int
        Segments in a window; a clip shorter than that has one window.
    hop : int
        Segments between two windows; the last window ends at the last segment.

    Returns
    -------
    np.ndarray, shape=(windows, n_segments), dtype=bool
        Drop masks of one window each.

    Raises
    ------
    ParameterError
        If the window or the hop is not positive.

    Examples
    --------
    >>> occlusion(4, window=3).astype(int).tolist()
    [[1, 1, 1, 0], [0, 1, 1, 1]]
    """
    _check(n_segments, window, hop)
    last = max(0, n_segments - window)
    starts = np.unique(np.append(np.arange(0, last + 1, hop), last))
    position = np.arange(n_segments)
    return (position >= starts[:, None]) & (position < starts[:, None] + window)


def keep_window(n_segments: int, *, window: int = 5, hop: int = 1) -> BoolArray:
    """Drop everything except one window, for every window: the complement of occlusion.

    Windows are centred on every `hop`-th segment edge, including the clip's start and end, so that
    they extend beyond the edges and the first and last segments are also heard with little around
    them.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    window : int
        Segments in a window.
    hop : int
        Segments between two windows.

    Returns
    -------
    np.ndarray, shape=(windows, n_segments), dtype=bool
        Drop masks, no two alike: True everywhere except in one window. Every segment is kept in at
        least one mask.

    Raises
    ------
    ParameterError
        If the window or the hop is not positive, or the hop is longer than the window.

    Examples
    --------
    >>> keep_window(4, window=2).astype(int).tolist()
    [[0, 1, 1, 1], [0, 0, 1, 1], [1, 0, 0, 1], [1, 1, 0, 0], [1, 1, 1, 0]]
    """
    _check(n_segments, window, hop)
    if hop > window:
        raise ParameterError(f"a hop of {hop} leaves gaps between windows of {window} segments")
    before = window // 2
    centers = np.unique(np.append(np.arange(0, n_segments + 1, hop), n_segments))
    starts = centers - before
    position = np.arange(n_segments)
    masks = (position < starts[:, None]) | (position >= starts[:, None] + window)
    _, first = np.unique(masks, axis=0, return_index=True)
    distinct = masks[np.sort(first)]
    heard: BoolArray = distinct[~distinct.all(axis=1)]
    return heard


def average_over_windows(windows: BoolArray, values: FloatArray) -> FloatArray:
    """Average the value of each window onto the segments that it covers.

    Parameters
    ----------
    windows : np.ndarray, shape=(windows, segments), dtype=bool
        Which segments each window covers.
    values : np.ndarray, shape=(windows,)
        One value per window.

    Returns
    -------
    np.ndarray, shape=(segments,)
        Mean value of the windows that cover each segment; 0 where none does.
    """
    count = windows.sum(axis=0)
    total = np.asarray(values, dtype=np.float64) @ windows.astype(np.float64)
    mean: FloatArray = total / np.maximum(count, 1)
    return mean


def _check(n_segments: int, window: int, hop: int) -> None:
    """Refuse sizes that are not positive."""
    if n_segments < 1 or window < 1 or hop < 1:
        raise ParameterError(
            f"segments, window and hop must be at least one segment: {n_segments}, {window}, {hop}"
        )
