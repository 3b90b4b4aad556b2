"""The network of ``fast-shap``: from a clip to the Shapley values of its windows, at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import IntArray
from awb_plugins.models.log_mel_front_end import FrontEnd, LogMelFormat

_WIDTH = 32
_BINS = 40
_WINDOW_S, _HOP_S = 0.032, 0.02


def front_end(sample_rate_hz: int) -> FrontEnd:
    """Make log-mel features for any rate."""
    window = max(8, 2 * round(_WINDOW_S * sample_rate_hz / 2))
    return FrontEnd(
        LogMelFormat(
            sample_rate_hz=sample_rate_hz,
            window_samples=window,
            hop_samples=min(window, 2 * max(1, round(_HOP_S * sample_rate_hz / 2))),
            mel_bins=min(_BINS, window // 4),
            highest_hz=0.48 * sample_rate_hz,
        )
    )


class WindowNetwork(nn.Module):
    """Waveforms to one value per window and class.

    Attributes
    ----------
    bin_mean, bin_scale : torch.Tensor, shape=(bins,)
        Fixed shift and scale of the features.
    unit : torch.Tensor, shape=()
        Log-odds that an output of 1 means.
    """

    bin_mean: Tensor
    bin_scale: Tensor
    rate: Tensor
    unit: Tensor

    def __init__(self, sample_rate_hz: int, n_classes: int) -> None:
        super().__init__()
        self.front_end = front_end(sample_rate_hz)
        bins = self.front_end.shape.mel_bins
        self.register_buffer("bin_mean", torch.zeros(bins))
        self.register_buffer("bin_scale", torch.ones(bins))
        self.register_buffer("rate", torch.tensor(sample_rate_hz))
        self.register_buffer("unit", torch.tensor(1.0))
        self.first = nn.Conv2d(1, _WIDTH // 2, (5, 5), (2, 2), (2, 2))
        self.second = nn.Conv2d(_WIDTH // 2, _WIDTH, (3, 3), (2, 2), (1, 1))
        self.third = nn.Conv1d(_WIDTH * -(-bins // 4), 2 * _WIDTH, 3, padding=1)
        self.last = nn.Conv1d(4 * _WIDTH, n_classes, 1)

    def forward(self, waveforms: Tensor, edges_samples: IntArray) -> Tensor:
        """Compute values ``(batch, windows, classes)`` before the sum is put right."""
        scaled = (self.front_end(waveforms) - self.bin_mean) * self.bin_scale
        maps = torch.relu(self.second(torch.relu(self.first(scaled[:, None]))))
        hidden = torch.relu(self.third(maps.transpose(2, 3).flatten(1, 2)))
        around = hidden.mean(dim=2, keepdim=True).expand_as(hidden)
        values = self.last(torch.cat([hidden, around], dim=1)).transpose(1, 2)
        found: Tensor = (_means(values.shape[1], edges_samples) @ values) * self.unit
        return found


def _means(n_frames: int, edges_samples: IntArray) -> Tensor:
    """Return the matrix that averages frames, which share the clip evenly, over windows."""
    frames = np.linspace(0, edges_samples[-1], n_frames + 1)
    low = np.maximum(frames[:-1], edges_samples[:-1, np.newaxis])
    high = np.minimum(frames[1:], edges_samples[1:, np.newaxis])
    part = np.clip(high - low, 0.0, None)
    return torch.tensor(part / part.sum(axis=1, keepdims=True), dtype=torch.float32)


def efficient(values: Tensor, rise: Tensor) -> Tensor:
    """Share what values ``(..., windows)`` lack of the score's rise ``(...)`` evenly among them."""
    lacking = rise - values.sum(dim=-1)
    return values + (lacking / values.shape[-1])[..., None]


def from_state(state: dict[str, Any]) -> WindowNetwork:
    """Make a network of the size of its weights."""
    return WindowNetwork(int(state["rate"]), len(state["last.weight"]))
