"""Reading the strong labels: one annotated event a row.

Conventions
-----------
The table has the header ``segment_id start_time_seconds end_time_seconds label``. A segment id is
``<YouTube id>_<start of the clip in milliseconds>`` and a label is a machine id (MID). Times are
seconds from the start of the clip; they are held in whole microseconds, so that unions are exact.

A malformed row costs itself and what it makes doubtful, not the rest: it is told as a fault, and
where its clip and label can be read it is kept as malformed, so that no instance passes for
complete without it.

References
----------
Hershey, S., Ellis, D. P. W., et al. (2021). The benefit of temporally-strong labels in audio event
classification. ICASSP. doi:10.1109/ICASSP39728.2021.9414579
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from awb.intervals import IntArray
from awb.types import BoolArray
from awb_datasets.audioset.tsv import Fault, read_columns

SEGMENT, ONSET, OFFSET, LABEL = COLUMNS = (
    "segment_id",
    "start_time_seconds",
    "end_time_seconds",
    "label",
)

MICROSECONDS = 1_000_000

_NUMBER = r"^-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_SEGMENT_ID = re.compile(r"(?P<video>.+)_(?P<start_ms>\d+)\Z")


@dataclass(frozen=True, slots=True)
class Segment:
    """One annotated clip of a video.

    Attributes
    ----------
    id : str
        ``<YouTube id>_<start in ms>``.
    video : str
        The YouTube id.
    start_ms : int
        Where the clip starts in the video, in milliseconds.
    """

    id: str
    video: str
    start_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class StrongLabels:
    """All rows whose clip and label can be read.

    Attributes
    ----------
    segments : tuple of Segment
        Clips, in order of their ids.
    mids : tuple of str
        Labels, in order.
    segment, label : np.ndarray, shape=(rows,)
        Index into `segments` and `mids`.
    onset_us, offset_us : np.ndarray, shape=(rows,)
        Times in microseconds; 0 where malformed.
    malformed : np.ndarray, shape=(rows,), dtype=bool
        True where the times are unusable.
    faults : tuple of Fault
        One a bad row, in the order of the file; some of these rows are not in the arrays.
    n_rows : int
        All rows of the file, bad ones included.
    """

    segments: tuple[Segment, ...]
    mids: tuple[str, ...]
    segment: IntArray
    label: IntArray
    onset_us: IntArray
    offset_us: IntArray
    malformed: BoolArray
    faults: tuple[Fault, ...]
    n_rows: int


def parse_segment_id(text: str) -> Segment | None:
    """Split a segment id; None if it has no start.

    Examples
    --------
    >>> parse_segment_id("s9d-2nhuJCQ_30000")
    Segment(id='s9d-2nhuJCQ_30000', video='s9d-2nhuJCQ', start_ms=30000)
    >>> parse_segment_id("s9d-2nhuJCQ") is None
    True
    """
    found = _SEGMENT_ID.match(text)
    return None if found is None else Segment(text, found["video"], int(found["start_ms"]))


def read_labels(path: Path) -> StrongLabels:
    """Read and check a table of strong labels."""
    columns = read_columns(path, COLUMNS)
    table, lines = columns.text, columns.lines
    faults = list(columns.faults)
    segments, segment, bad_segment = _segments(table[SEGMENT], lines, faults)
    label, mids = _codes(table[LABEL])
    bad_label = pc.equal(table[LABEL], "").to_numpy()
    faults += [Fault(int(line), "the label is empty") for line in lines[bad_label & ~bad_segment]]
    onset_us, offset_us, bad_times = _times(table, lines, faults, ~bad_segment & ~bad_label)
    usable = ~bad_segment & ~bad_label
    return StrongLabels(
        segments,
        mids,
        segment[usable],
        label[usable],
        onset_us[usable],
        offset_us[usable],
        bad_times[usable],
        tuple(sorted(faults, key=lambda fault: fault.line)),
        len(lines) + len(columns.faults),
    )


def _codes(column: Any) -> tuple[IntArray, tuple[str, ...]]:
    """Number the distinct values of a column in their own order."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    values = encoded.dictionary.to_pylist()
    order = sorted(range(len(values)), key=values.__getitem__)
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[encoded.indices.to_numpy()], tuple(values[position] for position in order)


def _segments(
    column: Any, lines: IntArray, faults: list[Fault]
) -> tuple[tuple[Segment, ...], IntArray, BoolArray]:
    """Split the distinct segment ids, and mark the rows whose id has no start."""
    codes, ids = _codes(column)
    parsed = [parse_segment_id(text) for text in ids]
    bad_id = np.array([segment is None for segment in parsed], dtype=bool)
    bad = bad_id[codes]
    faults += [
        Fault(
            int(lines[row]),
            f"{SEGMENT} {ids[codes[row]]!r} has no start: expected <YouTube id>_<milliseconds>",
        )
        for row in np.flatnonzero(bad)
    ]
    kept = np.cumsum(~bad_id) - 1
    return tuple(segment for segment in parsed if segment is not None), kept[codes], bad


def _microseconds(column: Any, numeric: BoolArray) -> IntArray:
    seconds = np.zeros(len(numeric), dtype=np.float64)
    seconds[numeric] = pc.cast(column.filter(pa.array(numeric)), pa.float64()).to_numpy()
    microseconds: IntArray = np.rint(seconds.clip(-1e9, 1e9) * MICROSECONDS).astype(np.int64)
    return microseconds


def _times(
    table: Any, lines: IntArray, faults: list[Fault], checked: BoolArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """Read both times, and tell what is wrong with the rows that are to be checked."""
    numeric = {
        name: pc.match_substring_regex(table[name], _NUMBER).to_numpy() for name in (ONSET, OFFSET)
    }
    onset_us, offset_us = (_microseconds(table[name], numeric[name]) for name in (ONSET, OFFSET))
    bad = np.zeros(len(lines), dtype=bool)
    for name in (ONSET, OFFSET):
        for row in np.flatnonzero(checked & ~bad & ~numeric[name]):
            text = table[name][int(row)].as_py()
            hint = " (write decimals with a point)" if "," in text else ""
            faults.append(Fault(int(lines[row]), f"{name} {text!r} is not a number{hint}"))
        bad |= ~numeric[name]
    for row in np.flatnonzero(checked & ~bad & ((onset_us < 0) | (offset_us < onset_us))):
        onset_s, offset_s = onset_us[row] / MICROSECONDS, offset_us[row] / MICROSECONDS
        told = (
            f"onset {onset_s:g} s lies before the start of the clip"
            if onset_s < 0
            else f"offset {offset_s:g} s lies before onset {onset_s:g} s (are they swapped?)"
        )
        faults.append(Fault(int(lines[row]), told))
        bad[row] = True
    onset_us[bad] = offset_us[bad] = 0
    return onset_us, offset_us, bad
