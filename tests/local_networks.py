"""Random small networks of waveforms that judge moments, and such as look at the whole clip."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

RATE_HZ, CLASSES = 2000, ("a", "b")
BINS, WINDOW, HOP = 8, 64, 20


class Framed(nn.Module):
    """Log-magnitudes of frames: ``(batch, samples)`` to ``(batch, 1, frames, BINS)``."""

    def __init__(self, way: str = "stft") -> None:
        super().__init__()
        self.way = way
        self.register_buffer("window", torch.hann_window(WINDOW))
        self.register_buffer("filters", torch.rand(WINDOW // 2 + 1, BINS))

    def forward(self, waveforms: Tensor) -> Tensor:
        if self.way == "unfold":
            rest = -waveforms.shape[-1] % HOP
            padded = functional.pad(waveforms, (22, 22 + rest))
            spectra = torch.fft.rfft(padded.unfold(-1, WINDOW, HOP) * self.window)
        else:
            centred = self.way == "stft"
            spectra = torch.stft(
                waveforms, WINDOW, HOP, window=self.window, center=centred, return_complex=True
            ).transpose(1, 2)
        return torch.log(spectra.abs().square() @ self.filters + 1e-6)[:, None]


class Shifted(nn.Module):
    """Writes into a part of what it is given, and subtracts the frame before."""

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden.clone()
        hidden[:, :, 1:] -= hidden[:, :, :-1].clone()
        hidden[:, :1] *= 0.5
        return hidden


class Residual(nn.Module):
    """Adds a causal, dilated convolution over time to what it is given."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, (2, 1), dilation=(dilation, 1))
        self.dilation = dilation

    def forward(self, hidden: Tensor) -> Tensor:
        padded = functional.pad(hidden, (0, 0, self.dilation, 0))
        return hidden + functional.gelu(self.conv(padded))


class Excited(nn.Module):
    """Squeeze and excitation: channels are weighed by their means over the clip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels, channels)

    def forward(self, hidden: Tensor) -> Tensor:
        weights = torch.sigmoid(self.dense(hidden.mean(dim=(2, 3))))
        return hidden * weights[:, :, None, None]


class Attending(nn.Module):
    """Self-attention over time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(channels * BINS, 1, batch_first=True)

    def forward(self, hidden: Tensor) -> Tensor:
        tokens = hidden.transpose(1, 2).flatten(2)
        found, _ = self.attention(tokens, tokens, tokens)
        return found.unflatten(2, (hidden.shape[1], -1)).transpose(1, 2)


class Recurring(nn.Module):
    """A recurrent layer over the clip."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels * BINS, channels * BINS, batch_first=True)

    def forward(self, hidden: Tensor) -> Tensor:
        found, _ = self.lstm(hidden.transpose(1, 2).flatten(2))
        return found.unflatten(2, (hidden.shape[1], -1)).transpose(1, 2)


class OverClip(nn.Module):
    """Something that takes a function of the whole clip."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, hidden: Tensor) -> Tensor:
        return self.function(hidden)


def _branch(hidden: Tensor) -> Tensor:
    return hidden if hidden.max() > 0 else -hidden


GLOBAL: dict[str, Callable[[], nn.Module]] = {
    "instance norm": lambda: nn.InstanceNorm2d(1),
    "group norm": lambda: nn.GroupNorm(1, 1),
    "squeeze and excitation": lambda: Excited(1),
    "attention": lambda: Attending(1),
    "a recurrent layer": lambda: Recurring(1),
    "the mean over time": lambda: OverClip(lambda hidden: hidden - hidden.mean(2, keepdim=True)),
    "the loudest frame": lambda: OverClip(lambda h: torch.maximum(h, h.amax((2, 3), True) - 8)),
    "a cumulative sum": lambda: OverClip(lambda hidden: hidden.cumsum(2)),
    "softmax over time": lambda: OverClip(lambda hidden: hidden.softmax(2)),
    "sorting": lambda: OverClip(lambda hidden: hidden.sort(2)[0]),
    "padding with the other end": lambda: nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"),
    "a turn": lambda: OverClip(lambda hidden: hidden + hidden.flip(2)),
    "a transform over time": lambda: OverClip(lambda hidden: torch.fft.rfft(hidden, dim=2).abs()),
    "a branch": lambda: OverClip(_branch),
    "a place that values choose": lambda: OverClip(
        lambda hidden: hidden.gather(2, hidden.argsort(2))
    ),
}


