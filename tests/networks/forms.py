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
        "sigmoid", "CNN that gives probabilities", make=_Probable, output="probabilities", twin=None
    ),
]
