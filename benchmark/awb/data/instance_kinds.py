"""Kinds of instances: hits, false alarms and misses, and how they are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, TypeVar

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

QUESTIONS: dict[str, str] = {
    HITS: "How well do explanations of {model} point at the sounds that it names?",
    FALSE_ALARMS: "At what do explanations of {model} point where it hears what nobody labelled?",
    MISSES: "How well do explanations of {model} point at the sounds that it misses?",
}
"""What a board of each kind asks."""

NO_EVENTS_OF = "a false alarm has no events: nobody labelled it"

_NONE: dict[str, str] = {
    HITS: "no hits: the model hears no labelled target",
    FALSE_ALARMS: "no false alarms: the model hears no class that is labelled elsewhere in the"
    " dataset and not in the clip",
    MISSES: "no misses: the model hears every labelled target",
}


class OfAKind(Protocol):
    """What has instances of one kind: a manifest, a board, a submission."""

    @property
    def kind(self) -> str:
        """Kind of the instances."""
        ...


Found = TypeVar("Found", bound=OfAKind)


def only_hits(found: Iterable[Found]) -> list[Found]:
    """Leave out boards of errors: what is said over several boards is about hits."""
    return [one for one in found if one.kind == HITS]


def none_of(kind: str, left_out: str) -> str:
    """Say that a run has no instance of a kind, with what was left out."""
    return f"{_NONE[kind]}{f'. Left out: {left_out}' if left_out else ''}"
