"""Who says which word in which file: a take, and the three layouts of isolated words.

Conventions
-----------
Words are in small letters, in Unicode's composed form and without punctuation at their ends.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from awb.audio import SUFFIXES
from awb.errors import DataError, LabelError
from awb_datasets.kws.words import SPEAKERS, WORDS, Part

LAYOUT = (
    "expected recordings named {digit}_{speaker}_{take}.wav, such as 7_jackson_32.wav; a folder per"
    " word, as in Speech Commands; Common Voice; or audio with TextGrids"
)
LISTS: Mapping[str, Part] = {"validation_list.txt": "validation", "testing_list.txt": "test"}

_NAME = re.compile(r"([^_]+)_([^_]+)_([0-9]+)")
_NOHASH = re.compile(r"(.+)_nohash_\d+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, slots=True)
class Take:
    """A word, said once.

    Attributes
    ----------
    word, speaker : str
        What is said, and who says it.
    path : Path
        The audio.
    number : int
        Order among the takes of the word by the speaker.
    onset_s, offset_s : float or None
        Where in the file; None if it is the whole file, which is then trimmed.
    """

    word: str
    speaker: str
    path: Path
    number: int = 0
    onset_s: float | None = None
    offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """All takes of a folder.

    Attributes
    ----------
    takes : sequence of Take
        In any order.
    parts : mapping of str to str
        Parts of speakers that the publishers named; others are divided by share.
    layout : str
        How the folder was read; empty for the collection that awb downloads.
    rate_hz : int or None
        The rate that every file must have; None for any.
    left_out : sequence of str
        What was left out and why, in sentences.
    """

    takes: Sequence[Take]
    parts: Mapping[str, Part] = field(default_factory=dict)
    layout: str = ""
    rate_hz: int | None = None
    left_out: Sequence[str] = ()


def word_of(text: str) -> str:
    """Return a word as it is compared.

    Examples
    --------
    >>> word_of(" Seven! "), word_of("don't"), word_of("«Ja»")
    ('seven', "don't", 'ja')
    """
    return _EDGES.sub("", unicodedata.normalize("NFC", text).casefold())


def list_audio(folder: Path) -> list[Path]:
    """List the audio files of a folder and of those inside, but of none that begins with _ or ."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and not any(part[0] in "._" for part in path.relative_to(folder).parts)
        and path.is_file()
    )


def by_name(folder: Path, files: Sequence[Path]) -> Collection:
    """Read ``{word}_{speaker}_{take}``; a digit is the word that it names."""
    takes = []
    for path in files:
        match = _NAME.fullmatch(path.stem)
        if match is None:
            raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
        word, speaker, number = match.groups()
        if word.isdecimal():
            if int(word) >= len(WORDS):
                raise LabelError(f"{path}: cannot read the name; {LAYOUT}")
            word = WORDS[int(word)]
        takes.append(Take(word_of(word), speaker, path, int(number)))
    published = {one.speaker for one in takes} <= set(SPEAKERS)
    if not published or {one.word for one in takes} > set(WORDS):
        return Collection(takes, SPEAKERS, f"names of files in {folder.name}")
    return Collection(takes, SPEAKERS, rate_hz=8000)


def by_folder(folder: Path, files: Sequence[Path]) -> Collection:
    """Read a folder per word, with the speaker in the name or in a folder inside."""
    takes = []
    for path in files:
        inside = path.relative_to(folder).parts
        takes.append(Take(word_of(inside[0]), _speaker(path, inside[1:-1]), path))
    parts = _lists(folder)
    told = f", parts by {' and '.join(LISTS)}" if parts else ""
    return Collection(takes, parts, f"a folder per word{told}")


def _speaker(path: Path, inner: Sequence[str]) -> str:
    match = _NOHASH.fullmatch(path.stem)
    if match or inner:
        return match[1] if match else inner[0]
    found, separator, _ = re.sub("-", "_", path.stem).partition("_")
    if not separator:
        raise LabelError(
            f"{path}: who speaks? Expected names such as SPEAKER_1.wav or SPEAKER_nohash_0.wav, or"
            " a folder per speaker inside that of the word"
        )
    return found


def _lists(folder: Path) -> dict[str, Part]:
    """Read Speech Commands' lists of files, which are by speaker; others are for training."""
    found: dict[str, Part] = {}
    listed = {name: part for name, part in LISTS.items() if (folder / name).is_file()}
    if len(listed) < len(LISTS):
        return {}
    for path in list_audio(folder):
        inside = path.relative_to(folder).parts
        if len(inside) > 1:
            found[_speaker(path, inside[1:-1])] = "train"
    for name, part in listed.items():
        for line in (folder / name).read_text(encoding="utf-8").split():
            match = _NOHASH.fullmatch(Path(line).stem)
            if match is None:
                raise LabelError(f"{folder / name}: {line} does not name a speaker")
            if found.get(match[1], "train") not in ("train", part):
                raise DataError(f"speaker {match[1]} is in both {' and '.join(LISTS)}")
            found[match[1]] = part
    return found
