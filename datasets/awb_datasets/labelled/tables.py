"""The metadata of a collection: a comma-separated table with a header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import DataError, LabelError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table.

    Attributes
    ----------
    table : Path
        The file.
    line : int
        Number of the line, the header being 1.
    fields : dict of str to str
        Values by column.
    """

    table: Path
    line: int
    fields: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a value."""
        return self.fields[column]

    def number(self, column: str, allowed: range) -> int:
        """Return a whole number."""
        text = self.fields[column]
        if not (text.isdecimal() and int(text) in allowed):
            raise self.fault(f"unknown {column} {text!r}: allowed {allowed[0]} to {allowed[-1]}")
        return int(text)

    def fault(self, problem: str) -> LabelError:
        """Make an error that says where it is."""
        return LabelError(f"{self.table} line {self.line}: {problem}")


def require_folder(root: Path, inside: str, reference: str, layout: str) -> Path:
    """Return the folder of a collection, or say what is missing."""
    folder = root.expanduser()
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {problem}; type {reference} with its folder: {layout}")
    if not any(folder.glob(inside)):
        below = sorted(path for path in folder.glob(f"*/{inside}"))
        depth = len(Path(inside).parts)
        hint = f" (did you mean {below[0].parents[depth - 1]}?)" if below else ""
        raise DataError(f"{folder} has no {inside}{hint}; {layout}")
    return folder


def read_rows(table: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(_rows(table, csv.DictReader(stream), columns))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read: {error}") from error
    if not rows:
        raise LabelError(f"{table} names no recording")
    return rows


def _rows(table: Path, reader: csv.DictReader[str], columns: Sequence[str]) -> Iterator[Row]:
    header = [name.strip() for name in reader.fieldnames or []]
    missing = [name for name in columns if name not in header]
    if missing:
        found = ", ".join(header) or "nothing"
        raise LabelError(f"{table} has no column {', '.join(missing)}; its header is: {found}")
    for fields in reader:
        row = Row(table, reader.line_num, {name: (fields[name] or "").strip() for name in columns})
        empty = [name for name in columns if not row[name]]
        if empty:
            raise row.fault(f"{empty[0]} is empty")
        yield row
