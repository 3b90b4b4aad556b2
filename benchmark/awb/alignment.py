"""From feature frames to cells of time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.segments import Segments


def frames_to_cells(
    frame_relevance: npt.ArrayLike, centers_s: npt.ArrayLike, segments: Segments
) -> FloatArray:
    """Sum the relevance of frames into the segment in which each frame's centre lies.

    A segment in which no frame is centred (frames longer than segments) takes the value that lies
    there on the line between its neighbours, so that it is neither lost nor zero.

    Parameters
    ----------
    frame_relevance : array_like, shape=(frames,)
        Relevance of each frame.
    centers_s : array_like, shape=(frames,)
        Centre of each frame in seconds, increasing; centres before the clip's start or after its
        end (padding) belong to the first or last segment.
    segments : Segments
        The segments of the clip.

    Returns
    -------
    np.ndarray, shape=(segments,)
        Relevance of every segment.

    Raises
    ------
    ParameterError
        If there are no frames, or not one centre a frame.
    """
    relevance = np.asarray(frame_relevance, dtype=np.float64)
    centers = np.asarray(centers_s, dtype=np.float64)
    if relevance.ndim != 1 or relevance.size == 0 or centers.shape != relevance.shape:
        raise ParameterError(
            f"expected one centre a frame: {relevance.shape} frames, {centers.shape} centres"
        )
    edges_s = segments.edges_samples / segments.sample_rate_hz
    cell = np.clip(np.searchsorted(edges_s, centers, side="right") - 1, 0, segments.n_cells - 1)
    count = np.bincount(cell, minlength=segments.n_cells)
    total = np.bincount(cell, weights=relevance, minlength=segments.n_cells)
    heard = count > 0
    cells = np.interp(segments.centers_s, segments.centers_s[heard], total[heard])
    width = segments.n_cells - segments.n + 1
    return np.convolve(cells, np.full(width, 1.0 / width), mode="valid")
