"""A convolutional network on the raw waveform, without a spectrogram.

The first convolution is a bank of learned filters of 16 ms; before training they are windowed tones
whose centres are evenly spaced in mel.

References
----------
Dai, W., Dai, C., Qu, S., Li, J., & Das, S. (2017). Very deep convolutional neural networks for raw
waveforms. ICASSP. arXiv:1610.00087 (Wide first filters, then short ones, each normalized.)
Zeghidour, N., et al. (2018). Learning filterbanks from raw speech for phone recognition. ICASSP.
arXiv:1711.01161 (First filters that start as windowed tones in mel.)
Pinheiro, P. O., & Collobert, R. (2015). From image-level to pixel-level labeling with
convolutional networks. CVPR. https://doi.org/10.1109/CVPR.2015.7298780 (Log-mean-exp pooling.)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from awb_plugins.models.convolutions import stacked, without_norms
from awb_plugins.models.log_mel_front_end import LogMelFormat
from awb_plugins.models.moments import PooledMoments

SAMPLE_RATE_HZ = 16000
LAST_CONVOLUTION = "convolutions.conv4"

_FILTERS, _FILTER_SAMPLES, _HOP_SAMPLES = 64, 256, 64
_CHANNELS = (48, 64, 64)


class BackEnd(PooledMoments):
    """Samples to log-odds."""

    def __init__(self, n_classes: int, *, batch_norm: bool = False) -> None:
        super().__init__()
        one, two, three = _CHANNELS
        margin = (_FILTER_SAMPLES - _HOP_SAMPLES) // 2
        filters = nn.Conv1d(1, _FILTERS, _FILTER_SAMPLES, _HOP_SAMPLES, margin)
        filters.weight = nn.Parameter(windowed_tones()[:, None])
        layers = [
            filters,
            nn.Conv1d(_FILTERS, one, 8, 4, 2),
            nn.Conv1d(one, two, 5, 2, 2),
            nn.Conv1d(two, three, 5, 2, 2),
        ]
        self.convolutions = stacked(layers, batch_norm=batch_norm)
        self.dropout = nn.Dropout(0.2 if batch_norm else 0.0)
        self.head = nn.Linear(three, n_classes)
        self.sharpness = nn.Parameter(torch.zeros(n_classes))

    def moments(self, features: Tensor) -> Tensor:
        """Score every 64 ms of ``(batch, samples, 1)``: ``(batch, moments, classes)``."""
        hidden = self.convolutions(features.transpose(1, 2)).transpose(1, 2)
        scores: Tensor = self.head(self.dropout(hidden))
        return scores

    def folded(self) -> BackEnd:
        """Return the same function with every normalization folded into its convolution."""
        plain = BackEnd(self.head.out_features).eval()
        state = {name: value for name, value in self.state_dict().items() if ".norm" not in name}
        plain.load_state_dict(state)
        plain.convolutions = without_norms(self.convolutions)
        return plain


def windowed_tones() -> Tensor:
    """Return what the filters are before training, ``shape=(filters, samples)``.

    Cosines and sines alternate, under a Hann window, each of energy 1.
    """
    centers_hz = LogMelFormat(mel_bins=_FILTERS, lowest_hz=60.0).edges_hz()[1:-1, None]
    time_s = (torch.arange(_FILTER_SAMPLES, dtype=torch.float64) + 0.5) / SAMPLE_RATE_HZ
    phases = torch.arange(_FILTERS, dtype=torch.float64)[:, None] * (math.pi / 2)
    window = torch.hann_window(_FILTER_SAMPLES, dtype=torch.float64)
    tones = window * torch.cos(2 * math.pi * centers_hz * time_s - phases)
    filters: Tensor = (tones / tones.norm(dim=1, keepdim=True)).float()
    return filters
