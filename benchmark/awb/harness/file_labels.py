"""The labels of a single file that is explained, read from a file of labels of any format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from awb.data.annotations.names import AbsentError, Names
from awb.data.annotations.placing import place
from awb.data.annotations.reading import read_labels
from awb.data.annotations.rows import Choices
from awb.errors import LabelError
from awb.types import Clip


@dataclass(frozen=True, slots=True)
class LabelsOfFile:
    """A file of labels, and what the user says about it."""

    path: Path
    choices: Choices = field(default_factory=Choices)


def with_labels(clip: Clip, labels: LabelsOfFile | None) -> tuple[Clip, tuple[str, ...]]:
    """Return a clip with its own events from a file of labels, and what was changed in them."""
    if labels is None:
        return clip, ()
    read = read_labels(labels.path, labels.choices)
    names = Names([clip.id])
    named = {row.filename for row in read.rows if row.filename}
    own = {name for name in named if _means(names, name)}
    if named and not own:
        first = ", ".join(sorted(named)[:3])
        raise LabelError(f"{labels.path} has no labels of {clip.id}, only of: {first}")
    rows = tuple(row for row in read.rows if not row.filename or row.filename in own)
    found = place([(replace(read, rows=rows), clip.id)], names, lambda _: clip.duration_s)
    if clip.id in found.shifted:
        return clip, found.notes
    events, tags = found.events.get(clip.id, ()), found.labels.get(clip.id, ())
    return replace(clip, events=events, labels=tags), found.notes


def _means(names: Names, name: str) -> bool:
    try:
        names.find(name)
    except AbsentError:
        return False
    return True
