"""Networks that take the waveform itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

import awb
from awb.protocols import AudioModel, ScoreArray
from awb.types import AudioArray
from networks.base import CLASSES, RATE_HZ, Network, Split

_N = len(CLASSES)
_WIDTH = 65


class SincFrames(nn.Module):
    """Band-pass filters that only know their edges, then levels, a frame every 50 ms."""

    def __init__(self, filters: int = 10) -> None:
        super().__init__()
        edges = torch.linspace(60.0, 3600.0, filters + 1) / RATE_HZ
        self.low, self.high = nn.Parameter(edges[:-1].clone()), nn.Parameter(edges[1:].clone())
        self.register_buffer("time", torch.arange(_WIDTH) - (_WIDTH - 1) / 2)
        self.register_buffer("window", torch.hamming_window(_WIDTH, periodic=False))

    def forward(self, waveforms: Tensor) -> Tensor:
        def low_pass(edge: Tensor) -> Tensor:
            return 2 * edge[:, None] * torch.sinc(2 * edge[:, None] * self.time)

        kernels = (low_pass(self.high) - low_pass(self.low)) * self.window
        bands = functional.conv1d(
            waveforms[:, None], kernels[:, None], padding=_WIDTH // 2
        ).square()
        return torch.log1p(100.0 * functional.avg_pool1d(bands, 400)).transpose(1, 2)


class _AfterSinc(Split):
    """What stands behind a `SincFrames`: layer norm and 1-D convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv1d(10, 8, 5, padding=2), nn.BatchNorm1d(8)
        self.conv2, self.norm2 = nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8)
        self.dense = nn.Linear(8, _N)

    def body(self, features: Tensor) -> Tensor:
        hidden = functional.leaky_relu(self.norm1(self.conv1(features.transpose(1, 2))), 0.2)
        return functional.leaky_relu(self.norm2(self.conv2(hidden)), 0.2)

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean(dim=-1))


class RawCnn(nn.Module):
    """Strided convolutions over the waveform, in one module."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv1d(1, 6, 64, stride=16), nn.BatchNorm1d(6), nn.ReLU()),
            *(nn.Conv1d(6, 8, 8, stride=4), nn.BatchNorm1d(8), nn.ReLU()),
        )
        self.dense = nn.Linear(8, _N)

    def forward(self, waveforms: Tensor) -> Tensor:
        hidden = self.layers(waveforms.unsqueeze(1))
        return self.dense(math.sqrt(8) * hidden.mean(dim=2))


@dataclass(frozen=True)
class Whole:
    """A network from waveform to logits, given to awb in one piece."""

    name: str
    title: str
    make: Callable[[], nn.Module]

    def network(self) -> nn.Module:
        """Make the network; always the same."""
        return Network(name=self.name, title=self.title, make=self.make).network()

    def model(self) -> AudioModel:
        """Give it to awb, as its documentation says."""
        return awb.torch_model(
            self.network(), sample_rate_hz=RATE_HZ, classes=list(CLASSES), name=self.name
        )


@dataclass(frozen=True)
class Windowed(Whole):
    """A network that takes windows of half a second, and pooled by their maximum."""

    def model(self) -> AudioModel:
        """Give it to awb, as its documentation says."""
        network = self.network()

        def score_window(waveforms: AudioArray) -> ScoreArray:
            with torch.no_grad():
                found: ScoreArray = network(torch.from_numpy(waveforms)).numpy()
            return found

        return awb.windowed_model(
            score_window,
            window_s=0.5,
            hop_s=0.25,
            sample_rate_hz=RATE_HZ,
            classes=list(CLASSES),
            output="logits",
            batch_size=16,
            name=self.name,
        )


WHOLE = [
    Whole("raw-waveform", "strided CNN on the waveform, one module", RawCnn),
    Windowed("windowed", "CNN on windows of half a second, pooled", RawCnn),
]
NETWORKS = [
    Network(
        name="sincnet", title="SincNet-like", make=_AfterSinc, front_end=SincFrames,
        piecewise_linear=True,
    ),
]  # fmt: skip
