"""Reading a file of labels of whatever format and encoding."""

from __future__ import annotations

import codecs
from dataclasses import replace
from pathlib import Path

from awb.data.annotations.formats import FORMATS
from awb.data.annotations.rows import Choices, Format, LabelFile, Source
from awb.errors import DataError, LabelError

EXPECTED = (
    "expected filename, onset, offset and event_label in a header, or a file of Raven, Audacity,"
    " Praat, JAMS, DCASE, AudioSet, FSD50K, BirdNET, Perch, WebVTT or RTTM"
)
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
OLD = "windows-1252"


def decode(content: bytes) -> tuple[str, str]:
    """Decode a text file: UTF-8, UTF-16 with or without a mark, or what Windows used to write.

    Parameters
    ----------
    content : bytes
        The file.

    Returns
    -------
    text, encoding : str
        The text with plain line ends, and its encoding.
    """
    marked = next((name for mark, name in _MARKS.items() if content.startswith(mark)), None)
    sample = content[:200]
    if marked is None and sample.count(0) > len(sample) // 4:
        marked = "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    for encoding in (marked, "utf-8") if marked else ("utf-8",):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n"), encoding
    text = content.decode(OLD, errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n"), OLD


def open_source(path: Path, choices: Choices) -> tuple[Source, str]:
    """Open a file of labels.

    Parameters
    ----------
    path : Path
        The file.
    choices : Choices
        What the user says about it.

    Returns
    -------
    source : Source
        Its text.
    encoding : str
        How it was encoded.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        text, encoding = decode(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"{path} does not exist") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return Source(path, text, choices), encoding


def find_format(source: Source) -> Format | None:
    """Tell the format of a file by its content.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    Format or None
        The first that fits; None if none does.
    """
    return next((one for one in FORMATS if one.fits(source)), None)


def read_labels(path: Path, choices: Choices | None = None) -> LabelFile:
    """Read a file of labels; its format is told by its content.

    Parameters
    ----------
    path : Path
        The file.
    choices : Choices, optional
        What the user says about it: columns, a label, a tier.

    Returns
    -------
    LabelFile
        What it says, and what in it was not understood.

    Raises
    ------
    DataError
        If it cannot be opened.
    LabelError
        If it is of no known format, or damaged as a whole.
    MissingExtraError
        If a library that reads the format is not installed.
    """
    source, encoding = open_source(path, choices or Choices())
    if not source.lines:
        raise LabelError(f"{path}: the file is empty; {EXPECTED}")
    if "\0" in source.text:
        raise LabelError(f"{path} is not text; save it as text")
    try:
        form = find_format(source)
        if form is None:
            first = source.lines[0][1].strip()
            shown = first if len(first) <= 80 else f"{first[:80]}..."
            raise LabelError(
                f"not a format that awb knows; it begins: {shown!r}. For a table, name its columns:"
                f" columns=onset:COLUMN+offset:COLUMN+label:COLUMN. Otherwise {EXPECTED}"
            )
        found = form.read(source)
    except LabelError as error:
        raise LabelError(f"{path}: {error}") from error
    if encoding != OLD:
        return found
    return replace(found, notes=(*found.notes, f"{path.name} is not UTF-8, read as {OLD}"))
