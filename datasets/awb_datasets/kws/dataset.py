"""The sequences: words by one speaker with pauses, over a quiet background."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awb.errors import DataError, did_you_mean
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.kws.recordings import Recordings
from awb_datasets.kws.words import Split
from awb_datasets.mixing.placing import draw_levels, spread
from awb_datasets.mixing.sounds import at_level, on_16_bits
from awb_datasets.numbering import NumberedClips
from awb_datasets.soundscapes.background import coloured_noise

CLIP_S = 6.0
LONGEST_PART = 5  # a word lasts at most a fifth of the clip
SPOKEN = (4, 8)
FEWEST = 2  # words, where more do not fit
MIN_GAP_S = 0.1
LEVEL_SPREAD_DB = 3.0
SLOPE_RANGE = (0.3, 1.5)
PEAK_DB_RANGE = (-15.0, -1.0)

_TRIES = 200


class Kws(NumberedClips):
    """Sequences of spoken words; the keyword is said once in every other one."""

    def __init__(
        self,
        recordings: Recordings,
        *,
        keyword: str,
        split: Split,
        clips: int,
        seed: int,
        snr_db: Sequence[float],
        speakers: Sequence[str] = (),
    ) -> None:
        super().__init__("kws", f"{split}-{seed}", clips)
        self._recordings = recordings
        self._words = recordings.words
        if keyword not in self._words:
            raise DataError(f"nobody says {keyword!r}.{did_you_mean(keyword, self._words)}")
        self._keyword = self._words.index(keyword)
        self._rate_hz = recordings.rate_hz
        self._size = round(CLIP_S * self._rate_hz)
        pool = recordings.speakers(split, speakers)
        self._speakers = [name for name in pool if self._can_be_heard(name)]
        if not self._speakers:
            raise DataError(
                f"none of {len(pool)} speakers of split {split} says {keyword!r} and another word"
            )
        self._path = ("kws", split, seed)
        self._snr_db = tuple(snr_db)
        told = f"{len(self._speakers)} of {len(pool)} speakers of split {split} say {keyword!r}"
        read = f"{recordings.layout}: {len(self._words)} words; {told} and another word"
        self._notes = ("; ".join([read, *recordings.left_out]),) if recordings.layout else ()

    def _can_be_heard(self, speaker: str) -> bool:
        said = self._recordings.said_by(speaker)
        return self._keyword in said and len(said) > 1

    def notes(self) -> tuple[str, ...]:
        """Say how the recordings were read, unless they are those that awb downloads."""
        return self._notes

    def load(self, clip_id: str) -> Clip:
        """Put one sequence together."""
        number = self.number(clip_id)
        rng = RandomKey((*self._path, number)).generator()
        speaker = self._speakers[int(rng.integers(len(self._speakers)))]
        drawn = self._draw_words(rng, speaker, with_keyword=number % 2 == 0)
        words, sounds, starts = self._draw_takes(rng, speaker, drawn)
        snr_db = self._snr_db[int(rng.integers(len(self._snr_db)))]
        slope = float(rng.uniform(*SLOPE_RANGE))
        mixed = coloured_noise(rng, self._size, slope, self._rate_hz)
        levels = draw_levels(rng, len(sounds), snr_db, LEVEL_SPREAD_DB)
        for sound, start, level_db in zip(sounds, starts, levels, strict=True):
            mixed[start : start + sound.size] += at_level(sound, level_db)
        events = tuple(
            Event(start / self._rate_hz, (start + sound.size) / self._rate_hz, self._words[word])
            for word, sound, start in zip(words, sounds, starts, strict=True)
            if word == self._keyword
        )
        waveform = on_16_bits(mixed, float(rng.uniform(*PEAK_DB_RANGE)))
        return Clip(clip_id, waveform, self._rate_hz, events, group=speaker)

    def _draw_words(
        self, rng: np.random.Generator, speaker: str, *, with_keyword: bool
    ) -> list[int]:
        """Draw which words are said, in order; others than the keyword may come more than once."""
        others = [word for word in self._recordings.said_by(speaker) if word != self._keyword]
        count = int(rng.integers(SPOKEN[0], SPOKEN[1] + 1))
        words = [int(word) for word in rng.choice(others, count)]
        if with_keyword:
            words[int(rng.integers(count))] = self._keyword
        return words

    def _draw_takes(
        self, rng: np.random.Generator, speaker: str, words: Sequence[int]
    ) -> tuple[list[int], list[FloatArray], list[int]]:
        """Draw takes and where they begin, until they fit and none is too long to be asked for.

        Where so many long words do not fit, the last one that is not the keyword is left out.
        """
        left = list(words)
        while len(left) >= FEWEST:
            for _ in range(_TRIES):
                sounds = self._sounds(rng, speaker, left)
                lengths = [sound.size for sound in sounds]
                starts = spread(rng, lengths, self._size, round(MIN_GAP_S * self._rate_hz))
                if starts is not None and max(lengths) <= self._size // LONGEST_PART:
                    return left, sounds, starts
            place = max(at for at, word in enumerate(left) if word != self._keyword)
            del left[place]
        raise DataError(
            f"the recordings of {', '.join(self._words[word] for word in words)} by {speaker} are"
            f" too long for a clip of {CLIP_S:g} s"
        )

    def _sounds(
        self, rng: np.random.Generator, speaker: str, words: Sequence[int]
    ) -> list[FloatArray]:
        names = [self._words[word] for word in words]
        takes = [int(rng.integers(self._recordings.count(speaker, one))) for one in names]
        return [
            self._recordings.sound(speaker, name, take)
            for name, take in zip(names, takes, strict=True)
        ]
