"""Reading and checking events.tsv.

Conventions
-----------
Tab-separated UTF-8 text with a header: ``filename``, ``onset``, ``offset``, ``event_label``, in any
order, times in seconds. An optional column ``mid`` holds AudioSet machine ids; other columns are
ignored. The table is checked as a whole before anything is computed, and all that is wrong with it
is told in one line: the first fault, and how many more rows have one.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from pathlib import Path

from awb.errors import DataError, LabelError
from awb.types import Event
from awb_datasets.folder.listing import LAYOUT, Names

COLUMNS = ("filename", "onset", "offset", "event_label")
MID = "mid"

ROUNDING_S = 0.02
"""An event may end this much after its clip, since annotators round; it is trimmed."""

DurationOf = Callable[[str], float | None]
"""The duration of a file in seconds, or None where its audio cannot be read."""


def read_events(
    table: Path, names: Mapping[str, Path], duration_of: DurationOf
) -> dict[str, tuple[Event, ...]]:
    """Read a table of events.

    Parameters
    ----------
    table : Path
        Path of events.tsv.
    names : mapping of str to Path
        The audio files by name.
    duration_of : callable
        Duration of a file in seconds, by name; None where it is not known.

    Returns
    -------
    dict of str to tuple of Event
        Events by file name; files without events are not in it.

    Raises
    ------
    DataError
        If the file is missing or cannot be read as text.
    LabelError
        If a column is missing or a row is wrong; the message says where, what, and how many more.
    """
    lines = _read_lines(table)
    header = _header(table, lines[0][1] if lines else "")
    finder = Names(names)
    events: dict[str, list[Event]] = {}
    faults: list[str] = []
    for number, line in lines[1:]:
        try:
            name, event = _parse_row(line, header, finder, duration_of)
        except LabelError as error:
            faults.append(f"line {number}: {error}")
        else:
            events.setdefault(name, []).append(event)
    if faults:
        rest = len(faults) - 1
        more = f" (and {rest} more bad row{'s' if rest > 1 else ''})" if rest else ""
        raise LabelError(f"{table} {faults[0]}{more}")
    return {name: tuple(found) for name, found in events.items()}


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


def _header(table: Path, line: str) -> list[str]:
    """Split the header and refuse one without the columns that are needed."""
    header = [name.strip() for name in line.split("\t")]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        comma = "\t" not in line and any(mark in line for mark in ",;")
        hint = " (it seems to be comma-separated; save it tab-separated)" if comma else ""
        found = ", ".join(header) if line else "nothing, the file is empty"
        raise LabelError(
            f"{table} has no column {', '.join(missing)}; its header is: {found}{hint}."
            f" Expected, tab-separated: {' '.join(COLUMNS)}"
        )
    for name in (*COLUMNS, MID):
        if header.count(name) > 1:
            raise LabelError(f"{table} has {header.count(name)} columns called {name}")
    return header


def _fields(line: str, header: list[str]) -> dict[str, str]:
    """Split a row; spreadsheets put quotes around a label with a comma, and drop empty ends."""
    try:
        (values,) = csv.reader([line], delimiter="\t", strict=True)
    except csv.Error as error:
        raise LabelError(f"cannot be split into columns: {error}") from error
    if len(values) > len(header):
        raise LabelError(f"has {len(values)} fields for {len(header)} columns")
    padded = [*values, *[""] * (len(header) - len(values))]
    return {name: value.strip() for name, value in zip(header, padded, strict=True)}


def _seconds(fields: Mapping[str, str], column: str) -> float:
    """Read a time."""
    text = fields[column]
    try:
        return float(text)
    except ValueError:
        hint = " (write decimals with a point)" if "," in text else ""
        raise LabelError(f"{column} {text!r} is not a number of seconds{hint}") from None


def _parse_row(
    line: str, header: list[str], finder: Names, duration_of: DurationOf
) -> tuple[str, Event]:
    """Turn a row into a file name and an event, or say what is wrong with it."""
    fields = _fields(line, header)
    name = finder.find(fields["filename"])
    onset_s, offset_s = _seconds(fields, "onset"), _seconds(fields, "offset")
    event = Event(onset_s, offset_s, fields["event_label"], fields.get(MID) or None)
    duration_s = duration_of(name)
    if duration_s is None:
        return name, event
    if onset_s >= duration_s or offset_s > duration_s + ROUNDING_S:
        raise LabelError(
            f"the event from {onset_s:g} to {offset_s:g} s lies outside {name!r}, which lasts"
            f" {duration_s:g} s (did you supply seconds?)"
        )
    return name, Event(onset_s, min(offset_s, duration_s), event.label, event.mid)
