"""The recordings of a folder by speaker and word, whatever its layout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from awb.audio import read_audio, resample
from awb.errors import AudioError, DataError, did_you_mean
from awb.intervals import FloatArray
from awb_datasets.kws.aligned import aligned_speech, common_voice, is_common_voice
from awb_datasets.kws.takes import LAYOUT, Collection, Take, by_folder, by_name, list_audio
from awb_datasets.kws.words import SPEAKERS, WORDS, Split, parts_of
from awb_datasets.kws_librispeech.alignments import SUFFIX
from awb_datasets.mixing.sounds import fade, trim

_REMEMBERED = 2048


def read_collection(folder: Path, alignments: Path | None = None) -> Collection:
    """Find out the layout of a folder, and list its takes."""
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"recordings {folder} {problem}; {LAYOUT}")
    if is_common_voice(folder):
        return common_voice(folder, alignments).takes()
    files = list_audio(folder)
    beside = [path for path in files if path.parent == folder]
    inner = folder / "recordings"
    if not files or (not beside and inner.is_dir()):
        hint = f" (did you mean {inner}?)" if inner.is_dir() else ""
        raise DataError(f"recordings {folder} contains no audio{hint}; {LAYOUT}")
    if alignments is not None or next(folder.rglob(f"*{SUFFIX}"), None):
        return aligned_speech(folder, files, alignments).takes()
    return by_name(folder, beside) if beside else by_folder(folder, files)


class Recordings:
    """Takes of words by speakers.

    Attributes
    ----------
    words : tuple of str
        The vocabulary: digits in their order, other words sorted.
    rate_hz : int
        Rate of the sounds.
    """

    def __init__(
        self, folder: Path, alignments: Path | None = None, words: Sequence[str] = ()
    ) -> None:
        self._folder = folder
        self._found = read_collection(folder, alignments)
        self._takes: dict[tuple[str, str], list[Take]] = {}
        for take in self._found.takes:
            if not words or take.word in words:
                self._takes.setdefault((take.speaker, take.word), []).append(take)
        if not self._takes:
            told = "".join(f"; {one}" for one in self._found.left_out)
            raise DataError(f"{folder} contains no word that can be used{told}")
        for takes in self._takes.values():
            takes.sort(key=lambda take: (take.number, take.path))
        spoken = {word for _, word in self._takes}
        self.words = WORDS if spoken <= set(WORDS) else tuple(sorted(spoken))
        absent = [word for word in words if word not in spoken]
        if absent:
            raise DataError(
                f"nobody in {folder} says {absent[0]!r}.{did_you_mean(absent[0], spoken)}"
            )
        first = self._found.takes[0].path
        self.rate_hz = self._found.rate_hz or read_audio(first)[1]
        self._heard = lru_cache(_REMEMBERED)(self._read)

    @property
    def left_out(self) -> Sequence[str]:
        """What was left out and why."""
        return self._found.left_out

    @property
    def layout(self) -> str:
        """How the folder was read; empty for the collection that awb downloads."""
        return self._found.layout

    def speakers(self, split: Split, only: Sequence[str] = ()) -> tuple[str, ...]:
        """List the speakers of a part of the data, or those of a list that are in it."""
        names = sorted({name for name, _ in self._takes})
        for name in only:
            if name not in names:
                raise DataError(
                    f"{self._folder} has no speaker {name!r}.{did_you_mean(name, names)}"
                )
        pool = [name for name in names if not only or name in only]
        parts = parts_of(pool, self._found.parts)
        found = tuple(name for name in pool if split in ("all", parts[name]))
        if not found:
            wanted = [name for name, part in self._found.parts.items() if part == split]
            named = f": {', '.join(sorted(wanted))}" if not self._found.layout else ""
            hint = f". It has {len(pool)} speakers; add split=all to take them together"
            raise DataError(
                f"{self._folder} has no speaker of split {split}{named}{'' if named else hint}"
            )
        self._require_whole(found)
        return found

    def _require_whole(self, speakers: Sequence[str]) -> None:
        """Refuse a copy of the published collection that has gaps."""
        for name in speakers:
            missing = [
                str(digit) for digit, word in enumerate(WORDS) if (name, word) not in self._takes
            ]
            if name in SPEAKERS and self._found.rate_hz is not None and missing:
                raise DataError(
                    f"{self._folder} has no recording of {', '.join(missing)} by {name};"
                    " is the copy complete?"
                )

    def said_by(self, speaker: str) -> list[int]:
        """Return the places in `words` of what a speaker says, in order."""
        return [place for place, word in enumerate(self.words) if (speaker, word) in self._takes]

    def count(self, speaker: str, word: str) -> int:
        """Return the number of takes of a word by a speaker."""
        return len(self._takes[speaker, word])

    def sound(self, speaker: str, word: str, index: int) -> FloatArray:
        """Read one take: trim a whole file, and cut a word out of a sentence."""
        return self._heard(self._takes[speaker, word][index])

    def _read(self, take: Take) -> FloatArray:
        waveform, rate_hz = read_audio(take.path)
        if self._found.rate_hz is not None and rate_hz != self.rate_hz:
            raise AudioError(f"{take.path}: expected {self.rate_hz} Hz, got {rate_hz} Hz")
        sound = resample(waveform, rate_hz, self.rate_hz)
        if take.onset_s is not None and take.offset_s is not None:
            start, end = round(take.onset_s * self.rate_hz), round(take.offset_s * self.rate_hz)
            cut = sound[max(start, 0) : end].astype(float)
            if cut.size < 2 or not cut.any():
                raise AudioError(f"{take.path}: nothing is heard from {take.onset_s:g} s")
            return fade(cut, self.rate_hz)
        try:
            return trim(sound, self.rate_hz)
        except AudioError as error:
            raise AudioError(f"{take.path}: {error}") from error
