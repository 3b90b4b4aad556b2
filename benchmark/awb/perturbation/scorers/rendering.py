"""Masked audio, in reused buffers."""

from __future__ import annotations

import numpy as np

from awb.errors import PluginError
from awb.intervals import IntArray
from awb.maskers import MaskFill
from awb.types import AudioArray, BoolArray


class Renderer:
    """Render waveforms with some cells replaced."""

    def __init__(self, waveform: AudioArray, fill: AudioArray, edges_samples: IntArray) -> None:
        self.waveform = waveform
        self.fill = fill
        self.edges_samples = edges_samples

    def render(self, drop_cells: BoolArray, out: AudioArray) -> None:
        """Write one masked waveform a row."""
        self._write(drop_cells, self.edges_samples, 0, out)

    def render_span(self, drop_cells: BoolArray, start: int, stop: int) -> AudioArray:
        """Render only samples ``start`` to ``stop`` of masked waveforms."""
        out = np.empty((len(drop_cells), stop - start), dtype=np.float32)
        inside = min(stop, self.waveform.size)
        out[:, inside - start :] = 0.0
        first = int(np.searchsorted(self.edges_samples, start, side="right")) - 1
        last = int(np.searchsorted(self.edges_samples, inside, side="left"))
        edges = np.clip(self.edges_samples[first : last + 1], start, inside)
        self._write(drop_cells[:, first:last], edges, start, out[:, : inside - start])
        return out

    def _write(self, drop_cells: BoolArray, edges: IntArray, start: int, out: AudioArray) -> None:
        """Copy the clip into every row and replace runs of dropped cells, a run at a time."""
        stop = start + out.shape[1]
        out[:] = self.waveform[start:stop]
        steps = np.diff(drop_cells.astype(np.int8), axis=1, prepend=0, append=0)
        rows, begins = np.nonzero(steps == 1)
        ends = np.nonzero(steps == -1)[1]
        fill = self.fill
        for row, begin, end in zip(
            rows.tolist(), edges[begins].tolist(), edges[ends].tolist(), strict=True
        ):
            out[row, begin - start : end - start] = fill[begin:end]


class ContextRenderer(Renderer):
    """Render waveforms whose replaced cells depend on the whole drop mask."""

    def __init__(
        self,
        waveform: AudioArray,
        fill: AudioArray,
        edges_samples: IntArray,
        fill_for: MaskFill,
    ) -> None:
        super().__init__(waveform, fill, edges_samples)
        self._fill_for = fill_for
        self._lengths = np.diff(edges_samples)

    def render(self, drop_cells: BoolArray, out: AudioArray) -> None:
        """Write one masked waveform a row."""
        out[:] = self.waveform
        for row in np.flatnonzero(drop_cells.any(axis=1)).tolist():
            fill = np.asarray(self._fill_for(drop_cells[row]), dtype=np.float32)
            if fill.shape != self.waveform.shape or not np.isfinite(fill).all():
                raise PluginError("the masker must return a finite waveform of the clip's shape")
            replaced = np.repeat(drop_cells[row], self._lengths)
            out[row, replaced] = fill[replaced]

    def render_span(self, drop_cells: BoolArray, start: int, stop: int) -> AudioArray:
        """Render only samples ``start`` to ``stop`` of masked waveforms."""
        whole = np.empty((len(drop_cells), self.waveform.size), dtype=np.float32)
        self.render(drop_cells, whole)
        span = whole[:, start:stop]
        return np.pad(span, ((0, 0), (0, stop - start - span.shape[1])))
