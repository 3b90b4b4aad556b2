"""One recorded sound: what of it is heard, and how loud it is.

Conventions
-----------
A sound is a float64 array of ``shape=(samples,)``. Levels are mean squares over the whole sound.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import AudioError
from awb.intervals import FloatArray

BLOCK_S = 0.01
FLOOR_DB = -40.0
EDGE_S = 0.004


def heard(power: FloatArray, floor_db: float) -> slice:
    """Find the blocks from the first to the last that is heard."""
    blocks = np.flatnonzero(power > power.max() * 10 ** (floor_db / 10))
    return slice(int(blocks[0]), int(blocks[-1]) + 1)


def block_power(sound: FloatArray, sample_rate_hz: int) -> FloatArray:
    """Return the mean square of every 10 ms, ``shape=(ceil(samples / block),)``."""
    size = max(1, round(BLOCK_S * sample_rate_hz))
    starts = np.arange(0, sound.size, size)
    lengths = np.diff(np.append(starts, sound.size))
    return np.asarray(np.add.reduceat(sound**2, starts) / lengths)


def trim(waveform: npt.ArrayLike, sample_rate_hz: int, *, floor_db: float = FLOOR_DB) -> FloatArray:
    """Cut off the start and the end of a recording where nothing is heard."""
    sound = np.asarray(waveform, dtype=np.float64)
    power = block_power(sound, sample_rate_hz)
    if power.max() <= 0:
        raise AudioError("the recording is silent")
    blocks = heard(power, floor_db)
    size = max(1, round(BLOCK_S * sample_rate_hz))
    return fade(sound[blocks.start * size : blocks.stop * size], sample_rate_hz)


def fade(sound: FloatArray, sample_rate_hz: int) -> FloatArray:
    """Let a sound begin and end in 4 ms of a raised cosine; the array given is not changed."""
    n_edge = min(round(EDGE_S * sample_rate_hz), sound.size // 2)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(n_edge) + 0.5) / max(n_edge, 1))
    faded = sound.copy()
    faded[:n_edge] *= ramp
    faded[sound.size - n_edge :] *= ramp[::-1]
    return faded


def at_level(sound: FloatArray, level_db: float) -> FloatArray:
    """Scale a sound so that its mean square is `level_db` decibels over 1."""
    return np.asarray(sound * (10 ** (level_db / 20) / np.sqrt(np.mean(sound**2))))


def on_16_bits(mixed: FloatArray, peak_db: float) -> npt.NDArray[np.float32]:
    """Scale a mixture to a peak and round it to the grid of 16-bit audio."""
    scaled = mixed * (10 ** (peak_db / 20) / np.abs(mixed).max())
    return np.asarray(np.round(scaled * 2**15) / 2**15, dtype=np.float32)


def excerpt(sound: FloatArray, sample_rate_hz: int, n_samples: int) -> FloatArray:
    """Cut out the loudest part of a sound, and trim what is not heard at its ends."""
    size = max(1, round(BLOCK_S * sample_rate_hz))
    count = max(1, n_samples // size)
    energy = np.convolve(block_power(sound, sample_rate_hz), np.ones(count), mode="valid")
    start = int(np.argmax(energy)) * size
    return trim(sound[start : start + n_samples], sample_rate_hz)
