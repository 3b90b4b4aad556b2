"""What a masker must provide whose replacement depends on the drop mask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np

from awb.intervals import IntArray
from awb.types import AudioArray, BoolArray

MaskFill = Callable[[BoolArray], AudioArray]
"""``fill(drop_cells)``: what replaces dropped audio under one drop mask, of the clip's shape."""


@runtime_checkable
class ContextMasker(Protocol):
    """A masker that fills a gap from what is kept around it.

    Models hear such masks as whole clips: scores of patches, moments and frames cannot be
    reused, and scores are not cached on disk, since no single replacement waveform identifies them.
    """

    def __call__(
        self, waveform: AudioArray, sample_rate_hz: int, rng: np.random.Generator
    ) -> AudioArray:
        """Return the replacement if everything is dropped.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            The clip.
        sample_rate_hz : int
            Sample rate in Hz.
        rng : np.random.Generator
            Source of randomness.

        Returns
        -------
        np.ndarray, shape=(samples,), dtype=float32
            In [-1, 1].
        """
        ...

    def given(
        self,
        waveform: AudioArray,
        sample_rate_hz: int,
        edges_samples: IntArray,
        rng: np.random.Generator,
    ) -> MaskFill:
        """Prepare for the drop masks of one clip.

        Parameters
        ----------
        waveform : np.ndarray, shape=(samples,), dtype=float32
            The clip.
        sample_rate_hz : int
            Sample rate in Hz.
        edges_samples : np.ndarray, shape=(cells + 1,), dtype=int64
            Edges of the cells that a mask keeps or drops.
        rng : np.random.Generator
            Source of randomness; drawn from now, so that equal masks give equal audio.

        Returns
        -------
        callable
            A `MaskFill`, which must not use the audio of dropped cells.
        """
        ...
