"""What a mixture's sounds are heard over: coloured noise, or recordings of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np

from awb.audio import SUFFIXES, read_audio, resample
from awb.errors import AudioError, DataError
from awb.intervals import FloatArray
from awb_datasets.soundscapes.background import coloured_noise

SLOPE_RANGE = (0.3, 1.5)


class Background(Protocol):
    """A source of backgrounds."""

    def draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> FloatArray:
        """Draw a background of mean power 1, ``shape=(n_samples,)``."""
        ...


class Noise:
    """Gaussian noise with a power density of frequency to the power of -0.3 to -1.5."""

    def draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> FloatArray:
        """Draw a background of mean power 1."""
        slope = float(rng.uniform(*SLOPE_RANGE))
        noise = coloured_noise(rng, n_samples, slope, sample_rate_hz)
        return np.asarray(noise / np.sqrt(np.mean(noise**2)))


class Recorded:
    """Excerpts of recordings; shorter ones are repeated."""

    def __init__(self, folder: Path) -> None:
        found = folder.rglob("*") if folder.is_dir() else ()
        self._files = sorted(path for path in found if path.suffix.lower() in SUFFIXES)
        if not self._files:
            raise DataError(f"background {folder} contains no audio ({', '.join(SUFFIXES)})")

    def draw(self, rng: np.random.Generator, n_samples: int, sample_rate_hz: int) -> FloatArray:
        """Draw a background of mean power 1."""
        path = self._files[int(rng.integers(len(self._files)))]
        waveform, rate_hz = read_audio(path)
        whole = resample(waveform, rate_hz, sample_rate_hz).astype(np.float64)
        start = int(rng.integers(whole.size))
        excerpt = np.resize(np.roll(whole, -start), n_samples)
        power = float(np.mean(excerpt**2))
        if power <= 0:
            raise AudioError(f"background {path} is silent where it was asked for")
        return np.asarray(excerpt / np.sqrt(power))
