"""The header of a table: where it is, what separates its columns, and which column is which.

Conventions
-----------
Columns are told by their names (`columns`) and separated by tabs, semicolons or commas, whichever
gives the most known columns. A table has times and a label (events), or a file and labels (clips).
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from awb.data.annotations.columns import (
    DURATION,
    FILENAME,
    LABEL,
    LABELS,
    MID,
    MIDS,
    OFFSET,
    ONSET,
    find_columns,
    folded,
)
from awb.data.annotations.rows import Source, is_number
from awb.errors import LabelError

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas"}
PERCH = "Perch"
_PEEK = 20
_VIEWS = ("view", "channel", "selection")
_PREDICTORS = {"BirdNET": ("confidence", "commonname"), PERCH: ("logit", "label")}


@dataclass(frozen=True, slots=True)
class Table:
    """The header of a table, understood.

    Attributes
    ----------
    header : tuple of str
        Names of the columns.
    separator : str
        Between columns.
    columns : mapping of str to int
        Positions by meaning.
    first : int
        Number of lines up to the header and with it.
    """

    header: tuple[str, ...]
    separator: str
    columns: Mapping[str, int]
    first: int

    @property
    def keys(self) -> list[str]:
        """Names of the columns without case, unit and punctuation."""
        return [folded(name) for name in self.header]

    @property
    def has_times(self) -> bool:
        """Whether its rows are events."""
        of_source = "slicefilename" in self.keys  # UrbanSound8K: times in the source recording
        return ONSET in self.columns and not of_source

    @property
    def predictor(self) -> str:
        """The detector whose results these are; empty if they are annotations."""
        found = (one for one, keys in _PREDICTORS.items() if all(key in self.keys for key in keys))
        return next(found, "")


def split(line: str, separator: str) -> list[str]:
    """Split a row; spreadsheets put quotes around a label.

    Parameters
    ----------
    line : str
        The row.
    separator : str
        Between columns.

    Returns
    -------
    list of str
        Fields without surrounding spaces.

    Raises
    ------
    LabelError
        If a quotation mark is not closed.
    """
    try:
        (values,) = csv.reader([line], delimiter=separator, strict=True)
    except csv.Error as error:
        raise LabelError(f"cannot be split into columns: {error}") from error
    return [value.strip() for value in values]


def find_table(source: Source) -> Table | None:
    """Find the header of a table.

    Parameters
    ----------
    source : Source
        Any file of labels.

    Returns
    -------
    Table or None
        None if no line before the first row of data is a header.

    Raises
    ------
    LabelError
        If a column that the user named is not there, or one is there twice.
    """
    best: Table | None = None
    wrong: LabelError | None = None
    for position, (_, line) in enumerate(source.lines[:_PEEK]):
        is_comment = line.lstrip().startswith("#")
        text = line.lstrip().removeprefix("#") if is_comment else line
        for separator in SEPARATORS:
            try:
                header = tuple(split(text, separator))
                if len(header) < 2 or any(is_number(cell) for cell in header):
                    continue
                columns = find_columns(header, source.choices.columns)
            except LabelError as error:
                wrong = error
                continue
            if best is None or len(columns) > len(best.columns):
                best = Table(header, separator, columns, position + 1)
        if not is_comment:
            break
    if best is None and wrong is not None:
        raise wrong
    return best


def is_table(source: Source) -> bool:
    """Tell whether a file has a header with times, labels or files."""
    if source.choices.columns:
        return True
    table = find_table(source)
    known = set(table.columns) if table else set()
    labelled = bool(known & {LABEL, LABELS, MID, MIDS})
    return (ONSET in known and bool(known & {OFFSET, DURATION, LABEL})) or (
        FILENAME in known and labelled
    )


def with_labels(table: Table, source: Source, lines: Sequence[str]) -> Table:
    """Find the column of labels where its name is not known: the only column of words left.

    Parameters
    ----------
    table : Table
        The header.
    source : Source
        The file.
    lines : sequence of str
        Its rows.

    Returns
    -------
    Table
        The header with what is enough to read rows.

    Raises
    ------
    LabelError
        If a column is missing that cannot be guessed.
    """
    known, columns = set(table.columns), dict(table.columns)
    named = ", ".join(table.header)
    if not table.has_times and FILENAME not in known:
        raise LabelError(
            f"has neither times nor files; its header is: {named}. Name them:"
            " columns=onset:COLUMN+offset:COLUMN"
        )
    if table.has_times and not known & {OFFSET, DURATION} and table.predictor != PERCH:
        raise LabelError(
            f"has no end of events; its header is: {named}. Type columns=offset:COLUMN"
        )
    if (
        known & {LABEL, MID}
        or source.choices.label
        or (not table.has_times and known & {LABELS, MIDS})
    ):
        return table
    if table.has_times and LABELS in known:
        columns[LABEL] = columns[LABELS]
        return replace(table, columns=columns)
    sample = [padded(line, table) for line in lines[:50]]
    words = [
        place
        for place, key in enumerate(table.keys)
        if place not in columns.values()
        and key not in _VIEWS
        and not key.endswith(("file", "path"))
        if any(row[place] for row in sample) and not any(is_number(row[place]) for row in sample)
    ]
    if len(words) != 1:
        raise LabelError(
            f"has no column of labels; its header is: {named}. Type columns=label:COLUMN, or"
            " label=CLASS if all its rows are of one class"
        )
    columns[LABEL] = words[0]
    return replace(table, columns=columns)


def padded(line: str, table: Table) -> list[str]:
    """Split a row for a look, with empty fields at its end where a spreadsheet dropped them.

    Parameters
    ----------
    line : str
        The row.
    table : Table
        Its header.

    Returns
    -------
    list of str
        At least as many fields as columns, all empty if the row cannot be split.
    """
    try:
        cells = split(line, table.separator)
    except LabelError:
        cells = []
    return [*cells, *[""] * (len(table.header) - len(cells))]
