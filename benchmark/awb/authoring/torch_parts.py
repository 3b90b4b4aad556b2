"""Small modules around a stranger's network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb.authoring.outputs import SURE, Output


class LogOdds(nn.Module):
    """The last step: what the network gives, to log-odds."""

    proportional_relevance = True

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output

    def forward(self, values: Tensor) -> Tensor:
        """Turn values ``(batch, classes)`` into log-odds of the same shape."""
        if self._output == "probabilities":
            return torch.logit(values, eps=SURE)
        itself = torch.eye(values.shape[-1], dtype=torch.bool, device=values.device)
        others = values.unsqueeze(-2).masked_fill(itself, -torch.inf)
        return values - torch.logsumexp(others, dim=-1)


class AddChannel(nn.Module):
    """Waveforms ``(batch, samples)`` to ``(batch, 1, samples)``."""

    def forward(self, waveforms: Tensor) -> Tensor:
        """Add a channel."""
        return waveforms[:, None]
