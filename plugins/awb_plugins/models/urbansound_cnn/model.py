"""The model object: what awb asks of a model, around the two torch modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from awb.errors import AudioError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models.named_weights import read_classes, read_network
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.torch_files import file_sha256
from awb_plugins.models.urbansound_cnn import network

NAME = "urbansound-cnn"


class UrbanSoundModel(DescribedModel):
    """A CNN of spectrogram pictures: differentiable, its columns are frames and can be heard.

    Attributes
    ----------
    sample_rate_hz : int
        22050.
    classes : sequence of str
        Names in the order of the scores.
    weights_sha256 : str
        SHA-256 of the weights file.
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to pictures ``(batch, 64, 64)``.
    back_end : torch.nn.Module
        Pictures to log-odds ``(batch, classes)``.
    last_convolution : str
        Name of the last convolution inside the back end.
    frame_samples : int
        Length of a column's window.
    hears_s : float
        Seconds of a clip that it hears; what lies beyond is cut off.
    """

    sample_rate_hz: int = network.SAMPLE_RATE_HZ
    last_convolution: str = network.LAST_CONVOLUTION
    frame_samples: int = network.WINDOW_SAMPLES
    hears_s: float = network.HEARD_SAMPLES / network.SAMPLE_RATE_HZ

    def __init__(self, path: Path) -> None:
        self.classes: Sequence[str] = read_classes(path, NAME)
        n_classes = len(self.classes)
        self.weights_sha256 = file_sha256(path.expanduser())
        self.front_end: torch.nn.Module = network.Picture().eval()
        self.back_end: torch.nn.Module = read_network(
            path, lambda: network.UrbanSoundCnn(n_classes), NAME
        )

    def frame_starts(self, n_samples: int) -> IntArray:  # noqa: ARG002 - always 4 s
        """Return the first sample of each column's window, ``shape=(64,)``; below 0 at first."""
        centers = np.arange(network.COLUMNS, dtype=np.int64) * network.HOP_SAMPLES
        return centers - network.WINDOW_SAMPLES // 2

    def randomized(self, share: float, rng: np.random.Generator) -> UrbanSoundModel:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each column in seconds, ``shape=(n_frames,)``."""
        centers_samples = np.arange(n_frames, dtype=np.float64) * network.HOP_SAMPLES
        return centers_samples / network.SAMPLE_RATE_HZ

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each mel bin in Hz, increasing, ``shape=(n_bins,)``."""
        centers: FloatArray = network.mel_edges_hz().numpy()[1 : n_bins + 1]
        return centers

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Draw pictures: ``(batch, samples)`` to ``(batch, 64, 64)``."""
        with torch.inference_mode():
            pictures: ScoreArray = self.front_end(torch.tensor(waveforms)).numpy()
        return pictures

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score pictures: ``(batch, 64, 64)`` to log-odds ``(batch, classes)``."""
        with torch.inference_mode():
            scores: ScoreArray = self.back_end(torch.tensor(features)).numpy()
        return scores

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score every class."""
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise AudioError(
                f"{NAME} takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        return self.feature_scores(self.features(waveforms))
