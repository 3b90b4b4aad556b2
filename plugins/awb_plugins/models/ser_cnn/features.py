"""The 193 features of speech-emotion studies: five spectral descriptions, averaged over time.

=========== ====== =======================================================================
name        values what
=========== ====== =======================================================================
mfcc            40 mel-frequency cepstral coefficients
chroma          12 energy of the pitch classes, from the magnitude spectrogram
mel            128 power of mel bins, not its logarithm
contrast         7 peaks against valleys of octave bands, in decibels
tonnetz          6 tonal centroids of the harmonic part
=========== ====== =======================================================================

All are librosa's, at its defaults and at 22,050 Hz: 40 + 12 + 128 + 7 + 6 = 193. The usual code
computes a spectrogram for each of them; here one serves the first four, with equal results.

References
----------
Issa, D., Demirci, M. F., & Yazici, A. (2020). Speech emotion recognition with deep convolutional
neural networks. Biomedical Signal Processing and Control 59. doi:10.1016/j.bspc.2020.101894
Harte, C., Sandler, M., & Gasser, M. (2006). Detecting harmonic change in musical audio. ACM
Multimedia workshop. doi:10.1145/1178723.1178727 (tonal centroids)
McFee, B., et al. (2015). librosa. SciPy. doi:10.25080/Majora-7b98e3ed-003
"""

from __future__ import annotations

import warnings

import librosa
import numpy as np
import numpy.typing as npt
from librosa.decompose import hpss

from awb.types import AudioArray
from awb_plugins.models.extractors.vectors import VectorArray, check_clips

SIZES = {"mfcc": 40, "chroma": 12, "mel": 128, "contrast": 7, "tonnetz": 6}
N_FEATURES = sum(SIZES.values())
SAMPLE_RATE_HZ = 22_050

_REACH = 15  # of librosa's median filter over 31 frames


class SerFeatures:
    """The 193 features of a clip."""

    name = "ser"
    sample_rate_hz = SAMPLE_RATE_HZ
    minimum_samples = 1
    n_features = N_FEATURES
    weights_sha256 = ""

    def vectors(self, waveforms: AudioArray) -> VectorArray:
        """Compute the features of clips."""
        check_clips(waveforms, self)
        # One by one: librosa estimates one tuning for all that it gets.
        return np.stack([clip_features(np.asarray(row)) for row in waveforms])


def clip_features(waveform: AudioArray) -> VectorArray:
    """Compute the features of one clip."""
    feature, rate_hz = librosa.feature, SAMPLE_RATE_HZ
    with warnings.catch_warnings():  # of clips shorter than a window, and of silence without pitch
        warnings.simplefilter("ignore", UserWarning)
        spectrum = librosa.stft(waveform)
        magnitude = np.abs(spectrum)
        mel = feature.melspectrogram(S=magnitude**2, sr=rate_hz)
        parts = {
            "mfcc": feature.mfcc(S=librosa.power_to_db(mel), sr=rate_hz, n_mfcc=SIZES["mfcc"]),
            "chroma": feature.chroma_stft(S=magnitude, sr=rate_hz),
            "mel": mel,
            "contrast": feature.spectral_contrast(S=magnitude, sr=rate_hz),
            "tonnetz": feature.tonnetz(y=_harmonic(spectrum, waveform.size), sr=rate_hz),
        }
    means = [parts[name].mean(axis=1, dtype=np.float64) for name in SIZES]
    return np.concatenate(means)


def _harmonic(spectrum: npt.NDArray[np.complex64], n_samples: int) -> AudioArray:
    """Return the harmonic part, as ``librosa.effects.harmonic`` means it.

    The frames are mirrored at both ends as far as its median filter reaches: left to itself, that
    of SciPy 1.17 reads foreign memory where a clip has two or three frames.
    """
    margin = ((0, 0), (_REACH, _REACH))
    wide, _ = hpss(np.pad(spectrum, margin, mode="symmetric"))
    inner = wide[:, _REACH:-_REACH]
    return np.asarray(librosa.istft(inner, dtype=np.float32, length=n_samples))
