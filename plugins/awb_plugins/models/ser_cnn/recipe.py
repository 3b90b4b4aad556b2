"""How SER-CNN is trained.

The trainer fills clips with silence to one length, which would be averaged into the features. So
what is exactly zero at the end of a clip is not counted here. Features cost far more than the
network; those of a waveform that comes again, as all of validation does in every epoch, are
remembered.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor, nn

from awb.errors import PluginError
from awb.types import AudioArray
from awb_plugins.models.extractors.vectors import VectorArray
from awb_plugins.models.ser_cnn.features import N_FEATURES, SAMPLE_RATE_HZ, clip_features
from awb_plugins.models.ser_cnn.network import SerCnn
from awb_plugins.training import Network, Recipe
from awb_plugins.training.recipe import NOISE, SPEED


def without_padding(waveform: AudioArray) -> AudioArray:
    """Cut what is exactly zero off the end of a clip."""
    loud = np.flatnonzero(waveform)
    return waveform[: loud[-1] + 1] if loud.size else waveform


class SerFrontEnd(nn.Module):
    """Waveforms ``(batch, samples)`` to features ``(batch, 1, 193)``; nothing to learn."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[bytes, VectorArray] = {}

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features of clips, one by one, on the CPU."""
        rows = [self._features(clip) for clip in waveforms.numpy()]
        return torch.from_numpy(np.stack(rows)).float()[:, None]

    def _features(self, waveform: AudioArray) -> VectorArray:
        key = hashlib.blake2b(waveform.tobytes(), digest_size=16).digest()
        if key not in self._known:
            self._known[key] = clip_features(without_padding(waveform))
        return self._known[key]


def make(n_classes: int) -> Network:
    """Make an untrained network."""
    return Network(SerFrontEnd(), SerCnn(n_classes))


def calibrate(network: Network, features: Tensor) -> None:
    """Standardize every feature by those of the first training clips."""
    if not isinstance(network.back_end, SerCnn):
        raise PluginError(f"expected a SerCnn, got {type(network.back_end).__name__}")
    network.back_end.fit_scale(features.reshape(-1, N_FEATURES))


def recipe() -> Recipe:
    """Return the recipe: one emotion per clip; the study's changes of speed, and its noise."""
    return Recipe(
        task="multi-class",
        sample_rate_hz=SAMPLE_RATE_HZ,
        make=make,
        calibrate=calibrate,
        augment=(SPEED, NOISE),
        epochs=60,
        patience=10,
        learning_rate=1e-3,
    )
