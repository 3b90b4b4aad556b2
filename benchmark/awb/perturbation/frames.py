"""Exact reuse of feature frames: each possible frame is computed once and then only gathered.

A frame of a spectrogram hears a short window, so it depends only on the states of the few cells
that the window straddles. If no window touches more than k cells, then colouring the cells with k
colours in turn and dropping every set of colours, ``2**k`` whole clips in all, shows every frame in
each of its possible states.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt

from awb.activity import beat
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.perturbation.batches import Batches
from awb.perturbation.rendering import Renderer
from awb.perturbation.scorers import DEFAULT_BATCH, checked
from awb.protocols import FrameFeatureModel
from awb.segments import Segments
from awb.types import AudioArray, BoolArray

MOST_COLOURS = 4


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
        self._first, n_colours = _straddled(model, segments)
        self._colours = np.arange(n_colours)
        self._n_cells = segments.n_cells
        self.table = self._all_frames(renderer)
        self.forwards = 0.0

    def _all_frames(self, renderer: Renderer) -> npt.NDArray[np.float32]:
        """Compute every frame in every state, ``shape=(states, frames, bins)``."""
        n_colours = self._colours.size
        states = np.arange(2**n_colours)
        dropped = (states[:, np.newaxis] >> self._colours) & 1 == 1
        drop_cells = dropped[:, np.arange(self._n_cells) % n_colours]
        rows = self._batches.over(drop_cells, partial(self._features, renderer))
        table: npt.NDArray[np.float32] = np.concatenate([*rows])
        if table.ndim != 3 or table.shape[1] != self._first.size:
            raise PluginError(
                f"the model has {self._first.size} frame starts, but features of shape"
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
        parts = self._batches.over(self.states(drop_cells), self._some)
        return np.concatenate([np.empty(0), *parts])

    def _some(self, states: IntArray, size: int) -> npt.NDArray[np.float32]:
        """Score the first masks in a batch of fixed size, the rest of which is the clip itself."""
        some = states[:size]
        full = np.zeros((size, self._first.size), dtype=np.int64)
        full[: len(some)] = some
        features = self.table[full, np.arange(self._first.size)]
        scores = checked(self._model.feature_scores(features), size, len(self._model.classes))
        return scores[: len(some), self._class_index]

    def states(self, drop_cells: BoolArray) -> IntArray:
        """Say in which state each frame is under each mask, ``shape=(n, frames)``."""
        states = np.zeros((len(drop_cells), self._first.size), dtype=np.int64)
        for offset in self._colours:
            cell = np.minimum(self._first + offset, self._n_cells - 1)
            colour = (self._first + offset) % self._colours.size
            inside = self._first + offset < self._n_cells
            states |= (drop_cells[:, cell] & inside).astype(np.int64) << colour
        return states


def _straddled(model: FrameFeatureModel, segments: Segments) -> tuple[IntArray, int]:
    """Return the first cell that each frame hears, and the most cells that one hears."""
    edges = segments.edges_samples
    starts = np.asarray(model.frame_starts(segments.n_samples), dtype=np.int64)
    last_sample = segments.n_samples - 1
    first = np.searchsorted(edges, np.clip(starts, 0, last_sample), side="right") - 1
    ends = np.clip(starts + model.frame_samples - 1, 0, last_sample)
    last = np.searchsorted(edges, ends, side="right") - 1
    return first, max(1, int((last - first).max()) + 1)


def is_worthwhile(model: FrameFeatureModel, segments: Segments) -> bool:
    """Say whether frames are short enough for their states to be few."""
    return _straddled(model, segments)[1] <= MOST_COLOURS
