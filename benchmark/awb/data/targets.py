"""The events of a clip by target: labels that mean the same class are one target."""

from __future__ import annotations

from collections.abc import Iterator

from awb.data.class_index import ClassIndex
from awb.types import Clip, Event


def targets_of(clip: Clip, classes: ClassIndex) -> Iterator[tuple[str, int | None, list[Event]]]:
    """Group a clip's events by target: its label, its class or None, and its events.

    A clip-level label adds a target without events, unless the target has some.

    Parameters
    ----------
    clip : Clip
        A labelled clip.
    classes : ClassIndex
        Lookup of labels among the model's classes.

    Yields
    ------
    tuple of (str, int or None, list of Event)
        In order of first appearance.
    """
    groups: dict[int | str, tuple[str, int | None, list[Event]]] = {}
    for event in clip.events:
        index = classes.find(event.label, event.mid)
        key: int | str = event.label if index is None else index
        groups.setdefault(key, (event.label, index, []))[2].append(event)
    for label in clip.labels:
        index = classes.find(label)
        groups.setdefault(label if index is None else index, (label, index, []))
    yield from groups.values()


def events_of(clip: Clip, classes: ClassIndex, class_index: int) -> tuple[Event, ...]:
    """Return the events of one class, in the order of the clip."""
    groups = targets_of(clip, classes)
    return tuple(event for _, index, events in groups if index == class_index for event in events)
