"""The sequences: digits by one speaker with pauses, over a quiet background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awb.errors import DataError
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.kws.recordings import SAMPLE_RATE_HZ, Recordings
from awb_datasets.kws.words import WORDS, Keyword, Split
from awb_datasets.mixing.placing import draw_levels, spread
from awb_datasets.mixing.sounds import at_level, on_16_bits
from awb_datasets.numbering import NumberedClips
from awb_datasets.soundscapes.background import coloured_noise

CLIP_S = 6.0
CLIP_SAMPLES = round(CLIP_S * SAMPLE_RATE_HZ)
LONGEST_SAMPLES = CLIP_SAMPLES // 5
DIGITS = (4, 8)
MIN_GAP_SAMPLES = round(0.1 * SAMPLE_RATE_HZ)
LEVEL_SPREAD_DB = 3.0
SLOPE_RANGE = (0.3, 1.5)
PEAK_DB_RANGE = (-15.0, -1.0)

_TRIES = 200


class Kws(NumberedClips):
    """Sequences of spoken digits; the keyword is said once in every other one."""

    def __init__(
        self,
        recordings: Recordings,
        *,
        keyword: Keyword,
        split: Split,
        clips: int,
        seed: int,
        snr_db: Sequence[float],
    ) -> None:
        super().__init__("kws", f"{split}-{seed}", clips)
        self._recordings = recordings
        self._keyword = WORDS.index(keyword)
        self._speakers = recordings.speakers(split)
        self._path = ("kws", split, seed)
        self._snr_db = tuple(snr_db)

    def load(self, clip_id: str) -> Clip:
        """Put one sequence together."""
        number = self.number(clip_id)
        rng = RandomKey((*self._path, number)).generator()
        speaker = self._speakers[int(rng.integers(len(self._speakers)))]
        digits = self._draw_digits(rng, with_keyword=number % 2 == 0)
        sounds, starts = self._draw_takes(rng, speaker, digits)
        snr_db = self._snr_db[int(rng.integers(len(self._snr_db)))]
        slope = float(rng.uniform(*SLOPE_RANGE))
        mixed = coloured_noise(rng, CLIP_SAMPLES, slope, SAMPLE_RATE_HZ)
        levels = draw_levels(rng, len(sounds), snr_db, LEVEL_SPREAD_DB)
        for sound, start, level_db in zip(sounds, starts, levels, strict=True):
            mixed[start : start + sound.size] += at_level(sound, level_db)
        events = tuple(
            Event(start / SAMPLE_RATE_HZ, (start + sound.size) / SAMPLE_RATE_HZ, WORDS[digit])
            for digit, sound, start in zip(digits, sounds, starts, strict=True)
            if digit == self._keyword
        )
        waveform = on_16_bits(mixed, float(rng.uniform(*PEAK_DB_RANGE)))
        return Clip(clip_id, waveform, SAMPLE_RATE_HZ, events, group=speaker)

    def _draw_digits(self, rng: np.random.Generator, *, with_keyword: bool) -> list[int]:
        """Draw which digits are said, in order; the others may come more than once."""
        others = [digit for digit in range(10) if digit != self._keyword]
        count = int(rng.integers(DIGITS[0], DIGITS[1] + 1))
        digits = [int(digit) for digit in rng.choice(others, count)]
        if with_keyword:
            digits[int(rng.integers(count))] = self._keyword
        return digits

    def _draw_takes(
        self, rng: np.random.Generator, speaker: str, digits: Sequence[int]
    ) -> tuple[list[FloatArray], list[int]]:
        """Draw takes and where they begin, until they fit and none is too long to be asked for."""
        for _ in range(_TRIES):
            takes = [int(rng.integers(self._recordings.count(speaker, one))) for one in digits]
            sounds = [
                self._recordings.sound(speaker, digit, take)
                for digit, take in zip(digits, takes, strict=True)
            ]
            lengths = [sound.size for sound in sounds]
            starts = spread(rng, lengths, CLIP_SAMPLES, MIN_GAP_SAMPLES)
            if starts is not None and max(lengths) <= LONGEST_SAMPLES:
                return sounds, starts
        raise DataError(
            f"the recordings of {', '.join(WORDS[digit] for digit in digits)} by {speaker} are too"
            f" long for a clip of {CLIP_S:g} s"
        )
