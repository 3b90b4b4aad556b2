"""TextGrids of a forced aligner: which word is spoken when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from awb.errors import DataError, LabelError, one_line

WORDS_TIER = "words"
SUFFIX = ".TextGrid"


@dataclass(frozen=True, slots=True)
class Word:
    """A spoken word.

    Attributes
    ----------
    onset_s, offset_s : float
        Seconds from the start of the utterance.
    text : str
        The word in small letters.
    """

    onset_s: float
    offset_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Alignment:
    """What an aligner found in one utterance.

    Attributes
    ----------
    words : tuple of Word
        In order of time; silences are left out.
    duration_s : float
        Length of the utterance in seconds.
    """

    words: tuple[Word, ...]
    duration_s: float


def find_alignments(folder: Path) -> dict[str, Path]:
    """Find the TextGrids of a folder."""
    if not folder.is_dir():
        raise DataError(f"alignments {folder}: there is no such folder")
    found = {path.stem: path for path in sorted(folder.rglob(f"*{SUFFIX}"))}
    if not found:
        raise DataError(f"alignments {folder} contains no *{SUFFIX}")
    return found


def read_alignment(path: Path) -> Alignment:
    """Read one TextGrid, in the long or the short text format."""
    from praatio import textgrid
    from praatio.utilities.errors import PraatioException

    try:
        grid = textgrid.openTextgrid(str(path), False, reportingMode="error")
    except (PraatioException, LookupError, ValueError, OSError) as error:
        reason = one_line(error) or type(error).__name__
        raise LabelError(f"{path} cannot be read as a TextGrid: {reason}") from error
    tiers = [name for name in grid.tierNames if name.casefold() == WORDS_TIER]
    if not tiers:
        known = ", ".join(grid.tierNames) or "none"
        raise LabelError(f"{path} has no tier {WORDS_TIER!r}; its tiers are: {known}")
    words = tuple(
        Word(float(start_s), float(end_s), label.strip().casefold())
        for start_s, end_s, label in grid.getTier(tiers[0]).entries
        if label.strip()
    )
    return Alignment(words, float(grid.maxTimestamp))
