"""One small network, given to awb in every form that people have it in."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.base import BINS, CLASSES, Network, Split

_N = len(CLASSES)


class Small(Split):
    """A CNN with functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.conv2, self.dense = nn.Conv2d(6, 8, 3, padding=1), nn.Linear(8, _N)

    def body(self, features: Tensor) -> Tensor:
        hidden = functional.avg_pool2d(
            functional.relu(self.norm(self.conv1(features.unsqueeze(1)))), 2
        )
        return functional.relu(self.conv2(hidden))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean(dim=(2, 3)))


class SmallInModules(Split):
    """`Small` in modules."""

    def __init__(self, net: Small) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.layers = nn.Sequential(
            *(net.conv1, net.norm, nn.ReLU(), nn.AvgPool2d(2)), *(net.conv2, nn.ReLU())
        )
        self.tail = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.dense)

    def body(self, features: Tensor) -> Tensor:
        return self.layers(features.unsqueeze(1))

    def head(self, maps: Tensor) -> Tensor:
        return self.tail(maps)


class _Answering(nn.Module):
    """Gives a network's logits as a dictionary, beside others."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = copy.deepcopy(net)

    def forward(self, features: Tensor) -> dict[str, Tensor]:
        maps = self.net.body(features)
        return {"logits": self.net.head(maps), "embedding": maps.mean(dim=(2, 3))}


class _Probable(Small):
    """Gives probabilities, a sigmoid at the end."""

    def head(self, maps: Tensor) -> Tensor:
        return torch.sigmoid(super().head(maps))


class _Standardized(Small):
    """Standardizes its features first."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("running_mean", torch.tensor(0.4))
        self.register_buffer("deviation", torch.tensor(0.5))

    def body(self, features: Tensor) -> Tensor:
        return super().body((features - self.running_mean) / self.deviation)


class _StandardizedInPlace(_Standardized):
    """`_Standardized`, written into what it is given."""

    def forward(self, features: Tensor) -> Tensor:
        features -= self.running_mean
        features /= self.deviation
        return self.head(Small.body(self, features))


class _Fading(Small):
    """Maps that fade step by step: their scale is halved each time."""

    def body(self, features: Tensor) -> Tensor:
        maps, scale = super().body(features), torch.ones(1, dtype=features.dtype)
        for _ in range(3):
            maps, scale = maps * scale, scale * 0.5
        return maps


class _FadingInPlace(_Fading):
    """`_Fading`, the scale halved in place: autograd refuses it."""

    def body(self, features: Tensor) -> Tensor:
        maps, scale = Small.body(self, features), torch.ones(1, dtype=features.dtype)
        for _ in range(3):
            maps = maps * scale
            scale *= 0.5
        return maps


class _Refilled(Split):
    """Places beside a constant, before a softmax: the constant rises from 0 to 2."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.dense = nn.Linear(BINS, 8), nn.Linear(8, _N)

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.inner(features)).mean(dim=1)
        shares = [
            torch.softmax(torch.stack([hidden, torch.full_like(hidden, level)], 1), 1)[:, 0]
            for level in (0.0, 2.0)
        ]
        return self.dense(shares[0] + 3.0 * shares[1])


class _RefilledInPlace(_Refilled):
    """`_Refilled` in one buffer, of which a view is written into."""

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.inner(features)).mean(dim=1)
        buffer = hidden.new_zeros(len(hidden), 2, hidden.shape[1])
        beside = buffer[:, 1]
        buffer[:, 0] = hidden
        first = torch.softmax(buffer * 1.0, 1)[:, 0]
        beside.fill_(2.0)
        return self.dense(first + 3.0 * torch.softmax(buffer * 1.0, 1)[:, 0])


class _LateRelu(Split):
    """Two convolutions, and a ReLU after the second where places are in one row."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 8, 3, padding=1)
        self.dense = nn.Linear(8, _N)

    def body(self, features: Tensor) -> Tensor:
        return self.conv2(functional.relu(self.conv1(features[:, None])))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(functional.relu(maps.flatten(2)).mean(dim=2))


class _LateReluInPlace(_LateRelu):
    """`_LateRelu`, in place on another view of the maps."""

    def head(self, maps: Tensor) -> Tensor:
        row = maps.flatten(2)
        row.relu_()
        return self.dense(maps.mean(dim=(2, 3)))


