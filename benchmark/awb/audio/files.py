"""Reading and resampling of audio files.

Conventions
-----------
A waveform is mono float32 in [-1, 1]. Several channels are averaged. Peaks up to 2 are clipped:
lossy decoders and resamplers overshoot. Anything louder is rejected: it is not audio in float
format but, for instance, integers that were saved as floats. Silence is accepted.

A truncated file is rejected, because libsndfile would silently read it as a shorter one.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from awb.audio.containers import missing_bytes
from awb.audio.mp3 import counted
from awb.errors import AudioError
from awb.types import AudioArray

if TYPE_CHECKING:
    import soundfile

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
"""Suffixes of audio files, case-insensitive."""

LARGEST_PEAK = 2.0
"""Samples beyond this are rejected; beyond 1 they are clipped."""

RATES_HZ = 1_000, 1_000_000
"""Sample rates of recordings, from seismic events to bats; others are mistakes in a header."""

_MOST_FRAMES_PER_BYTE = 65536  # a FLAC block of silence is that long, and takes about ten bytes


def _check_file(path: Path) -> None:
    """Reject files about which libsndfile reports unclear errors or none."""
    if path.is_dir():
        raise AudioError(f"{path} is a folder, expected an audio file ({', '.join(SUFFIXES)})")
    if not path.exists():
        raise AudioError(f"{path} does not exist")
    try:
        if path.stat().st_size == 0:
            raise AudioError(f"{path} is an empty file (zero bytes)")
        missing = missing_bytes(path)
    except OSError as error:
        raise AudioError(f"{path} cannot be opened: {error.strerror}") from error
    if missing > 0:
        raise AudioError(
            f"{path} is truncated: its header declares {missing} more bytes than the file contains"
            " (was the copy or download complete?)"
        )


def _open(path: Path) -> soundfile.SoundFile:
    """Open a file if its header is plausible, otherwise raise."""
    import soundfile

    _check_file(path)
    try:
        content = counted(path)
        file = soundfile.SoundFile(path if content is None else BytesIO(content))
    except (soundfile.LibsndfileError, TypeError) as error:  # TypeError: a name that ends in .raw
        raise AudioError(
            f"{path} is not audio that can be read, or its header is damaged"
            f" (allowed: {', '.join(SUFFIXES)})"
        ) from error
    if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1]:
        rate_hz = file.samplerate
        file.close()
        raise AudioError(
            f"{path} claims a sample rate of {rate_hz:,} Hz; audio has {RATES_HZ[0]:,} to"
            f" {RATES_HZ[1]:,} Hz. Correct its header, or resample it"
        )
    size = path.stat().st_size
    if 0 < file.frames <= size * _MOST_FRAMES_PER_BYTE:
        return file
    frames = file.frames
    file.close()
    if frames <= 0:
        raise AudioError(f"{path} has zero length: a header without samples")
    raise AudioError(
        f"{path} is damaged, or was written to a pipe: its header declares {frames} samples"
        f" in {size} bytes"
    )


def duration_s(path: Path) -> float:
    """Return the duration in a file's header, without decoding the file.

    Parameters
    ----------
    path : Path
        A wav, flac, ogg or mp3 file.

    Returns
    -------
    float
        Seconds, more than 0.

    Raises
    ------
    AudioError
        If the file is missing, empty, truncated, of zero length, or not audio.
    """
    with _open(path) as file:
        return float(file.frames / file.samplerate)


def read_audio(path: Path) -> tuple[AudioArray, int]:
    """Read a file as one mono waveform.

    Parameters
    ----------
    path : Path
        A wav, flac, ogg or mp3 file of any rate and number of channels.

    Returns
    -------
    waveform : np.ndarray, shape=(samples,), dtype=float32
        Mean of the channels, in [-1, 1].
    sample_rate_hz : int
        The file's own rate in Hz.

    Raises
    ------
    AudioError
        If the file is missing, empty, truncated, of zero length, or not audio, or if its samples
        are not finite or reach beyond 2.
    """
    import soundfile

    with _open(path) as file:
        declared, sample_rate_hz = file.frames, int(file.samplerate)
        try:
            # Pass the number: "the rest" is not supported for some encodings (GSM).
            channels = file.read(declared, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            reason = error.error_string.removeprefix("Error : ").strip(" .")
            raise AudioError(f"{path} is truncated or damaged: {reason}") from error
    if len(channels) < declared:
        raise AudioError(
            f"{path} is truncated: its header declares {declared} samples, but it contains"
            f" {len(channels)}"
        )
    return _to_mono(channels, str(path)), sample_rate_hz


def _to_mono(channels: AudioArray, name: str) -> AudioArray:
    """Average ``(samples, channels)``; values that cannot be audio raise."""
    bad = int(np.count_nonzero(~np.isfinite(channels)))
    if bad:
        raise AudioError(f"{name} has {bad} NaN or infinite of {channels.size} samples")
    peak = float(np.abs(channels).max())
    if peak > LARGEST_PEAK:
        raise AudioError(
            f"{name}: samples reach {peak:g}; float samples must be in [-1, 1]"
            " (were integers saved as floats?)"
        )
    mono: AudioArray = channels.mean(axis=1, dtype=np.float32)
    return np.clip(mono, np.float32(-1), np.float32(1))


def resample(waveform: AudioArray, from_hz: int, to_hz: int) -> AudioArray:
    """Change the sample rate (soxr, quality HQ).

    Parameters
    ----------
    waveform : np.ndarray, shape=(samples,), dtype=float32
        Samples in [-1, 1].
    from_hz, to_hz : int
        Rate of the waveform, and the rate wanted, in Hz.

    Returns
    -------
    np.ndarray, shape=(resampled,), dtype=float32
        ``round(samples * to_hz / from_hz)`` samples in [-1, 1]; the filter's overshoot is clipped.

    Raises
    ------
    AudioError
        If a rate is not positive, the waveform is not mono float32, or it is too short to give one
        sample.

    References
    ----------
    The SoX resampler library, https://sourceforge.net/projects/soxr/
    """
    if from_hz < 1 or to_hz < 1:
        raise AudioError(f"sample rates must be positive: {from_hz} Hz to {to_hz} Hz")
    if waveform.ndim != 1 or waveform.dtype != np.float32:
        raise AudioError(
            f"expected a mono float32 waveform, got {waveform.dtype} of shape {waveform.shape}"
        )
    if from_hz == to_hz:
        return waveform
    import soxr

    resampled = np.asarray(soxr.resample(waveform, from_hz, to_hz, quality="HQ"), dtype=np.float32)
    if resampled.size == 0:
        raise AudioError(f"{waveform.size} samples at {from_hz} Hz are too short for {to_hz} Hz")
    return np.clip(resampled, np.float32(-1), np.float32(1))
