"""From a masked spectrogram back to audio, with the phase of the mixture.

The mask is known at the times and frequencies of the model's features. It is carried over to a
short-time Fourier transform of the clip by interpolation, in time and in frequency: so it does not
matter whether the model's bins are linear or mel. The complex spectrum of the clip is multiplied by
it, which keeps the mixture's phase, and inverted.

References
----------
Griffin, D., & Lim, J. (1984). Signal estimation from modified short-time Fourier transform. IEEE
TASSP 32(2). doi:10.1109/TASSP.1984.1164317
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.types import AudioArray

WINDOW_S = 0.032


def carry_over(
    mask: FloatArray,
    times_s: FloatArray,
    frequencies_hz: FloatArray,
    new_times_s: FloatArray,
    new_frequencies_hz: FloatArray,
) -> FloatArray:
    """Interpolate a mask from one grid of times and frequencies to another.

    Parameters
    ----------
    mask : np.ndarray, shape=(frames, bins)
        Mask on the first grid.
    times_s, frequencies_hz : np.ndarray, shape=(frames,) and (bins,)
        Its centres, increasing.
    new_times_s, new_frequencies_hz : np.ndarray, shape=(times,) and (frequencies,)
        Where the mask is wanted; beyond the first grid its border counts.

    Returns
    -------
    np.ndarray, shape=(times, frequencies)
        Interpolated mask.
    """
    by_time = np.stack([np.interp(new_times_s, times_s, column) for column in mask.T], axis=1)
    return np.stack([np.interp(new_frequencies_hz, frequencies_hz, row) for row in by_time])


def masked_audio(
    waveform: AudioArray,
    sample_rate_hz: int,
    mask: npt.ArrayLike,
    times_s: FloatArray,
    frequencies_hz: FloatArray,
) -> AudioArray:
    """Let only what a mask keeps be heard.

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,)
        The clip.
    sample_rate_hz : int
        Sample rate in Hz.
    mask : array_like, shape=(frames, bins)
        How much of each point is kept, in [0, 1].
    times_s : np.ndarray, shape=(frames,)
        Centre of each frame in seconds.
    frequencies_hz : np.ndarray, shape=(bins,)
        Centre of each bin in Hz.

    Returns
    -------
    np.ndarray, shape=(samples,), dtype=float32
        The masked audio. Masks add up: what a mask keeps and what its complement keeps are together
        the clip.

    Raises
    ------
    ParameterError
        If the mask does not fit the times and frequencies.
    """
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    grid = np.asarray(mask, dtype=np.float64)
    if grid.shape != (len(times_s), len(frequencies_hz)):
        raise ParameterError(
            f"the mask has shape {grid.shape}, its grid {(len(times_s), len(frequencies_hz))}"
        )
    length = max(4, min(round(WINDOW_S * sample_rate_hz), 2 * waveform.size) // 4 * 4)
    transform = ShortTimeFFT(hann(length, sym=False), hop=length // 4, fs=sample_rate_hz)
    padded = np.pad(np.asarray(waveform, dtype=np.float64), (0, length))
    spectrum = transform.stft(padded)
    carried = carry_over(grid, times_s, frequencies_hz, transform.t(padded.size), transform.f)
    audio = transform.istft(spectrum * carried.T, k1=padded.size)[: waveform.size]
    return np.asarray(audio, dtype=np.float32)
