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
from awb_plugins.models.kws_cnn.network import FORMAT, LAST_CONVOLUTION, BackEnd, make_front_end

NAME = "kws-cnn"


class KwsCnn:
    """A small log-mel CNN: differentiable, its features are frames and can be heard.

    Parameters
    ----------
    path : Path
        Weights file.

    Attributes
    ----------
    sample_rate_hz : int
        8000.
    classes : sequence of str
        The keyword.
    weights_sha256 : str
        SHA-256 of the weights file.
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to log-mel frames ``(batch, frames, 40)``.
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

    def __init__(self, path: Path) -> None:
        names = read_class_list(path, NAME).names
        self.sample_rate_hz: int = FORMAT.sample_rate_hz
        self.classes: Sequence[str] = names
        self.weights_sha256 = file_sha256(path)
        self.front_end: torch.nn.Module = make_front_end().eval()
        self.back_end: torch.nn.Module = read_back_end(path, lambda: BackEnd(len(names)), NAME)
        self.last_convolution: str = LAST_CONVOLUTION
        self.frame_samples: int = FORMAT.window_samples

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds: 0.005, 0.015, ..."""
        hop_s = FORMAT.hop_samples / FORMAT.sample_rate_hz
        return (np.arange(n_frames, dtype=np.float64) + 0.5) * hop_s

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frames."""
        n_frames = -(-n_samples // FORMAT.hop_samples)
        margin = (FORMAT.window_samples - FORMAT.hop_samples) // 2
        return np.arange(n_frames, dtype=np.int64) * FORMAT.hop_samples - margin

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centres of the mel bins in Hz, ``shape=(n_bins,)``; `n_bins` is 40."""
        return FORMAT.edges_hz()[1 : n_bins + 1].numpy()

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute log-mel frames: ``(batch, samples)`` to ``(batch, frames, 40)``."""
        with torch.inference_mode():
            features: ScoreArray = self.front_end(torch.from_numpy(waveforms)).numpy()
        return features

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score log-mel frames: ``(batch, frames, 40)`` to log-odds ``(batch, classes)``."""
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
                f"{NAME} takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        if not waveforms.flags.writeable:  # torch warns of memory that it must not write to
            waveforms = waveforms.copy()
        return self.feature_scores(self.features(waveforms))
