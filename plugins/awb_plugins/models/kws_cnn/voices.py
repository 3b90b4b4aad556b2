"""Other voices: what training does to log-mel frames, so that few speakers stand for many.

Each clip is spoken faster or slower, its spectrum is stretched as by a shorter or longer vocal
tract, and it is heard through another filter. The changes grow over the first batches, so that the
word is found in few voices before it is sought in many. In evaluation nothing is done.

References
----------
Jaitly, N., & Hinton, G. E. (2013). Vocal tract length perturbation (VTLP) improves speech
recognition. ICML Workshop on Deep Learning for Audio, Speech and Language.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_TEMPO, _TRACT = 0.25, 0.16  # largest changes, as natural logarithms
_FILTER_POINTS, _FILTER_DB = 6, 5.0
_DB = 4.342944819  # decibels of power in a natural logarithm


_RAMP_BATCHES = 500


class OtherVoices(nn.Module):
    """Change tempo, vocal tract and filter of every clip, in training only."""

    def __init__(self) -> None:
        super().__init__()
        self._batches = 0

    def forward(self, features: Tensor) -> Tensor:
        """Change log-mel frames."""
        if not self.training:
            return features
        strength = min(1.0, self._batches / _RAMP_BATCHES)
        self._batches += 1
        return _filtered(_stretched(features, strength), strength)


def _stretched(features: Tensor, strength: float) -> Tensor:
    """Stretch time and frequency of every clip by factors of its own."""
    batch, n_frames, n_bins = features.shape
    slower = torch.exp(strength * _TEMPO * (2 * torch.rand(batch) - 1))
    higher = torch.exp(strength * _TRACT * (2 * torch.rand(batch) - 1))
    n_longest = int(torch.ceil(n_frames * slower.max()).clamp(min=n_frames))
    frame = (torch.arange(n_longest) / slower[:, None] + 0.5) * 2 / n_frames - 1
    bins = (torch.arange(n_bins) / higher[:, None] + 0.5) * 2 / n_bins - 1
    places = torch.stack(
        [
            bins[:, None, :].expand(-1, n_longest, -1),
            frame[:, :, None].expand(-1, -1, n_bins),
        ],
        dim=-1,
    )
    stretched = nn.functional.grid_sample(
        features[:, None], places, padding_mode="border", align_corners=False
    )
    return stretched[:, 0]


def _filtered(features: Tensor, strength: float) -> Tensor:
    """Add a smooth curve over the bins to every clip."""
    batch, _, n_bins = features.shape
    points = torch.randn(batch, 1, _FILTER_POINTS) * (strength * _FILTER_DB / _DB)
    curve = nn.functional.interpolate(points, size=n_bins, mode="linear", align_corners=True)
    return features + curve
