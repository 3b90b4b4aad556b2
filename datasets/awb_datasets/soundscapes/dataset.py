"""The dataset: ids, and scenes rendered on demand."""

from __future__ import annotations

from awb.randomness import RandomKey
from awb.types import Clip
from awb_datasets.numbering import NumberedClips
from awb_datasets.soundscapes.classes import CLASSES
from awb_datasets.soundscapes.scenes import Scene, compose
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ


class Soundscapes(NumberedClips):
    """Procedural scenes of 10 s at 16 kHz, with exact labels.

    Attributes
    ----------
    classes : tuple of str
        Display names of all classes that occur.
    mids : tuple of str
        Their AudioSet machine ids, in the same order.
    """

    def __init__(self, split: str, clips: int, seed: int) -> None:
        super().__init__("soundscapes", f"{split}-{seed}", clips)
        self._path = ("soundscapes", split, seed)
        self.classes = tuple(sound_class.name for sound_class in CLASSES)
        self.mids = tuple(sound_class.mid for sound_class in CLASSES)

    def scene(self, clip_id: str) -> Scene:
        """Compose one scene with its layers apart."""
        return compose(RandomKey((*self._path, self.number(clip_id))))

    def load(self, clip_id: str) -> Clip:
        """Render one clip."""
        scene = self.scene(clip_id)
        return Clip(clip_id, scene.mix(), SAMPLE_RATE_HZ, scene.events)