class _Beside(Split):
    """Two convolutions of the features: half of the channels of each."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(1, 6, 3, padding=1)
        self.dense = nn.Linear(6, _N)

    def forward(self, features: Tensor) -> Tensor:
        maps = functional.relu(self.left(features[:, None]))
        others = functional.relu(self.right(features[:, None]))
        return self.dense(torch.cat([others[:, :3], maps[:, 3:]], dim=1).mean(dim=(2, 3)))


class _BesideInPlace(_Beside):
    """`_Beside`, the channels of one copied over those of the other."""

    def forward(self, features: Tensor) -> Tensor:
        maps = functional.relu(self.left(features[:, None]))
        others = functional.relu(self.right(features[:, None]))
        maps[:, :3].copy_(others[:, :3])
        return self.dense(maps.mean(dim=(2, 3)))


class _Spectra(nn.Module):
    """A modulation spectrum: a Fourier transform over time of what bins give."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.dense = nn.Linear(BINS, 8), nn.Linear(8, _N)

    def forward(self, features: Tensor) -> Tensor:
        spectra = torch.fft.rfft(functional.relu(self.inner(features)), dim=1)
        return self.dense(spectra.abs().mean(dim=1))


def _as(kind: type[nn.Module]) -> Any:
    """Give awb another spelling: a class with the weights of the network."""

    def given(net: nn.Module) -> nn.Module:
        other = copy.deepcopy(net)
        other.__class__ = kind
        return other

    return given


def _scripted(net: nn.Module) -> Any:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.norm, self.conv2 = net.conv1, net.norm, net.conv2
            self.dense = net.dense

        def forward(self, features: Tensor) -> Tensor:
            hidden = functional.relu(self.norm(self.conv1(features.unsqueeze(1))))
            maps = functional.relu(self.conv2(functional.avg_pool2d(hidden, 2)))
            return self.dense(maps.mean(dim=[2, 3]))

    return torch.jit.script(copy.deepcopy(Plain()).eval())


def _traced(net: nn.Module) -> Any:
    return torch.jit.trace(copy.deepcopy(net), torch.zeros(2, 40, BINS))


def _careless(net: nn.Module) -> nn.Module:
    """As after training: `.eval()` forgotten, gradients off."""
    return copy.deepcopy(net).train().requires_grad_(False)


def _small(name: str, title: str, **given: Any) -> Network:
    settings: dict[str, Any] = {
        "make": Small, "twin": SmallInModules, "piecewise_linear": True, **given,
    }  # fmt: skip
    return Network(name=name, title=title, **settings)


NETWORKS = [
    _small("scripted", "CNN, scripted", given=_scripted),
    _small("traced", "CNN, traced", given=_traced),
    _small(
        "half",
        "CNN, half weights",
        weights=torch.float16,
        given=lambda net: copy.deepcopy(net).half(),
    ),
    _small(
        "bfloat16",
        "CNN, bfloat16 weights",
        weights=torch.bfloat16,
        given=lambda net: copy.deepcopy(net).bfloat16(),
    ),
    _small("double", "CNN, double weights", given=lambda net: copy.deepcopy(net).double()),
    _small("dict", "CNN that gives a dictionary", given=_Answering),
    _small("careless", "CNN in training mode, gradients off", given=_careless),
    _small("softmax", "CNN, softmax of its logits", output="softmax-logits"),
    _small(
        "writes-input",
        "CNN that writes into its features",
        make=_Standardized,
        given=_as(_StandardizedInPlace),
        twin=None,
        piecewise_linear=False,
    ),
    _small(
        "writes-constant",
        "CNN that writes into a constant",
        make=_Fading,
        given=_as(_FadingInPlace),
        twin=None,
    ),
    _small(
        "writes-view",
        "softmax of a buffer that is written into",
        make=_Refilled,
        given=_as(_RefilledInPlace),
        twin=None,
        piecewise_linear=False,
    ),
    _small(
        "writes-maps",
        "CNN that writes into its maps",
        make=_LateRelu,
        given=_as(_LateReluInPlace),
        twin=None,
    ),
    _small(
        "writes-channels",
        "CNN that writes channels over others",
        make=_Beside,
        given=_as(_BesideInPlace),
        twin=None,
    ),
    _small(
        "spectra",
        "Fourier transform over time",
        make=_Spectra,
        twin=None,
        piecewise_linear=False,
    ),
    _small(
        "sigmoid", "CNN that gives probabilities", make=_Probable, output="probabilities", twin=None
    ),
]
