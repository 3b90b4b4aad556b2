"""The sequences: words by one speaker, one upon the other, over background noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awb.errors import DataError, did_you_mean
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.kws.recordings import Recordings
from awb_datasets.kws.words import Split
from awb_datasets.mixing.placing import draw_levels
from awb_datasets.mixing.sounds import at_level, on_16_bits
from awb_datasets.numbering import NumberedClips
from awb_datasets.soundscapes.background import coloured_noise

CLIP_S = 6.0
LONGEST_PART = 5  # a word lasts at most a fifth of the clip
OVERLAP_S = 0.02  # a word may begin so long before the one before it ends
LEVEL_SPREAD_DB = 4.0
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
        words, sounds = self._draw_takes(rng, speaker, with_keyword=number % 2 == 0)
        starts = self._place(rng, [sound.size for sound in sounds])
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

    def _draw_takes(
        self, rng: np.random.Generator, speaker: str, *, with_keyword: bool
    ) -> tuple[list[int], list[FloatArray]]:
        """Draw words until no more fit; others than the keyword may come more than once."""
        others = [word for word in self._recordings.said_by(speaker) if word != self._keyword]
        words = [self._keyword] if with_keyword else []
        sounds = [self._draw_take(rng, speaker, word) for word in words]
        while True:
            word = int(rng.choice(others))
            sound = self._draw_take(rng, speaker, word)
            if self._free([*(one.size for one in sounds), sound.size]) < 0:
                break
            words.append(word)
            sounds.append(sound)
        order = rng.permutation(len(words))
        return [words[place] for place in order], [sounds[place] for place in order]

    def _draw_take(self, rng: np.random.Generator, speaker: str, word: int) -> FloatArray:
        """Draw a take that is not too long to be asked for."""
        name = self._words[word]
        for _ in range(_TRIES):
            take = int(rng.integers(self._recordings.count(speaker, name)))
            sound = self._recordings.sound(speaker, name, take)
            if sound.size <= self._size // LONGEST_PART:
                return sound
        raise DataError(
            f"the recordings of {name} by {speaker} are too long for a clip of {CLIP_S:g} s"
        )

    def _overlap(self, lengths: Sequence[int]) -> int:
        """Count the samples that neighbours may share: never more than half of the shortest."""
        return min(round(OVERLAP_S * self._rate_hz), min(lengths) // 2)

    def _free(self, lengths: Sequence[int]) -> int:
        """Count the samples that are left if all words overlap as far as they may."""
        return self._size - sum(lengths) + (len(lengths) - 1) * self._overlap(lengths)

    def _place(self, rng: np.random.Generator, lengths: Sequence[int]) -> list[int]:
        """Share the free time among the places before, between and after the words."""
        shares = rng.dirichlet(np.ones(len(lengths) + 1))[:-1]
        waits = np.floor(np.cumsum(shares) * self._free(lengths)).astype(int)
        before = np.cumsum([0, *lengths[:-1]]) - np.arange(len(lengths)) * self._overlap(lengths)
        return [int(start) for start in waits + before]
