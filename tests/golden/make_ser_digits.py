"""Make ser_digits.npz: the 193 features of spoken digits, and of a noisy copy of each.

Recordings: Free Spoken Digit Dataset (Z. Jackson et al., CC BY-SA 4.0), four speakers, ten digits,
three takes. A copy has noise, 20 dB below the recording, on a quarter of it. Run from the root:

    python tests/golden/make_ser_digits.py ../shared/data/free-spoken-digit-dataset/recordings
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soundfile

from awb.audio import resample
from awb.types import AudioArray

SPEAKERS = ("george", "jackson", "nicolas", "yweweler")
DIGITS, TAKES = range(10), range(3)
NOISE = 0.1
FILE = Path(__file__).with_name("ser_digits.npz")


def recording(folder: Path, digit: int, speaker: str, take: int) -> AudioArray:
    """Read a recording at the rate of the features."""
    waveform, rate_hz = soundfile.read(folder / f"{digit}_{speaker}_{take}.wav", dtype="float32")
    return resample(waveform, rate_hz, 22_050)


def noisy(waveform: AudioArray, rng: np.random.Generator) -> AudioArray:
    """Add noise to a quarter of a recording."""
    quarter = waveform.size // 4
    start = int(rng.integers(0, waveform.size - quarter))
    copy = waveform.copy()
    noise = NOISE * np.sqrt(np.mean(waveform**2)) * rng.standard_normal(quarter)
    copy[start : start + quarter] += noise.astype(np.float32)
    return copy


def main(folder: Path) -> None:
    """Write the file."""
    from awb_plugins.models.ser_cnn.features import clip_features

    rng = np.random.default_rng(0)
    rows, digits, speakers = [], [], []
    for place, speaker in enumerate(SPEAKERS):
        for digit in DIGITS:
            for take in TAKES:
                waveform = recording(folder, digit, speaker, take)
                for version in (waveform, noisy(waveform, rng)):
                    rows.append(clip_features(version))
                    digits.append(digit)
                    speakers.append(place)
    np.savez_compressed(
        FILE,
        features=np.array(rows, dtype=np.float32),
        digits=np.array(digits, dtype=np.int8),
        speakers=np.array(speakers, dtype=np.int8),
        sources=np.repeat(np.arange(len(rows) // 2, dtype=np.int16), 2),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
