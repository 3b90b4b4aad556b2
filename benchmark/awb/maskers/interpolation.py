"""Interpolation of spectra over time: a gap continues what is kept on both sides of it.

A clip with silence, or with a constant, in it is unlike anything that the model was trained on, and
some of the score that is lost is lost to the hole itself. Rong et al. impute what is removed from
an image by noisy linear interpolation of its surroundings. Here the surroundings are the nearest
kept segments in time, what is interpolated is their magnitude spectrum, and the noise is in the
phases.

References
----------
Rong, Y., Leemann, T., Borisov, V., Kasneci, G., & Kasneci, E. (2022). A consistent and efficient
evaluation strategy for attribution methods. ICML. arXiv:2202.00449
Blücher, S., Vielhaben, J., & Strodthoff, N. (2024). Decoupling pixel flipping and occlusion
strategy for consistent XAI benchmarks. TMLR. arXiv:2401.06654
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.intervals import FloatArray, IntArray
from awb.maskers.protocol import MaskFill
from awb.types import AudioArray, BoolArray

FRAME_S = 0.032
"""Length of a frame in seconds, rounded to an even number of samples, at least 8."""


class Interpolation:
    """Replace with noise whose spectrum is interpolated between the nearest kept segments.

    A kept segment has one magnitude spectrum, of its own samples alone and of its own power. In the
    gap, magnitudes go linearly from that of the segment before it, at its centre, to that of the
    segment after it; before the first and after the last kept segment they stay what they are
    there. Phases are random, drawn once a clip. If everything is dropped there is nothing to
    interpolate, and the replacement is silence.

    Examples
    --------
    >>> clip = np.full(400, 0.5, dtype=np.float32)
    >>> rng = np.random.default_rng(0)
    >>> fill = Interpolation().given(clip, 1000, np.array([0, 100, 200, 300, 400]), rng)
    >>> fill(np.array([False, True, True, False])).shape
    (400,)
    """

    def __call__(
        self,
        waveform: AudioArray,
        sample_rate_hz: int,  # noqa: ARG002
        rng: np.random.Generator,  # noqa: ARG002
    ) -> AudioArray:
        """Return silence; see `awb.maskers.ContextMasker`."""
        return np.zeros_like(waveform)

    def given(
        self,
        waveform: AudioArray,
        sample_rate_hz: int,
        edges_samples: IntArray,
        rng: np.random.Generator,
    ) -> MaskFill:
        """Compute the spectra of all segments; see `awb.maskers.ContextMasker`."""
        hop = max(4, round(FRAME_S * sample_rate_hz / 2))
        return _Gaps(waveform, edges_samples, hop, rng).fill


class _Gaps:
    """Synthesizes the gaps of one clip, in overlapping frames of two hops."""

    def __init__(
        self, waveform: AudioArray, edges: IntArray, hop: int, rng: np.random.Generator
    ) -> None:
        self._n_samples, self._hop = waveform.size, hop
        self._centers = (edges[:-1] + edges[1:]) / 2
        cells = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
        self._spectra = np.array([spectrum(waveform[a:b], 2 * hop) for a, b in cells])
        self._times = np.arange(-(-waveform.size // hop) + 1) * hop
        self._phases = _phases(self._times.size, hop, rng)
        self._window = np.sin(np.pi * (np.arange(2 * hop) + 0.5) / (2 * hop))
        last = waveform.size - 1
        self._first, self._last = (
            np.searchsorted(edges, np.clip(sides, 0, last), side="right") - 1
            for sides in (self._times - hop, self._times + hop - 1)
        )

    def fill(self, drop_cells: BoolArray) -> AudioArray:
        """Return what replaces the dropped cells; elsewhere it is arbitrary."""
        kept = np.flatnonzero(~drop_cells)
        hop = self._hop
        sound = np.zeros((self._times.size + 1, hop))
        if kept.size:
            dropped = np.append(0, np.cumsum(drop_cells))
            needed = np.flatnonzero(dropped[self._last + 1] > dropped[self._first])
            spectra = self._interpolated(kept, self._times[needed]) * self._phases[needed]
            frames = np.fft.irfft(spectra, 2 * hop, axis=1) * self._window
            sound[needed] += frames[:, :hop]
            sound[needed + 1] += frames[:, hop:]
        samples = sound.reshape(-1)[hop : hop + self._n_samples]
        filled: AudioArray = np.clip(samples, -1.0, 1.0).astype(np.float32)
        return filled

    def _interpolated(self, kept: IntArray, times: IntArray) -> FloatArray:
        """Interpolate the magnitudes of the kept cells, ``shape=(times, bins)``."""
        place = np.interp(times, self._centers[kept], np.arange(kept.size))
        before = np.floor(place).astype(np.int64)
        after = np.minimum(before + 1, kept.size - 1)
        part = (place - before)[:, np.newaxis]
        between: FloatArray = (1 - part) * self._spectra[kept[before]]
        between += part * self._spectra[kept[after]]
        return between


def spectrum(samples: AudioArray, n_fft: int) -> FloatArray:
    """Return the magnitudes of a stretch of audio, ``shape=(n_fft // 2 + 1,)``.

    They are the root mean square over its frames, scaled so that a frame of random phases has the
    power of the stretch.
    """
    values = samples.astype(np.float64)
    length = min(n_fft, values.size)
    starts = np.append(np.arange(0, values.size - length, max(1, n_fft // 2)), values.size - length)
    window = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    frames = np.stack([values[start : start + length] for start in starts]) * window
    power = np.mean(np.abs(np.fft.rfft(frames, n_fft, axis=1)) ** 2, axis=0)
    both_sides = 2 * power.sum() - power[0] - power[-1]
    wanted = float(np.mean(np.square(values))) * n_fft**2
    return np.sqrt(power * wanted / both_sides) if both_sides > 0 else np.zeros(power.size)


def _phases(n_frames: int, hop: int, rng: np.random.Generator) -> npt.NDArray[np.complex128]:
    """Draw a phase for every frame and bin; the lowest and the highest bin only have a sign."""
    phases: npt.NDArray[np.complex128] = np.exp(2j * np.pi * rng.random((n_frames, hop + 1)))
    for end in (0, -1):
        phases[:, end] = rng.choice([-1.0, 1.0], size=n_frames)
    return phases
