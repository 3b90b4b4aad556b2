"""The model object: what awb asks of a model, around the two torch modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from awb.errors import AudioError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.training.weights import file_sha256, read_back_end, read_class_list
from awb.types import AudioArray
from awb_plugins.models.crnn.network import LAST_CONVOLUTION, Crnn
from awb_plugins.models.soundscape_cnn import network as log_mel


class CrnnModel:
    """A CRNN on log-mel frames: differentiable, its features are frames and can be heard.

    Parameters
    ----------
    name : str
        Name of the model, for messages.
    path : Path
        Weights file.

    Attributes
    ----------
    sample_rate_hz : int
        16000.
    classes, mids : sequence of str
        Names in the order of the scores, and AudioSet machine ids, if the classes are AudioSet's.
    weights_sha256 : str
        SHA-256 of the weights file.
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to log-mel frames ``(batch, frames, 64)``.
    back_end : torch.nn.Module
        Frames to log-odds ``(batch, classes)``.
    last_convolution : str
        Name of the last convolution inside the back end.
    frame_samples : int
        Length of a frame's window.

    Raises
    ------
    WeightsError
        If the weights are missing, corrupt or of the wrong shape.
    """

    def __init__(self, name: str, path: Path) -> None:
        class_list = read_class_list(path, name)
        n_classes = len(class_list.names)
        self._name = name
        self.sample_rate_hz: int = log_mel.SAMPLE_RATE_HZ
        self.classes: Sequence[str] = class_list.names
        self.mids: Sequence[str] = class_list.mids
        self.weights_sha256 = file_sha256(path)
        self.front_end: torch.nn.Module = log_mel.FrontEnd().eval()
        self.back_end: torch.nn.Module = read_back_end(path, lambda: Crnn(n_classes), name)
        self.last_convolution: str = LAST_CONVOLUTION
        self.frame_samples: int = log_mel.WINDOW_SAMPLES

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds: 0.01, 0.03, ..."""
        hop_s = log_mel.HOP_SAMPLES / log_mel.SAMPLE_RATE_HZ
        return (np.arange(n_frames, dtype=np.float64) + 0.5) * hop_s

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frame."""
        n_frames = -(-n_samples // log_mel.HOP_SAMPLES)
        margin = (log_mel.WINDOW_SAMPLES - log_mel.HOP_SAMPLES) // 2
        return np.arange(n_frames, dtype=np.int64) * log_mel.HOP_SAMPLES - margin

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centres of the mel bins in Hz, ``shape=(n_bins,)``.

        Parameters
        ----------
        n_bins : int
            64.

        Returns
        -------
        np.ndarray, shape=(n_bins,)
            Increasing; evenly spaced in mel.
        """
        lowest, highest = (
            2595 * np.log10(1 + edge / 700) for edge in (log_mel.LOWEST_HZ, log_mel.HIGHEST_HZ)
        )
        mels = np.linspace(lowest, highest, n_bins + 2)[1:-1]
        return np.asarray(700 * (10 ** (mels / 2595) - 1))

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute log-mel frames: ``(batch, samples)`` to ``(batch, frames, 64)``."""
        with torch.inference_mode():
            features: ScoreArray = self.front_end(torch.from_numpy(waveforms)).numpy()
        return features

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score log-mel frames: ``(batch, frames, 64)`` to log-odds ``(batch, classes)``."""
        with torch.inference_mode():
            scores: ScoreArray = self.back_end(torch.from_numpy(features)).numpy()
        return scores

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score every class.

        Parameters
        ----------
        waveforms : np.ndarray, shape=(batch, samples), dtype=float32
            Samples in [-1, 1], of any length; may be read-only.

        Returns
        -------
        np.ndarray, shape=(batch, classes), dtype=float32
            Log-odds.

        Raises
        ------
        AudioError
            If the array has another shape or type, or no samples.
        """
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise AudioError(
                f"{self._name} takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        if not waveforms.flags.writeable:  # torch warns of memory that it must not write to
            waveforms = waveforms.copy()
        return self.feature_scores(self.features(waveforms))
