"""Convolutional networks: activations, normalizations and pooling, spelled in every usual way."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.base import CLASSES, Network, Split, itself

_N = len(CLASSES)


class Chain(Split):
    """Convolutions and what follows them, pooled over all places: modules throughout."""

    def __init__(self, *layers: nn.Module, channels: int = 8) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.pool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.dense = nn.Linear(channels, _N)

    def body(self, features: Tensor) -> Tensor:
        return self.layers(features[:, None])

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(self.flatten(self.pool(maps)))


def _conv(inner: int, outer: int, size: int = 3, **settings: int) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, size, padding=size // 2, **settings)


def _plain() -> nn.Module:
    return Chain(_conv(1, 6), nn.ReLU(), nn.MaxPool2d(2), _conv(6, 8), nn.ReLU())


def _normed() -> nn.Module:
    return Chain(
        *(_conv(1, 6), nn.BatchNorm2d(6), nn.ReLU(), nn.AvgPool2d(2)),
        *(_conv(6, 8), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
    )


def _norm_after() -> nn.Module:
    return Chain(
        *(_conv(1, 6), nn.ReLU(), nn.BatchNorm2d(6)), *(_conv(6, 8), nn.ReLU(), nn.BatchNorm2d(8))
    )


class _Vgg(Split):
    """Pairs of convolutions, max pooling, and dense layers with dropout at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(_conv(1, 4), nn.ReLU(inplace=True), _conv(4, 4), nn.ReLU(inplace=True)),
            *(nn.MaxPool2d(2), _conv(4, 8), nn.ReLU(inplace=True)),
        )
        self.tail = nn.Sequential(
            *(nn.AdaptiveAvgPool2d((4, 2)), nn.Flatten(), nn.Dropout(0.5)),
            *(nn.Linear(64, 16), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(16, _N)),
        )

    def body(self, features: Tensor) -> Tensor:
        return self.features(features.unsqueeze(1))

    def head(self, maps: Tensor) -> Tensor:
        return self.tail(maps)


class _Depthwise(Split):
    """MobileNet-like: depthwise and pointwise convolutions, ReLU6."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(_conv(1, 6, stride=2), nn.BatchNorm2d(6), nn.ReLU6()),
            *(_conv(6, 6, groups=6), nn.BatchNorm2d(6), nn.ReLU6()),
            *(_conv(6, 10, 1), nn.BatchNorm2d(10), nn.ReLU6()),
        )
        self.dense = nn.Linear(10, _N)

    def body(self, features: Tensor) -> Tensor:
        return self.layers(features[:, None])

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean([2, 3]))


class _Spelled(Split):
    """One small network whose activations and pooling are written in one way or another."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.conv1, self.conv2 = _conv(1, 6), _conv(6, 8)
        self.norm = nn.BatchNorm2d(6)
        self.hidden, self.dense = nn.Linear(8, 8), nn.Linear(8, _N)
        self.how = how
        if how == "shared":
            self.relu = nn.ReLU()
        elif how == "in place":
            self.relu = nn.ReLU(inplace=True)

    def _activated(self, values: Tensor) -> Tensor:
        if self.how == "functions":
            return functional.relu(values)
        return nn.ReLU()(values) if self.how == "fresh" else self.relu(values)

    def body(self, features: Tensor) -> Tensor:
        hidden = self._activated(self.norm(self.conv1(features.unsqueeze(1))))
        return self._activated(self.conv2(functional.max_pool2d(hidden, 2)))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(self._activated(self.hidden(maps.mean(dim=(2, 3)))))


def _in_modules(net: _Spelled) -> nn.Module:
    """`_Spelled`, every operation a module of its own."""
    layers = (net.conv1, net.norm, nn.ReLU(), nn.MaxPool2d(2), net.conv2, nn.ReLU())
    twin = Chain(*(copy.deepcopy(one) for one in layers))
    twin.dense = nn.Sequential(copy.deepcopy(net.hidden), nn.ReLU(), copy.deepcopy(net.dense))
    return twin.eval()


def _between(make: Callable[[], nn.Module], norm: Callable[[int], nn.Module]) -> nn.Module:
    """Two convolutions, each followed by a norm and an activation."""
    return Chain(_conv(1, 6), norm(6), make(), nn.AvgPool2d(2), _conv(6, 8), norm(8), make())


class _ChannelNorm(nn.LayerNorm):
    """Layer norm over the channels of a map."""

    def forward(self, values: Tensor) -> Tensor:
        return super().forward(values.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def _shifted(net: nn.Module) -> nn.Module:
    """Move a convolution's bias and the running mean after it by 50, which changes nothing."""
    moved = copy.deepcopy(net)
    with torch.no_grad():
        moved.layers[4].bias += 50.0
        moved.layers[5].running_mean += 50.0
    return moved


NETWORKS = [
    Network(name="plain-cnn", title="plain CNN", make=_plain, twin=itself, piecewise_linear=True),
    Network(
        name="cnn-batch-norm", title="CNN with batch norm, in-place ReLU", make=_normed,
        twin=itself, piecewise_linear=True,
    ),
    Network(
        name="cnn-shifted", title="CNN, bias and running mean shifted by 50", make=_normed,
        given=_shifted, twin=itself, piecewise_linear=True,
    ),
    Network(
        name="cnn-norm-after", title="CNN, batch norm after the ReLU", make=_norm_after,
        twin=itself, piecewise_linear=True,
    ),
    Network(
        name="vgg", title="VGG-like, dense layers", make=_Vgg, twin=itself, piecewise_linear=True,
    ),
    Network(name="depthwise", title="depthwise separable, ReLU6", make=_Depthwise, twin=itself),
    *(
        Network(
            name=f"relu-{how.replace(' ', '-')}", title=f"CNN, ReLU {text}",
            make=lambda how=how: _Spelled(how), twin=_in_modules, piecewise_linear=True,
        )
        for how, text in (
            ("functions", "as a function"), ("shared", "shared by all layers"),
            ("in place", "shared and in place"), ("fresh", "made in forward"),
        )
    ),
    Network(
        name="silu-batch-norm", title="SiLU, batch norm", twin=itself,
        make=lambda: _between(nn.SiLU, nn.BatchNorm2d),
    ),
    Network(
        name="gelu-group-norm", title="GELU, group norm", twin=itself,
        make=lambda: _between(nn.GELU, lambda n: nn.GroupNorm(2, n)),
    ),
    Network(
        name="relu-instance-norm", title="ReLU, instance norm", twin=itself,
        make=lambda: _between(nn.ReLU, lambda n: nn.InstanceNorm2d(n, affine=True)),
    ),
    Network(
        name="elu-layer-norm", title="ELU, layer norm", twin=itself,
        make=lambda: _between(nn.ELU, _ChannelNorm),
    ),
    Network(
        name="leaky", title="leaky ReLU", twin=itself, piecewise_linear=True,
        make=lambda: _between(lambda: nn.LeakyReLU(0.1), nn.BatchNorm2d),
    ),
]  # fmt: skip
