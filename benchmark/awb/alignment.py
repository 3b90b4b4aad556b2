"""Map relevance of a model's frames or tokens to segments of time.

Conventions
-----------
A frame covers the time between the midpoints to its neighbours' centres, wherever padding and hop
put those. A frame across a segment's edge is shared between the segments in proportion to time: so
the sum over the map equals the sum over the segments, and frames may be shorter or longer than
segments. Anything before the clip's start or after its end (padding) belongs to the first or last
segment. Time that no frame covers is not seen by the model: its relevance is 0.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.segments import Segments

Aggregation = Literal["sum", "positive-sum", "max", "abs-sum"]
"""How the time-frequency values of a segment become its relevance."""

_AT_ONCE = 8192  # frames, which may be single samples: their table of shares would be huge
_TOUCH = 1e-6  # less than this part of a frame inside a segment is float noise


def frame_spans_s(centers_s: npt.ArrayLike) -> FloatArray:
    """Return the time that each frame covers.

    Parameters
    ----------
    centers_s : array_like, shape=(frames,)
        Centre of each frame in seconds, increasing.

    Returns
    -------
    np.ndarray, shape=(frames, 2)
        Start and end in seconds; the outer frames extend equally far on both sides of their
        centres. A single frame covers all time.

    Raises
    ------
    ParameterError
        If there is no frame, or the centres do not increase.

    Examples
    --------
    >>> frame_spans_s([0.0, 0.5, 1.5]).tolist()
    [[-0.25, 0.25], [0.25, 1.0], [1.0, 2.0]]
    """
    centers = np.asarray(centers_s, dtype=np.float64)
    if centers.ndim != 1 or centers.size == 0 or (np.diff(centers) <= 0).any():
        raise ParameterError("frame centres must be increasing times, at least one")
    if centers.size == 1:
        return np.array([[-np.inf, np.inf]])
    middle = (centers[:-1] + centers[1:]) / 2.0
    first, last = 2 * centers[0] - middle[0], 2 * centers[-1] - middle[-1]
    edges = np.concatenate([[first], middle, [last]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


def shares(spans_s: npt.ArrayLike, segments: Segments) -> FloatArray:
    """Compute which part of each span lies in each cell.

    Parameters
    ----------
    spans_s : array_like, shape=(spans, 2)
        Start and end in seconds. NaN means no place in time (such as a class token), infinity the
        whole clip. A span may be empty.
    segments : Segments
        Segments that define the cells.

    Returns
    -------
    np.ndarray, shape=(spans, cells)
        Rows sum to 1, or to 0 where the span is NaN or empty.
    """
    spans = np.asarray(spans_s, dtype=np.float64).reshape(-1, 2)
    edges = segments.edges_samples / segments.sample_rate_hz
    spans = np.where(np.isinf(spans), np.where(spans < 0, edges[0], edges[-1]), spans)
    edges[0], edges[-1] = -np.inf, np.inf
    inside = np.minimum(spans[:, 1:], edges[1:]) - np.maximum(spans[:, :1], edges[:-1])
    length = spans[:, 1:] - spans[:, :1]
    part = np.zeros_like(inside)
    np.divide(np.clip(inside, 0.0, None), length, out=part, where=length > 0)
    return part


def cells_to_segments(cells: npt.ArrayLike, segments: Segments) -> FloatArray:
    """Average cells over the longer segments that they belong to.

    Parameters
    ----------
    cells : array_like, shape=(cells,)
        One value per cell.
    segments : Segments
        The segments.

    Returns
    -------
    np.ndarray, shape=(segments,)
        One value per segment.
    """
    width = segments.n_cells - segments.n + 1
    values = np.asarray(cells, dtype=np.float64)
    return np.convolve(values, np.full(width, 1.0 / width), mode="valid")


def spans_to_segments(
    relevance: npt.ArrayLike, spans_s: npt.ArrayLike, segments: Segments
) -> FloatArray:
    """Share the relevance of spans of time among the segments.

    Parameters
    ----------
    relevance : array_like, shape=(spans,)
        Relevance of each span.
    spans_s : array_like, shape=(spans, 2)
        Start and end in seconds; spans with NaN have no place in time and are left out.
    segments : Segments
        The segments of the clip.

    Returns
    -------
    np.ndarray, shape=(segments,)
        Relevance of every segment.

    Raises
    ------
    ParameterError
        If the numbers of spans and values differ.
    """
    values = np.asarray(relevance, dtype=np.float64)
    part = shares(spans_s, segments)
    if values.shape != part.shape[:1]:
        raise ParameterError(f"expected one span per value: {values.shape} and {part.shape[:1]}")
    return cells_to_segments(values @ part, segments)


def map_to_segments(
    relevance_map: npt.ArrayLike,
    centers_s: npt.ArrayLike,
    segments: Segments,
    *,
    aggregation: Aggregation = "sum",
) -> FloatArray:
    """Turn a time-frequency map into segment relevance.

    Parameters
    ----------
    relevance_map : array_like, shape=(frames, bins)
        Relevance of each point of the map.
    centers_s : array_like, shape=(frames,)
        Centre of each frame in seconds, increasing.
    segments : Segments
        The segments of the clip.
    aggregation : str
        ``sum``; ``positive-sum``, the sum of the positive points; ``max``, the highest point;
        ``abs-sum``, the sum of magnitudes.

    Returns
    -------
    np.ndarray, shape=(segments,)
        Relevance of every segment. All but ``max`` conserve the total of the map.

    Raises
    ------
    ParameterError
        If the map is not two-dimensional with one centre per frame, or the aggregation is unknown.
    """
    grid = np.asarray(relevance_map, dtype=np.float64)
    spans = frame_spans_s(centers_s)
    if grid.ndim != 2 or len(grid) != len(spans) or grid.shape[1] == 0:
        raise ParameterError(f"expected one row per frame: {grid.shape} for {len(spans)} frames")
    if aggregation not in get_args(Aggregation):
        raise ParameterError(
            f"unknown aggregation {aggregation!r}; known: {', '.join(get_args(Aggregation))}"
        )
    if aggregation == "positive-sum":
        grid = np.maximum(grid, 0.0)
    elif aggregation == "abs-sum":
        grid = np.abs(grid)
    largest = aggregation == "max"
    frames = grid.max(axis=1) if largest else grid.sum(axis=1)
    cells = np.full(segments.n_cells, -np.inf if largest else 0.0)
    for start in range(0, len(frames), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        part = shares(spans[some], segments)
        if largest:
            inside = np.where(part > _TOUCH, frames[some, np.newaxis], -np.inf)
            cells = np.maximum(cells, inside.max(axis=0))
        else:
            cells += frames[some] @ part
    return cells_to_segments(np.where(np.isneginf(cells), 0.0, cells), segments)
