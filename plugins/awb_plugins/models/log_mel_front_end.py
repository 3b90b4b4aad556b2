"""The log-mel front end of the models that are trained here.

Conventions
-----------
Frame k is centred on hop k: it hears 512 samples around the middle of samples 320 k to 320 k + 319.
The waveform is padded with zeros at both ends, so that a clip has one frame for every begun hop of
20 ms, and no frame depends on anything but its own window: features are not normalized over a clip.

References
----------
Stevens, S. S., Volkmann, J., & Newman, E. B. (1937). A scale for the measurement of the
psychological magnitude pitch. JASA, 8(3). https://doi.org/10.1121/1.1915893
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

SAMPLE_RATE_HZ = 16000
WINDOW_SAMPLES = 512
HOP_SAMPLES = 320
MEL_BINS = 64
LOWEST_HZ, HIGHEST_HZ = 30.0, 7800.0
POWER_FLOOR = 1e-8  # what silence becomes: -80 dB of full scale


@dataclass(frozen=True, slots=True)
class LogMelFormat:
    """Rates and sizes of log-mel frames; the defaults are those of soundscape-cnn.

    Attributes
    ----------
    sample_rate_hz : int
        Rate of the waveforms in Hz.
    window_samples, hop_samples : int
        Length of a frame's window, and distance between frames.
    mel_bins : int
        Number of mel bins.
    lowest_hz, highest_hz : float
        Range of the filters in Hz.
    """

    sample_rate_hz: int = SAMPLE_RATE_HZ
    window_samples: int = WINDOW_SAMPLES
    hop_samples: int = HOP_SAMPLES
    mel_bins: int = MEL_BINS
    lowest_hz: float = LOWEST_HZ
    highest_hz: float = HIGHEST_HZ

    def edges_hz(self) -> Tensor:
        """Return edges and centres of the filters, ``shape=(mel_bins + 2,)``, dtype=float64."""
        lowest, highest = (
            2595 * math.log10(1 + edge / 700) for edge in (self.lowest_hz, self.highest_hz)
        )
        mels = torch.linspace(lowest, highest, self.mel_bins + 2, dtype=torch.float64)
        return torch.as_tensor(700 * (10 ** (mels / 2595) - 1))


SOUNDSCAPES = LogMelFormat()


def mel_filters(shape: LogMelFormat = SOUNDSCAPES) -> Tensor:
    """Return triangular filters, evenly spaced in mel, of height 1."""
    resolution_hz = shape.sample_rate_hz / shape.window_samples
    edges_hz = shape.edges_hz()
    n_bins = shape.window_samples // 2 + 1
    bins_hz = torch.arange(n_bins, dtype=torch.float64)[:, None] * resolution_hz
    below = torch.clamp(edges_hz[1:-1] - edges_hz[:-2], min=resolution_hz)
    above = torch.clamp(edges_hz[2:] - edges_hz[1:-1], min=resolution_hz)
    offset = bins_hz - edges_hz[1:-1]
    return torch.clamp(torch.minimum(1 + offset / below, 1 - offset / above), min=0).float()


class FrontEnd(nn.Module):
    """Waveforms to log-mel frames.

    Attributes
    ----------
    window : torch.Tensor, shape=(window_samples,)
        Hann window, scaled so that white noise of variance v has the power density v.
    filters : torch.Tensor, shape=(window_samples // 2 + 1, mel_bins)
        See `mel_filters`.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, shape: LogMelFormat = SOUNDSCAPES) -> None:
        super().__init__()
        self.shape = shape
        window = torch.hann_window(shape.window_samples, dtype=torch.float64)
        window /= window.square().sum().sqrt()
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("filters", mel_filters(shape), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the features."""
        return torch.log(self.power(waveforms) @ self.filters + POWER_FLOOR)

    def power(self, waveforms: Tensor) -> Tensor:
        """Compute power spectra, ``(batch, samples)`` to ``(batch, frames, bins)``."""
        window, hop = self.shape.window_samples, self.shape.hop_samples
        margin = (window - hop) // 2
        rest = -waveforms.shape[-1] % hop
        padded = nn.functional.pad(waveforms, (margin, margin + rest))
        spectrum = torch.fft.rfft(padded.unfold(-1, window, hop) * self.window)
        power: Tensor = spectrum.real.square() + spectrum.imag.square()
        return power
