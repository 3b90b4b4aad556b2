"""The model object: features are samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from awb.intervals import FloatArray, IntArray
from awb_plugins.models.log_mel_model import MomentModel
from awb_plugins.models.soundscape_wave.network import LAST_CONVOLUTION, SAMPLE_RATE_HZ, BackEnd
from awb_plugins.models.wav2vec2.model import Samples
from awb_plugins.training.weights import file_sha256, read_back_end, read_class_list


class SoundscapeWave(MomentModel):
    """A small convolutional network on the raw waveform.

    Attributes
    ----------
    mids : sequence of str
        AudioSet machine ids in the order of the classes.
    moment_samples : int
        Length of what a moment hears.
    """

    def __init__(self, name: str, path: Path) -> None:
        class_list = read_class_list(path, name)
        n_classes = len(class_list.names)
        super().__init__(
            name,
            SAMPLE_RATE_HZ,
            Samples(normalizes=False),
            read_back_end(path, lambda: BackEnd(n_classes), name),
            classes=class_list.names,
            weights_sha256=file_sha256(path),
            last_convolution=LAST_CONVOLUTION,
        )
        self.mids: Sequence[str] = class_list.mids
        self.moment_samples = self._reach.frames

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each frame, which is a sample, ``shape=(n_frames,)``."""
        return (np.arange(n_frames, dtype=np.float64) + 0.5) / self.sample_rate_hz

    def moment_starts(self, n_samples: int) -> IntArray:
        """Return the first sample that each moment hears; below 0 for the first moments."""
        return np.array(self._reach.first_frames(n_samples), dtype=np.int64)
