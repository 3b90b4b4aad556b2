"""What kind of table it is, and which column is which: events or clip-level labels, any dialect.

Conventions
-----------
Known are tables with a header, of events (``filename onset offset event_label``, as DESED and the
newer DCASE tasks write them; ``event_onset`` and ``event_offset``, as dcase_util does) or of
clip-level labels (``filename event_labels``, DESED's weak labels), and the older DCASE lists
without one: ``file onset offset label``, or ``file scene onset offset label`` and more. Columns are
separated by tabs, in a ``.csv`` by commas.

References
----------
Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for polyphonic sound event detection.
Applied Sciences 6(6), 162. doi:10.3390/app6060162
Turpault, N., Serizel, R., Shah, A. P., & Salamon, J. (2019). Sound event detection in domestic
environments with weakly labeled data and soundscape synthesis. DCASE Workshop. (DESED.)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import LabelError

FILENAME, ONSET, OFFSET, LABEL, LABELS, MID = (
    "filename",
    "onset",
    "offset",
    "event_label",
    "event_labels",
    "mid",
)
LOW_HZ, HIGH_HZ = "low_hz", "high_hz"
EVENT_COLUMNS = (FILENAME, ONSET, OFFSET, LABEL)
LABEL_COLUMNS = (FILENAME, LABELS)

_OTHER_NAMES = {"event_onset": ONSET, "event_offset": OFFSET}
_SCENE = "scene_label"
_SEPARATED = {"\t": "tab-separated", ",": "comma-separated", ";": "semicolon-separated"}


@dataclass(frozen=True, slots=True)
class TableFormat:
    """How to read the rows of a table.

    Attributes
    ----------
    columns : tuple of str
        Names of the columns, in order.
    separator : str
        Between columns.
    has_header : bool
        Whether the first line is one.
    """

    columns: tuple[str, ...]
    separator: str
    has_header: bool

    @property
    def has_times(self) -> bool:
        """Whether it is a table of events; else of clip-level labels."""
        return ONSET in self.columns

    def fields(self, line: str) -> dict[str, str]:
        """Split a row; spreadsheets put quotes around a label, and drop empty ends."""
        try:
            (values,) = csv.reader([line], delimiter=self.separator, strict=True)
        except csv.Error as error:
            raise LabelError(f"cannot be split into columns: {error}") from error
        if len(values) > len(self.columns):
            raise LabelError(f"has {len(values)} fields for {len(self.columns)} columns")
        padded = [*values, *[""] * (len(self.columns) - len(values))]
        return {name: value.strip() for name, value in zip(self.columns, padded, strict=True)}


def find_format(table: Path, lines: Sequence[str]) -> TableFormat:
    """Tell the format of a table by its first line."""
    separator = "," if table.suffix.lower() == ".csv" else "\t"
    first = lines[0] if lines else ""
    cells = [cell.strip() for cell in first.split(separator)]
    bare = _without_header(cells, max((line.count(separator) + 1 for line in lines), default=0))
    if bare is not None:
        return TableFormat(bare, separator, has_header=False)
    columns = tuple(_OTHER_NAMES.get(name, name) for name in cells)
    wanted = LABEL_COLUMNS if LABELS in columns and LABEL not in columns else EVENT_COLUMNS
    missing = [name for name in wanted if name not in columns]
    if missing:
        kind = _SEPARATED[separator]
        other = next((mark for mark in ",;\t" if mark in first and separator not in first), None)
        hint = f" (it seems to be {_SEPARATED[other]}; save it {kind})" if other else ""
        found = ", ".join(cells) if first else "nothing, the file is empty"
        raise LabelError(
            f"{table} has no column {', '.join(missing)}; its header is: {found}{hint}."
            f" Expected, {kind}: {separator.join(EVENT_COLUMNS).expandtabs(1)}"
        )
    for name in (*wanted, MID, LOW_HZ, HIGH_HZ):
        if columns.count(name) > 1:
            raise LabelError(f"{table} has {columns.count(name)} columns called {name}")
    return TableFormat(columns, separator, has_header=True)


def _without_header(cells: Sequence[str], n_columns: int) -> tuple[str, ...] | None:
    """Return the columns of a list without a header, or None if the first line is one."""
    if len(cells) >= 4 and _is_number(cells[1]) and _is_number(cells[2]):
        names: tuple[str, ...] = EVENT_COLUMNS
    elif len(cells) >= 5 and _is_number(cells[2]) and _is_number(cells[3]):
        names = (FILENAME, _SCENE, ONSET, OFFSET, LABEL)
    else:
        return None
    return (*names, *(f"column {number}" for number in range(len(names) + 1, n_columns + 1)))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_empty_event(fields: Mapping[str, str]) -> bool:
    """Tell whether a row names a file and no event, as DESED does for clips without any."""
    return not any(fields[name] for name in (ONSET, OFFSET, LABEL))
