"""``awb data describe`` for datasets that need no preparation: clips, labels, lengths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awb.harness.config.limits import Limits
from awb.harness.selection.dataset_process import Reader
from awb.harness.selection.selector import minimum_duration_s
from awb.harness.selection.whole_dataset import readable
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ModelSpec


@dataclass(frozen=True, slots=True)
class TooShort:
    """The number of clips that are too short for a model."""

    model: str
    shortest_s: float  # minimum length, in seconds
    clips: int


@dataclass(frozen=True, slots=True)
class Description:
    """Statistics of a dataset."""

    clips: int  # that can be read
    durations_s: tuple[float, ...]  # of these clips, in order of the dataset
    labels: Mapping[str, tuple[int, int]]  # numbers of clips and of events, which have times
    too_short: tuple[TooShort, ...]  # one per model
    problems: tuple[str, ...]  # one sentence per clip that cannot be read
    notes: tuple[str, ...] = ()  # on how the dataset was read

    def plain(self) -> dict[str, Any]:
        """Return plain lists and dictionaries, with a summary of the durations."""
        lengths = self.durations_s or (0.0,)
        return {
            "clips": self.clips,
            "duration_s": {
                "total": sum(lengths),
                "shortest": min(lengths),
                "longest": max(lengths),
            },
            "labels": [
                {"label": label, "clips": clips, "events": events}
                for label, (clips, events) in self.labels.items()
            ],
            "too_short": [
                {"model": one.model, "shortest_s": one.shortest_s, "clips": one.clips}
                for one in self.too_short
            ],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


def describe_clips(
    dataset: Resolved[DatasetSpec],
    models: Sequence[Resolved[ModelSpec]],
    *,
    limits: Limits | None = None,
) -> Description:
    """Read every clip of a dataset, and compute statistics."""

    problems: list[str] = []
    durations_s: list[float] = []
    clips: Counter[str] = Counter()
    events: Counter[str] = Counter()
    with Reader(limits) as reader:
        source = reader.open(dataset)
        clip_ids = list(source.dataset.clip_ids())
        for clip in readable(source, clip_ids, None, problems.append):
            durations_s.append(clip.duration_s)
            clips.update({*clip.labels, *(event.label for event in clip.events)})
            events.update(event.label for event in clip.events)
        notes = source.notes()
    return Description(
        len(durations_s),
        tuple(durations_s),
        {label: (clips[label], events[label]) for label in sorted(clips)},
        tuple(_too_short(model, durations_s) for model in models),
        tuple(problems),
        notes,
    )


def _too_short(model: Resolved[ModelSpec], durations_s: Sequence[float]) -> TooShort:
    shortest_s = minimum_duration_s(model)
    return TooShort(model.label, shortest_s, sum(one < shortest_s for one in durations_s))
