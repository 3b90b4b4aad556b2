"""Networks with shortcuts, gates and several paths."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.base import CLASSES, Network, Split

_N = len(CLASSES)


def _conv(inner: int, outer: int, size: int = 3, **settings: int) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, size, padding=size // 2, **settings)


class PostActivation(Split):
    """A ResNet block as published first, its one ReLU module used twice (as torchvision does)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_norm = _conv(1, 6, stride=2), nn.BatchNorm2d(6)
        self.conv1, self.bn1 = _conv(6, 6, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = _conv(6, 6, bias=False), nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = self.relu(self.stem_norm(self.stem(features.unsqueeze(1))))
        out = self.relu(self.bn1(self.conv1(stem)))
        out = self.bn2(self.conv2(out))
        out += stem
        return self.relu(out)

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(torch.flatten(functional.adaptive_avg_pool2d(maps, 1), 1))


class PostInModules(Split):
    """`PostActivation` with a ReLU of its own a place."""

    def __init__(self, net: PostActivation) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.stem = nn.Sequential(net.stem, net.stem_norm, nn.ReLU())
        self.block = nn.Sequential(net.conv1, net.bn1, nn.ReLU(), net.conv2, net.bn2)
        self.relu = nn.ReLU()
        self.tail = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.fc)

    def body(self, features: Tensor) -> Tensor:
        stem = self.stem(features.unsqueeze(1))
        return self.relu(self.block(stem) + stem)

    def head(self, maps: Tensor) -> Tensor:
        return self.tail(maps)


class _PreActivation(Split):
    """A ResNet with norm and activation before each convolution, and a norm at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _conv(1, 6)
        self.bn1, self.conv1 = nn.BatchNorm2d(6), _conv(6, 6)
        self.bn2, self.conv2 = nn.BatchNorm2d(6), _conv(6, 6)
        self.last, self.fc = nn.BatchNorm2d(6), nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = self.stem(features[:, None])
        out = self.conv1(functional.relu(self.bn1(stem)))
        out = self.conv2(functional.relu(self.bn2(out)))
        return functional.relu(self.last(stem + out))

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(maps.mean(3).mean(2))


class _PreInModules(Split):
    """`_PreActivation` with a module for each ReLU."""

    def __init__(self, net: _PreActivation) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.stem = net.stem
        self.block = nn.Sequential(net.bn1, nn.ReLU(), net.conv1, net.bn2, nn.ReLU(), net.conv2)
        self.last = nn.Sequential(net.last, nn.ReLU())
        self.tail = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), net.fc)

    def body(self, features: Tensor) -> Tensor:
        stem = self.stem(features[:, None])
        return self.last(stem + self.block(stem))

    def head(self, maps: Tensor) -> Tensor:
        return self.tail(maps)


class _SqueezeExcite(nn.Module):
    """Channels weighted by a gate that has seen their means."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(channels, 3, 1), nn.Conv2d(3, channels, 1)

    def forward(self, maps: Tensor) -> Tensor:
        gate = self.up(functional.relu(self.down(functional.adaptive_avg_pool2d(maps, 1))))
        return maps * torch.sigmoid(gate)


class _Excited(Split):
    """A residual block whose maps pass a squeeze-and-excitation gate."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.norm = _conv(1, 6), _conv(6, 6), nn.BatchNorm2d(6)
        self.gate, self.fc = _SqueezeExcite(6), nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = functional.relu(self.stem(features.unsqueeze(1)))
        return functional.relu(self.gate(self.norm(self.conv(stem))) + stem)

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(maps.mean((2, 3)))


class _Efficient(Split):
    """EfficientNet-like: expanded, depthwise, gated and projected, with SiLU."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(1, 4, stride=2), nn.BatchNorm2d(4), nn.SiLU(inplace=True))
        self.expand = nn.Sequential(_conv(4, 8, 1), nn.BatchNorm2d(8), nn.SiLU(inplace=True))
        self.depthwise = nn.Sequential(
            _conv(8, 8, groups=8), nn.BatchNorm2d(8), nn.SiLU(inplace=True)
        )
        self.gate = _SqueezeExcite(8)
        self.project = nn.Sequential(_conv(8, 4, 1), nn.BatchNorm2d(4))
        self.top = nn.Sequential(_conv(4, 10, 1), nn.BatchNorm2d(10), nn.SiLU(inplace=True))
        self.fc = nn.Linear(10, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = self.stem(features.unsqueeze(1))
        block = self.project(self.gate(self.depthwise(self.expand(stem))))
        return self.top(stem + block)

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(functional.adaptive_avg_pool2d(maps, 1).flatten(1))


class _ConvNext(Split):
    """ConvNeXt-like: wide depthwise convolutions, layer norm, GELU and a learned layer scale."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.stem_norm = nn.Conv2d(1, 6, 2, stride=2), nn.LayerNorm(6)
        self.depthwise, self.norm = _conv(6, 6, 5, groups=6), nn.LayerNorm(6)
        self.up, self.down = nn.Linear(6, 12), nn.Linear(12, 6)
        self.scale = nn.Parameter(torch.full((6,), 0.5))
        self.last, self.fc = nn.LayerNorm(6), nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = self.stem_norm(self.stem(features[:, None]).permute(0, 2, 3, 1))
        block = self.norm(self.depthwise(stem.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        out = stem + self.scale * self.down(functional.gelu(self.up(block)))
        return out.permute(0, 3, 1, 2)

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(self.last(maps.mean([-2, -1])))


NETWORKS = [
    Network(
        name="resnet", title="ResNet, post-activation", make=PostActivation, twin=PostInModules,
        piecewise_linear=True,
    ),
    Network(
        name="resnet-pre-activation", title="ResNet, pre-activation", make=_PreActivation,
        twin=_PreInModules, piecewise_linear=True,
    ),
    Network(name="squeeze-excitation", title="squeeze-and-excitation", make=_Excited),
    Network(name="efficientnet", title="EfficientNet-like", make=_Efficient),
    Network(name="convnext", title="ConvNeXt-like", make=_ConvNext),
]  # fmt: skip
