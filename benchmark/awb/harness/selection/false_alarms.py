"""False alarms: classes that a model hears in a strongly labelled clip, and nobody labelled there.

A class is a false alarm where its score reaches the threshold, the clip has events, and none of
the clip's labels is this class. Labels are complete only for what annotators looked for: so the
class must label an event of another clip of the dataset, and all others are counted as left out. A
class that a dataset reports as a relative of a label (an ancestor or a descendant in its ontology,
as Animal is of Dog) is no false alarm either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from awb.data.class_index import ClassIndex
from awb.data.skipped import NEVER_LABELLED, NO_EVENTS, RELATED, Skipped
from awb.data.targets import targets_of
from awb.harness.selection.manifest import Kept, audio_sha256
from awb.protocols import ScoreArray
from awb.types import Clip, Event

Relatives = Callable[[str], Iterable[str]]
"""Names or machine ids of the classes above and below a label in the dataset's ontology."""


class FalseAlarms:
    """Decides clip by clip, and in the end leaves out classes that the dataset never labels."""

    def __init__(self, classes: ClassIndex, min_score: float, relatives: Relatives) -> None:
        self._classes = classes
        self._min_score = min_score
        self._relatives = cache(lambda label: tuple(relatives(label)))
        self._vocabulary: set[int] = set()

    def decide(self, clip: Clip, scores: ScoreArray) -> Iterator[Kept | Skipped]:
        """Yield every class that the model hears in a clip without a label for it."""
        labelled = self.learn(clip)
        if not clip.events:
            yield Skipped(clip.id, "", NO_EVENTS)
            return
        related = self._related(clip) - labelled
        digest = audio_sha256(clip)
        others = tuple((one.label, one.onset_s, one.offset_s) for one in clip.events)
        for index, name in enumerate(self._classes.classes):
            score = float(scores[index])
            if score < self._min_score or index in labelled:
                continue
            if index in related:
                yield Skipped(clip.id, name, RELATED)
            else:
                yield Kept(clip.id, name, index, (), score, digest, others, clip.duration_s)

    def learn(self, clip: Clip) -> set[int]:
        """Remember which classes a clip has events of, and return all that it is labelled with."""
        targets = list(targets_of(clip, self._classes))
        self._vocabulary |= {index for _, index, events in targets if events and index is not None}
        return {index for _, index, _ in targets if index is not None}

    def knows(self, index: int) -> bool:
        """Say whether a class has an event in a clip that was decided or learned from."""
        return index in self._vocabulary

    def _related(self, clip: Clip) -> set[int]:
        """Return the classes above and below a clip's labels."""
        labels = [_key(event) for event in clip.events] + list(clip.labels)
        names = {name for label in dict.fromkeys(labels) for name in self._relatives(label)}
        found = {self._classes.find(name) for name in names}
        return {index for index in found if index is not None}

    def known(self, entries: Iterable[Kept | Skipped]) -> Iterator[Kept | Skipped]:
        """Leave out classes that no event of the dataset has, once all clips are decided."""
        for one in entries:
            if isinstance(one, Kept) and not self.knows(one.class_index):
                yield Skipped(one.clip_id, one.target, NEVER_LABELLED)
            else:
                yield one


def _key(event: Event) -> str:
    """Return what a dataset knows an event's class by."""
    return event.mid or event.label
