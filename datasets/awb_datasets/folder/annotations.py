"""Reading and checking tables of events and of clip-level labels.

Conventions
-----------
UTF-8 text, times in seconds; `formats` says which columns are understood. Optional columns are
``mid``, AudioSet machine ids, and ``low_hz`` and ``high_hz``, frequencies in Hz; others are
ignored. A table is checked as a whole before anything is computed, and all that is wrong with it is
told in one line: the first fault, and how many more rows have one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from awb.errors import DataError, LabelError
from awb.types import Event
from awb_datasets.folder.formats import (
    FILENAME,
    HIGH_HZ,
    LABEL,
    LABELS,
    LOW_HZ,
    MID,
    OFFSET,
    ONSET,
    find_format,
    is_empty_event,
)
from awb_datasets.folder.listing import LAYOUT, AbsentError, Names

ROUNDING_S = 0.02
"""An event may end this much after its clip, since annotators round; it is trimmed."""

DurationOf = Callable[[str], float | None]
"""The duration of a file in seconds, or None where its audio cannot be read."""


@dataclass(slots=True)
class Annotations:
    """What tables say of the files of a folder.

    Attributes
    ----------
    events : dict of str to list of Event
        Events by file name.
    labels : dict of str to list of str
        Clip-level labels by file name.
    absent : dict of str to None
        Files that a table names and that are not there, in order; filled where that is allowed.
    """

    events: dict[str, list[Event]] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    absent: dict[str, None] = field(default_factory=dict)


def read_table(
    table: Path,
    names: Mapping[str, Path],
    duration_of: DurationOf,
    found: Annotations,
    *,
    skip_absent: bool = False,
) -> None:
    """Read a table of events or of clip-level labels."""
    lines = _read_lines(table)
    form = find_format(table, [line for _, line in lines])
    finder = Names(names)
    faults: list[str] = []
    for number, line in lines[1:] if form.has_header else lines:
        try:
            fields = form.fields(line)
            if form.has_times:
                _add_event(fields, finder, duration_of, found)
            else:
                _add_labels(fields, finder, found)
        except AbsentError as error:
            if skip_absent:
                found.absent[error.given] = None
            else:
                faults.append(f"line {number}: {error}")
        except LabelError as error:
            faults.append(f"line {number}: {error}")
    if faults:
        rest = len(faults) - 1
        more = f" (and {rest} more bad row{'s' if rest > 1 else ''})" if rest else ""
        raise LabelError(f"{table} {faults[0]}{more}")


def _read_lines(table: Path) -> list[tuple[int, str]]:
    """Return the lines that are not blank, each with its number in the file."""
    try:
        text = table.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"{table} does not exist; {LAYOUT}") from None
    except OSError as error:
        raise DataError(f"{table} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"{table} is not UTF-8 text (byte {error.start}); save it again as UTF-8"
        ) from error
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _number(fields: Mapping[str, str], column: str, unit: str = "seconds") -> float:
    """Read a time or a frequency."""
    text = fields[column]
    try:
        return float(text)
    except ValueError:
        hint = " (write decimals with a point)" if "," in text else ""
        raise LabelError(f"{column} {text!r} is not a number of {unit}{hint}") from None


def _band(fields: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Read the frequencies of an event; empty cells are unknown ones."""
    low_hz, high_hz = (
        _number(fields, name, "Hz") if fields.get(name) else None for name in (LOW_HZ, HIGH_HZ)
    )
    return low_hz, high_hz


def _add_event(
    fields: Mapping[str, str], finder: Names, duration_of: DurationOf, found: Annotations
) -> None:
    """Turn a row into an event, or say what is wrong with it."""
    name = finder.find(fields[FILENAME])
    if is_empty_event(fields):
        return
    onset_s, offset_s = _number(fields, ONSET), _number(fields, OFFSET)
    event = Event(onset_s, offset_s, fields[LABEL], fields.get(MID) or None, *_band(fields))
    duration_s = duration_of(name)
    if duration_s is not None:
        if onset_s >= duration_s or offset_s > duration_s + ROUNDING_S:
            raise LabelError(
                f"the event from {onset_s:g} to {offset_s:g} s lies outside {name!r}, which lasts"
                f" {duration_s:g} s (did you supply seconds?)"
            )
        event = replace(event, offset_s=min(offset_s, duration_s))
    found.events.setdefault(name, []).append(event)


def _add_labels(fields: Mapping[str, str], finder: Names, found: Annotations) -> None:
    """Turn a row into clip-level labels, which commas separate."""
    name = finder.find(fields[FILENAME])
    labels = [label.strip() for label in fields[LABELS].split(",")] if fields[LABELS] else []
    if not all(labels):
        raise LabelError(f"{LABELS} {fields[LABELS]!r} has an empty label")
    known = found.labels.setdefault(name, [])
    known += [label for label in dict.fromkeys(labels) if label not in known]
