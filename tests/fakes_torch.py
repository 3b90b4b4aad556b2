"""Fake torch models: a front end of frame energies, and back ends small enough to know."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import FloatArray
from awb.protocols import ScoreArray
from awb.types import AudioArray
from fakes import RATE_HZ

FRAME = 20
BINS = 4


class FrameEnergy(nn.Module):
    """Frames of 20 samples without overlap, in four parts: four times the power of each.

    On `fakes.unit_clip`, features are 1 where audio is kept and 0 where it is dropped.
    """

    def forward(self, waveforms: Tensor) -> Tensor:
        rest = -waveforms.shape[1] % FRAME
        padded = nn.functional.pad(waveforms, (0, rest))
        parts = padded.reshape(len(waveforms), -1, BINS, FRAME // BINS)
        return 4.0 * parts.square().mean(dim=3)


class TorchModel:
    """A `DifferentiableModel` of any back end."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")

    def __init__(self, back_end: nn.Module, last_convolution: str) -> None:
        self.front_end = FrameEnergy()
        self.back_end = back_end.eval()
        self.last_convolution = last_convolution

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        return (np.arange(n_frames) + 0.5) * FRAME / RATE_HZ

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        with torch.no_grad():
            return np.asarray(self.back_end(self.front_end(torch.tensor(waveforms))).numpy())


class SmallCnn(nn.Module):
    """Two convolutions, a pooling, a mean over time and a dense layer."""

    def __init__(self, *, bias: bool = True, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.conv1 = nn.Conv2d(1, 4, 3, padding=1, bias=bias)
            self.conv2 = nn.Conv2d(4, 6, 3, padding=1, bias=bias)
            self.dense = nn.Linear(6, 2, bias=bias)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.pool = nn.AvgPool2d((2, 1))
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.pool(self.relu1(self.conv1(features[:, None])))
        hidden = self.squeeze(self.relu2(self.conv2(hidden)))
        scores: Tensor = self.dense(self.flatten(hidden))
        return scores


class SegmentGame(nn.Module):
    """A back end whose score is a two-layer function of which segments are audible.

    The mean feature of each segment goes through ``relu(inner @ segments + bias)`` and ``outer``.

    Parameters
    ----------
    inner : array, shape=(units, segments)
    bias : array, shape=(units,)
    outer : array, shape=(units,)
    offset : float
    """

    def __init__(
        self, inner: FloatArray, bias: Sequence[float], outer: Sequence[float], offset: float = 0.0
    ) -> None:
        super().__init__()
        units, segments = inner.shape
        self.conv = nn.Conv2d(1, 1, 1, bias=False)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d((segments, 1))
        self.flatten = nn.Flatten()
        self.inner, self.outer = nn.Linear(segments, units), nn.Linear(units, 2)
        with torch.no_grad():
            self.conv.weight.fill_(1.0)
            self.inner.weight.copy_(torch.tensor(inner))
            self.inner.bias.copy_(torch.tensor(bias))
            self.outer.weight.copy_(torch.stack([torch.tensor(outer), -torch.tensor(outer)]))
            self.outer.bias.copy_(torch.tensor([offset, -offset]))

    def forward(self, features: Tensor) -> Tensor:
        segments = self.flatten(self.pool(self.relu1(self.conv(features[:, None]))))
        scores: Tensor = self.outer(self.relu2(self.inner(segments)))
        return scores
