"""Exact reuse of feature frames: each possible frame is computed once and then only gathered."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from awb.activity import beat
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.perturbation.scorers.batches import Batches
from awb.perturbation.scorers.clips import DEFAULT_BATCH, checked
from awb.perturbation.scorers.colouring import Colouring
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import FrameFeatureModel
from awb.segments import Segments
from awb.types import AudioArray, BoolArray

MOST_COLOURS = 4
"""A table of all states is made before the first mask is scored."""


class FrameScorer:
    """Score masked clips from gathered frames.

    The result is the plain path's, bit for bit, where the model's features of a frame do not depend
    on the other rows of the batch.

    Attributes
    ----------
    table : np.ndarray, shape=(states, frames, bins)
        Every frame in every state.
    """

    def __init__(
        self, model: FrameFeatureModel, renderer: Renderer, segments: Segments, class_index: int
    ) -> None:
        self._model = model
        self._class_index = class_index
        self._batches = Batches(int(getattr(model, "batch_size", DEFAULT_BATCH)))
        self.colouring = coloured_frames(model, segments)
        self._n_frames = self.colouring.first.size
        self.table = self._all_frames(renderer)
        self.forwards = 0.0

    def _all_frames(self, renderer: Renderer) -> npt.NDArray[np.float32]:
        """Compute every frame in every state, ``shape=(states, frames, bins)``."""
        drop_cells = self.colouring.drop_cells(np.arange(self.colouring.n_states))
        rows = self._batches.over(drop_cells, partial(self._features, renderer))
        table: npt.NDArray[np.float32] = np.concatenate([*rows])
        if table.ndim != 3 or table.shape[1] != self._n_frames:
            raise PluginError(
                f"the model has {self._n_frames} frame starts, but features of shape"
                f" {table.shape[1:]}"
            )
        return table

    def _features(
        self, renderer: Renderer, drop_cells: BoolArray, size: int
    ) -> npt.NDArray[np.float32]:
        """Compute the features of the first masks, in a batch of fixed size."""
        batch: AudioArray = np.empty((size, renderer.waveform.size), dtype=np.float32)
        batch[:] = renderer.waveform
        some = drop_cells[:size]
        renderer.render(some, batch[: len(some)])
        features = np.asarray(self._model.features(batch))[: len(some)]
        beat()
        return features

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        self.forwards += len(drop_cells)
        parts = self._batches.over(self.colouring.states(drop_cells), self._some)
        return np.concatenate([np.empty(0), *parts])

    def _some(self, states: IntArray, size: int) -> npt.NDArray[np.float32]:
        """Score the first masks in a batch of fixed size, the rest of which is the clip itself."""
        some = states[:size]
        full = np.zeros((size, self._n_frames), dtype=np.int64)
        full[: len(some)] = some
        features = self.table[full, np.arange(self._n_frames)]
        scores = checked(self._model.feature_scores(features), size, len(self._model.classes))
        return scores[: len(some), self._class_index]


def coloured_frames(model: FrameFeatureModel, segments: Segments) -> Colouring:
    """Colour the cells for the frames of a model."""
    starts = model.frame_starts(segments.n_samples)
    return Colouring.of(starts, model.frame_samples, segments.edges_samples)


def has_short_frames(model: FrameFeatureModel, segments: Segments) -> bool:
    """Say whether frames are short enough for their states to be few."""
    return coloured_frames(model, segments).n_colours <= MOST_COLOURS
