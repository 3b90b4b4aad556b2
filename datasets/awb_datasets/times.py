"""Times of events against the length of their clip, known once its audio is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from awb.errors import LabelError
from awb.types import Event


def within(events: Sequence[Event], length_s: float, clip_id: str) -> tuple[Event, ...]:
    """Trim events to their clip; one that lies outside of it is a mistake in all labels."""
    found = []
    for event in events:
        if event.onset_s >= length_s:
            raise LabelError(
                f"{clip_id} lasts {length_s:g} s, but {event.label} begins at {event.onset_s:g} s:"
                " are times those of a longer recording, or not in seconds?"
            )
        found.append(replace(event, offset_s=min(event.offset_s, length_s)))
    return tuple(found)
