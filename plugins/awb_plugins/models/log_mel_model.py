"""The model objects of the small networks that judge moments: of any front end, and of log-mel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch

from awb.errors import AudioError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models.log_mel_front_end import LogMelFormat
from awb_plugins.models.moments import MomentNetwork, Reach
from awb_plugins.models.randomizing import randomized_twin

HOST = torch.device("cpu")

_SAMPLES_AT_ONCE = 32_000  # whose spectra fit a processor's cache


class MomentModel(DescribedModel):
    """A network that judges moments, behind any front end: differentiable.

    Attributes
    ----------
    front_end : torch.nn.Module
        Waveforms ``(batch, samples)`` to features ``(batch, frames, bins)``.
    back_end : MomentNetwork
        Features to log-odds ``(batch, classes)``, by way of moments.
    smallest_batch : int or None
        From how many rows on a row's numbers have the same bits in a batch of any size; tried by
        awb before it relies on it.
    """

    precision = "float32"

    def __init__(
        self,
        name: str,
        sample_rate_hz: int,
        front_end: torch.nn.Module,
        back_end: MomentNetwork,
        *,
        classes: Sequence[str],
        weights_sha256: str,
        last_convolution: str,
        device: torch.device = HOST,
    ) -> None:
        self._name = name
        self.sample_rate_hz: int = sample_rate_hz
        self.classes: Sequence[str] = classes
        self.weights_sha256 = weights_sha256
        self.front_end: torch.nn.Module = front_end.eval().to(device)
        self.back_end: MomentNetwork = back_end.to(device)
        self._reach = Reach.of(back_end.convolutions)
        self.device = device
        self.smallest_batch = 2 if device.type == "cpu" else None
        self.last_convolution: str = last_convolution

    def randomized(self, share: float, rng: np.random.Generator) -> Self:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng)

    def _frames(self, waveforms: AudioArray) -> torch.Tensor:
        """Compute features of a few clips at a time: the same bits in half the time."""
        given = torch.from_numpy(waveforms).to(self.device)
        if self.device.type != "cpu":
            return torch.as_tensor(self.front_end(given))
        few = max(2, _SAMPLES_AT_ONCE // max(1, given.shape[1]))  # products of one row may differ
        return torch.cat([self.front_end(some) for some in given.split(few)])

    def moments(self, waveforms: AudioArray) -> ScoreArray:
        """Judge moments, ``(batch, moments, channels)``; see `awb.protocols.LocalModel`."""
        with torch.inference_mode():
            found = self.back_end.moments(self._frames(waveforms))
        moments: ScoreArray = found.cpu().numpy()
        return moments

    def moment_scores(self, moments: ScoreArray) -> ScoreArray:
        """Combine moments into log-odds ``(batch, classes)``."""
        with torch.inference_mode():
            given = torch.from_numpy(moments).to(self.device)
            found = self.back_end.combined(given)
        scores: ScoreArray = found.cpu().numpy()
        return scores

    def tensor_scores(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Score waveforms ``(batch, samples)``, giving log-odds ``(batch, classes)``."""
        scores: torch.Tensor = self.back_end(self.front_end(waveforms))
        return scores

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score every class."""
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise AudioError(
                f"{self._name} takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        if not waveforms.flags.writeable:  # torch warns of memory that it must not write to
            waveforms = waveforms.copy()
        with torch.inference_mode():
            found = self.back_end(self._frames(waveforms))
        scores: ScoreArray = found.cpu().numpy()
        return scores


class LogMelModel(MomentModel):
    """A network on log-mel frames: its features are frames and can be heard.

    Attributes
    ----------
    sample_rate_hz : int
        Of the format.
    frame_samples : int
        Length of a frame's window.
    moment_samples : int
        Length of what a moment hears.
    """

    def __init__(
        self,
        name: str,
        form: LogMelFormat,
        front_end: torch.nn.Module,
        back_end: MomentNetwork,
        *,
        classes: Sequence[str],
        weights_sha256: str,
        last_convolution: str,
        device: torch.device = HOST,
    ) -> None:
        super().__init__(
            name,
            form.sample_rate_hz,
            front_end,
            back_end,
            classes=classes,
            weights_sha256=weights_sha256,
            last_convolution=last_convolution,
            device=device,
        )
        self._form = form
        self.frame_samples: int = form.window_samples
        self.moment_samples = form.window_samples + (self._reach.frames - 1) * form.hop_samples

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame."""
        hop_s = self._form.hop_samples / self._form.sample_rate_hz
        return (np.arange(n_frames, dtype=np.float64) + 0.5) * hop_s

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frames."""
        n_frames = -(-n_samples // self._form.hop_samples)
        margin = (self._form.window_samples - self._form.hop_samples) // 2
        return np.arange(n_frames, dtype=np.int64) * self._form.hop_samples - margin

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each mel bin."""
        centers_hz: FloatArray = self._form.edges_hz()[1 : n_bins + 1].numpy()
        return centers_hz

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute log-mel frames: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        with torch.inference_mode():
            found = self._frames(waveforms)
        features: ScoreArray = found.cpu().numpy()
        return features

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score log-mel frames: ``(batch, frames, bins)`` to log-odds ``(batch, classes)``."""
        with torch.inference_mode():
            found = self.tensor_feature_scores(torch.from_numpy(features).to(self.device))
        scores: ScoreArray = found.cpu().numpy()
        return scores

    def moment_starts(self, n_samples: int) -> IntArray:
        """Return the first sample that each moment hears; below 0 for the first moments."""
        n_frames = -(-n_samples // self._form.hop_samples)
        first = np.array(self._reach.first_frames(n_frames), dtype=np.int64)
        starts: IntArray = first * self._form.hop_samples + self.frame_starts(1)[0]
        return starts

    def tensor_feature_scores(self, features: torch.Tensor) -> torch.Tensor:
        """Score log-mel frames ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        scores: torch.Tensor = self.back_end(features)
        return scores
