"""Segments that follow the sound: which cells of a clip an explainer keeps or drops as one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from awb.audio.cuts import ONSETS, file_edges, onset_edges
from awb.errors import NotApplicableError
from awb.harness.config.run_config import FIXED, RunConfig
from awb.intervals import FloatArray, IntArray
from awb.plugins.resolve import Resolved
from awb.segments import Segments
from awb.types import BoolArray, Clip, Explanation


def follows_sound(config: RunConfig, resolved: Resolved) -> bool:
    """Tell whether an explainer is asked about segments of unequal length; refuse if it cannot be.

    Baselines are not: whatever the others are asked about, they stay what they are.
    """
    if config.segments == FIXED or getattr(resolved.spec, "baseline", False):
        return False
    if not getattr(resolved.spec, "unequal_segments", False):
        raise NotApplicableError(
            f"it does not take segments of unequal length (--segments {config.segments})"
        )
    return True


def edges_of(clip: Clip, config: RunConfig) -> IntArray:
    """Return where the sound of a clip is cut, in samples."""
    n_samples, rate_hz = clip.waveform.size, clip.sample_rate_hz
    if config.segments == ONSETS:
        return onset_edges(clip.waveform, rate_hz)
    path = Path(config.segments)
    return file_edges(path, config.segments_tier, clip.id, n_samples, rate_hz)


def segment_of_cells(edges_samples: npt.ArrayLike, cells: Segments) -> IntArray:
    """Return the number of the segment that each cell's centre lies in, without gaps.

    Examples
    --------
    >>> segment_of_cells([0, 140, 300, 500], Segments(500, 1000)).tolist()
    [0, 1, 1, 2, 2]
    >>> segment_of_cells([0, 140, 145, 500], Segments(500, 1000)).tolist()
    [0, 1, 1, 1, 1]
    """
    edges = cells.edges_samples
    centers = (edges[:-1] + edges[1:]) / 2
    inside = np.searchsorted(np.asarray(edges_samples), centers, side="right") - 1
    return np.unique(inside, return_inverse=True)[1].astype(np.int64)


def on_cells(explanation: Explanation, segment: IntArray) -> Explanation:
    """Share the relevance of each segment equally among its cells, so that the total is kept."""

    def shared(values: FloatArray) -> FloatArray:
        found: FloatArray = (values / np.bincount(segment))[segment]
        return found

    error = explanation.uncertainty
    return replace(
        explanation,
        relevance=shared(explanation.relevance),
        uncertainty=None if error is None else shared(error),
        surrogate=None if explanation.surrogate is None else _forecast,
        interactions=None,
    )


def _forecast(drop_masks: BoolArray) -> FloatArray:  # noqa: ARG001 - the signature of a surrogate
    """Refuse to forecast: the surrogate was fitted to masks of other segments."""
    raise NotApplicableError("its surrogate forecasts only masks of segments that follow the sound")
