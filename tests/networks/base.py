"""What the networks of the matrix share: features, seeds, and how awb is given them."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

import awb
from awb.protocols import AudioModel

RATE_HZ = 8000
BINS = 12
CLASSES = ("Bark", "Bell", "Rain")
_FFT, _HOP = 256, 400
_ADDED = ("running_mean", "token", "place")
_WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d)
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)


class LogBands(nn.Module):
    """Waveforms to log levels of twelve bands, a frame every 50 ms: 0 for silence."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(_FFT))

    def forward(self, waveforms: Tensor) -> Tensor:
        spectrum = torch.stft(
            waveforms, _FFT, _HOP, window=self.window.to(waveforms.dtype), return_complex=True
        )
        levels = spectrum.abs()[:, 1 : 1 + 10 * BINS].transpose(1, 2)
        bands = levels.reshape(*levels.shape[:2], BINS, 10).square().mean(dim=3)
        return torch.log1p(10.0 * bands)


class Split(nn.Module):
    """A network in two parts: what a CAM should look at comes out of the body."""

    def body(self, features: Tensor) -> Tensor:
        """Features ``(batch, frames, bins)`` to maps ``(batch, channels, frames[, bins])``."""
        raise NotImplementedError

    def head(self, maps: Tensor) -> Tensor:
        """Maps to what the network gives."""
        raise NotImplementedError

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.body(features))


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of a kind that people use, and what is known of it.

    Attributes
    ----------
    name, title : str
        In the tests, and in the table.
    make : callable
        Makes the network as its author writes it: features to what ``output`` says.
    front_end : callable
        Makes the front end.
    twin : callable or None
        Of the network: the same function spelled in modules, each used once; the network itself
        where it is spelled so. None where modules cannot say it.
    output : str
        What the network gives, in the words of `awb.torch_model`.
    piecewise_linear : bool
        Whether it is linear wherever no unit switches: LRP's epsilon rule is then input times
        gradient.
    weights : torch.dtype or None
        What its weights are rounded to.
    given : callable
        Turns the network into what awb is given: scripts it, halves its weights.
    """

    name: str
    title: str
    make: Callable[[], nn.Module]
    front_end: Callable[[], nn.Module] = LogBands
    twin: Callable[[Any], nn.Module] | None = None
    output: str = "logits"
    piecewise_linear: bool = False
    given: Callable[[nn.Module], nn.Module] = copy.deepcopy
    weights: torch.dtype | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def network(self) -> nn.Module:
        """Make the network with weights as after training; always the same."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(zlib.crc32(self.name.encode()))
            network = awake(self.make()).eval()
        return network if self.weights is None else network.to(self.weights).float()

    def model(self, network: nn.Module) -> AudioModel:
        """Give a network to awb, as its documentation says."""
        return awb.torch_model(
            front_end=self.front_end(),
            back_end=self.given(network),
            sample_rate_hz=RATE_HZ,
            classes=list(CLASSES),
            output=self.output,
            name=self.name,
            **self.settings,
        )


def awake(network: nn.Module) -> nn.Module:
    """Give layers weights that answer clearly, and norms statistics as after training."""
    for module in network.modules():
        if isinstance(module, _WEIGHTED) and not hasattr(module, "parametrizations"):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.normal_(module.bias, std=0.2)
        if not isinstance(module, _NORMS):
            continue
        if module.weight is not None:
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
        if getattr(module, "running_mean", None) is not None:
            module.running_mean.normal_(std=0.5)
            module.running_var.uniform_(0.5, 1.5)
    return network


def itself(network: nn.Module) -> nn.Module:
    """The twin of a network that is spelled in modules already."""
    return copy.deepcopy(network)


def without_biases(network: nn.Module) -> nn.Module:
    """Copy a network without what adds to its scores by itself: LRP can then lose nothing."""
    bare = copy.deepcopy(network)
    with torch.no_grad():
        for name, value in [*bare.named_parameters(), *bare.named_buffers()]:
            last = name.rpartition(".")[2]
            if (
                "embed_positions" in name
                or "bias" in last
                or last.endswith(("_token", "embeddings"))
                or last in _ADDED
            ):
                value.zero_()
    return bare
