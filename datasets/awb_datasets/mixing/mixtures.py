"""Labelled recordings as sounds at known times: the dataset behind ``mix=true``.

Conventions
-----------
A mixture holds one to three sounds of different classes from one group, one after the other, over
a background. Every sound is labelled from its first to its last sample and lasts at most 20 % of
the clip. Its level is its mean power over that of the background during the sound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from awb.audio import read_audio, resample
from awb.errors import AudioError, DataError
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.labelled.recordings import Recording
from awb_datasets.mixing.backgrounds import Background
from awb_datasets.mixing.placing import draw_levels, spread
from awb_datasets.mixing.sounds import at_level, excerpt, on_16_bits, trim
from awb_datasets.numbering import NumberedClips

LARGEST_PART = 0.2
SHORTEST_S = 0.25  # so that some segment of 100 ms lies inside every event
SOUNDS = (1, 3)
MIN_GAP_S = 0.2
LEVEL_SPREAD_DB = 3.0
PEAK_DB_RANGE = (-15.0, -1.0)

_TRIES = 50


@dataclass(frozen=True, slots=True)
class Format:
    """Rate and length of mixtures.

    Attributes
    ----------
    sample_rate_hz : int
        Rate in Hz; recordings of another rate are resampled.
    clip_s : float
        Length in seconds.
    cut : bool
        Whether of a sound that is too long the loudest part is used; else another one is drawn.
    """

    sample_rate_hz: int
    clip_s: float
    cut: bool = True


class Mixtures(NumberedClips):
    """Mixtures of labelled recordings."""

    def __init__(
        self,
        recordings: Sequence[Recording],
        mixed_as: Format,
        background: Background,
        *,
        clips: int,
        seed: int,
        snr_db: Sequence[float],
    ) -> None:
        if not recordings:
            raise DataError("there is no recording to mix")
        super().__init__("the mixtures", f"mix-{seed}", clips)
        self._format = mixed_as
        self._background = background
        self._seed = seed
        self._snr_db = tuple(snr_db)
        self._groups: dict[str, dict[str, list[Recording]]] = {}
        for one in recordings:
            self._groups.setdefault(one.group, {}).setdefault(one.label, []).append(one)

    def load(self, clip_id: str) -> Clip:
        """Make one mixture."""
        number = self.number(clip_id)
        rng = RandomKey(("mixtures", self._seed, number)).generator()
        names = sorted(self._groups)
        group = names[number % len(names)]
        rate_hz = self._format.sample_rate_hz
        n_samples = round(self._format.clip_s * rate_hz)
        labels, sounds, starts = self._draw_sounds(rng, group, n_samples)
        mixed = self._background.draw(rng, n_samples, rate_hz)
        snr_db = self._snr_db[int(rng.integers(len(self._snr_db)))]
        levels = draw_levels(rng, len(sounds), snr_db, LEVEL_SPREAD_DB)
        silent = float(np.mean(mixed**2)) * 1e-6
        for sound, start, level_db in zip(sounds, starts, levels, strict=True):
            under = max(float(np.mean(mixed[start : start + sound.size] ** 2)), silent)
            mixed[start : start + sound.size] += at_level(sound, level_db) * np.sqrt(under)
        events = tuple(
            Event(start / rate_hz, (start + sound.size) / rate_hz, label)
            for label, sound, start in zip(labels, sounds, starts, strict=True)
        )
        waveform = on_16_bits(mixed, float(rng.uniform(*PEAK_DB_RANGE)))
        return Clip(clip_id, waveform, rate_hz, events, group=group)

    def _draw_sounds(
        self, rng: np.random.Generator, group: str, n_samples: int
    ) -> tuple[list[str], list[FloatArray], list[int]]:
        """Draw classes, a sound of each, and when they begin."""
        by_label = self._groups[group]
        most = min(SOUNDS[1], len(by_label))
        count = int(rng.integers(SOUNDS[0], most + 1))
        labels = [str(label) for label in rng.choice(sorted(by_label), count, replace=False)]
        sounds = [self._draw_sound(rng, by_label[label], n_samples) for label in labels]
        gap = round(MIN_GAP_S * self._format.sample_rate_hz)
        starts = spread(rng, [sound.size for sound in sounds], n_samples, gap)
        if starts is None:
            raise DataError(f"{count} sounds do not fit into {self._format.clip_s:g} s")
        return labels, sounds, starts

    def _draw_sound(
        self, rng: np.random.Generator, recordings: Sequence[Recording], n_samples: int
    ) -> FloatArray:
        """Draw recordings until what is heard of one is neither too short nor too long."""
        rate_hz, longest = self._format.sample_rate_hz, int(LARGEST_PART * n_samples)
        for _ in range(_TRIES):
            one = recordings[int(rng.integers(len(recordings)))]
            waveform, given_hz = read_audio(one.path)
            try:
                sound = trim(resample(waveform, given_hz, rate_hz), rate_hz)
            except AudioError as error:
                raise AudioError(f"{one.path}: {error}") from error
            if sound.size > longest and self._format.cut:
                sound = excerpt(sound, rate_hz, longest)
            if SHORTEST_S * rate_hz <= sound.size <= longest:
                return sound
        raise DataError(
            f"no recording of {recordings[0].label!r} in {recordings[0].group} that was tried lasts"
            f" {SHORTEST_S:g} to {longest / rate_hz:g} s"
        )
