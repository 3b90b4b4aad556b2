"""The torch modules: a mel spectrogram of 4 s as a picture of 64 by 64, and a CNN of pictures.

Conventions
-----------
22,050 Hz. The picture has 64 columns of 62.5 ms and 64 mel rows: each column is one window of 2,048
samples (93 ms, periodic Hann), one every 1,378, the first centred on the first sample, with silence
beyond both ends. Its values are decibels of full scale, from -80 (0) to 0 (1), clipped: not of the
loudest point of the clip, so that a column depends only on its own window. Clips are filled
with silence to 4 s; what lies beyond is not heard.

The network is a CNN of colour pictures. Its three channels are the same grey picture three times:
no colours are made up. The published figures (3x3 filters in numbers of 32, 64, 64, 64, 128, 128,
three poolings of 2, dense 512, dense 10) leave open where convolutions are padded. 1,958,730
parameters decide it: the six have 314,688 and the last layer 5,130, which leaves
1,638,912 = 512 x 3,200 + 512, so 3,200 = 5 x 5 x 128 values reach the dense layer. From 64, a side
of 5 is reached by shrinking before the first pooling by 2, before the second by 2 or 4, before the
third by the rest: here 64 same 64 valid 62 / 31 same 31 valid 29 / 14 valid 12 valid 10 / 5.

References
----------
Salamon, J., Jacoby, C., & Bello, J. P. (2014). A dataset and taxonomy for urban sound research. ACM
Multimedia. doi:10.1145/2647868.2655045
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from awb.authoring.outputs.layers import LogOdds

SAMPLE_RATE_HZ = 22_050
WINDOW_SAMPLES, HOP_SAMPLES = 2048, 1378
COLUMNS, MEL_BINS, CHANNELS = 64, 64, 3
HEARD_SAMPLES = COLUMNS * HOP_SAMPLES  # four seconds
LOWEST_HZ, HIGHEST_HZ = 0.0, 11_025.0
RANGE_DB = 80.0
LAST_CONVOLUTION = "convolutions.conv6"
HIDDEN = 512

_LAYERS = ((32, 1), (64, 0), (64, 1), (64, 0), (128, 0), (128, 0))
"""Filters and padding of each convolution; a pooling follows every second one."""


def mel_edges_hz() -> Tensor:
    """Return the corners of the mel filters, ``shape=(66,)``, evenly spaced in mel."""
    edges = torch.tensor([LOWEST_HZ, HIGHEST_HZ], dtype=torch.float64)
    lowest, highest = (2595 * torch.log10(1 + edges / 700)).tolist()
    mels = torch.linspace(lowest, highest, MEL_BINS + 2, dtype=torch.float64)
    edges_hz: Tensor = 700 * (10 ** (mels / 2595) - 1)
    return edges_hz


def mel_filters() -> Tensor:
    """Return triangular filters of height 1."""
    edges_hz = mel_edges_hz()
    bins_hz = torch.linspace(0, SAMPLE_RATE_HZ / 2, WINDOW_SAMPLES // 2 + 1, dtype=torch.float64)
    rising = (bins_hz[:, None] - edges_hz[:-2]) / (edges_hz[1:-1] - edges_hz[:-2])
    falling = (edges_hz[2:] - bins_hz[:, None]) / (edges_hz[2:] - edges_hz[1:-1])
    return torch.clamp(torch.minimum(rising, falling), min=0).float()


class Picture(nn.Module):
    """Waveforms to pictures of their mel spectrogram.

    Attributes
    ----------
    window : torch.Tensor, shape=(2048,)
        Hann window, scaled so that a sine of full scale has the power 1 in its bin.
    filters : torch.Tensor, shape=(1025, 64)
        See `mel_filters`.
    """

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(WINDOW_SAMPLES, periodic=True, dtype=torch.float64)
        self.register_buffer("window", (2 * window / window.sum()).float(), persistent=False)
        self.register_buffer("filters", mel_filters(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Draw the pictures."""
        length = (COLUMNS - 1) * HOP_SAMPLES + WINDOW_SAMPLES
        margin = WINDOW_SAMPLES // 2
        rest = max(0, length - margin - waveforms.shape[-1])
        padded = nn.functional.pad(waveforms, (margin, rest))[..., :length]
        spectrum = torch.fft.rfft(padded.unfold(-1, WINDOW_SAMPLES, HOP_SAMPLES) * self.window)
        power = (spectrum.real.square() + spectrum.imag.square()) @ self.filters
        decibels = 10.0 * torch.log10(power.clamp(min=1e-10))
        return (decibels / RANGE_DB + 1.0).clamp(0.0, 1.0)


class UrbanSoundCnn(nn.Module):
    """Pictures to log-odds."""

    def __init__(self, n_classes: int = 10) -> None:
        super().__init__()
        self.convolutions = nn.Sequential()
        inputs = CHANNELS
        for number, (outputs, padding) in enumerate(_LAYERS, start=1):
            self.convolutions.add_module(
                f"conv{number}", nn.Conv2d(inputs, outputs, 3, padding=padding)
            )
            self.convolutions.add_module(f"relu{number}", nn.ReLU())
            inputs = outputs
            if number % 2 == 0:
                self.convolutions.add_module(f"pool{number // 2}", nn.MaxPool2d(2))
                self.convolutions.add_module(f"dropout{number // 2}", nn.Dropout(0.25))
        self.flatten = nn.Flatten()
        self.dense = nn.Linear(5 * 5 * inputs, HIDDEN)
        self.relu, self.dropout = nn.ReLU(), nn.Dropout(0.5)
        self.head = nn.Linear(HIDDEN, n_classes)
        self.log_odds = LogOdds()

    def forward(self, features: Tensor) -> Tensor:
        """Score pictures."""
        grey = features[:, None].expand(-1, CHANNELS, -1, -1)
        hidden = self.relu(self.dense(self.flatten(self.convolutions(grey))))
        scores: Tensor = self.log_odds(self.head(self.dropout(hidden)))
        return scores
