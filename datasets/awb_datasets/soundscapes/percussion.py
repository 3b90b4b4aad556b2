"""Procedural sounds that are struck: drums, cymbal, bells and cowbell.

References
----------
Fletcher, N. H., & Rossing, T. D. (1998). The physics of musical instruments (2nd ed.). Springer.
https://doi.org/10.1007/978-0-387-21603-4 (Partials of church bells, modes of drums and cymbals.)
"""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import (
    HIGHEST_HZ,
    band_pass,
    clock_s,
    count,
    decay,
    harmonics,
    log_uniform,
    phase,
    sequence,
)

_BELL_RATIOS = np.array([0.5, 1.0, 1.2, 1.5, 2.0, 2.6, 3.0, 4.2, 5.4])


def bass_drum(rng: np.random.Generator) -> FloatArray:
    """Render one to five strokes of a low membrane whose pitch falls."""
    strokes = int(rng.integers(1, 6))
    fall_s = log_uniform(rng, 0.25, 1.4) if strokes < 3 else log_uniform(rng, 0.25, 0.6)
    final_hz = rng.uniform(42.0, 85.0)
    bend = rng.uniform(0.5, 3.0)
    bend_s = log_uniform(rng, 0.015, 0.06)
    click = 10 ** (-rng.uniform(14, 34) / 20)
    spacing_s = rng.uniform(0.13, 0.3)

    def stroke(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(fall_s)
        pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / bend_s))
        body = np.sin(phase(pitch_hz, n_samples)) * decay(n_samples, fall_s)
        beater = rng.standard_normal(n_samples) * decay(n_samples, 0.03)
        return np.asarray(body + click * beater)

    return sequence(rng, stroke, strokes, lambda: spacing_s * rng.uniform(0.9, 1.1))


def snare_drum(rng: np.random.Generator) -> FloatArray:
    """Render two to eight strokes: a short pair of modes and the rattle of the wires."""
    strokes = int(rng.integers(2, 9))
    low_hz = rng.uniform(160.0, 300.0)
    wires_s = log_uniform(rng, 0.12, 0.5)
    wires = 10 ** (rng.uniform(-12, 2) / 20)
    low_cut_hz = log_uniform(rng, 700.0, 2500.0)
    spacing_s = log_uniform(rng, 0.06, 0.2)

    def stroke(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(wires_s)
        modes = np.sin(phase(low_hz, n_samples)) + 0.6 * np.sin(phase(1.59 * low_hz, n_samples))
        rattle = band_pass(rng.standard_normal(n_samples), low_cut_hz, HIGHEST_HZ)
        head = modes * decay(n_samples, rng.uniform(0.08, 0.2))
        return np.asarray(head + wires * rattle * decay(n_samples, wires_s))

    return sequence(rng, stroke, strokes, lambda: spacing_s * rng.uniform(0.85, 1.15))


def cymbal(rng: np.random.Generator) -> FloatArray:
    """Render one crash: a dense bundle of high inharmonic partials and hiss, 0.4 to 4 s."""
    fall_s = log_uniform(rng, 0.5, 4.5)
    n_samples = count(fall_s)
    base_hz = rng.uniform(280.0, 480.0)
    ratios = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523]) * rng.uniform(0.97, 1.03, 6)
    metal = sum(np.sign(np.sin(phase(base_hz * ratio, n_samples))) for ratio in ratios)
    hiss = rng.standard_normal(n_samples) * 10 ** (rng.uniform(-6, 10) / 20)
    crash = band_pass(np.asarray(metal + hiss), log_uniform(rng, 2200.0, 4500.0), HIGHEST_HZ)
    rise = 1 - np.exp(-clock_s(n_samples) / log_uniform(rng, 0.001, 0.05))
    return np.asarray(crash * decay(n_samples, fall_s) * rise)


def cowbell(rng: np.random.Generator) -> FloatArray:
    """Render one to six strokes of two detuned square tones."""
    strokes = int(rng.integers(1, 7))
    low_hz = rng.uniform(450.0, 750.0)
    ratio = rng.uniform(1.4, 1.56)
    fall_s = log_uniform(rng, 0.3, 1.0) if strokes < 3 else log_uniform(rng, 0.12, 0.5)
    spacing_s = rng.uniform(0.12, 0.28)

    def stroke(number: int) -> FloatArray:  # noqa: ARG001
        n_samples = count(fall_s)
        tones = np.sign(np.sin(phase(low_hz, n_samples)))
        tones += np.sign(np.sin(phase(low_hz * ratio, n_samples)))
        metal = band_pass(tones, 0.8 * low_hz, 5.0 * low_hz, order=1)
        return np.asarray(metal * decay(n_samples, fall_s))

    return sequence(rng, stroke, strokes, lambda: spacing_s * rng.uniform(0.95, 1.05))


def church_bell(rng: np.random.Generator) -> FloatArray:
    """Render one stroke of a bell with hum, prime, tierce, quint, nominal and above, 0.6 to 6 s."""
    fall_s = log_uniform(rng, 0.8, 7.0)
    n_samples = count(min(fall_s, 6.0))
    strike_hz = log_uniform(rng, 180.0, 900.0)
    ratios = _BELL_RATIOS * rng.uniform(0.985, 1.015, _BELL_RATIOS.size)
    ring = np.zeros(n_samples)
    for ratio in ratios[ratios * strike_hz < HIGHEST_HZ]:
        partial = np.sin(phase(ratio * strike_hz, n_samples) + rng.uniform(0, 2 * np.pi))
        strength = 10 ** (-rng.uniform(0, 14) / 20)
        ring += strength * partial * decay(n_samples, fall_s / ratio ** rng.uniform(0.3, 0.9))
    clapper = rng.standard_normal(n_samples) * decay(n_samples, 0.04)
    return np.asarray(ring + rng.uniform(0.1, 0.6) * clapper)
