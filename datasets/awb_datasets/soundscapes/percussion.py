"""Procedural sounds that are struck: drums, cymbal, bell and cowbell.

Conventions
-----------
As in `tones`. A long sound is a rhythm of several strokes.

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
    log_uniform,
    phase,
    repeats,
    sequence,
)

_BELL_RATIOS = np.array([0.5, 1.0, 1.2, 1.5, 2.0, 2.6, 3.0, 4.2, 5.4])
_METAL_RATIOS = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523])


def bass_drum(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render strokes of a low membrane whose pitch falls."""
    fall_s = log_uniform(rng, 0.3, 1.4)
    final_hz = rng.uniform(42.0, 85.0)
    bend = rng.uniform(0.5, 3.0)
    bend_s = log_uniform(rng, 0.015, 0.06)
    click = 10 ** (-rng.uniform(14, 34) / 20)
    spacing_s = rng.uniform(0.13, 0.45) * min(1.0, fall_s / 0.6)

    def stroke() -> FloatArray:
        n_samples = count(fall_s)
        pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / bend_s))
        body = np.sin(phase(pitch_hz, n_samples)) * decay(n_samples, fall_s)
        beater = rng.standard_normal(n_samples) * decay(n_samples, 0.03)
        return np.asarray(body + click * beater)

    return sequence(rng, stroke, repeats(duration_s, spacing_s), spacing_s, jitter=0.1)


def snare_drum(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render strokes or a roll: a short pair of modes and the rattle of the wires."""
    low_hz = rng.uniform(160.0, 300.0)
    wires_s = log_uniform(rng, 0.15, 0.5)
    wires = 10 ** (rng.uniform(-12, 2) / 20)
    low_cut_hz = log_uniform(rng, 700.0, 2500.0)
    spacing_s = log_uniform(rng, 0.06, 0.2)

    def stroke() -> FloatArray:
        n_samples = count(wires_s)
        modes = np.sin(phase(low_hz, n_samples)) + 0.6 * np.sin(phase(1.59 * low_hz, n_samples))
        rattle = band_pass(rng.standard_normal(n_samples), low_cut_hz, HIGHEST_HZ)
        head = modes * decay(n_samples, rng.uniform(0.08, 0.2))
        return np.asarray(head + wires * rattle * decay(n_samples, wires_s))

    return sequence(rng, stroke, repeats(duration_s, spacing_s), spacing_s, jitter=0.15)


def cymbal(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render crashes: a dense bundle of high inharmonic partials and hiss, slowly dying away."""
    fall_s = log_uniform(rng, 0.6, 4.0)
    n_samples = count(fall_s)
    base_hz = rng.uniform(280.0, 480.0)
    low_cut_hz = log_uniform(rng, 2200.0, 4500.0)
    rise_s = log_uniform(rng, 0.001, 0.05)
    ratios = _METAL_RATIOS * rng.uniform(0.97, 1.03, _METAL_RATIOS.size)
    crash = rng.standard_normal(n_samples) * 10 ** (rng.uniform(-6, 10) / 20)
    for ratio in ratios:
        crash += np.sign(np.sin(phase(base_hz * ratio, n_samples)))
    crash = band_pass(crash, low_cut_hz, HIGHEST_HZ) * decay(n_samples, fall_s)
    crash *= 1 - np.exp(-clock_s(n_samples) / rise_s)
    spacing_s = fall_s * rng.uniform(0.25, 0.5)
    return sequence(rng, lambda: crash, repeats(duration_s, spacing_s), spacing_s, jitter=0.1)


def cowbell(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render strokes of two detuned square tones."""
    low_hz = rng.uniform(450.0, 750.0)
    ratio = rng.uniform(1.4, 1.56)
    fall_s = log_uniform(rng, 0.25, 1.0)
    spacing_s = rng.uniform(0.25, 0.6) * fall_s
    n_samples = count(fall_s)
    tones = np.sign(np.sin(phase(low_hz, n_samples)))
    tones += np.sign(np.sin(phase(low_hz * ratio, n_samples)))
    stroke = band_pass(tones, 0.8 * low_hz, 5.0 * low_hz, order=1) * decay(n_samples, fall_s)
    return sequence(rng, lambda: stroke, repeats(duration_s, spacing_s), spacing_s, jitter=0.05)


def church_bell(rng: np.random.Generator, duration_s: float) -> FloatArray:
    """Render strokes of a bell with hum, prime, tierce, quint, nominal and higher partials."""
    fall_s = log_uniform(rng, 0.9, 5.0)
    n_samples = count(fall_s)
    strike_hz = log_uniform(rng, 180.0, 900.0)
    ratios = _BELL_RATIOS * rng.uniform(0.985, 1.015, _BELL_RATIOS.size)
    slant = rng.uniform(0.3, 0.9)
    ring = rng.uniform(0.1, 0.6) * rng.standard_normal(n_samples) * decay(n_samples, 0.04)
    for ratio in ratios[ratios * strike_hz < HIGHEST_HZ]:
        partial = np.sin(phase(ratio * strike_hz, n_samples) + rng.uniform(0, 2 * np.pi))
        strength = 10 ** (-rng.uniform(0, 14) / 20)
        ring += strength * partial * decay(n_samples, fall_s / ratio**slant)
    spacing_s = fall_s * rng.uniform(0.25, 0.5)
    return sequence(rng, lambda: ring, repeats(duration_s, spacing_s), spacing_s, jitter=0.1)
