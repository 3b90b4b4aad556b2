"""Tables with a header: DCASE, DESED, FSD50K, AudioSet, Raven, BirdNET, Perch, and anybody's CSV.

Conventions
-----------
Columns are told by their names (`columns`) and separated by tabs, semicolons or commas, whichever
gives the most known columns. A table has times and a label (events), or a file and labels (clips).

References
----------
Mesaros, A., Heittola, T., & Virtanen, T. (2016). Metrics for polyphonic sound event detection.
Applied Sciences 6(6), 162. doi:10.3390/app6060162
Turpault, N., Serizel, R., Shah, A. P., & Salamon, J. (2019). Sound event detection in domestic
environments with weakly labeled data and soundscape synthesis. DCASE Workshop. (DESED.)
Fonseca, E., Favory, X., Pons, J., Font, F., & Serra, X. (2022). FSD50K: an open dataset of
human-labeled sound events. IEEE/ACM TASLP 30. doi:10.1109/TASLP.2021.3133208
K. Lisa Yang Center for Conservation Bioacoustics (2024). Raven Pro: interactive sound analysis
software. Chapter 6: measurements and annotations.
Kahl, S., Wood, C. M., Eibl, M., & Klinck, H. (2021). BirdNET: a deep learning solution for avian
diversity monitoring. Ecological Informatics 61. doi:10.1016/j.ecoinf.2021.101236
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from awb.data.annotations.columns import (
    DURATION,
    FILE_OFFSET,
    FILENAME,
    HIGH_HZ,
    LABEL,
    LABELS,
    LOW_HZ,
    MID,
    MIDS,
    OFFSET,
    ONSET,
    scale_of,
)
from awb.data.annotations.headers import (
    PERCH,
    Table,
    find_table,
    is_table,
    padded,
    split,
    with_labels,
)
from awb.data.annotations.rows import (
    UNREADABLE,
    Fault,
    Format,
    LabelFile,
    LabelRow,
    Source,
    band_of,
    number,
)
from awb.errors import LabelError

PERCH_WINDOW_S = 5.0
"""Length of the windows that Perch classifies; its tables give only their starts."""


def read_table(source: Source) -> LabelFile:
    """Read a table with a header.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    LabelFile
        Its events or clip-level labels.

    Raises
    ------
    LabelError
        If it has no column of labels, or no times and no files.
    """
    table = find_table(source)
    if table is None:
        raise LabelError("has no header with several columns")
    lines = source.lines[table.first :]
    table = with_labels(table, source, [line for _, line in lines])
    many = _label_separator([line for _, line in lines]) if LABELS in table.columns else ","
    rows: list[LabelRow] = []
    faults: list[Fault] = []
    for line_number, line in lines:
        where = f"line {line_number}"
        try:
            fields = _fields(line, table)
            row = _event(where, fields, table, source) if table.has_times else None
            row = row or (None if table.has_times else _clip(where, fields, many))
        except LabelError as error:
            faults.append(Fault(where, UNREADABLE, str(error)))
            continue
        rows += [row] if row else []
    rows, notes = _one_view(rows, lines, table), list[str]()
    if table.predictor:
        notes.append(f"labels are results of {table.predictor}, not annotations by people")
    return LabelFile(source.path, _name(table), tuple(rows), tuple(faults), tuple(notes))


def _name(table: Table) -> str:
    if table.predictor:
        return table.predictor
    if all(key in table.keys for key in ("selection", "begintime")):
        return "Raven"
    return "table"


def _fields(line: str, table: Table) -> dict[str, str]:
    """Read the known fields of a row."""
    values = split(line, table.separator)
    if len(values) > len(table.header):
        raise LabelError(f"has {len(values)} fields for {len(table.header)} columns")
    values += [""] * (len(table.header) - len(values))
    return {meaning: values[place] for meaning, place in table.columns.items()}


def _number(fields: Mapping[str, str], meaning: str, table: Table) -> float | None:
    """Read a number in seconds or Hz; None where a cell is empty."""
    text = fields.get(meaning, "")
    if not text or (meaning in (LOW_HZ, HIGH_HZ) and text.casefold() in ("nan", "na", "none")):
        return None
    name = table.header[table.columns[meaning]]
    try:
        return number(text, comma=table.separator != ",") * scale_of(name)
    except LabelError as error:
        raise LabelError(f"{name} {error}") from None


def _event(where: str, fields: Mapping[str, str], table: Table, source: Source) -> LabelRow | None:
    """Read an event; None for a file without any, as DESED writes it."""
    onset_s, offset_s = _number(fields, ONSET, table), _number(fields, OFFSET, table)
    label = fields.get(LABEL) or fields.get(MID) or ""
    filename = fields.get(FILENAME, "")
    if filename and onset_s is None and offset_s is None and not label:
        return LabelRow(where, (), filename)
    if onset_s is None:
        raise LabelError(f"{table.header[table.columns[ONSET]]} is empty")
    if offset_s is None:
        duration_s = _number(fields, DURATION, table)
        if table.predictor == PERCH and duration_s is None:
            duration_s = PERCH_WINDOW_S
        if duration_s is None:
            raise LabelError("the end of the event is empty")
        offset_s = onset_s + duration_s
    file_offset_s = _number(fields, FILE_OFFSET, table)
    if file_offset_s is not None:  # Raven: times count from the first of a sequence of files
        onset_s, offset_s = file_offset_s, file_offset_s + (offset_s - onset_s)
    band = band_of(_number(fields, LOW_HZ, table), _number(fields, HIGH_HZ, table))
    label = label or source.choices.label
    mid = fields.get(MID) or None
    return LabelRow(where, (label,), filename, onset_s, offset_s, mid, *band)


def _clip(where: str, fields: Mapping[str, str], many: str) -> LabelRow:
    """Read clip-level labels: several in one cell, or one."""
    filename = fields[FILENAME]
    if not filename:
        raise LabelError("the filename is empty")
    several = fields.get(LABELS, "") or fields.get(MIDS, "")
    labels = _several(several, many) if several else [fields.get(LABEL) or fields.get(MID, "")]
    known = tuple(dict.fromkeys(label for label in labels if label))
    if several and not all(labels):
        raise LabelError(f"labels {several!r} have an empty one")
    return LabelRow(where, known, filename)


def _label_separator(lines: Sequence[str]) -> str:
    """Tell what separates the labels of a cell; with | or ; they may contain commas."""
    return next((mark for mark in "|;" if any(mark in line for line in lines)), ",")


def _several(text: str, separator: str) -> list[str]:
    """Split the labels of a cell; one that contains the separator stands in quotes."""
    if text.count('"') % 2 or '"' not in text:
        return [label.strip() for label in text.split(separator)]
    parts = re.findall(
        rf'\s*(?:"([^"]*)"|([^{re.escape(separator)}]*))\s*(?:{re.escape(separator)}|$)', text
    )
    return [
        (quoted or bare).strip() for quoted, bare in parts[: -1 if parts[-1] == ("", "") else None]
    ]


def _one_view(
    rows: Sequence[LabelRow], lines: Sequence[tuple[int, str]], table: Table
) -> list[LabelRow]:
    """Keep one row per selection: Raven writes one for the waveform, one for the spectrogram."""
    if not all(key in table.keys for key in ("selection", "view")):
        return list(rows)
    place, view = table.keys.index("selection"), table.keys.index("view")
    channel = table.keys.index("channel") if "channel" in table.keys else None
    cells = {f"line {number}": padded(line, table) for number, line in lines}
    kept: dict[tuple[str, ...], LabelRow] = {}
    for row in rows:
        found = cells[row.where]
        key = (found[place], found[channel] if channel is not None else "", row.filename)
        if key not in kept or found[view].casefold().startswith("spectrogram"):
            kept[key] = row
    return list(kept.values())


TABLE = Format("table", is_table, read_table)
