"""Kinds of instances: hits, false alarms and misses, and how they are called."""

from __future__ import annotations

from typing import Literal

InstanceKind = Literal["hits", "false-alarms", "misses"]

HITS: InstanceKind = "hits"
FALSE_ALARMS: InstanceKind = "false-alarms"
MISSES: InstanceKind = "misses"

NOUNS: dict[str, tuple[str, str]] = {
    HITS: ("instance", "instances"),
    FALSE_ALARMS: ("false alarm", "false alarms"),
    MISSES: ("miss", "misses"),
}
"""One and several of each kind."""

NO_EVENTS_OF = "a false alarm has no events: nobody labelled it"

_NONE: dict[str, str] = {
    HITS: "no hits: the model hears no labelled target",
    FALSE_ALARMS: "no false alarms: the model hears no class that is labelled elsewhere in the"
    " dataset and not in the clip",
    MISSES: "no misses: the model hears every labelled target",
}


def none_of(kind: str, left_out: str) -> str:
    """Say that a run has no instance of a kind, with what was left out."""
    return f"{_NONE[kind]}{f'. Left out: {left_out}' if left_out else ''}"
