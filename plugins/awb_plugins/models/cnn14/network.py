"""Cnn14 from log-mel bins to log-odds, laid out so that relevance can be handed back through it.

The published network adds the maximum and the mean over time. Here both go through an average of
two, and the first dense layer, whose weights are doubled on loading, makes up for it: the numbers
are the same, and every step is a layer for which there is a rule of relevance propagation. The
published normalization of the features is a scale and a shift of every bin.

References
----------
Kong, Q., et al. (2020). PANNs. IEEE/ACM TASLP 28. doi:10.1109/TASLP.2020.3030497
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from awb.authoring.outputs.layers import LogOdds
from awb_plugins.models.checkpoints import Problem
from awb_plugins.models.cnn14.front_end import MEL_BINS, log_mel

N_BLOCKS = 6
PUBLISHED_WIDTH = 64
LAST_CONVOLUTION = "conv_block6.conv2"
FEWEST_FRAMES = 2 ** (N_BLOCKS - 1)


class ConvBlock(nn.Module):
    """Two convolutions of 3 by 3 with batch normalization, then a pooling."""

    def __init__(self, inputs: int, outputs: int, *, pool: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu2 = nn.ReLU()
        self.pool = nn.AvgPool2d(2) if pool else nn.Dropout(0.0)

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve maps ``(batch, channels, frames, bins)``."""
        hidden = self.relu1(self.bn1(self.conv1(maps)))
        pooled: Tensor = self.pool(self.relu2(self.bn2(self.conv2(hidden))))
        return pooled


class Cnn14Network(nn.Module):
    """Features to log-odds.

    Attributes
    ----------
    bin_scale, bin_shift : torch.Tensor, shape=(64,)
        What the published ``bn0`` does to every log-mel bin.
    """

    bin_scale: Tensor
    bin_shift: Tensor
    filters: Tensor | None

    def __init__(
        self,
        n_classes: int,
        *,
        width: int = PUBLISHED_WIDTH,
        problem: Problem = "multi-label",
        filters: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.register_buffer("filters", filters, persistent=False)
        self.register_buffer("bin_scale", torch.ones(MEL_BINS))
        self.register_buffer("bin_shift", torch.zeros(MEL_BINS))
        channels = [1, *(width * 2**block for block in range(N_BLOCKS))]
        for block in range(1, N_BLOCKS + 1):
            made = ConvBlock(channels[block - 1], channels[block], pool=block < N_BLOCKS)
            self.add_module(f"conv_block{block}", made)
        self.bin_mean = nn.AdaptiveAvgPool2d((None, 1))
        self.time_mean, self.time_max = nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1)
        self.both = nn.AvgPool1d(2)
        self.fc1 = nn.Linear(channels[-1], channels[-1])
        self.relu = nn.ReLU()
        self.head = nn.Linear(channels[-1], n_classes)
        self.log_odds = LogOdds() if problem == "single-label" else None

    def embedding(self, features: Tensor) -> Tensor:
        """Compute the embedding."""
        mel = features if self.filters is None else log_mel(features, self.filters)
        maps = (mel * self.bin_scale + self.bin_shift)[:, None]
        for block in range(1, N_BLOCKS + 1):
            maps = self.get_submodule(f"conv_block{block}")(maps)
        over_time = self.bin_mean(maps)
        # Clones, because rules of relevance hang one hook on the input of every layer.
        pooled = [self.time_max(over_time.clone()), self.time_mean(over_time.clone())]
        half = self.both(torch.cat(pooled, dim=2)[..., 0])[..., 0]
        embedded: Tensor = self.relu(self.fc1(half))
        return embedded

    def forward(self, features: Tensor) -> Tensor:
        """Score features ``(batch, frames, bins)``, giving log-odds ``(batch, classes)``."""
        logits: Tensor = self.head(self.embedding(features))
        return logits if self.log_odds is None else self.log_odds(logits)

    def take(self, state: Mapping[str, Tensor], head: str) -> None:
        """Take the weights of a checkpoint in the published layout."""
        own = {name: tensor for name, tensor in state.items() if name.startswith("conv_block")}
        own["fc1.weight"], own["fc1.bias"] = 2.0 * state["fc1.weight"], state["fc1.bias"]
        own["head.weight"], own["head.bias"] = state[f"{head}.weight"], state[f"{head}.bias"]
        deviation = (state["bn0.running_var"] + nn.BatchNorm2d(1).eps).sqrt()
        own["bin_scale"] = state["bn0.weight"] / deviation
        own["bin_shift"] = state["bn0.bias"] - state["bn0.running_mean"] * own["bin_scale"]
        self.load_state_dict(own)
