"""Cnn14's features: the log-mel spectrogram of torchlibrosa, computed by FFT.

Conventions
-----------
32 kHz; windows of 1,024 samples (periodic Hann), one every 320 (10 ms), frame k centred on sample
320 k, the waveform reflected at both ends; power; 64 mel bins from 50 to 14,000 Hz (Slaney's scale
and area normalization); ``10 log10(max(power, 1e-10))``, without a limit of the range.

torchlibrosa computes the transform as a convolution with a table of sines, which it stores in the
checkpoint. The FFT is the same function with less round-off and 1/40 of the multiplications.

References
----------
Kong, Q., et al. (2020). PANNs. IEEE/ACM TASLP 28. doi:10.1109/TASLP.2020.3030497
Slaney, M. (1998). Auditory toolbox, version 2. Technical report 1998-010, Interval Research.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import FloatArray

SAMPLE_RATE_HZ = 32_000
WINDOW_SAMPLES, HOP_SAMPLES = 1024, 320
MEL_BINS, STFT_BINS = 64, WINDOW_SAMPLES // 2 + 1
LOWEST_HZ, HIGHEST_HZ = 50.0, 14_000.0
POWER_FLOOR = 1e-10

_CLIPS_AT_ONCE = 1  # on a CPU, whose caches hold a clip's frames but not a batch's


def stft_tables() -> tuple[Tensor, Tensor]:
    """Return the tables with which torchlibrosa convolves: cosines and negative sines, windowed."""
    samples = np.arange(WINDOW_SAMPLES)
    phase = np.outer(np.arange(STFT_BINS), samples) % WINDOW_SAMPLES
    angle = -2 * np.pi * phase / WINDOW_SAMPLES
    window = np.sin(np.pi * samples / WINDOW_SAMPLES) ** 2
    tables = [(part(angle) * window)[:, np.newaxis] for part in (np.cos, np.sin)]
    real, imaginary = (torch.from_numpy(table.astype(np.float32)) for table in tables)
    return real, imaginary


class Spectrogram(nn.Module):
    """Waveforms to the power of their short-time Fourier transform.

    Attributes
    ----------
    window : torch.Tensor, shape=(1024,)
        Periodic Hann window.
    """

    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        window = torch.hann_window(WINDOW_SAMPLES, periodic=True, dtype=torch.float64)
        self.register_buffer("window", window.float(), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Compute the power."""
        size = _CLIPS_AT_ONCE if waveforms.device.type == "cpu" else len(waveforms)
        return torch.cat([self._power(part) for part in waveforms.split(size)])

    def _power(self, waveforms: Tensor) -> Tensor:
        margin = WINDOW_SAMPLES // 2
        padded = nn.functional.pad(waveforms[:, None], (margin, margin), mode="reflect")[:, 0]
        spectrum = torch.fft.rfft(padded.unfold(-1, WINDOW_SAMPLES, HOP_SAMPLES) * self.window)
        power: Tensor = spectrum.real.square() + spectrum.imag.square()
        return power


class LogMel(nn.Module):
    """Power to log-mel bins."""

    filters: Tensor

    def __init__(self, filters: Tensor) -> None:
        super().__init__()
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, power: Tensor) -> Tensor:
        """Turn power ``(batch, frames, 513)`` into decibels ``(batch, frames, 64)``."""
        return log_mel(power, self.filters)


def log_mel(power: Tensor, filters: Tensor) -> Tensor:
    """Turn power into decibels of mel bins."""
    return 10.0 * torch.log10((power @ filters).clamp(min=POWER_FLOOR))


def mel_centers_hz() -> FloatArray:
    """Return the centre of each mel bin on Slaney's scale."""
    linear_hz, knee_hz, step = 200 / 3, 1000.0, np.log(6.4) / 27
    knee = knee_hz / linear_hz

    def mel(frequency_hz: float) -> float:
        if frequency_hz < knee_hz:
            return frequency_hz / linear_hz
        return knee + float(np.log(frequency_hz / knee_hz) / step)

    mels = np.linspace(mel(LOWEST_HZ), mel(HIGHEST_HZ), MEL_BINS + 2)[1:-1]
    above = knee_hz * np.exp(step * (np.maximum(mels, knee) - knee))
    centers: FloatArray = np.where(mels < knee, mels * linear_hz, above)
    return centers


def stft_centers_hz() -> FloatArray:
    """Return the centre of each bin of the short-time Fourier transform in Hz, ``(513,)``."""
    centers: FloatArray = np.arange(STFT_BINS, dtype=np.float64) * SAMPLE_RATE_HZ / WINDOW_SAMPLES
    return centers
