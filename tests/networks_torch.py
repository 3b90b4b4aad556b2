"""Small networks that compute with functions, in place, with gates, cells, attention and norms."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from fakes_torch import BINS


class SameFunction(nn.Module):
    """One function spelled in five ways: ReLUs apart, one for all, in place, fresh, a function."""

    def __init__(self, spelling: str) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 8, 3), nn.Conv2d(8, 8, 2)
        self.hidden, self.dense = nn.Linear(8, 8), nn.Linear(8, 2)
        self.pool, self.flat = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.spelling, one = spelling, nn.ReLU()
        if spelling in ("each", "inplace"):
            made = [nn.ReLU(inplace=spelling == "inplace") for _ in range(3)]
            self.a, self.b, self.c = made
        elif spelling == "shared":
            self.a = one

    def forward(self, features: Tensor) -> Tensor:
        a: Callable[[Tensor], Tensor]
        if self.spelling in ("each", "inplace"):
            a, b, c = self.a, self.b, self.c
        elif self.spelling == "shared":
            a = b = c = self.a
        elif self.spelling == "fresh":
            a = b = c = lambda given: nn.ReLU()(given)
        else:
            a = b = c = functional.relu
        hidden = b(self.conv2(a(self.conv1(features[:, None]))))
        if self.spelling in ("each", "inplace"):
            hidden = self.flat(self.pool(hidden))
        else:
            hidden = hidden.mean(dim=(2, 3))
        scores: Tensor = self.dense(c(self.hidden(hidden)))
        return scores


class PannsLike(nn.Module):
    """A batch norm, ReLU in place, pooling by functions: maximum plus mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.dense = nn.Linear(6, 2)

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.max_pool2d(
            torch.relu_(self.norm(self.conv(features[:, None]))), 2
        ).mean(dim=3)
        scores: Tensor = self.dense(torch.max(hidden, dim=2)[0] + torch.mean(hidden, dim=2))
        return scores


class Gated(nn.Module):
    """A gated linear unit, squeeze and excitation, SiLU, and log-odds of a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.squeeze = nn.Conv1d(BINS, 12, 3, padding=1), nn.Linear(6, 6)
        self.dense = nn.Linear(6, 2)

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.glu(self.conv(features.transpose(1, 2)), dim=1)
        hidden = functional.silu(
            hidden * torch.sigmoid(self.squeeze(hidden.mean(dim=2)))[..., None]
        )
        return torch.log_softmax(self.dense(hidden.amax(dim=2)), dim=-1)


class Recurrent(nn.Module):
    """An LSTM and a GRU that goes both ways, pooled by attention."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(BINS, 5, batch_first=True)
        self.gru = nn.GRU(5, 4, batch_first=True, bidirectional=True)
        self.attention, self.dense = nn.Linear(8, 1), nn.Linear(8, 2)

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.gru(self.lstm(features)[0])[0]
        weights = torch.softmax(self.attention(hidden), dim=1)
        scores: Tensor = self.dense((weights * hidden).sum(dim=1))
        return scores


class Transformer(nn.Module):
    """A layer of a transformer with GELU, and a mean over its tokens."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(BINS, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
        self.dense = nn.Linear(8, 2)

    def forward(self, features: Tensor) -> Tensor:
        scores: Tensor = self.dense(self.layer(self.embed(features)).mean(dim=1))
        return scores


class Normed(nn.Module):
    """Layer, group and instance norms, a residual, a log-mean-exp."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.again = nn.Conv1d(BINS, 6, 3, padding=1), nn.Conv1d(6, 6, 3, padding=1)
        self.group, self.instance = nn.GroupNorm(2, 6), nn.InstanceNorm1d(6, affine=True)
        self.layer, self.dense = nn.LayerNorm(6), nn.Linear(6, 2)

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.group(self.conv(features.transpose(1, 2))))
        hidden = hidden + functional.elu(self.instance(self.again(hidden)))
        scores = self.dense(self.layer(hidden.transpose(1, 2)))
        return torch.logsumexp(3.0 * scores, dim=1) / 3.0


class WritesInPlace(nn.Module):
    """Buffers filled step by step, views that are changed, and parts that are overwritten."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(BINS, 2)

    def forward(self, features: Tensor) -> Tensor:
        filled = torch.zeros_like(features)
        for frame in range(features.shape[1]):
            filled[:, frame] = 2.0 * features[:, frame]
        changed = features.clone()
        left, right = changed.chunk(2, dim=-1)
        left.sigmoid_()
        right.tanh_()
        changed[:, :2, 1:3].mul_(3.0)
        changed += filled.relu_()
        scores: Tensor = self.dense(changed).mean(dim=1) + left.sum() * filled.mean()
        return scores


FUNCTIONAL: list[Callable[[], nn.Module]] = [
    lambda: SameFunction("functional"),
    *(PannsLike, Gated, Recurrent, Transformer, Normed, WritesInPlace),
]


def seeded(make: Callable[[], nn.Module], seed: int = 0) -> nn.Module:
    """Make a network whose weights, and statistics of norms, are random but known."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = make()
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.5)
                nn.init.uniform_(module.running_var, 0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, std=0.3)
    return network.eval()
