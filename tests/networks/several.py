"""Networks of several paths from the features to the scores, and perceptrons."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.base import BINS, CLASSES, Network, itself
from networks.residual import PostActivation, PostInModules

_N = len(CLASSES)


def _conv(inner: int, outer: int) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, 3, padding=1)


class _Ensemble(nn.Module):
    """The mean of two networks of one kind."""

    def __init__(self) -> None:
        super().__init__()
        self.members = nn.ModuleList([PostActivation(), PostActivation()])

    def forward(self, features: Tensor) -> Tensor:
        return torch.stack([member(features) for member in self.members]).mean(dim=0)


class _EnsembleInModules(nn.Module):
    """`_Ensemble` of twins."""

    def __init__(self, net: _Ensemble) -> None:
        super().__init__()
        self.one, self.other = (PostInModules(member) for member in net.members)

    def forward(self, features: Tensor) -> Tensor:
        return (self.one(features) + self.other(features)) / 2


class _TwoInputs(nn.Module):
    """Levels and their differences in time, each through a network of its own, concatenated."""

    def __init__(self) -> None:
        super().__init__()
        self.levels, self.changes = _conv(1, 5), _conv(1, 5)
        self.hidden, self.dense = nn.Linear(10, 8), nn.Linear(8, _N)

    def forward(self, features: Tensor) -> Tensor:
        changes = functional.pad(features[:, 1:] - features[:, :-1], (0, 0, 0, 1))
        one = functional.relu(self.levels(features[:, None])).mean(dim=(2, 3))
        other = functional.relu(self.changes(changes[:, None])).amax(dim=(2, 3))
        return self.dense(functional.relu(self.hidden(torch.cat([one, other], dim=1))))


class _TwoInModules(nn.Module):
    """`_TwoInputs` in modules."""

    def __init__(self, net: _TwoInputs) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.one = nn.Sequential(net.levels, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.other = nn.Sequential(net.changes, nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.tail = nn.Sequential(net.hidden, nn.ReLU(), net.dense)

    def forward(self, features: Tensor) -> Tensor:
        changes = functional.pad(features[:, 1:] - features[:, :-1], (0, 0, 0, 1))
        both = [self.one(features[:, None]), self.other(changes[:, None])]
        return self.tail(torch.cat(both, dim=1))


class _Twice(nn.Module):
    """One convolution on two resolutions: its weights are used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.dense = _conv(1, 6), nn.Linear(12, _N)

    def forward(self, features: Tensor) -> Tensor:
        fine = functional.relu(self.conv(features[:, None])).mean(dim=(2, 3))
        coarse = functional.relu(self.conv(functional.avg_pool2d(features[:, None], 2))).mean(
            dim=(2, 3)
        )
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
        self.register_buffer("floor_bias", torch.tensor(1e-3))
        self.layers = nn.Sequential(
            *(nn.Linear(2 * BINS, 16), nn.ReLU()), *(nn.Linear(16, 8), nn.Tanh()), nn.Linear(8, _N)
        )

    def forward(self, features: Tensor) -> Tensor:
        spread = (features.var(dim=1, unbiased=False) + self.floor_bias).sqrt()
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
