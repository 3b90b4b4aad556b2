"""A miniature folder of spoken digits in the published layout; every word is a chord of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 8000
SPEAKERS = ("jackson", "nicolas", "george", "yweweler")


def write_recordings(
    folder: Path, *, speakers: Sequence[str] = SPEAKERS, takes: int = 2, seconds: float = 0.3
) -> Path:
    """Write takes of all ten digits, with 50 ms of silence around them."""
    folder.mkdir(parents=True, exist_ok=True)
    silence = np.zeros(RATE_HZ // 20)
    for voice, speaker in enumerate(speakers):
        for digit in range(10):
            for take in range(takes):
                time_s = np.arange(round(RATE_HZ * (seconds + 0.01 * take))) / RATE_HZ
                pitch_hz = 200 + 150 * digit + 7 * voice
                tone = 0.3 * np.sin(2 * np.pi * pitch_hz * time_s)
                path = folder / f"{digit}_{speaker}_{take}.wav"
                soundfile.write(path, np.concatenate([silence, tone, silence]), RATE_HZ)
    return folder
