"""The background of a scene: coloured noise whose level drifts slowly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

SLOPE_RANGE = (0.5, 1.6)  # never near 0: a white background would be an event of White noise
DRIFT_DB_RANGE = (4.5, 10.5)
KNOT_S_RANGE = (1.2, 3.0)
_CORNER_HZ = 60.0
_GRID_SAMPLES = 160


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """Noise and the level that it was given.

    Attributes
    ----------
    noise : np.ndarray, shape=(samples,)
        The audio.
    power : np.ndarray, shape=(samples,)
        Its expected power at every sample; the mean over the clip is 1.
    slope : float
        Its power density falls with frequency to the power of minus this.
    """

    noise: FloatArray
    power: FloatArray
    slope: float


def coloured_noise(
    rng: np.random.Generator, n_samples: int, slope: float, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> FloatArray:
    """Draw Gaussian noise of power 1 whose density falls as ``frequency ** -slope``."""
    from scipy import fft

    spectrum = fft.rfft(rng.standard_normal(n_samples, dtype=np.float32))
    bins_hz = np.arange(spectrum.size) * (sample_rate_hz / n_samples)
    weight = np.maximum(bins_hz, _CORNER_HZ) ** (-slope / 2)
    weight[0] = 0.0
    weight /= np.sqrt(np.mean(weight**2))
    return np.asarray(fft.irfft(spectrum * weight.astype(np.float32), n_samples), dtype=np.float64)


def power_drift(rng: np.random.Generator, n_samples: int) -> FloatArray:
    """Draw a smooth curve of power: random levels in dB, joined by halves of a cosine."""
    grid = np.arange(0, n_samples + _GRID_SAMPLES, _GRID_SAMPLES)
    knot_samples = rng.uniform(*KNOT_S_RANGE) * SAMPLE_RATE_HZ
    levels_db = rng.standard_normal(int(grid[-1] / knot_samples) + 3)
    levels_db *= rng.uniform(*DRIFT_DB_RANGE)
    position = grid / knot_samples + rng.uniform()
    knot = position.astype(np.int64)
    blend = 0.5 - 0.5 * np.cos(np.pi * (position - knot))
    drift_db = levels_db[knot] * (1 - blend) + levels_db[knot + 1] * blend
    power = np.interp(np.arange(n_samples), grid, 10 ** (drift_db / 10))
    return np.asarray(power / power.mean())


def draw_background(rng: np.random.Generator, n_samples: int) -> Background:
    """Draw the background of one scene."""
    slope = float(rng.uniform(*SLOPE_RANGE))
    power = power_drift(rng, n_samples)
    return Background(coloured_noise(rng, n_samples, slope) * np.sqrt(power), power, slope)
