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
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

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
    """The words of recordings, from TextGrids or from one table.

    An alignment belongs to the recording of the same path, or else to the one of the same name, if
    there is one alone.
    """

    def __init__(self, place: Path, root: Path, recordings: Sequence[Path]) -> None:
        found = _read_table(place) if place.is_file() else _find_grids(place)
        paths = {path: path.relative_to(root).with_suffix("").as_posix() for path in recordings}
        self._of: dict[Path, Path | tuple[Word, ...]] = {
            path: found.pop(name) for path, name in paths.items() if name in found
        }
        by_stem: dict[str, list[str]] = {}
        for name in found:
            by_stem.setdefault(PurePosixPath(name).name, []).append(name)
        rest = [path for path in recordings if path not in self._of and path.stem in by_stem]
        counts = Counter(path.stem for path in rest)
        for path in rest:
            names = by_stem[path.stem]
            if len(names) > 1 or counts[path.stem] > 1:
                told = f"{counts[path.stem]} recordings and {len(names)} alignments are called"
                raise DataError(
                    f"{place}: {told} {path.stem}. Put alignments into the recordings' folders"
                )
            self._of[path] = found[names[0]]

    def __bool__(self) -> bool:
        """Whether any recording is aligned."""
        return bool(self._of)

    def words(self, path: Path) -> tuple[Word, ...] | None:
        """Return the words of a recording; None if it is not aligned."""
        found = self._of.get(path)
        if not isinstance(found, Path):
            return found
        try:
            return read_alignment(found).words
        except ImportError as error:
            raise MissingExtraError(
                "TextGrids need praatio. Type: python -m pip install"
                ' "audio-where-benchmark[textgrid]"'
            ) from error


def _find_grids(place: Path) -> dict[str, Path | tuple[Word, ...]]:
    """List the TextGrids of a folder by their paths in it."""
    if not place.is_dir():
        raise DataError(f"alignments {place}: there is no such folder or table")
    return {
        path.relative_to(place).with_suffix("").as_posix(): path
        for path in sorted(place.rglob(f"*{SUFFIX}"))
    }


@dataclass(frozen=True, slots=True)
class Corpus:
    """Sentences, their words, and the parts that the publishers named."""

    sentences: Sequence[Sentence]
    alignments: Alignments | None
    parts: Mapping[str, Part]
    layout: str

    def takes(self) -> Collection:
        """Make takes of all words, and count the sentences that have no times."""
        takes = []
        unknown = absent = 0
        for one in self.sentences:
            spoken = self.words(one)
            if not one.path.is_file():
                absent += 1
            elif spoken is not None:
                takes += [
                    Take(word_of(said.text), one.speaker, one.path, place, *said.span_s)
                    for place, said in enumerate(spoken)
                    if said.offset_s - said.onset_s >= SHORTEST_S and word_of(said.text)
                ]
            elif len(word_of(one.text).split()) == 1:
                takes.append(Take(word_of(one.text), one.speaker, one.path))
            else:
                unknown += 1
        counted = ((unknown, "not aligned"), (absent, "audio missing"))
        left_out = [f"{count} sentences {why}" for count, why in counted if count]
        return Collection(takes, self.parts, self.layout, left_out=left_out)

    def words(self, sentence: Sentence) -> tuple[Word, ...] | None:
        """Return the words of a sentence with their times; None if it is not aligned."""
        return None if self.alignments is None else self.alignments.words(sentence.path)


def is_common_voice(folder: Path) -> bool:
    """Tell whether a folder has clips and tables of sentences."""
    return (folder / CLIPS).is_dir() and bool(_tables(folder))


def common_voice(folder: Path, alignments: Path | None) -> Corpus:
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
    clips = [one.path for one in sentences]
    found = Alignments(place, folder / CLIPS, clips) if alignments or place.exists() else None
    told = f"Common Voice ({', '.join(f'{name}.tsv' for name in tables)})"
    return Corpus(sentences, found, parts if len(tables) > 1 else {}, told)


def aligned_speech(folder: Path, files: Sequence[Path], alignments: Path | None) -> Corpus:
    """Read any corpus with alignments; the speaker is the folder, or the beginning of the name."""
    base = Path(os.path.commonpath([path.parent for path in files]))
    sentences = [Sentence(path, _speaker(path, base)) for path in files]
    return Corpus(sentences, Alignments(alignments or folder, folder, files), {}, "aligned speech")


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


def _read_table(table: Path) -> dict[str, Path | tuple[Word, ...]]:
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
        file = PurePosixPath(row[names["file"]].strip().replace("\\", "/"))
        words.setdefault(file.with_suffix("").as_posix(), []).append(word)
    return {stem: tuple(spoken) for stem, spoken in words.items()}
