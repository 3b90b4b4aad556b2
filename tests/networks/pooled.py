"""Convolutional networks by what follows the convolutions: functions, attention, gates."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional

from networks.base import BINS, CLASSES, Network, Split, itself

_N = len(CLASSES)


def _conv(inner: int, outer: int, **settings: bool) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, 3, padding=1, **settings)


class Panns(Split):
    """PANNs-like: batch norm of the bins, blocks with functions, maximum and mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm2d(BINS)
        self.conv1, self.bn1 = _conv(1, 6, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = _conv(6, 8, bias=False), nn.BatchNorm2d(8)
        self.fc1, self.fc_audioset = nn.Linear(8, 8), nn.Linear(8, _N)

    def body(self, features: Tensor) -> Tensor:
        hidden = self.bn0(features.unsqueeze(1).transpose(1, 3)).transpose(1, 3)
        hidden = functional.relu_(self.bn1(self.conv1(hidden)))
        hidden = functional.dropout(
            functional.avg_pool2d(hidden, (2, 2)), p=0.2, training=self.training
        )
        return functional.relu_(self.bn2(self.conv2(hidden)))

    def head(self, maps: Tensor) -> Tensor:
        frames = torch.mean(maps, dim=3)
        (loudest, _) = torch.max(frames, dim=2)
        pooled = loudest + torch.mean(frames, dim=2)
        pooled = functional.dropout(pooled, p=0.5, training=self.training)
        return self.fc_audioset(functional.relu_(self.fc1(pooled)))


class _PannsInModules(Split):
    """`Panns`, every operation but the addition a module of its own."""

    def __init__(self, net: Panns) -> None:
        super().__init__()
        net = copy.deepcopy(net)
        self.bn0 = net.bn0
        self.layers = nn.Sequential(
            *(net.conv1, net.bn1, nn.ReLU(), nn.AvgPool2d(2)), *(net.conv2, net.bn2, nn.ReLU())
        )
        self.over_bins, self.flat = nn.AdaptiveAvgPool2d((None, 1)), nn.Flatten(2)
        self.loudest, self.mean = nn.AdaptiveMaxPool1d(1), nn.AdaptiveAvgPool1d(1)
        self.flatten1, self.flatten2 = nn.Flatten(), nn.Flatten()
        self.tail = nn.Sequential(net.fc1, nn.ReLU(), net.fc_audioset)

    def body(self, features: Tensor) -> Tensor:
        return self.layers(self.bn0(features.unsqueeze(1).transpose(1, 3)).transpose(1, 3))

    def head(self, maps: Tensor) -> Tensor:
        frames = self.flat(self.over_bins(maps))
        pooled = self.flatten1(self.loudest(frames)) + self.flatten2(self.mean(frames))
        return self.tail(pooled)


class _AttentionPooling(Split):
    """Frame-wise classes, weighted in time by a softmax of their own (as in DCASE baselines)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = _conv(1, 8), nn.BatchNorm2d(8)
        self.attention, self.classes = nn.Conv1d(8, _N, 1), nn.Conv1d(8, _N, 1)

    def body(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.norm(self.conv(features.unsqueeze(1))))
        frames = hidden.mean(dim=3)
        weights = torch.softmax(torch.tanh(self.attention(frames)), dim=-1)
        return weights * self.classes(frames)

    def head(self, maps: Tensor) -> Tensor:
        return maps.sum(dim=-1)


class _Gated(Split):
    """Gated linear units between convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = _conv(1, 12), _conv(6, 16)
        self.dense = nn.Linear(8, _N)

    def body(self, features: Tensor) -> Tensor:
        hidden = functional.glu(self.conv1(features[:, None]), dim=1)
        return functional.glu(self.conv2(functional.avg_pool2d(hidden, 2)), dim=1)

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean(dim=(-2, -1)))


class _OneDimensional(Split):
    """Bins as channels, convolutions over time alone, as for keywords."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(nn.Conv1d(BINS, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2)),
            *(nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU()),
        )
        self.pool, self.flatten, self.dense = (
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(8, _N),
        )

    def body(self, features: Tensor) -> Tensor:
        return self.layers(features.transpose(1, 2))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(self.flatten(self.pool(maps)))


NETWORKS = [
    Network(
        name="panns", title="PANNs-like", make=Panns, twin=_PannsInModules, piecewise_linear=True,
    ),
    Network(name="attention-pooling", title="CNN with attention pooling", make=_AttentionPooling),
    Network(name="glu", title="CNN with gated linear units", make=_Gated),
    Network(
        name="conv1d", title="1-D CNN over bins", make=_OneDimensional, twin=itself,
        piecewise_linear=True,
    ),
]  # fmt: skip
