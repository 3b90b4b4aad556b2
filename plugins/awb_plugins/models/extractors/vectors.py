"""What every extractor is, and what extractors share."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from awb.errors import AudioError
from awb.intervals import IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray

VectorArray = npt.NDArray[np.float64]


class Extractor(Protocol):
    """What turns clips into vectors.

    Attributes
    ----------
    name : str
        As typed.
    sample_rate_hz : int
        Rate of the waveforms that it takes.
    minimum_samples : int
        Length of the shortest clip that it takes.
    n_features : int
        Length of a vector.
    weights_sha256 : str
        Hash of its weights; empty where it has none.
    """

    name: str
    sample_rate_hz: int
    minimum_samples: int
    n_features: int
    weights_sha256: str

    def vectors(self, waveforms: AudioArray) -> VectorArray:
        """Compute the features of clips: ``(batch, samples)`` to ``(batch, n_features)``."""
        ...


@runtime_checkable
class FrameExtractor(Extractor, Protocol):
    """An extractor that sums up frames, each made from one short window of the waveform.

    Attributes
    ----------
    frame_samples : int
        Length of a window in samples.
    """

    frame_samples: int

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window, ``shape=(frames,)``."""
        ...

    def frames(self, waveforms: AudioArray) -> ScoreArray:
        """Compute frames: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        ...

    def summary(self, frames: ScoreArray) -> VectorArray:
        """Sum frames up: ``(batch, frames, bins)`` to ``(batch, n_features)``."""
        ...


def mean_and_deviation(frames: npt.NDArray[np.floating]) -> VectorArray:
    """Sum frames up by their mean and standard deviation over time.

    Examples
    --------
    >>> mean_and_deviation(np.array([[[1.0], [3.0]]])).tolist()
    [[2.0, 1.0]]
    """
    exact = np.asarray(frames, dtype=np.float64)
    return np.concatenate([exact.mean(axis=1), exact.std(axis=1)], axis=1)


def check_clips(waveforms: AudioArray, extractor: Extractor) -> None:
    """Refuse waveforms that an extractor cannot take."""
    if waveforms.ndim != 2 or waveforms.dtype != np.float32:
        raise AudioError(
            f"{extractor.name} features take float32 waveforms of shape (batch, samples),"
            f" got {waveforms.dtype} of shape {waveforms.shape}"
        )
    if waveforms.shape[1] < extractor.minimum_samples:
        rate_hz = extractor.sample_rate_hz
        raise AudioError(
            f"a clip of {waveforms.shape[1] / rate_hz:.3f} s is too short for"
            f" {extractor.name} features, which need {extractor.minimum_samples / rate_hz:g} s"
        )
