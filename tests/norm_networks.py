"""Small networks with batch norm that worker processes can import."""

from __future__ import annotations

import torch
from torch import nn


class Frames(nn.Module):
    """Waveforms to log energies ``(batch, frames, bins)``."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        frames = waveforms[:, : waveforms.shape[1] // 320 * 320].unflatten(1, (-1, 8, 40))
        return torch.log(frames.square().mean(3) + 1e-4)


class Convolutions(nn.Module):
    """Batch norm with statistics, an in-place ReLU and a scalar."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv, self.dense = nn.Conv1d(8, 6, 5), nn.Linear(6, 2)
        self.norm, self.relu = nn.BatchNorm1d(6), nn.ReLU(inplace=True)
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = self.relu(self.norm(self.conv(features.transpose(1, 2))))
        return self.dense(hidden.amax(2)) * self.scale
