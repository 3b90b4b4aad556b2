"""Exact reuse of moments: what a network judges locally is computed once per state.

References
----------
Shelhamer, E., Long, J., & Darrell, T. (2017). Fully convolutional networks for semantic
segmentation. IEEE TPAMI 39(4). doi:10.1109/TPAMI.2016.2572683 (A convolutional network over a whole
clip computes what it would compute for each receptive field alone.)
"""

from __future__ import annotations

from copy import copy
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from awb.activity import beat
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.perturbation.scorers.batches import Batches
from awb.perturbation.scorers.clips import DEFAULT_BATCH, PartMemory, checked, digest
from awb.perturbation.scorers.colouring import Colouring, PartColouring
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import LocalModel
from awb.segments import Segments
from awb.types import AudioArray, BoolArray

MOST_COLOURS = 9
"""Only the states that occur are computed, so at most 512 clips."""

ROWS_AT_ONCE = 4096
"""Masks whose states are found together."""


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


class Painter(Protocol):
    """Renders masked clips into a buffer."""

    def render(self, drop_masks: BoolArray, /, out: AudioArray) -> object:
        """Write one masked waveform a row."""
        ...


class PartPainter(Painter, Protocol):
    """Renders sums of parts: components, cut in time at the same edges."""

    components: AudioArray
    edges_samples: IntArray
    key: bytes


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
        self.moment_samples = int(model.moment_samples)
        self._class_index = class_index
        self._waveform = renderer.waveform
        self._memory = memory or PartMemory()
        sounds = digest(renderer.waveform, renderer.fill, segments.edges_samples)
        self._start(renderer, coloured_moments(model, segments), sounds)

    def _start(self, renderer: Painter, colouring: Colouring | PartColouring, key: bytes) -> None:
        """Find the table of what is rendered, or begin one."""
        size = int(getattr(self._model, "batch_size", DEFAULT_BATCH))
        self._clips, self._rows = Batches(size), Batches(size)
        self._renderer = renderer
        self.colouring = colouring
        self._n_moments = colouring.first.size
        self._memory.trim()
        found = self._memory.moments.setdefault(key, _Table(colouring.n_states))
        self._table = found if isinstance(found, _Table) else _Table(colouring.n_states)
        self.forwards = 0.0

    def of_parts(self, renderer: PartPainter) -> MomentScorer | None:
        """Return a scorer of sums of parts; None where a moment hears too many of them."""
        starts = self._model.moment_starts(self._waveform.size)
        stretches = Colouring.of(starts, self.moment_samples, renderer.edges_samples)
        colouring = PartColouring(stretches, len(renderer.components))
        if colouring.n_colours > MOST_COLOURS:
            return None
        scorer = copy(self)
        scorer._start(renderer, colouring, renderer.key)
        return scorer

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        parts: list[npt.NDArray[Any]] = [np.empty(0)]
        for start in range(0, len(drop_cells), ROWS_AT_ONCE):
            states = self.colouring.states(drop_cells[start : start + ROWS_AT_ONCE])
            self._complete(np.unique(np.append(states, 0)))
            parts += [*self._rows.over(states, self._some)]
        return np.concatenate(parts)

    def _complete(self, states: IntArray) -> None:
        """Compute the moments of these states, where they are not known."""
        new = states[~self._table.is_known[states]]
        start = 0
        for moments in self._clips.over(self.colouring.drop_cells(new), self._judged):
            self._table.add(new[start : start + len(moments)], moments)
            start += len(moments)
        self.forwards += len(new)

    def _some(self, states: IntArray, size: int) -> npt.NDArray[np.float32]:
        """Score the first masks in a batch of the size of whole clips, filled up with the clip."""
        some = states[:size]
        full = np.zeros((size, self._n_moments), dtype=np.int64)
        full[: len(some)] = some
        gathered = self._table.moments[full, np.arange(self._n_moments)]
        scores = checked(self._model.moment_scores(gathered), size, len(self._model.classes))
        return scores[: len(some), self._class_index]

    def _judged(self, drop_cells: BoolArray, size: int) -> npt.NDArray[np.float32]:
        """Judge the moments of the first masked clips, in a batch of fixed size."""
        batch: AudioArray = np.empty((size, self._waveform.size), dtype=np.float32)
        batch[:] = self._waveform
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
    return Colouring.of(starts, model.moment_samples, segments.edges_samples)


def has_short_moments(model: LocalModel, segments: Segments) -> bool:
    """Say whether moments hear so little of the clip that their states are few."""
    return coloured_moments(model, segments).n_colours <= MOST_COLOURS
