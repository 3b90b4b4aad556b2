"""Procedural sounds whose spectrum moves: siren, chirp tone and whoosh.

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
    clock_s,
    count,
    fade,
    harmonics,
    log_uniform,
    phase,
    repeats,
    sequence,
)

_FRAME, _HOP = 512, 128


def _siren_shape(rng: np.random.Generator, n_samples: int) -> FloatArray:
    """Draw how a siren's pitch moves, in [-1, 1]: wail, yelp or two tones, at least one turn."""
    duration_s = n_samples / SAMPLE_RATE_HZ
    style = rng.choice(["wail", "yelp", "two-tone"])
    if style == "wail":
        rate_hz = max(1.0 / duration_s, log_uniform(rng, 0.3, 1.2))
    elif style == "yelp":
        rate_hz = max(1.5 / duration_s, log_uniform(rng, 2.0, 6.0))
    else:
        rate_hz = max(1.2 / duration_s, log_uniform(rng, 0.7, 2.5))
    turns = rate_hz * clock_s(n_samples) + rng.uniform()
    if style == "two-tone":
        return np.asarray(np.tanh(20 * np.sin(2 * np.pi * turns)))
    peak = rng.uniform(0.3, 0.7)  # where in a turn the pitch is highest
    position = turns % 1.0
    rising = np.where(position < peak, position / peak, (1 - position) / (1 - peak))
    return np.asarray(2 * rising - 1)


def siren(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render a tone with harmonics whose pitch wails, yelps or alternates, at least 0.6 s."""
    n_samples = count(max(0.6, duration_s))
    centre_hz = log_uniform(rng, 500.0, 1300.0)
    extent = rng.uniform(0.18, 0.6)
    pitch_hz = centre_hz * 2 ** (extent * _siren_shape(rng, n_samples))
    highest = max(2, int(HIGHEST_HZ / pitch_hz.max()))
    tone = harmonics(phase(pitch_hz, n_samples), rolloff=rng.uniform(0.25, 0.8), highest=highest)
    return fade(tone, log_uniform(rng, 0.01, 0.3), log_uniform(rng, 0.02, 0.4))


def chirp_tone(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render pure tones that glide once from one pitch to another, up or down."""
    n_samples = count(min(duration_s, log_uniform(rng, 0.25, 2.0)))
    low_hz = log_uniform(rng, 250.0, 1800.0)
    ends_hz = [low_hz, low_hz * log_uniform(rng, 1.8, 4.0)]
    if rng.uniform() < 0.5:
        ends_hz.reverse()
    position = np.linspace(0.0, 1.0, n_samples)
    if rng.uniform() < 0.5:
        pitch_hz = ends_hz[0] * (ends_hz[1] / ends_hz[0]) ** position
    else:
        pitch_hz = ends_hz[0] + (ends_hz[1] - ends_hz[0]) * position
    edge_s = log_uniform(rng, 0.005, 0.05)
    glide = fade(np.sin(phase(pitch_hz, n_samples)), edge_s, edge_s)
    spacing_s = n_samples / SAMPLE_RATE_HZ + rng.uniform(0.02, 0.14)
    return sequence(rng, lambda: glide, repeats(duration_s, spacing_s), spacing_s)


def _swish(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render noise in a band that rises and falls with its level."""
    from scipy import signal

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
    moving = grain * band * swell ** rng.uniform(1.0, 2.0)
    _, air = signal.istft(moving, SAMPLE_RATE_HZ, nperseg=_FRAME, noverlap=_FRAME - _HOP)
    return fade(np.asarray(air), 0.02, 0.02)


def whoosh(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render swishes of moving air, 0.4 to 1.8 s each, the next as the last one dies away."""
    length_s = max(0.4, min(duration_s, log_uniform(rng, 0.5, 1.8)))
    spacing_s = rng.uniform(0.75, 0.95) * length_s
    return sequence(
        rng, lambda: _swish(rng, length_s), repeats(duration_s, spacing_s), spacing_s, jitter=0.05
    )
