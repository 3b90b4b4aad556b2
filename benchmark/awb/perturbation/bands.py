"""Clips with frequency bands replaced: rendered by a short-time Fourier transform, then scored.

References
----------
Griffin, D., & Lim, J. (1984). Signal estimation from modified short-time Fourier transform. IEEE
TASSP 32(2). doi:10.1109/TASSP.1984.1164317
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation.scorers.batches import Batches
from awb.perturbation.scorers.clips import DEFAULT_BATCH, checked
from awb.protocols import AudioModel
from awb.types import AudioArray, BoolArray

WINDOW_S = 0.064


class BandRenderer:
    """Renders a clip with bands replaced by those of the filling audio.

    The spectra are those of Hann windows of 64 ms that overlap by three quarters. A point of a
    spectrum belongs to the band that its frequency lies in. So what two opposite masks leave adds
    up to the clip and the fill.
    """

    def __init__(
        self, waveform: AudioArray, fill: AudioArray, sample_rate_hz: int, edges_hz: FloatArray
    ) -> None:
        from scipy.signal import ShortTimeFFT
        from scipy.signal.windows import hann

        self._size = waveform.size
        length = max(4, min(round(WINDOW_S * sample_rate_hz), 2 * self._size) // 4 * 4)
        self._transform = ShortTimeFFT(hann(length, sym=False), length // 4, sample_rate_hz)
        self._clip, self._fill = (
            self._transform.stft(np.pad(one.astype(np.float64), (0, length))).T.copy()
            for one in (waveform, fill)
        )
        self._band = np.searchsorted(edges_hz[1:-1], self._transform.f, side="right")

    def render(self, drop_bands: BoolArray) -> AudioArray:
        """Render masks of bands, ``bool[n, bands]`` to ``float32[n, samples]`` in [-1, 1]."""
        return np.stack([self._one(row) for row in drop_bands])

    def _one(self, dropped: BoolArray) -> AudioArray:
        """Invert the mixed spectra, all at once: the samples are those of `ShortTimeFFT.istft`."""
        from scipy.fft import irfft

        transform = self._transform
        spectra = np.where(dropped[self._band], self._fill, self._clip)
        windows = irfft(spectra, n=transform.m_num, axis=1, overwrite_x=True)
        windows = np.roll(windows, transform.m_num_mid, axis=1)
        windows *= transform.dual_win
        hops = windows.reshape(len(windows), -1, transform.hop)
        parts = hops.shape[1]
        audio = np.zeros((len(hops) + parts - 1, transform.hop))
        for part in reversed(range(parts)):  # the earlier window first
            audio[part : part + len(hops)] += hops[:, part]
        start = transform.m_num_mid - transform.p_min * transform.hop
        audio = audio.reshape(-1)[start : start + self._size]
        return np.asarray(np.clip(audio, -1.0, 1.0), dtype=np.float32)


class MaskRenderer(Protocol):
    """Renders a clip without what a mask drops: bands, or parts."""

    def render(self, drop_masks: BoolArray, /) -> AudioArray:
        """Render masks, ``bool[n, ...]`` to ``float32[n, samples]`` in [-1, 1]."""
        ...


def score_rendered(
    model: AudioModel,
    renderer: MaskRenderer,
    drop_masks: BoolArray,
    class_index: int,
    waveform: AudioArray,
) -> FloatArray:
    """Score clips that are rendered whole, in batches of one size, as `ClipScorer` does."""

    def some(rows: BoolArray, size: int) -> FloatArray:
        batch = np.repeat(waveform[np.newaxis], size, axis=0)
        chosen = rows[:size]
        batch[: len(chosen)] = renderer.render(chosen)
        scores = checked(model.scores(batch), size, len(model.classes))
        return np.asarray(scores[: len(chosen), class_index], dtype=np.float64)

    size = int(getattr(model, "batch_size", DEFAULT_BATCH))
    return np.concatenate([np.empty(0), *Batches(min(size, DEFAULT_BATCH)).over(drop_masks, some)])
