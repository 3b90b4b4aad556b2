"""The formats that are read, in the order in which they are tried. A new one is added here."""

from __future__ import annotations

from awb.data.annotations.cues import CUES, RTTM
from awb.data.annotations.jams_files import JAMS
from awb.data.annotations.lists import AUDACITY, LIST, SEGMENTS
from awb.data.annotations.rows import Format
from awb.data.annotations.tables import TABLE
from awb.data.annotations.textgrids import TEXTGRID

FORMATS: tuple[Format, ...] = (JAMS, TEXTGRID, CUES, RTTM, SEGMENTS, TABLE, AUDACITY, LIST)

SUFFIXES = (
    ".txt", ".tsv", ".csv", ".textgrid", ".jams", ".json", ".rttm", ".vtt", ".srt", ".lab",
)  # fmt: skip
"""Suffixes of files that may be labels; what they are is told by their content."""
