"""What a file of labels says, before it is matched with audio.

Conventions
-----------
Times are seconds from the start of the audio file, frequencies are Hz. A row without times labels
the whole clip. What a reader cannot understand of a file becomes a `Fault`, not an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from awb.errors import LabelError

NO_LABEL = "event without a label"
NO_LENGTH = "event of zero length"
BACKWARDS = "event that ends before it begins"
OUTSIDE = "event outside the clip"
UNREADABLE = "row that cannot be read"
ABSENT = "audio missing"
AMBIGUOUS = "name that fits several files"
SHIFTED = "audio longer than its name says"

_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One label of a file.

    Attributes
    ----------
    where : str
        Its place in the file, such as ``line 3``.
    labels : tuple of str
        Classes: one for an event, any number for a clip.
    filename : str
        Audio file that it is about; empty if the file of labels is about one recording.
    onset_s, offset_s : float or None
        Start and end; None if it is about the whole clip.
    mid : str or None
        AudioSet machine id.
    low_hz, high_hz : float or None
        Lowest and highest frequency, None if unknown.
    """

    where: str
    labels: tuple[str, ...]
    filename: str = ""
    onset_s: float | None = None
    offset_s: float | None = None
    mid: str | None = None
    low_hz: float | None = None
    high_hz: float | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is left out.

    Attributes
    ----------
    where : str
        Its place in the file.
    reason : str
        One of the reasons of this module.
    detail : str
        What is wrong with it.
    filename : str
        Audio file that it is about, if known.
    label : str
        Its label, if known.
    """

    where: str
    reason: str
    detail: str = ""
    filename: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A file of labels as it was read.

    Attributes
    ----------
    path : Path
        The file.
    format : str
        Name of its format, as in the documentation.
    rows : tuple of LabelRow
        What it says.
    faults : tuple of Fault
        What could not be understood.
    notes : tuple of str
        What a reader of the results must know.
    """

    path: Path
    format: str
    rows: tuple[LabelRow, ...]
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user says about files of labels.

    Attributes
    ----------
    columns : mapping of str to str
        Column of a table by what it means: ``onset``, ``label`` and so on.
    label : str
        Class of rows that have none.
    tier : str
        Tier of TextGrids; empty for all.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file of labels.

    Attributes
    ----------
    path : Path
        The file.
    text : str
        Its text, without a byte-order mark and with plain line ends.
    choices : Choices
        What the user says about it.
    """

    path: Path
    text: str
    choices: Choices = field(default_factory=Choices)

    @property
    def lines(self) -> list[tuple[int, str]]:
        """The lines that are not blank, each with its number."""
        numbered = enumerate(self.text.split("\n"), 1)
        return [(number, line) for number, line in numbered if line.strip()]


@dataclass(frozen=True, slots=True)
class Format:
    """One format of labels: how to recognize it by its content, and how to read it.

    Attributes
    ----------
    name : str
        As people call it.
    fits : callable
        Tells whether a `Source` is of this format.
    read : callable
        Reads a `Source` as a `LabelFile`; raises a `LabelError` if it is damaged as a whole.
    """

    name: str
    fits: Callable[[Source], bool]
    read: Callable[[Source], LabelFile]


def number(text: str, *, comma: bool = True) -> float:
    """Read a number, with a decimal point or comma, or a time such as ``1:02.5``.

    Parameters
    ----------
    text : str
        What stands in the file.
    comma : bool
        Whether a comma may separate decimals.

    Returns
    -------
    float
        The number, or the time in seconds; finite.

    Raises
    ------
    LabelError
        If it is neither.

    Examples
    --------
    >>> number("0,5"), number("1:02:03.5")
    (0.5, 3723.5)
    """
    plain = text.strip().replace(",", ".") if comma else text.strip()
    clock = _CLOCK.fullmatch(plain)
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)
    try:
        value = float(plain)
    except ValueError:
        raise LabelError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise LabelError(f"{text!r} must be finite")
    return value


def is_number(text: str, *, comma: bool = True) -> bool:
    """Tell whether a text is a number or a time.

    Parameters
    ----------
    text : str
        What stands in the file.
    comma : bool
        Whether a comma may separate decimals.

    Returns
    -------
    bool
        Whether `number` can read it.
    """
    try:
        number(text, comma=comma)
    except LabelError:
        return False
    return True


def band_of(low_hz: float | None, high_hz: float | None) -> tuple[float | None, float | None]:
    """Return a pair of frequencies if it is a band; otherwise it is unknown.

    Editors write -1, or equal frequencies, for a label without any.

    Parameters
    ----------
    low_hz, high_hz : float or None
        As given.

    Returns
    -------
    tuple of (float or None, float or None)
        Both, or neither.
    """
    if low_hz is None or high_hz is None or low_hz < 0 or high_hz <= low_hz:
        return None, None
    return low_hz, high_hz
