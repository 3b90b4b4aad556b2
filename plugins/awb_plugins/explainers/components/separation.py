"""Components of a clip: harmonic and percussive parts, NMF, and frequency bands.

Each way gives soft masks of the clip's spectrum that sum to one at every point, so that the
components add up to the clip; the last one is what the others leave, which makes that exact.

References
----------
Fitzgerald, D. (2010). Harmonic/percussive separation using median filtering. DAFx.
Lee, D. D., & Seung, H. S. (1999). Learning the parts of objects by non-negative matrix
factorization. Nature 401. doi:10.1038/44565
Smaragdis, P., & Brown, J. C. (2003). Non-negative matrix factorization for polyphonic music
transcription. WASPAA. doi:10.1109/ASPAA.2003.1285860
"""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np

from awb.intervals import FloatArray
from awb.types import AudioArray

Kind = Literal["nmf", "hpss", "bands", "clip"]

WINDOW_S = 0.064
MEDIAN = 31  # points of a spectrum, and frames, as in librosa
_ITERATIONS = 100


def components_of(
    waveform: AudioArray, sample_rate_hz: int, kind: Kind, count: int, seed: int
) -> FloatArray:
    """Separate a clip into components.

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,)
        The clip.
    sample_rate_hz : int
        Sample rate in Hz.
    kind : str
        ``nmf``, ``hpss`` (harmonic, percussive), ``bands`` (even on the mel scale), or ``clip``
        for the clip as its only component.
    count : int
        Number of components of ``nmf`` and ``bands``.
    seed : int
        Seed of the factorization.

    Returns
    -------
    np.ndarray, shape=(components, samples), dtype=float64
        They add up to the clip.
    """
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    clip = np.asarray(waveform, dtype=np.float64)
    if kind == "clip":
        return clip[np.newaxis]
    length = max(4, min(round(WINDOW_S * sample_rate_hz), 2 * clip.size) // 4 * 4)
    transform = ShortTimeFFT(hann(length, sym=False), hop=length // 4, fs=sample_rate_hz)
    padded = np.pad(clip, (0, length))
    spectrum = transform.stft(padded)
    magnitudes = np.abs(spectrum)
    if kind == "hpss":
        masks = harmonic_percussive(magnitudes)
    elif kind == "nmf":
        masks = factorized(magnitudes, count, seed)
    else:
        masks = banded(transform.f, magnitudes.shape[1], count)
    heard = [
        transform.istft(spectrum * mask, k1=padded.size)[: clip.size].real for mask in masks[:-1]
    ]
    return np.stack([*heard, clip - np.sum(heard, axis=0)]) if heard else clip[np.newaxis]


def soft_masks(strengths: FloatArray) -> FloatArray:
    """Divide strengths, ``(components, ...)``, by their sum; evenly where all are zero."""
    total = strengths.sum(axis=0)
    shares = np.full_like(strengths, 1.0 / len(strengths))
    np.divide(strengths, total, out=shares, where=total > 0)
    return shares


def harmonic_percussive(magnitudes: FloatArray) -> FloatArray:
    """Return soft masks of what lasts in time and of what spreads in frequency."""
    from scipy.ndimage import median_filter

    lasting = median_filter(magnitudes, size=(1, MEDIAN), mode="reflect")
    spreading = median_filter(magnitudes, size=(MEDIAN, 1), mode="reflect")
    return soft_masks(np.square([lasting, spreading]))


def factorized(magnitudes: FloatArray, count: int, seed: int) -> FloatArray:
    """Return soft masks of the components of a non-negative factorization."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    count = min(count, *magnitudes.shape)
    if count < 2 or not magnitudes.any():
        return np.ones((1, *magnitudes.shape))
    model = NMF(
        count,
        init="nndsvda",
        solver="mu",
        beta_loss="kullback-leibler",
        max_iter=_ITERATIONS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        spectra = model.fit_transform(magnitudes / magnitudes.max())
    return soft_masks(spectra.T[:, :, np.newaxis] * model.components_[:, np.newaxis, :])


def banded(frequencies_hz: FloatArray, n_frames: int, count: int) -> FloatArray:
    """Return masks of frequency bands that are equally wide on the mel scale."""
    mels = np.log1p(frequencies_hz / 700.0)
    band = np.minimum((mels / mels[-1] * count).astype(int), count - 1)
    return np.stack([np.tile((band == one)[:, None], n_frames) for one in range(count)]) * 1.0
