"""Masked audio, in reused buffers."""

from __future__ import annotations

import numpy as np

from awb.intervals import IntArray
from awb.types import AudioArray, BoolArray


class Renderer:
    """Render waveforms with some cells replaced.

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,)
        The clip.
    fill : np.ndarray, shape=(samples,)
        What replaces dropped samples, from a masker.
    edges_samples : np.ndarray, shape=(cells + 1,)
        Edges of the cells in samples.
    """

    def __init__(self, waveform: AudioArray, fill: AudioArray, edges_samples: IntArray) -> None:
        self.waveform = waveform
        self._fill = fill
        self.edges_samples = edges_samples

    def render(self, drop_cells: BoolArray, out: AudioArray) -> None:
        """Write one masked waveform a row.

        Parameters
        ----------
        drop_cells : np.ndarray, shape=(n, cells), dtype=bool
            True = the cell's audio is replaced.
        out : np.ndarray, shape=(n, samples), dtype=float32
            Buffer that is overwritten.
        """
        out[:] = self.waveform
        steps = np.diff(drop_cells.astype(np.int8), axis=1, prepend=0, append=0)
        rows, begins = np.nonzero(steps == 1)
        ends = np.nonzero(steps == -1)[1]
        for row, start, stop in zip(
            rows, self.edges_samples[begins], self.edges_samples[ends], strict=True
        ):
            out[row, start:stop] = self._fill[start:stop]

    def render_span(self, drop_cells: BoolArray, start: int, stop: int) -> AudioArray:
        """Render only samples ``start`` to ``stop`` of masked waveforms.

        Parameters
        ----------
        drop_cells : np.ndarray, shape=(n, cells), dtype=bool
            True = the cell's audio is replaced.
        start, stop : int
            Sample positions; what lies beyond the clip's end is zero.

        Returns
        -------
        np.ndarray, shape=(n, stop - start), dtype=float32
            The same samples that `render` would write, and zeros after the clip's end.
        """
        out = np.zeros((len(drop_cells), stop - start), dtype=np.float32)
        inside = min(stop, self.waveform.size)
        cell = np.searchsorted(self.edges_samples, np.arange(start, inside), side="right") - 1
        out[:, : inside - start] = np.where(
            drop_cells[:, cell], self._fill[start:inside], self.waveform[start:inside]
        )
        return out
