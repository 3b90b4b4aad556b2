"""Procedural sounds with a moving pitch: siren and chirp tone."""

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
    sequence,
)


def _sweep_shape(rng: np.random.Generator, n_samples: int) -> FloatArray:
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


def siren(rng: np.random.Generator) -> FloatArray:
    """Render a tone with harmonics whose pitch wails, yelps or alternates, 0.7 to 5.5 s."""
    n_samples = count(log_uniform(rng, 0.7, 5.5))
    centre_hz = log_uniform(rng, 500.0, 1300.0)
    extent = rng.uniform(0.18, 0.6)
    pitch_hz = centre_hz * 2 ** (extent * _sweep_shape(rng, n_samples))
    highest = max(2, int(HIGHEST_HZ / pitch_hz.max()))
    tone = harmonics(phase(pitch_hz, n_samples), rolloff=rng.uniform(0.25, 0.8), highest=highest)
    return fade(tone, log_uniform(rng, 0.01, 0.3), log_uniform(rng, 0.02, 0.4))


def chirp_tone(rng: np.random.Generator) -> FloatArray:
    """Render one to three pure tones that glide once from one pitch to another."""
    glides = int(rng.choice([1, 1, 1, 2, 3]))
    longest_s = 2.5 if glides == 1 else 0.6
    n_samples = count(log_uniform(rng, 0.25, longest_s))
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
    gap_s = rng.uniform(0.02, 0.14)
    return sequence(rng, lambda number: glide, glides, lambda: glide.size / SAMPLE_RATE_HZ + gap_s)
