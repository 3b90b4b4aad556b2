"""Building blocks of the procedural sounds: draws, phases, envelopes and spectra.

Conventions
-----------
A sound is a float64 array of ``shape=(samples,)`` at `SAMPLE_RATE_HZ`. Its level means nothing: the
scene sets it. Every random choice comes from the generator that is passed in.

References
----------
Moorer, J. A. (1976). The synthesis of complex audio spectra by means of discrete summation
formulae. Journal of the Audio Engineering Society, 24(9), 717-727.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from awb.intervals import FloatArray

SAMPLE_RATE_HZ = 16000
HIGHEST_HZ = 7600.0  # partials stay below, away from the Nyquist frequency

_DB_PER_DECAY = 60.0


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def count(duration_s: float) -> int:
    """Return the number of samples of a duration, at least one."""
    return max(1, round(duration_s * SAMPLE_RATE_HZ))


def clock_s(n_samples: int) -> FloatArray:
    """Return the time of every sample in seconds, ``shape=(n_samples,)``."""
    return np.arange(n_samples, dtype=np.float64) / SAMPLE_RATE_HZ


def phase(frequency_hz: npt.ArrayLike, n_samples: int) -> FloatArray:
    """Integrate a frequency into a phase."""
    if np.ndim(frequency_hz) == 0:
        turns = clock_s(n_samples) * float(np.asarray(frequency_hz))
    else:
        steps = np.asarray(frequency_hz, dtype=np.float64) / SAMPLE_RATE_HZ
        turns = np.cumsum(steps) - steps[0]
    return np.asarray(2 * np.pi * turns)


def harmonics(fundamental: FloatArray, *, rolloff: float, highest: int) -> FloatArray:
    """Sum sines at whole multiples of a phase, each weaker than the one before."""
    last = rolloff**highest
    numerator = (
        np.sin(fundamental)
        - last * np.sin((highest + 1) * fundamental)
        + rolloff * last * np.sin(highest * fundamental)
    )
    return np.asarray(numerator / (1 + rolloff**2 - 2 * rolloff * np.cos(fundamental)))


def fade(sound: FloatArray, attack_s: float, release_s: float) -> FloatArray:
    """Raise the start and lower the end of a sound along half a cosine."""
    faded = sound.copy()
    rise = min(count(attack_s), max(1, sound.size // 2))
    fall = min(count(release_s), max(1, sound.size // 2))
    faded[:rise] *= 0.5 - 0.5 * np.cos(np.pi * (np.arange(rise) + 0.5) / rise)
    faded[-fall:] *= 0.5 + 0.5 * np.cos(np.pi * (np.arange(fall) + 0.5) / fall)
    return faded


def decay(n_samples: int, fall_s: float) -> FloatArray:
    """Return an exponential decay from 1 that loses 60 dB in `fall_s` seconds."""
    rate = np.log(10) * _DB_PER_DECAY / 20 / fall_s
    return np.asarray(np.exp(-rate * clock_s(n_samples)))


def band_pass(sound: FloatArray, low_hz: float, high_hz: float, order: int = 2) -> FloatArray:
    """Filter with a causal Butterworth band pass."""
    from scipy import signal

    return np.asarray(signal.sosfilt(_band_pass_sections(low_hz, high_hz, order), sound))


@lru_cache(maxsize=8)  # the strokes of one sound share a filter
def _band_pass_sections(low_hz: float, high_hz: float, order: int) -> FloatArray:
    """Design the filter of `band_pass` as second-order sections."""
    from scipy import signal

    if high_hz >= HIGHEST_HZ:
        return np.asarray(signal.butter(order, low_hz, "high", fs=SAMPLE_RATE_HZ, output="sos"))
    edges_hz = [low_hz, high_hz]
    return np.asarray(signal.butter(order, edges_hz, "band", fs=SAMPLE_RATE_HZ, output="sos"))


def repeats(duration_s: float, spacing_s: float) -> int:
    """Return how many hits at a given spacing fill a duration, at least one."""
    return max(1, round(duration_s / spacing_s))


def sequence(
    rng: np.random.Generator,
    hit: Callable[[], FloatArray],
    hits: int,
    spacing_s: float,
    *,
    jitter: float = 0.0,
) -> FloatArray:
    """Lay several hits one after the other; their tails may overlap."""
    sounds = [hit() * 10 ** (-rng.uniform(0, 6) / 20) for _ in range(hits)]
    spacings_s = spacing_s * (1 + jitter * rng.uniform(-1, 1, hits - 1))
    onsets = [0, *(count(onset_s) for onset_s in np.cumsum(spacings_s))]
    total = np.zeros(max(onset + sound.size for onset, sound in zip(onsets, sounds, strict=True)))
    for onset, sound in zip(onsets, sounds, strict=True):
        total[onset : onset + sound.size] += sound
    return total
