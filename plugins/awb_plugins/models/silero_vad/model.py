"""The model object: what awb asks of a model, around the two halves of the network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from awb.errors import AudioError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.silero_vad import network
from awb_plugins.models.silero_vad.weights import read_network
from awb_plugins.models.window_files import read_content

NAME = "silero-vad"


class SileroVad(DescribedModel):
    """A voice activity detector that is differentiable and judges steps of 32 ms.

    Attributes
    ----------
    sample_rate_hz : int
        16000.
    classes, mids : sequence of str
        ``Speech``, and AudioSet's id of it.
    weights_sha256 : str
        SHA-256 of the ONNX file.
    front_end, back_end : torch.nn.Module
        Waveforms to magnitudes ``(batch, frames, 129)``, and those to log-odds ``(batch, 1)``.
    last_convolution : str
        Name of the last convolution inside the back end.
    frame_samples, moment_samples : int
        Length of a frame's window, and of what is heard in one step.
    """

    sample_rate_hz: int = network.SAMPLE_RATE_HZ
    classes: Sequence[str] = ("Speech",)
    mids: Sequence[str] = ("/m/09x0r",)
    last_convolution: str = network.LAST_CONVOLUTION
    frame_samples: int = network.WINDOW_SAMPLES
    moment_samples: int = network.CONTEXT_SAMPLES + network.STEP_SAMPLES
    smallest_batch: int | None = 2

    def __init__(self, path: Path) -> None:
        content = read_content(path, NAME)
        self.weights_sha256 = hashlib.sha256(content).hexdigest()
        self.front_end: torch.nn.Module
        self.back_end: network.Detector
        self.front_end, self.back_end = read_network(content)

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample of each frame's window; below 0 for the first frame."""
        n_frames = network.steps_of(n_samples) * network.FRAMES
        starts = np.arange(n_frames, dtype=np.int64) * network.HOP_SAMPLES
        return starts - network.CONTEXT_SAMPLES

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each frame in seconds, ``shape=(n_frames,)``."""
        first = network.WINDOW_SAMPLES / 2 - network.CONTEXT_SAMPLES
        centers = np.arange(n_frames, dtype=np.float64) * network.HOP_SAMPLES + first
        return centers / network.SAMPLE_RATE_HZ

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each bin in Hz, ``shape=(n_bins,)``."""
        width_hz = network.SAMPLE_RATE_HZ / network.WINDOW_SAMPLES
        return np.arange(n_bins, dtype=np.float64) * width_hz

    def moment_starts(self, n_samples: int) -> IntArray:
        """Return the first sample that each step hears; below 0 for the first."""
        steps = np.arange(network.steps_of(n_samples), dtype=np.int64)
        return steps * network.STEP_SAMPLES - network.CONTEXT_SAMPLES

    def frame_scores(self, waveform: AudioArray) -> ScoreArray:
        """Score every step, ``(steps, 1)``; see `awb.protocols.FrameScoreModel`."""
        with torch.inference_mode():
            found: ScoreArray = self.back_end.steps(
                torch.from_numpy(self.moments(waveform[np.newaxis]))
            )[0].numpy()
        return found

    def frame_score_spans_s(self, n_samples: int) -> FloatArray:
        """Return start and end of each step without its context, ``shape=(steps, 2)``."""
        edges = np.arange(network.steps_of(n_samples) + 1) * network.STEP_SAMPLES
        edges_s = np.minimum(edges, n_samples) / network.SAMPLE_RATE_HZ
        return np.stack([edges_s[:-1], edges_s[1:]], axis=1)

    def randomized(self, share: float, rng: np.random.Generator) -> SileroVad:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng)

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute magnitudes: ``(batch, samples)`` to ``(batch, frames, 129)``."""
        return self._one_by_one(self.front_end, waveforms)

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score magnitudes: ``(batch, frames, 129)`` to log-odds ``(batch, 1)``."""
        return self.moment_scores(self._one_by_one(self.back_end.moments, features))

    def moments(self, waveforms: AudioArray) -> ScoreArray:
        """Judge steps by themselves, ``(batch, steps, 128)``; see `awb.protocols.LocalModel`."""
        return self._one_by_one(lambda one: self.back_end.moments(self.front_end(one)), waveforms)

    def _one_by_one(self, half: Callable[[Tensor], Tensor], rows: ScoreArray) -> ScoreArray:
        """Compute a clip at a time, whose bits then depend on nothing else in the batch."""
        with torch.inference_mode():
            parts = [half(one[None]) for one in torch.tensor(rows)]
            found: ScoreArray = torch.cat(parts).numpy()
        return found

    def moment_scores(self, moments: ScoreArray) -> ScoreArray:
        """Let the LSTM hear the steps, and pool: log-odds ``(batch, 1)``."""
        with torch.inference_mode():
            found: ScoreArray = self.back_end.combined(torch.tensor(moments)).numpy()
        return found

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms; see `awb.protocols.AudioModel`."""
        if waveforms.ndim != 2 or waveforms.shape[1] == 0 or waveforms.dtype != np.float32:
            raise AudioError(
                f"{NAME} takes float32 waveforms of shape (batch, samples),"
                f" got {waveforms.dtype} of shape {waveforms.shape}"
            )
        return self.moment_scores(self.moments(waveforms))