class Judge(nn.Module):
    """Frames, layers and a pooling over time."""

    def __init__(self, front: nn.Module, layers: list[nn.Module], channels: int, pool: str) -> None:
        super().__init__()
        self.front, self.layers, self.pool = front, nn.Sequential(*layers), pool
        self.head, self.gate = nn.Linear(channels, 2), nn.Linear(channels, 2)
        self.lstm = nn.LSTM(channels, channels, batch_first=True)

    def forward(self, waveforms: Tensor) -> Tensor:
        hidden = self.layers(self.front(waveforms)).mean(3).transpose(1, 2)
        scores = self.head(hidden)
        if self.pool == "attention":
            return (torch.softmax(self.gate(hidden), 1) * scores).sum(1)
        if self.pool == "linear-softmax":
            p = torch.sigmoid(scores)
            return torch.logit(p.square().sum(1) / p.sum(1), eps=1e-6)
        if self.pool == "panns":
            return self.head(hidden.max(1)[0] + hidden.mean(1))
        if self.pool == "lstm":
            return self.head(self.lstm(hidden)[0][:, -1])
        if self.pool == "adaptive":
            return functional.adaptive_max_pool1d(scores.transpose(1, 2), 1)[..., 0]
        if self.pool == "top":
            return scores.topk(3, dim=1)[0].mean(1)
        ways = {"mean": torch.mean, "max": torch.amax, "lse": torch.logsumexp}
        return ways[self.pool](scores, 1)


POOLINGS = (
    *("mean", "max", "lse", "attention", "linear-softmax", "panns", "lstm", "adaptive", "top"),
)


def seeded(build: Callable[[np.random.Generator], nn.Module], seed: int) -> nn.Module:
    """Build a network from a seed, in evaluation mode, with norms that do something."""
    torch.manual_seed(seed)
    network = build(np.random.default_rng(seed)).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
    return network


def _layer(kind: str, inputs: int, outputs: int, rng: np.random.Generator) -> list[nn.Module]:
    modes = ("zeros", "reflect", "replicate")
    if kind == "conv":
        size, stride, dilation = (int(rng.integers(1, top)) for top in (4, 3, 3))
        shape = (2 * size - 1, 3)
        pads = (int(rng.integers(size)), 1)
        mode = str(rng.choice(modes))
        place = {"stride": (stride, 1), "dilation": (dilation, 1), "padding_mode": mode}
        return [nn.Conv2d(inputs, outputs, shape, padding=pads, **place), nn.BatchNorm2d(outputs)]
    made: dict[str, Callable[[], list[nn.Module]]] = {
        "depthwise": lambda: [
            nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs),
            nn.Conv2d(inputs, outputs, 1),
        ],
        "causal": lambda: [
            Residual(inputs, int(rng.integers(1, 4))),
            nn.Conv2d(inputs, outputs, 1),
        ],
        "max": lambda: [
            nn.Conv2d(inputs, outputs, 1),
            nn.MaxPool2d((2, 1), ceil_mode=bool(rng.integers(2))),
        ],
        "avg": lambda: [nn.AvgPool2d((3, 1), (1, 1), (1, 0)), nn.Conv2d(inputs, outputs, 1)],
        "written": lambda: [Shifted(), nn.Conv2d(inputs, outputs, (2, 1))],
    }
    return made[kind]()


def random_network(rng: np.random.Generator) -> nn.Module:
    """Draw a network that judges moments."""
    channels, layers = 1, []
    activations = (nn.ReLU, functools.partial(nn.ReLU, True), nn.GELU, nn.Hardswish, nn.SiLU)
    for _ in range(int(rng.integers(1, 4))):
        kind = str(rng.choice(["conv", "conv", "depthwise", "causal", "max", "avg", "written"]))
        outputs = int(rng.integers(4, 9))
        layers += [*_layer(kind, channels, outputs, rng), activations[rng.integers(5)]()]
        channels = outputs
    layers.append(nn.Conv2d(channels, 32, (3, 3), padding=(1, 1)))  # most of the work
    layers.append(nn.Conv2d(32, 16, 1))
    front = Framed(str(rng.choice(["stft", "unfold", "edges"])))
    return Judge(front, layers, 16, str(rng.choice(POOLINGS)))


def network_with(kind: str) -> Callable[[np.random.Generator], nn.Module]:
    """Return a builder of a network that looks at the whole clip before its convolutions."""

    def build(_: np.random.Generator) -> nn.Module:
        layers = [GLOBAL[kind](), nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 16, 3, padding=1)]
        return Judge(Framed(), layers, 16, "mean")

    return build
