"""Edits with a known effect on scores: replacing parts of a sound by silence.

First the sound is chosen, of a few, that raises the score of any class furthest above that of
silence. Then growing parts of that sound, from its start and from its end, are surrounded by
silence, and the score of the class must grow with them overall. The check does not apply to models
for which no sound raises a score by `CLEAR`, nor where the score does not grow but even the whole
sound is not detected (log-odds below 0): a detector of speech owes nothing to a buzz. Dips are
allowed, since a cut sound may resemble something else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from awb.conformance.rules import ConformanceError
from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.protocols import ScoreArray
from awb.types import AudioArray

CLEAR = 1.0
"""Minimum increase of log-odds over silence by a sound, for the check to be meaningful."""
LOWEST = 0.3
"""Minimum rank correlation between the length of the remaining sound and the score."""
_STEPS = 13


def sounds(sample_rate_hz: int, seconds: float) -> dict[str, AudioArray]:
    """Synthesize sounds of different kinds."""
    times_s = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    pitch_hz = min(440.0, sample_rate_hz / 8)
    buzz = np.sign(np.sin(2 * np.pi * pitch_hz / 3 * times_s))
    swept_hz = pitch_hz * (0.7 + times_s / seconds)
    made = {
        "noise": np.random.default_rng(0).uniform(-0.5, 0.5, times_s.size),
        "clicks": (np.arange(times_s.size) % (sample_rate_hz // 4) < 20) * 0.9,
        "a tone": 0.5 * np.sin(2 * np.pi * pitch_hz * times_s),
        "a sweep": 0.5 * np.sin(2 * np.pi * swept_hz * times_s),
        "a buzz": 0.2 * buzz * (1.0 + np.sin(2 * np.pi * 4.0 * times_s)),
    }
    return {name: waveform.astype(np.float32) for name, waveform in made.items()}


def growing(waveform: AudioArray) -> AudioArray:
    """Keep growing parts of a sound, and replace the rest by silence."""
    size = waveform.size
    place = np.arange(size)
    lengths = np.linspace(0, size, _STEPS).round().astype(int)[:, np.newaxis]
    kept = np.concatenate([place < lengths, place >= size - lengths])
    return np.where(kept, waveform, np.float32(0.0)).astype(np.float32)


def check_growth(
    score: Callable[[AudioArray], ScoreArray], sample_rate_hz: int, seconds: float
) -> None:
    """Raise unless the score of a sound that the model detects grows with its remaining length."""
    from scipy.stats import rankdata

    made = sounds(sample_rate_hz, seconds)
    silence = np.zeros_like(made["noise"])
    found = np.clip(np.nan_to_num(score(np.stack([*made.values(), silence]))), -100.0, 100.0)
    gains: FloatArray = (found[:-1] - found[-1]).astype(np.float64)
    which, column = np.unravel_index(int(np.argmax(gains)), gains.shape)
    if gains[which, column] < CLEAR:
        raise NotApplicableError(
            f"none of {', '.join(made)} raises the score of a class by {CLEAR:g} above silence"
        )
    name = list(made)[int(which)]
    rows = score(growing(made[name]))[:, int(column)].astype(np.float64)
    grown = np.clip(np.nan_to_num(rows), -100.0, 100.0).reshape(2, _STEPS).mean(axis=0)
    spread = np.ptp(grown) > 0
    together = np.corrcoef(np.arange(_STEPS), rankdata(grown))[0, 1] if spread else 0.0
    if together < LOWEST and grown[-1] < 0:
        raise NotApplicableError(f"none of {', '.join(made)} is detected (log-odds above 0)")
    if together < LOWEST:
        raise ConformanceError(
            f"{name} scores {grown[-1]:.2f} and silence {grown[0]:.2f}, but growing parts of it in"
            f" silence score {', '.join(f'{value:.2f}' for value in grown[1:-1])} (rank"
            f" correlation {together:.2f}, expected at least {LOWEST})"
        )
