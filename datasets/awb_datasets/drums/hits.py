"""Single hits of a synthetic drum kit: kick, snare, tom and cymbal.

Conventions
-----------
A hit is a float64 array of ``shape=(samples,)`` at 16 kHz, with its onset at the first sample and
at any level. Every hit is a drum of its own: pitch, decay, noise and attack are drawn again.

References
----------
Fletcher, N. H., & Rossing, T. D. (1998). The physics of musical instruments (2nd ed.). Springer.
https://doi.org/10.1007/978-0-387-21603-4 (Modes of drum heads and cymbals.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
)

KICK, SNARE, TOM, CYMBAL = "kick", "snare", "tom", "cymbal"

_HEAD_RATIOS = (1.0, 1.59, 2.14, 2.30)  # modes of an ideal membrane
_METAL_RATIOS = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523])


def kick(rng: np.random.Generator) -> FloatArray:
    """Render a bass drum: a low membrane whose pitch falls, and the click of the beater."""
    fall_s = log_uniform(rng, 0.4, 0.75)
    n_samples = count(0.5)
    final_hz = rng.uniform(40.0, 72.0)
    bend = log_uniform(rng, 0.6, 4.0)
    bend_s = log_uniform(rng, 0.012, 0.05)
    pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / bend_s))
    body = np.sin(phase(pitch_hz, n_samples)) * decay(n_samples, fall_s)
    drive = rng.uniform(0.0, 2.5)
    body = np.tanh((1 + drive) * body) / np.tanh(1 + drive)
    click = rng.standard_normal(n_samples) * decay(n_samples, log_uniform(rng, 0.01, 0.05))
    click = band_pass(click, log_uniform(rng, 300.0, 2000.0), HIGHEST_HZ, order=1)
    return np.asarray(body + level(rng, -30.0, -10.0) * click)


def snare(rng: np.random.Generator) -> FloatArray:
    """Render a snare drum: two modes of the head and the rattle of the wires."""
    wires_s = log_uniform(rng, 0.2, 0.9)
    n_samples = count(wires_s)
    low_hz = rng.uniform(150.0, 320.0)
    head_s = log_uniform(rng, 0.06, 0.3)
    head = np.sin(phase(low_hz, n_samples)) + 0.6 * np.sin(phase(1.59 * low_hz, n_samples))
    rattle = band_pass(
        rng.standard_normal(n_samples), log_uniform(rng, 500.0, 2500.0), HIGHEST_HZ, order=1
    )
    wires = level(rng, -6.0, 10.0) * rattle * decay(n_samples, wires_s)
    return np.asarray(head * decay(n_samples, head_s) + wires)


def tom(rng: np.random.Generator) -> FloatArray:
    """Render a tom: a tuned head that rings longer than a kick and bends less."""
    fall_s = log_uniform(rng, 0.5, 1.8)
    n_samples = count(fall_s)
    final_hz = log_uniform(rng, 95.0, 260.0)
    bend = rng.uniform(0.02, 0.5)
    pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / log_uniform(rng, 0.02, 0.1)))
    sound = np.zeros(n_samples)
    for place, ratio in enumerate(_HEAD_RATIOS):
        strength = 1.0 if place == 0 else level(rng, -24.0, -8.0)
        partial = np.sin(phase(pitch_hz * ratio, n_samples))
        sound += strength * partial * decay(n_samples, fall_s / ratio)
    stick = rng.standard_normal(n_samples) * decay(n_samples, log_uniform(rng, 0.01, 0.06))
    return np.asarray(sound + level(rng, -30.0, -12.0) * stick)


def cymbal(rng: np.random.Generator) -> FloatArray:
    """Render a hi-hat, a ride or a crash: high inharmonic partials and hiss."""
    fall_s = log_uniform(rng, 0.25, 3.0)
    n_samples = count(min(fall_s, 1.2))
    base_hz = rng.uniform(250.0, 550.0)
    ratios = _METAL_RATIOS * rng.uniform(0.96, 1.04, _METAL_RATIOS.size)
    sound = rng.standard_normal(n_samples) * level(rng, -6.0, 12.0)
    for ratio in ratios:
        sound += np.sign(np.sin(phase(base_hz * ratio, n_samples)))
    sound = band_pass(sound, log_uniform(rng, 2000.0, 5000.0), HIGHEST_HZ)
    rise = 1 - np.exp(-clock_s(n_samples) / log_uniform(rng, 0.0005, 0.01))
    return np.asarray(sound * rise * decay(n_samples, fall_s))


RECIPES: Mapping[str, Callable[[np.random.Generator], FloatArray]] = {
    KICK: kick,
    SNARE: snare,
    TOM: tom,
    CYMBAL: cymbal,
}


def level(rng: np.random.Generator, low_db: float, high_db: float) -> float:
    """Draw an amplitude between two levels in dB."""
    return float(10 ** (rng.uniform(low_db, high_db) / 20))
