"""Utterances that hold a word of a list, at the times of their alignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.audio import duration_s, read_audio
from awb.data.skipped import NO_EVENTS, Skipped
from awb.errors import AudioError, DataError, did_you_mean
from awb.types import Clip, Event
from awb_datasets.kws.aligned import (
    Corpus,
    Sentence,
    aligned_speech,
    common_voice,
    is_common_voice,
)
from awb_datasets.kws.takes import list_audio, word_of
from awb_datasets.kws.words import Split, parts_of
from awb_datasets.kws_librispeech.alignments import Word
from awb_datasets.kws_librispeech.dataset import NOT_ALIGNED, ROUNDING_S, TOO_LONG

ABSENT = "audio missing"


@dataclass(frozen=True, slots=True)
class _Utterance:
    path: Path
    speaker: str
    words: tuple[Word, ...]


class KwsAligned:
    """Utterances with the words to detect as events; all others are counted."""

    def __init__(
        self,
        folder: Path,
        alignments: Path | None,
        *,
        words: Sequence[str],
        split: Split,
        longest_s: float,
    ) -> None:
        wanted = {word_of(word) for word in words}
        corpus = _open(folder, alignments)
        parts = parts_of((one.speaker for one in corpus.sentences), corpus.parts)
        self._utterances: dict[str, _Utterance] = {}
        self._excluded: list[Skipped] = []
        chosen = [one for one in corpus.sentences if split in ("all", parts[one.speaker])]
        for one in chosen:
            name = one.path.relative_to(folder).as_posix()
            self._add(name, one, corpus.words(one), wanted, longest_s)
        if not self._utterances:
            raise DataError(
                f"{folder}: none of {len(chosen)} utterances of split {split} is aligned, at most"
                f" {longest_s:g} s long, and holds one of: {', '.join(sorted(wanted))}"
            )
        speakers = len({one.speaker for one in self._utterances.values()})
        self._note = (
            f"{corpus.layout}: {len(self._utterances)} of {len(chosen)} utterances of split"
            f" {split} hold {', '.join(sorted(wanted))}, by {speakers} speakers"
        )

    def _add(
        self,
        name: str,
        one: Sentence,
        spoken: tuple[Word, ...] | None,
        wanted: set[str],
        longest_s: float,
    ) -> None:
        """Keep an utterance, or say why not."""
        if spoken is None:
            self._excluded.append(Skipped(name, "", NOT_ALIGNED))
            return
        said = [Word(*word.span_s, word_of(word.text)) for word in spoken]
        found = tuple(word for word in said if word.text in wanted)
        if not found:
            self._excluded.append(Skipped(name, "", NO_EVENTS))
        elif not one.path.is_file():
            self._excluded.append(Skipped(name, "", ABSENT))
        elif (length_s := _length_s(one.path)) > longest_s:
            self._excluded.append(Skipped(name, "", TOO_LONG, f"{length_s:.1f} s"))
        else:
            self._utterances[name] = _Utterance(one.path, one.speaker, found)

    def clip_ids(self) -> Sequence[str]:
        """List the utterances that hold a word of the list."""
        return tuple(self._utterances)

    def excluded(self) -> tuple[Skipped, ...]:
        """List the other utterances."""
        return tuple(self._excluded)

    def notes(self) -> tuple[str, ...]:
        """Say how the corpus was read."""
        return (self._note,)

    def load(self, clip_id: str) -> Clip:
        """Read one utterance; a word that ends just after its audio is trimmed."""
        one = self._utterances.get(clip_id)
        if one is None:
            hint = did_you_mean(clip_id, self._utterances)
            raise DataError(f"there is no clip {clip_id!r}.{hint if 'mean' in hint else ''}")
        waveform, rate_hz = read_audio(one.path)
        length_s = waveform.size / rate_hz
        events = tuple(
            Event(
                word.onset_s,
                length_s if length_s < word.offset_s <= length_s + ROUNDING_S else word.offset_s,
                word.text,
            )
            for word in one.words
        )
        return Clip(clip_id, waveform, rate_hz, events, group=one.speaker)


def _open(folder: Path, alignments: Path | None) -> Corpus:
    if not folder.is_dir():
        problem = "is a file" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {problem}; type kws-aligned:root=DIR")
    if is_common_voice(folder):
        corpus = common_voice(folder, alignments)
    else:
        files = list_audio(folder)
        if not files:
            raise DataError(f"{folder} contains no audio")
        corpus = aligned_speech(folder, files, alignments)
    if not corpus.alignments:
        raise DataError(
            f"{folder} has no TextGrids. Give alignments=DIR with them, or alignments=FILE with a"
            " table of file, word, start and end"
        )
    return corpus


def _length_s(path: Path) -> float:
    """Return the length of a recording; one that cannot be read is told when it is loaded."""
    try:
        return duration_s(path)
    except AudioError:
        return 0.0
