"""Reading m4a, which libsndfile cannot, through PyAV (extra ``m4a``)."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import AudioError, MissingExtraError
from awb.types import AudioArray


def _open(path: Path) -> tuple[Any, Any]:
    """Open a file and find its audio."""
    if importlib.util.find_spec("av") is None:
        raise MissingExtraError(
            f"{path}: m4a is read through PyAV, which is not installed."
            ' Type: pip install "audio-where-benchmark[m4a]"'
        )
    import av

    try:
        container = av.open(str(path))
    except (OSError, av.error.FFmpegError) as error:
        raise AudioError(f"{path} is not audio that can be read: {error}") from error
    if not container.streams.audio:
        container.close()
        raise AudioError(f"{path} contains no audio")
    return container, container.streams.audio[0]


def duration_s(path: Path) -> float:
    """Return how long a file's header says it is, without decoding it."""
    container, stream = _open(path)
    with container:
        if not stream.duration or stream.duration < 0:
            raise AudioError(f"{path} does not say how long it is")
        return float(stream.duration * stream.time_base)


def read(path: Path) -> tuple[AudioArray, int]:
    """Read a file as one mono waveform."""
    import av

    container, stream = _open(path)
    blocks = []
    with container:
        sample_rate_hz = int(stream.rate)
        resampler = av.AudioResampler(format="fltp", layout=stream.layout)
        try:
            for frame in container.decode(stream):
                blocks += [part.to_ndarray() for part in resampler.resample(frame)]
        except (OSError, av.error.FFmpegError) as error:
            raise AudioError(f"{path} is truncated or damaged: {error}") from error
    if not blocks:
        raise AudioError(f"{path} has zero length: a header without samples")
    mono: AudioArray = np.concatenate(blocks, axis=1).mean(axis=0, dtype=np.float32)
    return np.clip(mono, np.float32(-1), np.float32(1)), sample_rate_hz
