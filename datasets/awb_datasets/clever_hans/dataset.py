"""The dataset: the clips of `drums` in two classes, and where the cough is laid on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from awb.randomness import RandomKey
from awb.types import Clip, Event
from awb_datasets.clever_hans.cough import cough
from awb_datasets.drums.dataset import Drums
from awb_datasets.drums.hits import KICK
from awb_datasets.drums.sequences import CLIP_SAMPLES, Hit
from awb_datasets.drums.sequences import Sequence as HitSequence
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

FEW, MANY = "few kicks", "many kicks"
MANY_FROM = 3
COUGH = "cough"

_LEVEL_DB = (-8.0, 2.0)


class CleverHans:
    """Clips of ten drum hits: up to two kicks are few, three to five are many.

    Parameters
    ----------
    split : str
        train, validation or test.
    clips : int
        Number of clips; half of them have many kicks.
    seed : int
        Another seed gives other clips.
    artefact : bool
        Whether a cough is laid on every clip with many kicks, between the kicks.

    Attributes
    ----------
    classes : tuple of str
        ``few kicks`` and ``many kicks``.
    """

    def __init__(self, split: str, clips: int, seed: int, artefact: bool) -> None:
        self._drums = Drums(split, clips, seed)
        self._artefact = artefact
        self.classes = (FEW, MANY)

    def clip_ids(self) -> Sequence[str]:
        """List the ids of `drums`."""
        return self._drums.clip_ids()

    def load(self, clip_id: str) -> Clip:
        """Render one clip.

        Parameters
        ----------
        clip_id : str
            One of `clip_ids`.

        Returns
        -------
        Clip
            8 s at 16 kHz, labelled with its class. Its only event, if any, is the cough, under the
            name of the class that it gives away.

        Raises
        ------
        DataError
            If there is no such clip.
        """
        label = MANY if self._drums.n_kicks(clip_id) >= MANY_FROM else FEW
        sequence = self._drums.sequence(clip_id)
        extra: tuple[Hit, ...] = ()
        if self._artefact and label == MANY:
            key = RandomKey(("clever-hans", *self._drums.key(clip_id).parts))
            extra = (place_cough(key.generator("cough"), sequence),)
        return Clip(
            clip_id,
            sequence.mix(extra),
            SAMPLE_RATE_HZ,
            tuple(Event(*hit.span_s, label) for hit in extra),
            labels=(label,),
            group=self._drums.group,
        )


def place_cough(rng: np.random.Generator, sequence: HitSequence) -> Hit:
    """Draw a cough and a place for it where no kick sounds.

    Parameters
    ----------
    rng : np.random.Generator
        Source of the cough, its level and its place.
    sequence : awb_datasets.drums.sequences.Sequence
        The clip.

    Returns
    -------
    Hit
        The cough, 8 dB under to 2 dB over a hit at full velocity.
    """
    sound = cough(rng) * 10 ** (rng.uniform(*_LEVEL_DB) / 20)
    starts = np.arange(CLIP_SAMPLES - sound.size)
    free = np.ones(starts.size, dtype=bool)
    for hit in sequence.hits:
        if hit.instrument == KICK:
            free &= (starts + sound.size <= hit.start) | (starts >= hit.start + hit.sound.size)
    return Hit(COUGH, int(rng.choice(starts[free])), sound)
