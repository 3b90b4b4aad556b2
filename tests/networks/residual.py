"""Networks with shortcuts, gates and several paths."""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from networks.base import BINS, CLASSES, Network, Split, itself

_N = len(CLASSES)


def _conv(inner: int, outer: int, size: int = 3, **settings: int) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, size, padding=size // 2, **settings)


class _PostActivation(Split):
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
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(maps, 1), 1))


class _PostInModules(Split):
    """`_PostActivation` with a ReLU of its own a place."""

    def __init__(self, net: _PostActivation) -> None:
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
        out = self.conv1(F.relu(self.bn1(stem)))
        out = self.conv2(F.relu(self.bn2(out)))
        return F.relu(self.last(stem + out))

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
        gate = self.up(F.relu(self.down(F.adaptive_avg_pool2d(maps, 1))))
        return maps * torch.sigmoid(gate)


class _Excited(Split):
    """A residual block whose maps pass a squeeze-and-excitation gate."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.norm = _conv(1, 6), _conv(6, 6), nn.BatchNorm2d(6)
        self.gate, self.fc = _SqueezeExcite(6), nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        stem = F.relu(self.stem(features.unsqueeze(1)))
        return F.relu(self.gate(self.norm(self.conv(stem))) + stem)

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
        return self.fc(F.adaptive_avg_pool2d(maps, 1).flatten(1))


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
        out = stem + self.scale * self.down(F.gelu(self.up(block)))
        return out.permute(0, 3, 1, 2)

    def head(self, maps: Tensor) -> Tensor:
        return self.fc(self.last(maps.mean([-2, -1])))


class _Ensemble(nn.Module):
    """The mean of two networks of one kind."""

    def __init__(self) -> None:
        super().__init__()
        self.members = nn.ModuleList([_PostActivation(), _PostActivation()])

    def forward(self, features: Tensor) -> Tensor:
        return torch.stack([member(features) for member in self.members]).mean(dim=0)


class _EnsembleInModules(nn.Module):
    """`_Ensemble` of twins."""

    def __init__(self, net: _Ensemble) -> None:
        super().__init__()
        self.one, self.other = (_PostInModules(member) for member in net.members)

    def forward(self, features: Tensor) -> Tensor:
        return (self.one(features) + self.other(features)) / 2


class _TwoInputs(nn.Module):
    """Levels and their differences in time, each through a network of its own, concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.levels, self.changes = _conv(1, 5), _conv(1, 5)
        self.hidden, self.dense = nn.Linear(10, 8), nn.Linear(8, _N)

    def forward(self, features: Tensor) -> Tensor:
        changes = F.pad(features[:, 1:] - features[:, :-1], (0, 0, 0, 1))
        one = F.relu(self.levels(features[:, None])).mean(dim=(2, 3))
        other = F.relu(self.changes(changes[:, None])).amax(dim=(2, 3))
        return self.dense(F.relu(self.hidden(torch.cat([one, other], dim=1))))


class _TwoInModules(nn.Module):
    """`_TwoInputs` in modules."""

    def __init__(self, net: _TwoInputs) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.one = nn.Sequential(net.levels, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.other = nn.Sequential(net.changes, nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.tail = nn.Sequential(net.hidden, nn.ReLU(), net.dense)

    def forward(self, features: Tensor) -> Tensor:
        changes = F.pad(features[:, 1:] - features[:, :-1], (0, 0, 0, 1))
        both = [self.one(features[:, None]), self.other(changes[:, None])]
        return self.tail(torch.cat(both, dim=1))


class _Twice(nn.Module):
    """One convolution on two resolutions: its weights are used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = _conv(1, 6), nn.Linear(12, _N)

    def forward(self, features: Tensor) -> Tensor:
        fine = F.relu(self.conv(features[:, None])).mean(dim=(2, 3))
        coarse = F.relu(self.conv(F.avg_pool2d(features[:, None], 2))).mean(dim=(2, 3))
        return self.dense(torch.cat([fine, coarse], dim=1))


class _TwiceInModules(nn.Module):
    """`_Twice` with a copy of the convolution a use."""

    def __init__(self, net: _Twice) -> None:
        super().__init__()
        one, other = copy.deepcopy(net.conv), copy.deepcopy(net.conv)
        self.fine = nn.Sequential(one, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.coarse = nn.Sequential(
            nn.AvgPool2d(2), other, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.dense = copy.deepcopy(net.dense)

    def forward(self, features: Tensor) -> Tensor:
        image = features[:, None]
        return self.dense(torch.cat([self.fine(image), self.coarse(image)], dim=1))


class _Statistics(nn.Module):
    """A perceptron on each bin's mean and deviation over time."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Linear(2 * BINS, 16), nn.ReLU()), *(nn.Linear(16, 8), nn.Tanh()), nn.Linear(8, _N)
        )

    def forward(self, features: Tensor) -> Tensor:
        spread = features.var(dim=1, unbiased=False).add(1e-3).sqrt()
        return self.layers(torch.cat([features.mean(dim=1), spread], dim=1))


class _Dense(nn.Module):
    """A perceptron on the mean spectrum."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool2d((1, BINS)), nn.Flatten(), nn.Linear(BINS, 16), nn.ReLU(),
            nn.Linear(16, _N),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        return self.layers(features[:, None])


NETWORKS = [
    Network(
        name="resnet", title="ResNet, post-activation", make=_PostActivation, twin=_PostInModules,
        piecewise_linear=True,
    ),
    Network(
        name="resnet-pre-activation", title="ResNet, pre-activation", make=_PreActivation,
        twin=_PreInModules, piecewise_linear=True,
    ),
    Network(name="squeeze-excitation", title="squeeze-and-excitation", make=_Excited),
    Network(name="efficientnet", title="EfficientNet-like", make=_Efficient),
    Network(name="convnext", title="ConvNeXt-like", make=_ConvNext),
    Network(
        name="ensemble", title="mean of two ResNets", make=_Ensemble, twin=_EnsembleInModules,
        piecewise_linear=True,
    ),
    Network(
        name="two-inputs", title="two inputs, concatenated", make=_TwoInputs, twin=_TwoInModules,
        piecewise_linear=True,
    ),
    Network(
        name="weights-twice", title="a convolution used twice", make=_Twice, twin=_TwiceInModules,
        piecewise_linear=True,
    ),
    Network(name="statistics", title="perceptron on statistics", make=_Statistics),
    Network(
        name="perceptron", title="perceptron on the mean spectrum", make=_Dense, twin=itself,
        piecewise_linear=True,
    ),
]  # fmt: skip
