"""The windows that ``fast-shap`` gives values to."""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray, IntArray

WINDOW_S = 1.0


def window_edges(n_samples: int, sample_rate_hz: int) -> IntArray:
    """Return the edges of windows of a second; a last one of less than half joins its neighbour.

    Examples
    --------
    >>> window_edges(2300, 1000).tolist(), window_edges(2500, 1000).tolist()
    ([0, 1000, 2300], [0, 1000, 2000, 2500])
    """
    size = round(WINDOW_S * sample_rate_hz)
    starts = np.arange(0, n_samples, size)
    if starts.size > 1 and n_samples - starts[-1] < size / 2:
        starts = starts[:-1]
    return np.append(starts, n_samples)


def shared_evenly(values: FloatArray, edges: IntArray, cells: IntArray) -> FloatArray:
    """Share the values of windows among cells by how much of a window each is.

    Examples
    --------
    >>> shared_evenly(np.array([4.0, 1.0]), np.array([0, 4, 6]), np.array([0, 2, 5, 6])).tolist()
    [2.0, 2.5, 0.5]
    """
    low = np.maximum(edges[:-1, np.newaxis], cells[:-1])
    high = np.minimum(edges[1:, np.newaxis], cells[1:])
    part = np.clip(high - low, 0, None) / np.diff(edges)[:, np.newaxis]
    shared: FloatArray = values @ part
    return shared
