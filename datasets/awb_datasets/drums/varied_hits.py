"""Single hits of many kinds of drum kit, acoustic and electronic, soft and hard, close and far.

Conventions
-----------
As in `awb_datasets.drums.hits`: onset first, any level, every hit a drum of its own. Ranges are as
wide as those of kits, so that kicks and toms meet in pitch: a kick is what is short, dull and falls
in pitch; a tom rings, with a pitch and modes of its own.

References
----------
Fletcher, N. H., & Rossing, T. D. (1998). The physics of musical instruments (2nd ed.). Springer.
https://doi.org/10.1007/978-0-387-21603-4 (Modes of drum heads and cymbals.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.drums.hits import CYMBAL, KICK, SNARE, TOM, level
from awb_datasets.soundscapes.shaping import (
    HIGHEST_HZ,
    band_pass,
    clock_s,
    count,
    decay,
    log_uniform,
    phase,
)

_HEAD_RATIOS = (1.59, 2.14, 2.30, 2.65, 2.92)  # modes of an ideal membrane above the first
_METAL_RATIOS = np.array([1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523])


def kick(rng: np.random.Generator) -> FloatArray:
    """Render a bass drum: from a damped head with a felt beater to a long electronic sweep."""
    n_samples = count(0.6)
    final_hz = log_uniform(rng, 36.0, 100.0)
    fall_s = log_uniform(rng, 0.36, 0.95)
    bend = log_uniform(rng, 0.15, 6.0)
    pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / log_uniform(rng, 0.008, 0.06)))
    body = np.sin(phase(pitch_hz, n_samples)) * decay(n_samples, fall_s)
    if rng.uniform() < 0.6:  # the resonant head
        second_hz = pitch_hz * rng.uniform(1.4, 2.4)
        second = np.sin(phase(second_hz, n_samples)) * decay(n_samples, fall_s * 0.6)
        body += level(rng, -24.0, -4.0) * second
    body = _saturated(rng, body, 3.0)
    thump = band_pass(rng.standard_normal(n_samples), 40.0, log_uniform(rng, 120.0, 400.0), order=1)
    thump *= decay(n_samples, log_uniform(rng, 0.05, 0.25)) / thump.std()
    beater = _click(rng, n_samples, (150.0, 2500.0), (0.006, 0.08))
    sound = body + level(rng, -30.0, -6.0) * thump + level(rng, -30.0, 0.0) * beater
    if rng.uniform() < 0.3:  # the wires of a snare rattle along
        sound += level(rng, -45.0, -22.0) * _wires(rng, n_samples, log_uniform(rng, 0.1, 0.4))
    return _recorded(rng, sound)


def snare(rng: np.random.Generator) -> FloatArray:
    """Render a snare drum: head and wires, the head alone, the rim, or many hands."""
    kind = rng.uniform()
    if kind < 0.1:
        return _recorded(rng, _rim(rng))
    if kind < 0.17:
        return _recorded(rng, _clap(rng))
    wires_s = log_uniform(rng, 0.12, 0.9)
    n_samples = count(max(wires_s, 0.3))
    low_hz = log_uniform(rng, 125.0, 400.0)
    bend = rng.uniform(0.0, 0.6)
    pitch_hz = low_hz * (1 + bend * np.exp(-clock_s(n_samples) / log_uniform(rng, 0.01, 0.05)))
    head_s = log_uniform(rng, 0.06, 0.45)
    head = np.zeros(n_samples)
    for place, ratio in enumerate((1.0, *_HEAD_RATIOS[: int(rng.integers(1, 5))])):
        strength = 1.0 if place == 0 else level(rng, -18.0, 0.0)
        partial = np.sin(phase(pitch_hz * ratio, n_samples) + rng.uniform(0, 2 * np.pi))
        head += strength * partial * decay(n_samples, head_s / ratio)
    loudness = level(rng, -30.0, -14.0) if kind < 0.27 else level(rng, -10.0, 14.0)
    sound = head + loudness * _wires(rng, n_samples, wires_s)
    stick = _click(rng, n_samples, (400.0, 4000.0), (0.004, 0.03))
    return _recorded(rng, _saturated(rng, sound + level(rng, -24.0, 0.0) * stick, 1.5))


def tom(rng: np.random.Generator) -> FloatArray:
    """Render a tom, from a deep floor tom to a high rack tom: a tuned head that rings."""
    final_hz = log_uniform(rng, 68.0, 280.0)
    fall_s = log_uniform(rng, 0.35, 1.8) * max(1.0, 100.0 / final_hz)
    n_samples = count(min(fall_s, 1.2))
    bend = log_uniform(rng, 0.01, 0.5)
    pitch_hz = final_hz * (1 + bend * np.exp(-clock_s(n_samples) / log_uniform(rng, 0.02, 0.15)))
    sound = np.sin(phase(pitch_hz, n_samples)) * decay(n_samples, fall_s)
    dull = rng.uniform(0.0, 14.0)
    for ratio in _HEAD_RATIOS:
        strength = level(rng, -24.0, -2.0) * 10 ** (-dull / 20)
        own_hz = pitch_hz * ratio * rng.uniform(0.95, 1.05)
        partial = np.sin(phase(own_hz, n_samples) + rng.uniform(0, 2 * np.pi))
        sound += strength * partial * decay(n_samples, fall_s / ratio ** rng.uniform(0.5, 2.0))
    sound = _saturated(rng, sound, 1.5)
    stick = _click(rng, n_samples, (200.0, 3500.0), (0.006, 0.08))
    sound += level(rng, -30.0, -3.0) * stick
    if rng.uniform() < 0.4:
        sound += level(rng, -45.0, -20.0) * _wires(rng, n_samples, log_uniform(rng, 0.15, 0.6))
    return _recorded(rng, sound)


def cymbal(rng: np.random.Generator) -> FloatArray:
    """Render a hi-hat, a ride, a bell or a crash: inharmonic partials, hiss, and a stick."""
    fall_s = log_uniform(rng, 0.06, 4.0)
    n_samples = count(min(max(fall_s, 0.15), 1.2))
    base_hz = log_uniform(rng, 220.0, 700.0)
    ratios = _METAL_RATIOS * rng.uniform(0.9, 1.1, _METAL_RATIOS.size)
    sound = rng.standard_normal(n_samples) * level(rng, -10.0, 14.0)
    for ratio in ratios:
        sound += np.sign(np.sin(phase(base_hz * ratio, n_samples)))
    sound = band_pass(sound, log_uniform(rng, 500.0, 6000.0), HIGHEST_HZ, int(rng.integers(1, 3)))
    rise = 1 - np.exp(-clock_s(n_samples) / log_uniform(rng, 0.0003, 0.02))
    sound *= rise * decay(n_samples, fall_s) / sound.std()
    for _ in range(int(rng.integers(0, 6))):  # what rings on, as in a bell
        ring_hz = log_uniform(rng, 350.0, 6000.0)
        ring = np.sin(phase(ring_hz, n_samples)) * decay(n_samples, fall_s * rng.uniform(0.5, 1.5))
        sound += level(rng, -24.0, -3.0) * ring
    stick = _click(rng, n_samples, (80.0, 3000.0), (0.004, 0.08))
    return _recorded(rng, sound + level(rng, -35.0, -3.0) * stick)


VARIED: Mapping[str, Callable[[np.random.Generator], FloatArray]] = {
    KICK: kick,
    SNARE: snare,
    TOM: tom,
    CYMBAL: cymbal,
}


def _click(
    rng: np.random.Generator,
    n_samples: int,
    low_hz: tuple[float, float],
    fall_s: tuple[float, float],
) -> FloatArray:
    """Render the contact of a beater or a stick: a burst in a band, or in one above a corner."""
    corner_hz = log_uniform(rng, *low_hz)
    highest_hz = HIGHEST_HZ if rng.uniform() < 0.5 else corner_hz * log_uniform(rng, 1.5, 4.0)
    burst = band_pass(rng.standard_normal(n_samples), corner_hz, min(highest_hz, HIGHEST_HZ), 1)
    return np.asarray(burst / burst.std() * decay(n_samples, log_uniform(rng, *fall_s)))


def _wires(rng: np.random.Generator, n_samples: int, fall_s: float) -> FloatArray:
    """Render the rattle of the wires under a snare drum."""
    rattle = band_pass(
        rng.standard_normal(n_samples), log_uniform(rng, 400.0, 3000.0), HIGHEST_HZ, order=1
    )
    return np.asarray(rattle / rattle.std() * decay(n_samples, fall_s))


def _rim(rng: np.random.Generator) -> FloatArray:
    """Render a stick on the rim: a few short, high, woody tones."""
    n_samples = count(0.25)
    sound = 0.5 * _click(rng, n_samples, (500.0, 3000.0), (0.01, 0.05))
    for _ in range(3):
        tone = np.sin(phase(log_uniform(rng, 350.0, 3500.0), n_samples))
        sound += level(rng, -12.0, 0.0) * tone * decay(n_samples, log_uniform(rng, 0.03, 0.15))
    return np.asarray(sound)


def _clap(rng: np.random.Generator) -> FloatArray:
    """Render hands: several bursts within 40 ms, and their room."""
    n_samples = count(0.5)
    low_hz = log_uniform(rng, 500.0, 1500.0)
    noise = band_pass(rng.standard_normal(n_samples), low_hz, low_hz * rng.uniform(2.0, 5.0), 1)
    envelope = 0.6 * decay(n_samples, log_uniform(rng, 0.1, 0.5))
    for start in rng.integers(0, count(0.04), size=3):
        envelope[start:] += decay(n_samples - int(start), 0.03)
    return np.asarray(noise * envelope)


def _saturated(rng: np.random.Generator, sound: FloatArray, most: float) -> FloatArray:
    """Drive a sound into saturation, or hardly."""
    drive = rng.uniform(0.05, 1.0 + most)
    return np.asarray(np.tanh(drive * sound / np.abs(sound).max()) / np.tanh(drive))


def _recorded(rng: np.random.Generator, sound: FloatArray) -> FloatArray:
    """Record a hit: soft mallets, a microphone's resonance, tilt, and what else rumbles."""
    from scipy import signal

    heard = sound
    if rng.uniform() < 0.4:  # a resonance, of the shell or of an equalizer
        centre_hz = log_uniform(rng, 60.0, 5000.0)
        numerator, denominator = signal.iirpeak(centre_hz, log_uniform(rng, 1.0, 4.0), fs=16000)
        heard = heard + rng.uniform(-0.7, 2.0) * signal.lfilter(numerator, denominator, heard)
    if rng.uniform() < 0.4:  # lows or highs up or down
        corner_hz = log_uniform(rng, 100.0, 3000.0)
        numerator, denominator = signal.butter(1, corner_hz, fs=16000)
        low = signal.lfilter(numerator, denominator, heard)
        weight = 10 ** (rng.uniform(-9.0, 9.0) / 20)
        heard = weight * low + (heard - low)
    if rng.uniform() < 0.3:
        rise_s = log_uniform(rng, 0.0005, 0.006)
        heard = heard * (1 - np.exp(-clock_s(heard.size) / rise_s))
    return np.asarray(heard)
