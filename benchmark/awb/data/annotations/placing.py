"""Put labels onto clips: trim what reaches over an edge, match names, leave out and count the rest.

Nothing is refused here but files of labels of which nothing can be used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from awb.data.annotations.names import AbsentError, Names, declared_s
from awb.data.annotations.rows import (
    ABSENT,
    AMBIGUOUS,
    BACKWARDS,
    NO_LABEL,
    NO_LENGTH,
    OUTSIDE,
    SHIFTED,
    LabelFile,
    LabelRow,
)
from awb.data.skipped import Skipped
from awb.errors import LabelError
from awb.types import Event

ROUNDING_S = 0.02
"""An event may end this much after its clip, since annotators round; that is not worth a word."""
LONGER_S = 0.1
"""A clip may be this much longer than its name says, since encoders pad; else it is shifted."""

DurationOf = Callable[[str], float | None]
"""The duration of a file in seconds, or None where its audio cannot be read."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """What files of labels say about clips.

    Attributes
    ----------
    events : mapping of str to tuple of Event
        Events by clip.
    labels : mapping of str to tuple of str
        Clip-level labels by clip.
    left_out : tuple of Skipped
        Events, clips and files that are left out, and why.
    notes : tuple of str
        What was changed, a line each.
    shifted : frozenset of str
        Clips that cannot be used, since their labels may lie elsewhere.
    """

    events: Mapping[str, tuple[Event, ...]]
    labels: Mapping[str, tuple[str, ...]]
    left_out: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    shifted: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Tally:
    """What was found so far."""

    events: dict[str, list[Event]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    left_out: list[Skipped] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    changed: dict[str, dict[str, None]] = field(default_factory=dict)
    used: int = 0
    faults: list[str] = field(default_factory=list)

    def leave_out(self, clip: str, label: str, reason: str, detail: str) -> None:
        self.left_out.append(Skipped(clip, label, reason, detail))
        self.faults.append(f"{detail} ({reason})")

    def change(self, kind: str, example: str) -> None:
        self.changed.setdefault(kind, {})[example] = None


TRIMMED = "events trimmed to the end of their clips"
BEGAN_BEFORE = "events trimmed to the start of their clips"
MATCHED = "files found by stem, case, folder or id"


def place(
    files: Sequence[tuple[LabelFile, str]], names: Names, duration_of: DurationOf
) -> Annotations:
    """Put the labels of files onto clips.

    Parameters
    ----------
    files : sequence of (LabelFile, str)
        Files of labels, each with the clip that it is about; empty if its rows name their clips.
    names : Names
        The clips.
    duration_of : callable
        Duration of a clip in seconds, or None if unknown.

    Returns
    -------
    Annotations
        Events and labels by clip, and everything that was changed or left out.

    Raises
    ------
    LabelError
        If there are labels, and none can be used.
    """
    tally = _Tally()
    for labels, clip in files:
        for fault in labels.faults:
            found = _named(fault.filename, clip, names)
            detail = f"{labels.path.name} {fault.where}: {fault.detail}"
            tally.leave_out(found or labels.path.name, fault.label, fault.reason, detail)
        for row in labels.rows:
            _add(row, labels, clip, names, duration_of, tally)
    if tally.faults and not tally.used:
        raise _all_lost(files, tally)
    shifted = _shifted(tally, duration_of)
    notes = [*dict.fromkeys(note for labels, _ in files for note in labels.notes)]
    return Annotations(
        MappingProxyType({clip: tuple(found) for clip, found in tally.events.items()}),
        MappingProxyType({clip: tuple(found) for clip, found in tally.labels.items()}),
        tuple(tally.left_out),
        (*notes, *_told(tally)),
        frozenset(shifted),
    )


def _named(filename: str, clip: str, names: Names) -> str:
    """Return the clip that a row names, or that its file is about; empty if there is none."""
    if filename:
        try:
            return names.find(filename)[0]
        except AbsentError:
            return clip
    return clip


def _add(
    row: LabelRow,
    labels: LabelFile,
    clip: str,
    names: Names,
    duration_of: DurationOf,
    tally: _Tally,
) -> None:
    """Add a row to its clip."""
    where = f"{labels.path.name} {row.where}"
    try:
        if row.filename:
            name, as_called = names.find(row.filename)
            if not as_called:
                tally.change(MATCHED, f"{row.filename} is {name}")
        elif clip:
            name = clip
        else:
            raise AbsentError("the filename is empty")
    except AbsentError as error:
        if clip:
            name = clip
        else:
            _count_absent(row, where, error, tally)
            return
    if row.onset_s is None or row.offset_s is None:
        known = tally.labels.setdefault(name, [])
        known += [label for label in row.labels if label and label not in known]
        tally.used += 1
        return
    event = _event(row, name, where, duration_of, tally)
    if event is not None:
        tally.events.setdefault(name, []).append(event)
        tally.used += 1


def _count_absent(row: LabelRow, where: str, error: AbsentError, tally: _Tally) -> None:
    """Count a file that is not there once, however many rows name it."""
    reason = AMBIGUOUS if error.several else ABSENT
    given = row.filename or where
    if given not in tally.absent:
        tally.absent[given] = f"{where}: {error}"
        tally.leave_out(given, "", reason, f"{where}: {error}")


def _event(
    row: LabelRow, name: str, where: str, duration_of: DurationOf, tally: _Tally
) -> Event | None:
    """Make an event of a row, within its clip; None if there is none."""
    onset_s, offset_s = row.onset_s or 0.0, row.offset_s or 0.0
    label = row.labels[0].strip() if row.labels else ""
    duration_s = duration_of(name)
    times = f"{where}: {onset_s:g} to {offset_s:g} s"
    reason = ""
    if not label:
        reason = NO_LABEL
    elif offset_s < onset_s:
        reason = BACKWARDS
    elif offset_s == onset_s:
        reason = NO_LENGTH
    elif offset_s <= 0 or (duration_s is not None and onset_s >= duration_s):
        reason = OUTSIDE
        times += f", {name} lasts {duration_s:g} s" if duration_s is not None else ""
    if reason:
        tally.leave_out(name, label, reason, times)
        return None
    if onset_s < 0:
        tally.change(BEGAN_BEFORE, times)
    if duration_s is not None and offset_s > duration_s:
        if offset_s > duration_s + ROUNDING_S:
            tally.change(TRIMMED, f"{times}, {name} lasts {duration_s:g} s")
        offset_s = duration_s
    return Event(max(0.0, onset_s), offset_s, label, row.mid, row.low_hz, row.high_hz)


def _all_lost(files: Sequence[tuple[LabelFile, str]], tally: _Tally) -> LabelError:
    """Say that nothing can be used, and why."""
    outside = sum(one.reason == OUTSIDE for one in tally.left_out)
    backwards = sum(one.reason == BACKWARDS for one in tally.left_out)
    hint = ""
    if outside == len(tally.left_out):
        hint = " (did you supply seconds?)"
    elif backwards == len(tally.left_out):
        hint = " (did you swap the columns?)"
    rest = len(tally.faults) - 1
    more = f" (and {rest} more bad row{'s' if rest > 1 else ''})" if rest else ""
    named = files[0][0].path if len(files) == 1 else files[0][0].path.parent
    return LabelError(f"{named}: no label can be used. {tally.faults[0]}{hint}{more}")


def _shifted(tally: _Tally, duration_of: DurationOf) -> list[str]:
    """Find labelled clips that are longer than their own names say: cut at a key frame before."""
    found = []
    for name in dict.fromkeys([*tally.events, *tally.labels]):
        says_s, lasts_s = declared_s(name), duration_of(name)
        if says_s is not None and lasts_s is not None and lasts_s > says_s + LONGER_S:
            detail = f"{lasts_s:g} s, its name says {says_s:g} s: labels may be shifted"
            tally.left_out.append(Skipped(name, "", SHIFTED, detail))
            found.append(name)
    return found


def _told(tally: _Tally) -> list[str]:
    """Write one line per kind of change, and per kind of fault, with the first of them."""
    lines = [told(kind, len(known), next(iter(known))) for kind, known in tally.changed.items()]
    first: dict[str, Skipped] = {}
    counts: dict[str, int] = {}
    for one in tally.left_out:
        first.setdefault(one.reason, one)
        counts[one.reason] = counts.get(one.reason, 0) + 1
    return [
        *lines,
        *(
            told(f"left out, {reason}", counts[reason], one.detail or one.clip_id)
            for reason, one in first.items()
        ),
    ]


def told(kind: str, count: int, example: str) -> str:
    """Write one line about things of one kind.

    Parameters
    ----------
    kind : str
        What was done.
    count : int
        To how many.
    example : str
        The first of them.

    Returns
    -------
    str
        The line.

    Examples
    --------
    >>> told("left out, event of zero length", 2, "dog.txt line 3: 1 to 1 s")
    'left out, event of zero length: 2, such as dog.txt line 3: 1 to 1 s'
    """
    return f"{kind}: {count}, {'such as ' if count > 1 else ''}{example}"
