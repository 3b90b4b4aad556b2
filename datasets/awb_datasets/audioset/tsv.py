"""Reading a tab-separated table column by column, with the line number of every row.

Lines that have not as many fields as the header are handed back with their numbers; blank lines
are skipped. Nothing is quoted in AudioSet's tables: a quotation mark is a character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from awb.errors import DataError, LabelError
from awb.intervals import IntArray


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one line.

    Attributes
    ----------
    line : int
        Its number in the file, from 1.
    message : str
        What was found and what is expected.
    """

    line: int
    message: str


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A table as text.

    Attributes
    ----------
    text : pyarrow.Table
        The wanted columns, spaces around the values removed.
    lines : np.ndarray, shape=(rows,)
        Line number of each row.
    faults : tuple of Fault
        Lines that could not be split.
    """

    text: Any
    lines: IntArray
    faults: tuple[Fault, ...]


def read_columns(path: Path, wanted: Sequence[str]) -> Columns:
    """Read some columns of a table."""
    header = _check_header(path, wanted)
    faults: list[Fault] = []

    def keep_fault(row: Any) -> str:
        message = f"has {row.actual_columns} fields for {row.expected_columns} columns"
        faults.append(Fault(int(row.number), message))
        return "skip"

    try:
        table = csv.read_csv(
            path,
            read_options=csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
            parse_options=csv.ParseOptions(
                delimiter="\t",
                quote_char=False,
                ignore_empty_lines=False,
                invalid_row_handler=keep_fault,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                include_columns=list(wanted),
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} cannot be read as a table: {error}") from error
    return _without_blank_lines(table, faults)


def _check_header(path: Path, wanted: Sequence[str]) -> list[str]:
    """Return the header, or say which column it lacks."""
    try:
        with path.open(encoding="utf-8-sig", newline="\n") as file:
            line = file.readline()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text (byte {error.start})") from error
    header = [name.strip() for name in line.split("\t")]
    expected = f"Expected, tab-separated: {' '.join(wanted)}"
    missing = [name for name in wanted if name not in header]
    if missing:
        comma = "\t" not in line and any(mark in line for mark in ",;")
        hint = " (it seems to be comma-separated)" if comma else ""
        found = ", ".join(header) if line.strip() else "nothing, the file is empty"
        raise LabelError(
            f"{path} has no column {', '.join(missing)}; its header is: {found}{hint}. {expected}"
        )
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise LabelError(f"{path} has several columns called {', '.join(twice)}. {expected}")
    return header


def _without_blank_lines(table: Any, faults: list[Fault]) -> Columns:
    """Number the rows, trim their values, and drop those without any."""
    numbers = np.arange(2, 2 + table.num_rows + len(faults), dtype=np.int64)
    lines = np.setdiff1d(numbers, np.array([fault.line for fault in faults], dtype=np.int64))
    trimmed = pa.table(
        {name: pc.utf8_trim_whitespace(table[name].combine_chunks()) for name in table.column_names}
    )
    filled = np.zeros(table.num_rows, dtype=bool)
    for name in trimmed.column_names:
        filled |= pc.not_equal(trimmed[name], "").to_numpy()
    return Columns(trimmed.filter(pa.array(filled)), lines[filled], tuple(faults))
