"""Where a sound happens: distance, reverberation, and the trimming of what nobody can hear.

References
----------
Moorer, J. A. (1979). About this reverberation business. Computer Music Journal, 3(2), 13-28.
https://doi.org/10.2307/3680280 (Rooms as exponentially decaying noise.)
"""

from __future__ import annotations

import numpy as np

from awb.intervals import FloatArray
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ, count, decay, fade, log_uniform

BLOCK_SAMPLES = 160  # 10 ms: the resolution of levels, and so of trimming
LEVEL_SAMPLES = 1600  # 100 ms: over which the level of an event is taken
FLOOR_DB = -40.0
_EDGE_S = 0.004
_WINDOW_BLOCKS = LEVEL_SAMPLES // BLOCK_SAMPLES


def place_in_room(rng: np.random.Generator, sound: FloatArray) -> FloatArray:
    """Dull a sound as distance does, and let a room answer in two scenes of three."""
    from scipy import signal

    heard = sound
    if rng.uniform() < 0.5:
        cutoff_hz = log_uniform(rng, 2500.0, 7500.0)
        numerator, denominator = signal.butter(1, cutoff_hz, fs=SAMPLE_RATE_HZ)
        heard = np.asarray(signal.lfilter(numerator, denominator, heard))
    if rng.uniform() < 1 / 3:
        return heard
    fall_s = log_uniform(rng, 0.15, 0.9)
    answer = rng.standard_normal(count(fall_s)) * decay(count(fall_s), fall_s)
    answer *= 10 ** (rng.uniform(-24, -6) / 20) / np.sqrt(np.sum(answer**2))
    answer[0] = 1.0
    return np.asarray(signal.oaconvolve(heard, answer))


def block_power(sound: FloatArray) -> FloatArray:
    """Return the mean power of every 10 ms of a sound, ``shape=(ceil(samples / 160),)``."""
    n_blocks = -(-sound.size // BLOCK_SAMPLES)
    padded = np.zeros(n_blocks * BLOCK_SAMPLES)
    padded[: sound.size] = sound
    return np.asarray(np.mean(padded.reshape(n_blocks, BLOCK_SAMPLES) ** 2, axis=1))


def trim(sound: FloatArray, floor_power: FloatArray | float = 0.0) -> tuple[int, FloatArray]:
    """Cut off the start and the end of a sound where nobody can hear it.

    A block of 10 ms is heard if its power lies less than 40 dB under the loudest block's and above
    `floor_power`. What comes before the first heard block and after the last is removed, and the
    new edges are faded over 4 ms, so that outside the result the sound is exactly zero.
    """
    power = block_power(sound)
    heard = power > np.maximum(power.max() * 10 ** (FLOOR_DB / 10), floor_power)
    blocks = np.flatnonzero(heard)
    if blocks.size == 0:
        return 0, sound[:0]
    start = int(blocks[0]) * BLOCK_SAMPLES
    stop = min(sound.size, (int(blocks[-1]) + 1) * BLOCK_SAMPLES)
    return start, fade(sound[start:stop], 0.0 if start == 0 else _EDGE_S, _EDGE_S)


def loudest_window(sound: FloatArray) -> tuple[int, float]:
    """Find the loudest 100 ms of a sound, to the nearest 10 ms."""
    power = block_power(sound)
    power = np.pad(power, (0, max(0, _WINDOW_BLOCKS - power.size)))
    means = np.convolve(power, np.ones(_WINDOW_BLOCKS) / _WINDOW_BLOCKS, mode="valid")
    loudest = int(np.argmax(means))
    return loudest * BLOCK_SAMPLES, float(means[loudest])
