"""Procedural sounds with a steady pitch: sine wave, beep, dialing, buzzer and horn.

Conventions
-----------
Every function draws all its parameters from ``rng`` and returns a float64 array of
``shape=(samples,)`` at `shaping.SAMPLE_RATE_HZ`, at any level.

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
    sequence,
)

_DIAL_ROWS_HZ = (697.0, 770.0, 852.0, 941.0)
_DIAL_COLUMNS_HZ = (1209.0, 1336.0, 1477.0, 1633.0)


def sine_wave(rng: np.random.Generator) -> FloatArray:
    """Render one pure tone of constant pitch, 0.45 to 4 s."""
    n_samples = count(log_uniform(rng, 0.45, 4.0))
    tone = np.sin(phase(log_uniform(rng, 180.0, 5000.0), n_samples))
    return fade(tone, log_uniform(rng, 0.005, 0.15), log_uniform(rng, 0.005, 0.2))


def beep(rng: np.random.Generator) -> FloatArray:
    """Render one to seven short electronic pulses of one pitch."""
    pulses = int(rng.integers(1, 8))
    pitch_hz = log_uniform(rng, 600.0, 3800.0)
    length_s = rng.uniform(0.18, 0.3) if pulses == 1 else log_uniform(rng, 0.05, 0.2)
    gap_s = log_uniform(rng, 0.04, 0.14)
    rolloff = rng.uniform(0.05, 0.6)
    highest = max(1, int(HIGHEST_HZ / pitch_hz))
    edge_s = log_uniform(rng, 0.001, 0.01)

    def pulse(number: int) -> FloatArray:  # noqa: ARG001
        tone = harmonics(phase(pitch_hz, count(length_s)), rolloff=rolloff, highest=highest)
        return fade(tone, edge_s, edge_s)

    return sequence(rng, pulse, pulses, lambda: length_s + gap_s)


def dialing(rng: np.random.Generator) -> FloatArray:
    """Render one to eight dialed digits, each a pair of the eight telephone frequencies."""
    digits = int(rng.integers(1, 9))
    length_s = rng.uniform(0.25, 0.5) if digits == 1 else log_uniform(rng, 0.07, 0.22)
    gap_s = log_uniform(rng, 0.04, 0.14)
    twist = 10 ** (rng.uniform(-4, 4) / 20)

    def digit(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(length_s)
        low = np.sin(phase(float(rng.choice(_DIAL_ROWS_HZ)), n_samples))
        high = np.sin(phase(float(rng.choice(_DIAL_COLUMNS_HZ)), n_samples))
        return fade(low + twist * high, 0.003, 0.003)

    return sequence(rng, digit, digits, lambda: length_s + gap_s)


def buzzer(rng: np.random.Generator) -> FloatArray:
    """Render a harsh low tone with many harmonics, 0.3 to 4 s, with a rough amplitude."""
    n_samples = count(log_uniform(rng, 0.3, 4.0))
    pitch_hz = log_uniform(rng, 70.0, 260.0)
    drift = 1 + rng.uniform(-0.02, 0.02) * clock_s(n_samples)
    tone = harmonics(
        phase(pitch_hz * drift, n_samples),
        rolloff=rng.uniform(0.82, 0.97),
        highest=int(HIGHEST_HZ / (1.1 * pitch_hz)),
    )
    depth = rng.uniform(0.0, 0.7)
    rough = 1 - depth * (0.5 + 0.5 * np.sin(phase(log_uniform(rng, 12.0, 60.0), n_samples)))
    return fade(tone * rough, log_uniform(rng, 0.003, 0.05), log_uniform(rng, 0.003, 0.08))


def horn(rng: np.random.Generator) -> FloatArray:
    """Render one to three honks of a pair of horns about a major third apart."""
    honks = int(rng.choice([1, 1, 1, 2, 3]))
    low_hz = log_uniform(rng, 260.0, 520.0)
    high_hz = low_hz * rng.uniform(1.16, 1.32)
    rolloff = rng.uniform(0.6, 0.9)
    longest_s = 3.0 if honks == 1 else 0.5

    def honk(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(log_uniform(rng, 0.25, longest_s))
        wobble = 1 + 0.01 * rng.uniform() * np.sin(phase(rng.uniform(3.0, 9.0), n_samples))
        highest = int(HIGHEST_HZ / (1.1 * high_hz))
        tone = harmonics(phase(low_hz * wobble, n_samples), rolloff=rolloff, highest=highest)
        tone += harmonics(phase(high_hz * wobble, n_samples), rolloff=rolloff, highest=highest)
        return fade(tone, log_uniform(rng, 0.01, 0.06), log_uniform(rng, 0.01, 0.08))

    return sequence(rng, honk, honks, lambda: rng.uniform(0.4, 0.6))
