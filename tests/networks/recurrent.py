"""Networks along time: recurrent, dilated and convolutional with attention."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from networks.base import BINS, CLASSES, Network, Split

_N = len(CLASSES)


class _Crnn(Split):
    """Convolutions, a recurrent layer both ways over the frames, and a mean over time."""

    def __init__(self, recurrent: type[nn.RNNBase]) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            *(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d((1, 4))),
            *(nn.Conv2d(4, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
        )
        self.recurrent = recurrent(18, 5, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(10, _N)

    def body(self, features: Tensor) -> Tensor:
        return self.conv(features.unsqueeze(1))

    def head(self, maps: Tensor) -> Tensor:
        frames, _ = self.recurrent(maps.permute(0, 2, 1, 3).flatten(2))
        return self.dense(frames.mean(dim=1))


class _Block(nn.Module):
    """Two dilated convolutions of normalized weight, and a shortcut."""

    def __init__(self, inner: int, outer: int, dilation: int) -> None:
        super().__init__()
        settings: dict[str, Any] = {"dilation": dilation, "padding": dilation}
        self.conv1 = parametrizations.weight_norm(nn.Conv1d(inner, outer, 3, **settings))
        self.conv2 = parametrizations.weight_norm(nn.Conv1d(outer, outer, 3, **settings))
        self.shortcut = nn.Conv1d(inner, outer, 1)

    def forward(self, values: Tensor) -> Tensor:
        out = functional.relu(self.conv2(functional.relu(self.conv1(values))))
        return functional.relu(out + self.shortcut(values))


class _BlockInModules(nn.Module):
    """`_Block`, its weights plain and its ReLUs modules."""

    def __init__(self, block: _Block) -> None:
        super().__init__()
        conv1, conv2 = (_plain(one) for one in (block.conv1, block.conv2))
        self.path = nn.Sequential(conv1, nn.ReLU(), conv2, nn.ReLU())
        self.shortcut, self.relu = copy.deepcopy(block.shortcut), nn.ReLU()

    def forward(self, values: Tensor) -> Tensor:
        return self.relu(self.path(values) + self.shortcut(values))


def _plain(conv: nn.Conv1d) -> nn.Conv1d:
    """A convolution with the weight that its parametrization computes."""
    made = nn.Conv1d(
        conv.in_channels, conv.out_channels, 3, dilation=conv.dilation, padding=conv.padding
    )
    with torch.no_grad():
        made.weight.copy_(conv.weight)
        made.bias.copy_(conv.bias)
    return made


class _Tcn(Split):
    """A temporal convolutional network over the bins."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(_Block(BINS, 6, 1), _Block(6, 6, 2))
        self.dense = nn.Linear(6, _N)

    def body(self, features: Tensor) -> Tensor:
        return self.blocks(features.transpose(1, 2))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean(dim=2))


class _TcnInModules(Split):
    """`_Tcn` in modules."""

    def __init__(self, net: _Tcn) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*(_BlockInModules(block) for block in net.blocks))
        self.pool, self.flatten = nn.AdaptiveAvgPool1d(1), nn.Flatten()
        self.dense = copy.deepcopy(net.dense)

    def body(self, features: Tensor) -> Tensor:
        return self.blocks(features.transpose(1, 2))

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(self.flatten(self.pool(maps)))


class _Conformer(Split):
    """A conformer block: half steps of dense layers around attention and a gated convolution."""

    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.inside = nn.Linear(BINS, width)
        self.first, self.last = self._dense(width), self._dense(width)
        self.norm, self.attention = (
            nn.LayerNorm(width),
            nn.MultiheadAttention(width, 2, batch_first=True),
        )
        self.conv_norm, self.pointwise = nn.LayerNorm(width), nn.Conv1d(width, 2 * width, 1)
        self.depthwise = nn.Conv1d(width, width, 5, padding=2, groups=width)
        self.batch_norm, self.mix = nn.BatchNorm1d(width), nn.Conv1d(width, width, 1)
        self.end, self.dense = nn.LayerNorm(width), nn.Linear(width, _N)

    @staticmethod
    def _dense(width: int) -> nn.Module:
        return nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width)
        )

    def _convolved(self, tokens: Tensor) -> Tensor:
        gated = functional.glu(self.pointwise(self.conv_norm(tokens).transpose(1, 2)), dim=1)
        mixed = self.mix(functional.silu(self.batch_norm(self.depthwise(gated))))
        return mixed.transpose(1, 2)

    def body(self, features: Tensor) -> Tensor:
        tokens = self.inside(features)
        tokens = tokens + 0.5 * self.first(tokens)
        normed = self.norm(tokens)
        tokens = tokens + self.attention(normed, normed, normed, need_weights=False)[0]
        tokens = tokens + self._convolved(tokens)
        tokens = self.end(tokens + 0.5 * self.last(tokens))
        return tokens.transpose(1, 2)

    def head(self, maps: Tensor) -> Tensor:
        return self.dense(maps.mean(dim=2))


NETWORKS = [
    Network(name="crnn-gru", title="CRNN, GRU", make=lambda: _Crnn(nn.GRU)),
    Network(name="crnn-lstm", title="CRNN, LSTM", make=lambda: _Crnn(nn.LSTM)),
    Network(
        name="tcn", title="TCN with weight norm", make=_Tcn, twin=_TcnInModules,
        piecewise_linear=True,
    ),
    Network(name="conformer", title="conformer", make=_Conformer),
]  # fmt: skip
