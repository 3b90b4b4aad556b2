"""A cough: two sudden bursts of breath and voice through one throat.

Conventions
-----------
As in `awb_datasets.drums.hits`: onset first, any level, every cough another one.
"""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import (
    band_pass,
    clock_s,
    count,
    decay,
    fade,
    harmonics,
    log_uniform,
    phase,
)

LONGEST_S = 1.0

_FORMANTS_HZ = ((400.0, 800.0), (1000.0, 1800.0), (2200.0, 3400.0))


def cough(rng: np.random.Generator) -> FloatArray:
    """Render a cough."""
    centres_hz = [rng.uniform(*edges_hz) for edges_hz in _FORMANTS_HZ]
    weights = 10 ** (-rng.uniform(0, 8, len(centres_hz)) / 20)
    voice_hz, voiced = rng.uniform(160.0, 420.0), rng.uniform(0.4, 1.2)
    bursts = []
    for _ in range(2):
        n_samples = count(rng.uniform(0.25, 0.5))
        breath = rng.standard_normal(n_samples)
        burst = np.zeros(n_samples)
        for centre_hz, weight in zip(centres_hz, weights, strict=True):
            formant = band_pass(breath, 0.85 * centre_hz, 1.18 * centre_hz, order=1)
            burst += weight * formant / formant.std()
        rasp = np.sin(phase(log_uniform(rng, 25.0, 70.0), n_samples))
        burst *= 1 + rng.uniform(0.2, 0.8) * rasp
        pitch_hz = voice_hz * (1.1 - 0.5 * clock_s(n_samples))
        burst += voiced * harmonics(phase(pitch_hz, n_samples), rolloff=0.75, highest=12)
        envelope = 0.4 + decay(n_samples, log_uniform(rng, 0.2, 0.5))
        bursts.append(fade(burst * envelope, rng.uniform(0.002, 0.01), 0.06))
    sound = np.concatenate(bursts)
    return np.asarray(sound / np.abs(sound).max())
