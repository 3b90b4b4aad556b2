"""A spectrogram for display: decibels on the mel scale, as a small greyscale image.

References
----------
Stevens, S. S., Volkmann, J., & Newman, E. B. (1937). A scale for the measurement of the
psychological magnitude pitch. JASA 8(3). doi:10.1121/1.1915893 (The mel scale.)
O'Shaughnessy, D. (1987). Speech Communication: Human and Machine. (The formula with 2595 and 700.)
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.types import AudioArray

RANGE_DB = 55.0
"""Levels this far below the loudest are drawn as silence."""

SILENCE_DB = -120.0
"""The level of digital silence; a clip that has no other is drawn as silence throughout."""

_TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


def to_mel(frequency_hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Convert Hz to mel.

    Examples
    --------
    >>> round(float(to_mel(1000.0)))
    1000
    """
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(frequency_hz, dtype=np.float64) / 700.0))


def to_hz(mel: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Convert mel to Hz.

    Examples
    --------
    >>> round(float(to_hz(to_mel(440.0))), 6)
    440.0
    """
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Spectrogram:
    """Levels over time and frequency, ``shape=(bins, frames)``, with the lowest frequency last.

    255 is the loudest level; 0 is `RANGE_DB` below it or less.
    """

    levels: npt.NDArray[np.uint8]
    ticks: tuple[tuple[float, str], ...]  # height in [0, 1] from the bottom, and label

    def webp(self) -> bytes:
        """Compress it as a WebP image, in which loud is dark."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(255 - self.levels).save(stream, "WEBP", quality=60, method=4)
        return stream.getvalue()


def spectrogram(
    waveform: AudioArray, sample_rate_hz: int, *, bins: int = 96, frames: int = 500
) -> Spectrogram:
    """Compute a spectrogram for display."""
    length = 2 ** max(4, round(math.log2(0.032 * sample_rate_hz)))
    centers = np.round((np.arange(frames) + 0.5) * waveform.size / frames).astype(np.int64)
    padded = np.pad(np.asarray(waveform, dtype=np.float64), length // 2)
    windows = padded[centers[:, np.newaxis] + np.arange(length)] * np.hanning(length)
    power = np.square(np.abs(np.fft.rfft(windows, axis=1)))
    top = float(to_mel(sample_rate_hz / 2))
    edges = to_hz(np.linspace(0.0, top, bins + 1)) / (sample_rate_hz / length)
    sums = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1)
    places = np.arange(sums.shape[1], dtype=np.float64)
    inside = np.array([np.interp(edges, places, row) for row in sums])
    mean = np.diff(inside, axis=1) / np.maximum(np.diff(edges), 1e-9)
    level_db = 10.0 * np.log10(np.maximum(mean, 10 ** (SILENCE_DB / 10)))
    loudest_db = max(float(level_db.max()), SILENCE_DB + RANGE_DB)
    scaled = np.clip(1.0 + (level_db - loudest_db) / RANGE_DB, 0.0, 1.0)
    levels = np.round(255.0 * scaled).astype(np.uint8).T[::-1]
    ticks = tuple(
        (float(to_mel(hz)) / top, f"{hz // 1000} kHz" if hz >= 1000 else f"{hz} Hz")
        for hz in _TICKS_HZ
        if hz < 0.9 * sample_rate_hz / 2
    )
    return Spectrogram(np.ascontiguousarray(levels), ticks)
