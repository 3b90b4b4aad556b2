"""Words of continuous speech: sentences with alignments, as a forced aligner writes them.

Conventions
-----------
An alignment is a TextGrid with a tier ``words``, named like its recording, in any folder; or one
table with a header: the file, the word, its start and its end in seconds. Common Voice is a folder
``clips/`` with tables of ``client_id``, ``path`` and ``sentence``; a sentence of one word needs no
alignment.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.errors import DataError, LabelError, MissingExtraError
from awb_datasets.kws.takes import Collection, Take, word_of
from awb_datasets.kws.words import Part
from awb_datasets.kws_librispeech.alignments import SUFFIX, Word, read_alignment

CLIPS, ALIGNMENTS, VALIDATED = "clips", "alignments", "validated"
PARTS: Mapping[str, Part] = {"train": "train", "dev": "validation", "test": "test"}
SHORTEST_S = 0.1
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "filename", "path", "clip", "utterance"),
    "word": ("word", "label", "text"),
    "start": ("start", "onset", "begin", "start_s", "onset_s"),
    "end": ("end", "offset", "stop", "end_s", "offset_s"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """A recording: who speaks, and what is said, where that is written."""

    path: Path
    speaker: str
    text: str = ""


class Alignments:
    """The words of recordings, from TextGrids or from one table."""

    def __init__(self, place: Path) -> None:
        self._table = _read_table(place) if place.is_file() else None
        self._grids: dict[str, Path] = {}
        if self._table is None:
            if not place.is_dir():
                raise DataError(f"alignments {place}: there is no such folder or table")
            self._grids = {path.stem: path for path in sorted(place.rglob(f"*{SUFFIX}"))}

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._grids or self._table)

    def words(self, stem: str) -> tuple[Word, ...] | None:
        """Return the words of a recording; None if it is not aligned."""
        if self._table is not None:
            return self._table.get(stem)
        path = self._grids.get(stem)
        if path is None:
            return None
        try:
            return read_alignment(path).words
        except ImportError as error:
            raise MissingExtraError(
                "TextGrids need praatio. Type: python -m pip install"
                ' "audio-where-benchmark[textgrid]"'
            ) from error


def is_common_voice(folder: Path) -> bool:
    """Tell whether a folder has clips and tables of sentences."""
    return (folder / CLIPS).is_dir() and bool(_tables(folder))


def common_voice(folder: Path, alignments: Path | None) -> Collection:
    """Read Common Voice: its own parts if all three are there, else the validated sentences."""
    tables = _tables(folder)
    parts: dict[str, Part] = {}
    sentences: list[Sentence] = []
    for name in tables:
        for one in _sentences(folder, name):
            if parts.setdefault(one.speaker, PARTS.get(name, "train")) != PARTS.get(name, "train"):
                raise DataError(f"{folder}: speaker {one.speaker[:8]} is in several parts")
            sentences.append(one)
    place = alignments or folder / ALIGNMENTS
    found = Alignments(place) if alignments or place.exists() else None
    known = parts if len(tables) > 1 else {}
    told = f"Common Voice ({', '.join(f'{name}.tsv' for name in tables)})"
    return _collection(sentences, found, known, told)


def text_grids(folder: Path, files: Sequence[Path], alignments: Path | None) -> Collection:
    """Read any corpus with alignments; the speaker is the folder, or the beginning of the name."""
    base = Path(os.path.commonpath([path.parent for path in files]))
    sentences = [Sentence(path, _speaker(path, base)) for path in files]
    found = Alignments(alignments or folder)
    return _collection(sentences, found, {}, "words cut out of aligned speech")


def _speaker(path: Path, base: Path) -> str:
    inside = path.relative_to(base).parts
    if len(inside) > 1:
        return inside[0]
    match = re.match(r"(.+?)[-_]", path.stem)
    if match is None:
        raise LabelError(
            f"{path}: who speaks? Expected a folder per speaker, or names such as SPEAKER-1.wav"
        )
    return match[1]


def _collection(
    sentences: Sequence[Sentence],
    alignments: Alignments | None,
    parts: Mapping[str, Part],
    layout: str,
) -> Collection:
    """Make takes of all words, and count the sentences that have no times."""
    takes = []
    unknown = absent = 0
    for one in sentences:
        spoken = None if alignments is None else alignments.words(one.path.stem)
        alone = word_of(one.text)
        if not one.path.is_file():
            absent += 1
        elif spoken is not None:
            takes += [
                Take(word_of(said.text), one.speaker, one.path, number, said.onset_s, said.offset_s)
                for number, said in enumerate(spoken)
                if said.offset_s - said.onset_s >= SHORTEST_S and word_of(said.text)
            ]
        elif alone and not alone.split()[1:]:
            takes.append(Take(alone, one.speaker, one.path))
        else:
            unknown += 1
    counted = ((unknown, "not aligned"), (absent, "audio missing"))
    return Collection(
        takes,
        parts,
        layout,
        left_out=[f"{count} sentences {why}" for count, why in counted if count],
    )


def _tables(folder: Path) -> list[str]:
    """Choose the tables of sentences to read."""
    if all((folder / f"{name}.tsv").is_file() for name in PARTS):
        return list(PARTS)
    return [VALIDATED] if (folder / f"{VALIDATED}.tsv").is_file() else []


def _sentences(folder: Path, name: str) -> list[Sentence]:
    table = folder / f"{name}.tsv"
    rows = _rows(table, quoted=False)
    for column in ("client_id", "path", "sentence"):
        if rows and column not in rows[0]:
            raise LabelError(f"{table} has no column {column}; it has: {', '.join(rows[0])}")
    return [
        Sentence(folder / CLIPS / row["path"], row["client_id"], row["sentence"]) for row in rows
    ]


def _rows(table: Path, *, quoted: bool = True) -> list[dict[str, str]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            mark = "," if table.suffix.lower() == ".csv" else "\t"
            reader = (
                csv.DictReader(stream, delimiter=mark)
                if quoted
                else csv.DictReader(stream, delimiter=mark, quoting=csv.QUOTE_NONE)
            )
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read: {error}") from error
    return [{key: value or "" for key, value in row.items() if key} for row in rows]


def _read_table(table: Path) -> dict[str, tuple[Word, ...]]:
    """Read a table of words and their times."""
    rows = _rows(table)
    if not rows:
        raise LabelError(f"{table} names no word")
    header = {name.strip().casefold(): name for name in rows[0]}
    names = {}
    for wanted, known in _COLUMNS.items():
        found = next((header[one] for one in known if one in header), None)
        if found is None:
            raise LabelError(
                f"{table} has no column {wanted}; it has: {', '.join(rows[0])}. Known names are"
                f" {', '.join(known)}"
            )
        names[wanted] = found
    words: dict[str, list[Word]] = {}
    for number, row in enumerate(rows, 2):
        try:
            start_s, end_s = float(row[names["start"]]), float(row[names["end"]])
        except ValueError:
            raise LabelError(f"{table} line {number}: a time is not a number") from None
        word = Word(start_s, end_s, row[names["word"]])
        words.setdefault(Path(row[names["file"]]).stem, []).append(word)
    return {stem: tuple(spoken) for stem, spoken in words.items()}
