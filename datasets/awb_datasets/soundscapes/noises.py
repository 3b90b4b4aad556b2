"""Procedural sounds without a pitch: white noise, whoosh, maraca and clicking."""

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
    sequence,
)

_FRAME, _HOP = 512, 128


def white_noise(rng: np.random.Generator) -> FloatArray:
    """Render a burst with a flat spectrum and a flat top, 0.3 to 3.5 s."""
    burst = rng.standard_normal(count(log_uniform(rng, 0.3, 3.5)))
    return fade(burst, log_uniform(rng, 0.003, 0.15), log_uniform(rng, 0.003, 0.3))


def whoosh(rng: np.random.Generator) -> FloatArray:
    """Render noise in a band that moves while its level swells and falls, 0.4 to 2.5 s."""
    from scipy import signal

    duration_s = log_uniform(rng, 0.4, 2.5)
    n_frames = max(8, round(duration_s * SAMPLE_RATE_HZ / _HOP))
    position = np.linspace(0.0, 1.0, n_frames)
    peak = rng.uniform(0.3, 0.7)
    swell = np.sin(np.pi * np.where(position < peak, position / peak, 1.0) / 2)
    swell *= np.cos(np.pi * np.clip((position - peak) / (1 - peak), 0, 1) / 2)
    low_hz, high_hz = log_uniform(rng, 250.0, 700.0), log_uniform(rng, 900.0, 3500.0)
    centre_hz = low_hz * (high_hz / low_hz) ** swell ** rng.uniform(0.5, 2.0)
    width_octaves = rng.uniform(0.35, 0.8)
    bins_hz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE_HZ)[:, None] + 1.0
    band = np.exp(-0.5 * (np.log2(bins_hz / centre_hz) / width_octaves) ** 2)
    shape = (bins_hz.size, n_frames)
    grain = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    _, air = signal.istft(
        grain * band * swell ** rng.uniform(1.0, 2.0),
        SAMPLE_RATE_HZ,
        nperseg=_FRAME,
        noverlap=_FRAME - _HOP,
    )
    return fade(np.asarray(air), 0.02, 0.02)


def maraca(rng: np.random.Generator) -> FloatArray:
    """Render three to twelve shakes of many small hard grains."""
    shakes = int(rng.integers(3, 13))
    length_s = log_uniform(rng, 0.05, 0.12)
    spacing_s = length_s + rng.uniform(0.02, 0.09)
    density_hz = log_uniform(rng, 400.0, 3000.0)
    low_hz = log_uniform(rng, 2500.0, 4500.0)
    high_hz = rng.uniform(1.3, 1.8) * low_hz

    def shake(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(length_s)
        grains = rng.standard_normal(n_samples)
        grains *= rng.uniform(size=n_samples) < density_hz / SAMPLE_RATE_HZ
        swing = np.sin(np.pi * clock_s(n_samples) / length_s) ** 2
        return band_pass(grains * swing, low_hz, min(high_hz, 7000.0), order=1)

    return sequence(rng, shake, shakes, lambda: spacing_s * rng.uniform(0.9, 1.1))


def clicking(rng: np.random.Generator) -> FloatArray:
    """Render four to sixteen dry clicks at uneven times, each a resonance of a few milliseconds."""
    clicks = int(rng.integers(4, 17))
    pitch_hz = log_uniform(rng, 900.0, 5500.0)
    fall_s = log_uniform(rng, 0.006, 0.04)
    spacing_s = log_uniform(rng, 0.04, 0.13)
    noisy = rng.uniform(0.0, 1.0)

    def click(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(1.2 * fall_s)
        tone = np.sin(phase(min(pitch_hz * rng.uniform(0.9, 1.1), HIGHEST_HZ), n_samples))
        snap = noisy * rng.standard_normal(n_samples) * decay(n_samples, fall_s / 2)
        return np.asarray(tone * decay(n_samples, fall_s) + snap)

    return sequence(rng, click, clicks, lambda: spacing_s * rng.uniform(0.6, 1.15))
