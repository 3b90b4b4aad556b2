"""Procedural sounds of noise and grains: white noise, maraca and clicking.

Conventions
-----------
As in `tones`.
"""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import (
    HIGHEST_HZ,
    SAMPLE_RATE_HZ,
    band_pass,
    clock_s,
    count,
    decay,
    fade,
    log_uniform,
    phase,
    repeats,
    sequence,
)


def white_noise(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render a burst with a flat spectrum and a flat top."""
    burst = rng.standard_normal(count(duration_s))
    return fade(burst, log_uniform(rng, 0.003, 0.15), log_uniform(rng, 0.003, 0.3))


def maraca(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render shakes of many small hard grains."""
    length_s = log_uniform(rng, 0.05, 0.12)
    spacing_s = length_s + rng.uniform(0.02, 0.09)
    density_hz = log_uniform(rng, 400.0, 3000.0)
    low_hz = log_uniform(rng, 2500.0, 4500.0)
    high_hz = min(rng.uniform(1.3, 1.8) * low_hz, 7000.0)

    def shake() -> FloatArray:
        n_samples = count(length_s)
        grains = rng.standard_normal(n_samples)
        grains *= rng.uniform(size=n_samples) < density_hz / SAMPLE_RATE_HZ
        swing = np.sin(np.pi * clock_s(n_samples) / length_s) ** 2
        return band_pass(grains * swing, low_hz, high_hz, order=1)

    return sequence(rng, shake, repeats(duration_s, spacing_s), spacing_s, jitter=0.1)


def clicking(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render dry clicks at uneven times, each a resonance of a few milliseconds."""
    pitch_hz = log_uniform(rng, 900.0, 5500.0)
    fall_s = log_uniform(rng, 0.006, 0.04)
    spacing_s = log_uniform(rng, 0.04, 0.12)
    noisy = rng.uniform(0.0, 1.0)

    def click() -> FloatArray:
        n_samples = count(1.2 * fall_s)
        tone = np.sin(phase(min(pitch_hz * rng.uniform(0.9, 1.1), HIGHEST_HZ), n_samples))
        snap = noisy * rng.standard_normal(n_samples) * decay(n_samples, fall_s / 2)
        return np.asarray(tone * decay(n_samples, fall_s) + snap)

    return sequence(rng, click, repeats(duration_s, spacing_s), spacing_s, jitter=0.25)
