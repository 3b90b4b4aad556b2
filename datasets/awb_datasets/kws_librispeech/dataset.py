"""LibriSpeech utterances that hold a word of a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.audio import read_audio
from awb.data.skipped import NO_EVENTS, Skipped
from awb.errors import DataError, LabelError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import Clip, Event
from awb_datasets.kws_librispeech.alignments import Word, find_alignments, read_alignment

LAYOUT = "expected SPEAKER/CHAPTER/SPEAKER-CHAPTER-UTTERANCE.flac, as LibriSpeech is published"
NOT_ALIGNED = "not aligned"
TOO_LONG = "utterance too long"
ROUNDING_S = 0.05
"""A word may end this much after its audio, since aligners count in frames; it is trimmed."""

_NAME = re.compile(r"(\d+)-(\d+)-\d+")


@dataclass(frozen=True, slots=True)
class _Utterance:
    path: Path
    speaker: str
    words: tuple[Word, ...]


class KwsLibrispeech(DescribedDataset):
    """Utterances with the words to detect as events; all others are counted."""

    def __init__(
        self, folder: Path, alignments: Path, *, words: Sequence[str], longest_s: float
    ) -> None:
        wanted = {word.strip().casefold() for word in words}
        files = _list_audio(folder)
        grids = find_alignments(alignments)
        self._utterances: dict[str, _Utterance] = {}
        self._excluded: list[Skipped] = []
        for name, path in files.items():
            if name not in grids:
                self._excluded.append(Skipped(name, "", NOT_ALIGNED))
                continue
            found = read_alignment(grids[name])
            spoken = tuple(word for word in found.words if word.text in wanted)
            if found.duration_s > longest_s:
                detail = f"{found.duration_s:.1f} s"
                self._excluded.append(Skipped(name, "", TOO_LONG, detail))
            elif not spoken:
                self._excluded.append(Skipped(name, "", NO_EVENTS))
            else:
                self._utterances[name] = _Utterance(path, name.partition("-")[0], spoken)
        if not self._utterances:
            raise DataError(
                f"{folder}: none of {len(files)} utterances is aligned, at most {longest_s:g} s"
                f" long, and holds one of: {', '.join(sorted(wanted))}"
            )

    def clip_ids(self) -> Sequence[str]:
        """List the utterances that hold a word of the list, sorted by id."""
        return tuple(self._utterances)

    def excluded(self) -> tuple[Skipped, ...]:
        """List the other utterances: not aligned, too long, or without any of the words."""
        return tuple(self._excluded)

    def load(self, clip_id: str) -> Clip:
        """Read one utterance."""
        one = self._utterances.get(clip_id)
        if one is None:
            hint = did_you_mean(clip_id, self._utterances)
            raise DataError(f"there is no clip {clip_id!r}.{hint if 'mean' in hint else ''}")
        waveform, sample_rate_hz = read_audio(one.path)
        duration_s = waveform.size / sample_rate_hz
        events = []
        for word in one.words:
            rounded = duration_s < word.offset_s <= duration_s + ROUNDING_S
            offset_s = duration_s if rounded else word.offset_s
            events.append(Event(word.onset_s, offset_s, word.text))
        group = f"speaker-{one.speaker}"
        return Clip(clip_id, waveform, sample_rate_hz, tuple(events), group=group)


def _list_audio(folder: Path) -> dict[str, Path]:
    """List the utterances of a subset by id, and check where they lie."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; {LAYOUT}")
    files = sorted(folder.glob("*/*/*.flac"))
    if not files:
        raise DataError(f"{folder} contains no */*/*.flac; {LAYOUT}")
    for path in files:
        match = _NAME.fullmatch(path.stem)
        if match is None or match.groups() != (path.parent.parent.name, path.parent.name):
            raise LabelError(f"{path}: the name does not fit its folders; {LAYOUT}")
    return {path.stem: path for path in files}
