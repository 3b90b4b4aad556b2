"""Procedural sounds with a steady pitch: sine wave, beep, dialing, buzzer and horn.

Conventions
-----------
Every function lasts about ``duration_s`` seconds, draws all other parameters from ``rng``, and
returns a float64 array of ``shape=(samples,)`` at `shaping.SAMPLE_RATE_HZ`, at any level.

References
----------
ITU-T Recommendation Q.23 (1988). Technical features of push-button telephone sets. (The eight
frequencies of dialing.)
"""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import (
    HIGHEST_HZ,
    clock_s,
    count,
    fade,
    harmonics,
    log_uniform,
    phase,
    repeats,
    sequence,
)

_DIAL_ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
_DIAL_COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)


def sine_wave(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render one pure tone of constant pitch, at least 0.45 s."""
    n_samples = count(max(0.45, duration_s))
    tone = np.sin(phase(log_uniform(rng, 180.0, 5000.0), n_samples))
    return fade(tone, log_uniform(rng, 0.005, 0.15), log_uniform(rng, 0.005, 0.2))


def beep(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render short electronic pulses of one pitch, 50 to 250 ms each."""
    pitch_hz = log_uniform(rng, 600.0, 3800.0)
    length_s = log_uniform(rng, 0.05, 0.25)
    spacing_s = length_s + log_uniform(rng, 0.04, 0.14)
    rolloff = rng.uniform(0.05, 0.6)
    highest = max(1, int(HIGHEST_HZ / pitch_hz))
    edge_s = log_uniform(rng, 0.001, 0.01)
    tone = harmonics(phase(pitch_hz, count(length_s)), rolloff=rolloff, highest=highest)
    pulse = fade(tone, edge_s, edge_s)
    return sequence(rng, lambda: pulse, repeats(duration_s, spacing_s), spacing_s)


def dialing(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render dialed digits of 70 to 300 ms, each a pair of the eight telephone frequencies."""
    length_s = log_uniform(rng, 0.07, 0.3)
    spacing_s = length_s + log_uniform(rng, 0.04, 0.14)
    twist = 10 ** (rng.uniform(-4, 4) / 20)

    def digit() -> FloatArray:
        n_samples = count(length_s)
        low = np.sin(phase(float(rng.choice(_DIAL_ROWS_HZ)), n_samples))
        high = np.sin(phase(float(rng.choice(_DIAL_COLUMNS_HZ)), n_samples))
        return fade(low + twist * high, 0.003, 0.003)

    return sequence(rng, digit, repeats(duration_s, spacing_s), spacing_s)


def buzzer(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render a harsh low tone with many harmonics and a rough amplitude."""
    n_samples = count(duration_s)
    pitch_hz = log_uniform(rng, 70.0, 260.0)
    drift = 1 + rng.uniform(-0.04, 0.04) * clock_s(n_samples) / duration_s
    tone = harmonics(
        phase(pitch_hz * drift, n_samples),
        rolloff=rng.uniform(0.82, 0.97),
        highest=int(HIGHEST_HZ / (1.05 * pitch_hz)),
    )
    depth = rng.uniform(0.0, 0.7)
    rough = 1 - depth * (0.5 + 0.5 * np.sin(phase(log_uniform(rng, 12.0, 60.0), n_samples)))
    return fade(tone * rough, log_uniform(rng, 0.003, 0.05), log_uniform(rng, 0.003, 0.08))


def horn(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render one long or several short honks of a pair of horns about a major third apart."""
    length_s = duration_s if rng.uniform() < 0.5 else rng.uniform(0.25, 0.7)
    spacing_s = length_s + rng.uniform(0.05, 0.14)
    low_hz = log_uniform(rng, 260.0, 520.0)
    high_hz = low_hz * rng.uniform(1.16, 1.32)
    rolloff = rng.uniform(0.6, 0.9)
    depth, wobble_hz = 0.01 * rng.uniform(), rng.uniform(3.0, 9.0)
    attack_s, release_s = log_uniform(rng, 0.01, 0.06), log_uniform(rng, 0.01, 0.08)
    wobble = 1 + depth * np.sin(phase(wobble_hz, count(length_s)))
    tone = np.zeros(wobble.size)
    for pitch_hz in (low_hz, high_hz):
        highest = int(HIGHEST_HZ / (1.05 * pitch_hz))
        tone += harmonics(phase(pitch_hz * wobble, tone.size), rolloff=rolloff, highest=highest)
    honk = fade(tone, attack_s, release_s)
    return sequence(rng, lambda: honk, repeats(duration_s, spacing_s), spacing_s, jitter=0.02)
