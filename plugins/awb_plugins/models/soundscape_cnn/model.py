"""The model object: what awb asks of a model, around the two torch modules."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from awb.errors import AudioError, NotApplicableError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray
from awb_plugins.models.randomizing import randomized_module
from awb_plugins.models.soundscape_cnn import network
from awb_plugins.models.soundscape_cnn.weights import (
    EMBEDDED,
    RANDOM_LABELS,
    file_sha256,
    read_back_end,
    read_class_list,
)

_HOST = torch.device("cpu")


class SoundscapeCnn:
    """A small log-mel CNN: differentiable, and its features are frames.

    Parameters
    ----------
    path : Path
        Weights file.
    device : torch.device
        Where to compute.

    Attributes
    ----------
    device : torch.device
        Where it computes.
    precision : str
        ``float32``.
    sample_rate_hz : int
        16000.
    classes, mids : sequence of str
        Names and AudioSet machine ids in the order of the scores.
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

    precision = "float32"

    def __init__(self, path: Path, device: torch.device = _HOST) -> None:
        class_list = read_class_list(path)
        self._path = path
        self.sample_rate_hz: int = network.SAMPLE_RATE_HZ
        self.classes: Sequence[str] = class_list.names
        self.mids: Sequence[str] = class_list.mids
        self.weights_sha256 = file_sha256(path)
        self.front_end: torch.nn.Module = network.FrontEnd().eval().to(device)
        self.back_end: torch.nn.Module = read_back_end(path, len(self.classes)).to(device)
        self.device = device
        self.last_convolution: str = network.LAST_CONVOLUTION
        self.frame_samples: int = network.WINDOW_SAMPLES

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame.

        Parameters
        ----------
        n_frames : int
            Number of frames.

        Returns
        -------
        np.ndarray, shape=(n_frames,)
            Seconds from the start of the clip: 0.01, 0.03, ...
        """
        hop_s = network.HOP_SAMPLES / network.SAMPLE_RATE_HZ
        return (np.arange(n_frames, dtype=np.float64) + 0.5) * hop_s

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frame.

        Parameters
        ----------
        n_samples : int
            Length of the clip.

        Returns
        -------
        np.ndarray, shape=(frames,), dtype=int64
            Sample positions.
        """
        n_frames = -(-n_samples // network.HOP_SAMPLES)
        margin = (network.WINDOW_SAMPLES - network.HOP_SAMPLES) // 2
        return np.arange(n_frames, dtype=np.int64) * network.HOP_SAMPLES - margin

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each mel bin.

        Parameters
        ----------
        n_bins : int
            Number of bins: 64.

        Returns
        -------
        np.ndarray, shape=(n_bins,)
            Hz, increasing.
        """
        centers_hz: FloatArray = network.LogMelFormat(mel_bins=n_bins).edges_hz()[1:-1].numpy()
        return centers_hz

    def randomized(self, share: float, rng: np.random.Generator) -> SoundscapeCnn:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        twin = copy.copy(self)
        twin.back_end = randomized_module(self.back_end, share, rng)
        twin.weights_sha256 = ""
        return twin

    def trained_on_random_labels(self) -> SoundscapeCnn:
        """Return the embedded twin that was trained on labels dealt out at random.

        Returns
        -------
        SoundscapeCnn
            The twin.

        Raises
        ------
        NotApplicableError
            If this model has weights of its own: there is no twin of those.
        """
        if self._path != EMBEDDED:
            raise NotApplicableError("only the embedded weights have a twin on random labels")
        return SoundscapeCnn(RANDOM_LABELS)

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute log-mel frames: ``(batch, samples)`` to ``(batch, frames, 64)``."""
        with torch.inference_mode():
            found = self.front_end(torch.from_numpy(waveforms).to(self.device))
        features: ScoreArray = found.cpu().numpy()
        return features

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score log-mel frames: ``(batch, frames, 64)`` to log-odds ``(batch, classes)``."""
        with torch.inference_mode():
            found = self.tensor_feature_scores(torch.from_numpy(features).to(self.device))
        scores: ScoreArray = found.cpu().numpy()
        return scores

    def tensor_scores(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Score waveforms ``(batch, samples)``, giving log-odds ``(batch, classes)``."""
        return self.tensor_feature_scores(self.front_end(waveforms))

    def tensor_feature_scores(self, features: torch.Tensor) -> torch.Tensor:
        """Score log-mel frames ``(batch, frames, 64)``, giving log-odds ``(batch, classes)``."""
        scores: torch.Tensor = self.back_end(features)
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
                "soundscape-cnn takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        if not waveforms.flags.writeable:  # torch warns of memory that it must not write to
            waveforms = waveforms.copy()
        return self.feature_scores(self.features(waveforms))
