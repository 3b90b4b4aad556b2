"""Clips: which hits come when, how loud, and what is labelled.

Conventions
-----------
A clip has ten hits in 8 s. The label of a kick is exactly what is heard of it: from its onset to
its last 10 ms that are less than 30 dB under its loudest, at most 300 ms; the rest is faded out of
the sound itself. So five kicks never last longer than 1.5 s, 18.75 % of the clip. Hits start at
least 0.5 s apart, on no grid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from awb.intervals import FloatArray
from awb.types import AudioArray
from awb_datasets.drums.hits import CYMBAL, KICK, SNARE, TOM
from awb_datasets.soundscapes.background import coloured_noise
from awb_datasets.soundscapes.room import loudest_window, place_in_room
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ, fade

CLIP_S = 8.0
CLIP_SAMPLES = round(CLIP_S * SAMPLE_RATE_HZ)
HITS = 10
MOST_KICKS = 5
LONGEST_KICK_S = 0.3
AUDIBLE_DB = -30.0

_LEAD_S, _LAST_ONSET_S = 0.05, CLIP_S - 0.4
_BLOCK = 160
_RELEASE_S = 0.03
_PEAK_DB = (-15.0, -1.0)
_SLOPE = (0.0, 1.6)
_OTHERS = (SNARE, TOM, CYMBAL)
_STEPS = 2**15


@dataclass(frozen=True, slots=True)
class Mixing:
    """How loud and how close the hits of a clip are.

    Attributes
    ----------
    kick_db, other_db : tuple of float
        Range of the loudest 100 ms of a hit, in dB of full velocity. Kicks are lower: else loudness
        alone would find them.
    background_db : tuple of float
        Range of the noise under everything.
    least_gap_s : float
        Time from one onset to the next, at least.
    """

    kick_db: tuple[float, float]
    other_db: tuple[float, float]
    background_db: tuple[float, float]
    least_gap_s: float


APART = Mixing((-16.0, -6.0), (-8.0, 0.0), (-45.0, -25.0), 0.5)
"""Hits apart, over faint noise."""

DENSE = Mixing((-17.0, -6.0), (-9.0, 0.0), (-40.0, -18.0), 0.25)
"""Hits that ring into each other, soft and loud ones, over noise."""


class HitSource(Protocol):
    """Where hits come from: the synthesizer, or a part of a kit."""

    def draw(self, rng: np.random.Generator, instrument: str) -> FloatArray:
        """Draw a hit of an instrument, onset first, at any level."""
        ...


@dataclass(frozen=True, slots=True)
class Synthesizer:
    """Hits that are rendered on demand, each a drum of its own.

    Attributes
    ----------
    recipes : mapping of str to callable
        What renders each instrument.
    """

    recipes: Mapping[str, Callable[[np.random.Generator], FloatArray]]

    def draw(self, rng: np.random.Generator, instrument: str) -> FloatArray:
        """Render a hit in a room, or in none."""
        return place_in_room(rng, self.recipes[instrument](rng))


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """One hit at its place in a clip.

    Attributes
    ----------
    instrument : str
        kick, snare, tom or cymbal.
    start : int
        First sample.
    sound : np.ndarray, shape=(samples,)
        What is heard of it; it is silent everywhere else.
    """

    instrument: str
    start: int
    sound: FloatArray

    @property
    def span_s(self) -> tuple[float, float]:
        """Onset and offset in seconds: exactly where the hit sounds."""
        return self.start / SAMPLE_RATE_HZ, (self.start + self.sound.size) / SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A background and ten hits.

    Attributes
    ----------
    background : np.ndarray, shape=(CLIP_SAMPLES,)
        Faint coloured noise.
    hits : tuple of Hit
        In order of time.
    peak_db : float
        Level of the highest sample of the mix, in dB of full scale.
    """

    background: FloatArray
    hits: tuple[Hit, ...]
    peak_db: float

    @property
    def kicks_s(self) -> list[tuple[float, float]]:
        """Onsets and offsets of the kicks in seconds."""
        return [hit.span_s for hit in self.hits if hit.instrument == KICK]

    def mix(self, extra: tuple[Hit, ...] = ()) -> AudioArray:
        """Add everything up."""
        total = self.background.copy()
        for hit in self.hits:
            total[hit.start : hit.start + hit.sound.size] += hit.sound
        gain = 10 ** (self.peak_db / 20) / float(np.abs(total).max())
        for hit in extra:
            total[hit.start : hit.start + hit.sound.size] += hit.sound
        steps = np.clip(np.rint(total * gain * _STEPS), -_STEPS, _STEPS - 1)
        return (steps / _STEPS).astype(np.float32)


def audible(sound: FloatArray, longest_s: float) -> FloatArray:
    """Cut a hit off where it is 30 dB under its loudest 10 ms, or after a longest time."""
    kept = sound[: round(longest_s * SAMPLE_RATE_HZ)]
    blocks = -(-kept.size // _BLOCK)
    padded = np.pad(kept, (0, blocks * _BLOCK - kept.size)).reshape(blocks, _BLOCK)
    power = np.mean(padded**2, axis=1)
    last = int(np.flatnonzero(power > power.max() * 10 ** (AUDIBLE_DB / 10))[-1])
    return fade(kept[: (last + 1) * _BLOCK], 0.0, _RELEASE_S)


def draw_onsets(rng: np.random.Generator, least_gap_s: float) -> FloatArray:
    """Draw the onsets of ten hits in seconds, a gap apart at least, ``shape=(10,)``."""
    spare_s = _LAST_ONSET_S - _LEAD_S - (HITS - 1) * least_gap_s
    shares = rng.dirichlet(np.ones(HITS + 1))[:HITS]
    return np.asarray(
        _LEAD_S + np.cumsum(shares) * spare_s + np.arange(HITS) * least_gap_s, dtype=np.float64
    )


def compose(rng: np.random.Generator, n_kicks: int, source: HitSource, mixing: Mixing) -> Sequence:
    """Compose a clip."""
    others = rng.choice(_OTHERS, size=HITS - n_kicks)
    instruments = rng.permutation([KICK] * n_kicks + [str(name) for name in others])
    hits = []
    for onset_s, instrument in zip(draw_onsets(rng, mixing.least_gap_s), instruments, strict=True):
        start = round(float(onset_s) * SAMPLE_RATE_HZ)
        longest_s = LONGEST_KICK_S if instrument == KICK else CLIP_S - float(onset_s)
        sound = audible(source.draw(rng, str(instrument)), longest_s)[: CLIP_SAMPLES - start]
        level_db = rng.uniform(*(mixing.kick_db if instrument == KICK else mixing.other_db))
        loudness = 10 ** (level_db / 20) / np.sqrt(loudest_window(sound)[1])
        hits.append(Hit(str(instrument), start, sound * loudness))
    level = 10 ** (rng.uniform(*mixing.background_db) / 20)
    background = level * coloured_noise(rng, CLIP_SAMPLES, float(rng.uniform(*_SLOPE)))
    return Sequence(background, tuple(hits), float(rng.uniform(*_PEAK_DB)))
