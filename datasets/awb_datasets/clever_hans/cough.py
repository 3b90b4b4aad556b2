"""A cough-like burst: a sudden breath through a throat, twice or once, then a rasp.

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

SHORTEST_S, LONGEST_S = 0.3, 0.5


def cough(rng: np.random.Generator) -> FloatArray:
    """Render a cough.

    Parameters
    ----------
    rng : np.random.Generator
        Source of its length, its formants, its voice and its roughness.

    Returns
    -------
    np.ndarray, shape=(samples,)
        0.3 to 0.5 s at 16 kHz, onset first, with a peak of 1.
    """
    n_samples = count(rng.uniform(SHORTEST_S, LONGEST_S))
    breath = rng.standard_normal(n_samples)
    sound = np.zeros(n_samples)
    for low_hz, high_hz in ((350.0, 800.0), (900.0, 1800.0), (2200.0, 3600.0)):
        centre_hz = rng.uniform(low_hz, high_hz)
        formant = band_pass(breath, 0.8 * centre_hz, 1.25 * centre_hz, order=1)
        sound += 10 ** (-rng.uniform(0, 8) / 20) * formant / formant.std()
    rasp_hz = log_uniform(rng, 25.0, 70.0)
    sound *= 1 + rng.uniform(0.2, 0.8) * np.sin(phase(rasp_hz, n_samples))
    pitch_hz = rng.uniform(120.0, 300.0) * (1 - 0.3 * clock_s(n_samples))
    voice = harmonics(phase(pitch_hz, n_samples), rolloff=0.7, highest=12)
    sound += rng.uniform(0.0, 0.8) * voice
    envelope = 0.35 + decay(n_samples, log_uniform(rng, 0.2, 0.5))
    sound = fade(sound * envelope, rng.uniform(0.002, 0.01), 0.08)
    return np.asarray(sound / np.abs(sound).max())
