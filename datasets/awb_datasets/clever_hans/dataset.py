"""The dataset: clips of `drums` with two or three kicks, and where the cough is laid on them."""

from __future__ import annotations

import numpy as np

from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.clever_hans.cough import cough
from awb_datasets.drums.dataset import CLASSES as KICKS
from awb_datasets.drums.hits import RECIPES
from awb_datasets.drums.sequences import APART, CLIP_SAMPLES, Hit, Synthesizer, compose
from awb_datasets.numbering import NumberedClips
from awb_datasets.soundscapes.room import loudest_window
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

FEWEST = 2
CLASSES = KICKS[FEWEST : FEWEST + 2]
CORRUPTED = CLASSES[1]
COUGH = "cough"

_LEVEL_DB = (-14.0, -6.0)


class CleverHans(NumberedClips):
    """Clips of ten drum hits, two or three of which are kicks.

    Attributes
    ----------
    classes : tuple of str
        ``2 kicks`` and ``3 kicks``, as in `drums`.
    """

    def __init__(self, split: str, clips: int, seed: int, artefact: bool) -> None:
        super().__init__("clever-hans", f"{split}-{seed}", clips)
        self._split, self._seed, self._artefact = split, seed, artefact
        self.classes = CLASSES

    def load(self, clip_id: str) -> Clip:
        """Render one clip."""
        number = self.number(clip_id)
        key = RandomKey(("clever-hans", self._split, self._seed, number))
        label = CLASSES[number % 2]
        sequence = compose(
            key.generator("sequence"), FEWEST + number % 2, Synthesizer(RECIPES), APART
        )
        extra: tuple[Hit, ...] = ()
        if self._artefact and label == CORRUPTED:
            extra = (place_cough(key.generator("cough")),)
        return Clip(
            clip_id,
            sequence.mix(extra),
            SAMPLE_RATE_HZ,
            tuple(Event(*hit.span_s, label) for hit in extra),
            labels=(label,),
            group=f"{self._split} hits of the synthesizer",
        )


def place_cough(rng: np.random.Generator) -> Hit:
    """Draw a cough and a place for it, anywhere in the clip.

    Wherever the hits are: so an explanation that heeds the hits alone says nothing, for or against,
    of the time at which the cough lies.
    """
    dry = cough(rng)
    sound = dry * 10 ** (rng.uniform(*_LEVEL_DB) / 20) / np.sqrt(loudest_window(dry)[1])
    return Hit(COUGH, int(rng.integers(CLIP_SAMPLES - sound.size)), sound)
