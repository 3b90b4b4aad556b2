"""Exact reuse of moments: what a network judges locally is computed once per state.

References
----------
Shelhamer, E., Long, J., & Darrell, T. (2017). Fully convolutional networks for semantic
segmentation. IEEE TPAMI 39(4). doi:10.1109/TPAMI.2016.2572683 (A convolutional network over a whole
clip computes what it would compute for each receptive field alone.)
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.activity import beat
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.perturbation.batches import Batches
from awb.perturbation.colouring import Colouring
from awb.perturbation.rendering import Renderer
from awb.perturbation.scorers import DEFAULT_BATCH, PartMemory, checked, digest
from awb.protocols import LocalModel
from awb.segments import Segments
from awb.types import AudioArray, BoolArray

MOST_COLOURS = 9
"""Only the states that occur are computed, so at most 512 clips."""

ROWS_AT_ONCE = 256
"""Masks whose moments are combined together, about: whole batches of them."""


class _Table:
    """Every moment in the states that occurred so far, ``shape=(states, moments, channels)``."""

    def __init__(self, n_states: int) -> None:
        self.moments: npt.NDArray[np.float32] = np.empty((0, 0, 0), dtype=np.float32)
        self.is_known: BoolArray = np.zeros(n_states, dtype=bool)

    def __len__(self) -> int:
        """Count the numbers that it has room for."""
        return int(self.moments.size)

    def add(self, states: IntArray, moments: npt.NDArray[np.float32]) -> None:
        """Keep the moments of some states."""
        if not self.moments.size:
            shape = (self.is_known.size, *moments.shape[1:])
            self.moments = np.zeros(shape, dtype=np.float32)
        self.moments[states], self.is_known[states] = moments, True


class MomentScorer:
    """Score masked clips from gathered moments, each state of which is computed when it occurs."""

    def __init__(
        self,
        model: LocalModel,
        renderer: Renderer,
        segments: Segments,
        class_index: int,
        memory: PartMemory | None = None,
    ) -> None:
        self._model = model
        self._renderer = renderer
        self._class_index = class_index
        size = int(getattr(model, "batch_size", DEFAULT_BATCH))
        self._clips = Batches(size)
        self._rows = Batches(size * max(1, ROWS_AT_ONCE // size))
        self.colouring = coloured_moments(model, segments)
        self._n_moments = self.colouring.first.size
        memory = memory or PartMemory()
        memory.trim()
        sounds = (renderer.waveform, renderer.fill, segments.edges_samples)
        found = memory.moments.setdefault(digest(*sounds), _Table(self.colouring.n_states))
        self._table = found if isinstance(found, _Table) else _Table(self.colouring.n_states)
        self.forwards = 0.0

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        return np.concatenate([np.empty(0), *self._rows.over(drop_cells, self._some)])

    def _some(self, drop_cells: BoolArray, size: int) -> npt.NDArray[np.float32]:
        """Score the first masks, in rows of fixed number the rest of which is the clip itself."""
        n_rows = min(len(drop_cells), size)
        padded = np.zeros((size, self.colouring.n_cells), dtype=bool)
        padded[:n_rows] = drop_cells[:n_rows]
        states = self.colouring.states(padded)
        table = self._with_states(np.unique(states))
        gathered = table[states, np.arange(self._n_moments)]
        scores = checked(self._model.moment_scores(gathered), size, len(self._model.classes))
        return scores[:n_rows, self._class_index]

    def _with_states(self, states: IntArray) -> npt.NDArray[np.float32]:
        """Return the table, ``shape=(states, moments, channels)``, with these states in it."""
        new = states[~self._table.is_known[states]]
        start = 0
        for moments in self._clips.over(self.colouring.drop_cells(new), self._judged):
            self._table.add(new[start : start + len(moments)], moments)
            start += len(moments)
        self.forwards += len(new)
        return self._table.moments

    def _judged(self, drop_cells: BoolArray, size: int) -> npt.NDArray[np.float32]:
        """Judge the moments of the first masked clips, in a batch of fixed size."""
        batch: AudioArray = np.empty((size, self._renderer.waveform.size), dtype=np.float32)
        batch[:] = self._renderer.waveform
        some = drop_cells[:size]
        self._renderer.render(some, batch[: len(some)])
        moments = np.asarray(self._model.moments(batch))[: len(some)]
        beat()
        if moments.ndim != 3 or moments.shape[1] != self._n_moments:
            raise PluginError(
                f"the model has {self._n_moments} moment starts, but moments of shape"
                f" {moments.shape[1:]}"
            )
        return moments


def coloured_moments(model: LocalModel, segments: Segments) -> Colouring:
    """Colour the cells for the moments of a model."""
    starts = model.moment_starts(segments.n_samples)
    return Colouring.of(starts, model.moment_samples, segments)


def has_short_moments(model: LocalModel, segments: Segments) -> bool:
    """Say whether moments hear so little of the clip that their states are few."""
    return coloured_moments(model, segments).n_colours <= MOST_COLOURS
