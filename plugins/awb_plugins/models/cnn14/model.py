"""Cnn14: a differentiable model of frames whose features are a spectrogram."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from awb.errors import AudioError
from awb.intervals import FloatArray, IntArray
from awb.protocols import ScoreArray
from awb.reprs import DescribedModel
from awb.types import AudioArray
from awb_plugins.models import checkpoints
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.cnn14 import front_end, weights
from awb_plugins.models.cnn14.network import FEWEST_FRAMES, LAST_CONVOLUTION, Cnn14Network
from awb_plugins.models.cnn14.parameters import Cnn14Parameters
from awb_plugins.models.memory import FittingBatches
from awb_plugins.models.randomizing import randomized_twin
from awb_plugins.models.torch_files import file_sha256

_BATCH = {"cpu": 4}
_BATCH_ELSEWHERE = 32
_FEWEST_SAMPLES = (FEWEST_FRAMES - 1) * front_end.HOP_SAMPLES


class Cnn14(DescribedModel):
    """PANNs' Cnn14, with its AudioSet layer or a transfer head."""

    sample_rate_hz: int = front_end.SAMPLE_RATE_HZ
    last_convolution: str = LAST_CONVOLUTION
    frame_samples = front_end.WINDOW_SAMPLES + 1

    def __init__(
        self,
        classes: Sequence[str],
        mids: Sequence[str],
        front: nn.Module,
        network: Cnn14Network,
        centers_hz: FloatArray,
        *,
        weights_sha256: str,
        device: torch.device,
        batch_size: int | None,
    ) -> None:
        self.classes: Sequence[str] = tuple(classes)
        self.mids: Sequence[str] = tuple(mids)
        self.weights_sha256 = weights_sha256
        self.batch_size = batch_size or _BATCH.get(device.type, _BATCH_ELSEWHERE)
        self.front_end: nn.Module = front.eval().requires_grad_(False).to(device)
        self.back_end: nn.Module = network.eval().requires_grad_(False).to(device)
        self._centers_hz = centers_hz
        self._batches = FittingBatches(self.batch_size, weights.NAME)
        self._device = device

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score clips in batches that fit the memory."""
        self._check_length(waveforms)
        return self._batches.scores(waveforms, self._forward)

    @staticmethod
    def _check_length(waveforms: AudioArray) -> None:
        n_samples = waveforms.shape[-1]
        if 0 < n_samples < _FEWEST_SAMPLES:
            raise AudioError(
                f"{weights.NAME}: a clip of {n_samples / front_end.SAMPLE_RATE_HZ:.3f} s is too"
                f" short: five poolings need {_FEWEST_SAMPLES / front_end.SAMPLE_RATE_HZ:g} s"
            )

    def _forward(self, waveforms: AudioArray) -> torch.Tensor:
        with torch.inference_mode():
            scores: torch.Tensor = self.back_end(self._features(waveforms))
        return scores

    def _features(self, waveforms: AudioArray) -> torch.Tensor:
        features: torch.Tensor = self.front_end(torch.tensor(waveforms, device=self._device))
        return features

    def frame_starts(self, n_samples: int) -> IntArray:
        """Return the first sample that each frame may hear."""
        n_frames = n_samples // front_end.HOP_SAMPLES + 1
        margin = front_end.WINDOW_SAMPLES // 2 + 1
        return np.arange(n_frames, dtype=np.int64) * front_end.HOP_SAMPLES - margin

    def features(self, waveforms: AudioArray) -> ScoreArray:
        """Compute features: ``(batch, samples)`` to ``(batch, frames, bins)``."""
        self._check_length(waveforms)
        with torch.inference_mode():
            found: ScoreArray = self._features(waveforms).cpu().numpy()
        return found

    def feature_scores(self, features: ScoreArray) -> ScoreArray:
        """Score features: ``(batch, frames, bins)`` to log-odds ``(batch, classes)``."""
        return self._batches.scores(features, self._classify)

    def _classify(self, features: ScoreArray) -> torch.Tensor:
        with torch.inference_mode():
            scores: torch.Tensor = self.back_end(torch.tensor(features, device=self._device))
        return scores

    def randomized(self, share: float, rng: np.random.Generator) -> Cnn14:
        """Return a twin with randomized layers; see `awb.protocols.RandomizableModel`."""
        return randomized_twin(self, share, rng)

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centre of each feature frame in seconds, ``shape=(n_frames,)``."""
        centers_samples = np.arange(n_frames, dtype=np.float64) * front_end.HOP_SAMPLES
        return centers_samples / front_end.SAMPLE_RATE_HZ

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centre of each feature bin in Hz, increasing, ``shape=(n_bins,)``."""
        return self._centers_hz[:n_bins]


def load(parameters: Cnn14Parameters) -> Cnn14:
    """Load a checkpoint, and a transfer head where one is given."""
    device = checkpoints.device_named(parameters.device)
    state, path = weights.read_checkpoint(parameters.path)
    listed = audioset_classes()
    classes, mids = tuple(listed), tuple(listed.values())
    hashes, head = file_sha256(path), weights.HEAD
    if parameters.head is not None:
        own = weights.read_head(parameters.head, len(state["fc1.bias"]))
        state |= own
        classes, mids = weights.read_head_classes(parameters.head), ()
        hashes, head = f"{hashes}+{_sha256(parameters.head)}", weights.TRANSFER_HEAD
    filters = state["logmel_extractor.melW"]
    sees_mel = parameters.front == "mel"
    with torch.random.fork_rng(devices=[]):  # layers draw weights when they are made
        network = Cnn14Network(
            len(classes),
            width=len(state["conv_block1.conv1.weight"]),
            problem="multi-label" if parameters.head is None else "single-label",
            filters=None if sees_mel else filters,
        )
    network.take(state, head)
    spectrogram = front_end.Spectrogram()
    return Cnn14(
        classes,
        mids,
        nn.Sequential(spectrogram, front_end.LogMel(filters)) if sees_mel else spectrogram,
        network,
        front_end.mel_centers_hz() if sees_mel else front_end.stft_centers_hz(),
        weights_sha256=hashes,
        device=device,
        batch_size=parameters.batch_size,
    )


def _sha256(path: Path) -> str:
    return file_sha256(path.expanduser())
