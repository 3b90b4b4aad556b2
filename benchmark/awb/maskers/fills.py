"""Maskers whose replacement does not depend on the drop mask."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from awb.errors import ParameterError
from awb.types import AudioArray

Masker = Callable[[AudioArray, int, np.random.Generator], AudioArray]
"""``fill(waveform, sample_rate_hz, rng)``: a replacement of the same shape, float32 in [-1, 1]."""


def zeros(waveform: AudioArray, sample_rate_hz: int, rng: np.random.Generator) -> AudioArray:  # noqa: ARG001
    """Replace with digital silence.

    Examples
    --------
    >>> zeros(np.ones(3, dtype=np.float32), 16000, np.random.default_rng(0)).tolist()
    [0.0, 0.0, 0.0]
    """
    return np.zeros_like(waveform)


def mean(waveform: AudioArray, sample_rate_hz: int, rng: np.random.Generator) -> AudioArray:  # noqa: ARG001
    """Replace with the clip's mean sample value, a constant.

    Examples
    --------
    >>> mean(np.array([0.0, 0.5], dtype=np.float32), 16000, np.random.default_rng(0)).tolist()
    [0.25, 0.25]
    """
    return np.full_like(waveform, waveform.mean(dtype=np.float64))


def noise(level_db: float = 0.0) -> Masker:
    """Make a masker that replaces with white Gaussian noise.

    Parameters
    ----------
    level_db : float
        Level of the noise relative to the clip's root mean square, in dB.

    Returns
    -------
    callable
        A `Masker`.

    Raises
    ------
    ParameterError
        If the level is not finite.
    """
    if not math.isfinite(level_db):
        raise ParameterError(f"the level of the noise must be a finite number of dB: {level_db}")

    def fill(waveform: AudioArray, sample_rate_hz: int, rng: np.random.Generator) -> AudioArray:  # noqa: ARG001
        rms = float(np.sqrt(np.mean(np.square(waveform, dtype=np.float64))))
        scale = rms * 10 ** (level_db / 20)
        drawn = rng.standard_normal(waveform.size, dtype=np.float32) * np.float32(scale)
        clipped: AudioArray = np.clip(drawn, -1.0, 1.0)
        return clipped

    return fill
