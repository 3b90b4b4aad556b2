"""Lists without a header: Audacity's labels, older DCASE tasks, AudioSet's segments.

References
----------
Audacity Team. Audacity Manual, "Importing and Exporting Labels": start, end and label between tabs;
a line that begins with a backslash holds the frequencies of the label above.
Gemmeke, J. F., et al. (2017). Audio Set: an ontology and human-labeled dataset for audio events.
ICASSP. doi:10.1109/ICASSP.2017.7952261 (``YTID, start_seconds, end_seconds, positive_labels``.)
"""

from __future__ import annotations

import re
from dataclasses import replace

from awb.data.annotations.headers import split
from awb.data.annotations.rows import (
    UNREADABLE,
    Fault,
    Format,
    LabelFile,
    LabelRow,
    Source,
    band_of,
    is_number,
    number,
)
from awb.errors import LabelError

_MID = re.compile(r"/[mtg]/\w+")
_SEGMENT = re.compile(r'([\w-]+),\s*([\d.]+),\s*([\d.]+),\s*"(/[mtg]/[^"]*)"\s*')
_PEEK = 20


def _cells(source: Source, line: str) -> list[str]:
    """Split a line at tabs, or at commas if there are none, as tables called .csv have."""
    return split(line, "\t" if "\t" in source.text else ",")


def _peek(source: Source) -> list[list[str]]:
    """Split the first lines that are neither comments nor frequencies."""
    found = []
    for _, line in source.lines[:_PEEK]:
        if not line.startswith(("#", "\\")):
            try:
                found.append(_cells(source, line))
            except LabelError:
                continue
    return found


def is_audacity(source: Source) -> bool:
    """Tell whether lines begin with two times, as Audacity's labels do."""
    rows = [_stretch(source, line) for _, line in source.lines[:_PEEK] if line[0] not in "#\\"]
    numbered = [cells for cells in _peek(source) if len(cells) > 3]
    if any(_is_listed(cells, 1) and not is_number(cells[3]) for cells in numbered):
        return False  # a list of files whose names are numbers
    fitting = [cells for cells in rows if len(cells) > 1 and all(map(is_number, cells[:2]))]
    return bool(fitting) and 2 * len(fitting) > len(rows)


def _stretch(source: Source, line: str) -> list[str]:
    """Split a line of labels: at tabs, else at commas, else at spaces."""
    if "\t" in source.text:
        return [cell.strip() for cell in line.split("\t")]
    by_space = line.split(maxsplit=2)
    if len(by_space) > 1 and all(map(is_number, by_space[:2])) and not by_space[0].endswith(","):
        return by_space
    return [cell.strip() for cell in line.split(",", 2)]


def read_audacity(source: Source) -> LabelFile:
    """Read a label track of Audacity, or any list of start, end and label.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Its events; a point has no length.
    """
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for line_number, line in source.lines:
        where = f"line {line_number}"
        if line.startswith("#"):
            continue
        try:
            if line.startswith("\\"):
                if rows:
                    low, high = (number(one) for one in line.strip("\\ \t").split()[:2])
                    low_hz, high_hz = band_of(low, high)
                    rows[-1] = replace(rows[-1], low_hz=low_hz, high_hz=high_hz)
                continue
            cells = _stretch(source, line)
            if len(cells) < 2:
                raise LabelError("has no two times")
            onset_s, offset_s = number(cells[0]), number(cells[1])
        except (LabelError, ValueError) as error:
            faults.append(Fault(where, UNREADABLE, str(error)))
            continue
        label = (cells[2] if len(cells) > 2 else "") or source.choices.label
        rows.append(LabelRow(where, (label,), "", onset_s, offset_s))
    return LabelFile(source.path, "Audacity", tuple(rows), tuple(faults))


def _is_listed(cells: list[str], place: int) -> bool:
    """Tell whether two times stand at a place, with a label after them."""
    return len(cells) > place + 2 and is_number(cells[place]) and is_number(cells[place + 1])


def is_list(source: Source) -> bool:
    """Tell whether the first line is ``file onset offset label``, perhaps with a scene."""
    return any(_is_listed(cells, 1) or _is_listed(cells, 2) for cells in _peek(source)[:1])


def read_list(source: Source) -> LabelFile:
    """Read a list of events by file.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Its events.
    """
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    place = 1 if _is_listed(_peek(source)[0], 1) else 2
    for line_number, line in source.lines:
        where = f"line {line_number}"
        if line.startswith("#"):
            continue
        try:
            cells = _cells(source, line)
            if len(cells) < place + 2:
                raise LabelError(f"has {len(cells)} fields, expected {place + 3}")
            comma = "\t" in source.text
            times = [number(cell, comma=comma) for cell in cells[place : place + 2]]
        except LabelError as error:
            faults.append(Fault(where, UNREADABLE, str(error)))
            continue
        label = cells[place + 2] if len(cells) > place + 2 else source.choices.label
        rows.append(LabelRow(where, (label,), cells[0], times[0], times[1]))
    return LabelFile(source.path, "DCASE list", tuple(rows), tuple(faults))


def are_segments(source: Source) -> bool:
    """Tell whether lines are AudioSet's segments, with machine ids in quotes."""
    return any(_SEGMENT.fullmatch(line) for _, line in source.lines[:_PEEK])


def read_segments(source: Source) -> LabelFile:
    """Read AudioSet's list of segments.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Clip-level labels of files that are called ``<id>_<start>_<end>``.
    """
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for line_number, line in source.lines:
        found = _SEGMENT.fullmatch(line)
        if found is not None:
            video, start, end, mids = found.groups()
            name = f"{video}_{float(start):.3f}_{float(end):.3f}"
            rows.append(LabelRow(f"line {line_number}", tuple(_MID.findall(mids)), name))
        elif not line.startswith("#"):
            faults.append(Fault(f"line {line_number}", UNREADABLE, "is no segment"))
    return LabelFile(source.path, "AudioSet segments", tuple(rows), tuple(faults))


AUDACITY = Format("Audacity", is_audacity, read_audacity)
LIST = Format("list", is_list, read_list)
SEGMENTS = Format("AudioSet segments", are_segments, read_segments)
