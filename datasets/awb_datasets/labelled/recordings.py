"""Labelled recordings as a dataset of clip-level labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from awb.audio import read_audio
from awb.data.skipped import Skipped
from awb.errors import DataError, LabelError, ParameterError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import Clip

ABSENT = "audio missing"


@dataclass(frozen=True, slots=True)
class Recording:
    """One file of a collection.

    Attributes
    ----------
    id : str
        Unique within the collection.
    path : Path
        The audio.
    label : str
        Its class.
    group : str
        What must stay together in a training split: a fold, a speaker, an actor.
    """

    id: str
    path: Path
    label: str
    group: str


class LabelledClips(DescribedDataset):
    """Whole recordings with clip-level labels."""

    def __init__(self, recordings: Sequence[Recording], absent: Sequence[str] = ()) -> None:
        self._recordings = {one.id: one for one in recordings}
        self._absent = tuple(absent)

    def clip_ids(self) -> Sequence[str]:
        """List the ids of the recordings."""
        return tuple(self._recordings)

    def excluded(self) -> tuple[Skipped, ...]:
        """List the recordings that are not there."""
        return tuple(Skipped(name, "", ABSENT) for name in self._absent)

    def load(self, clip_id: str) -> Clip:
        """Read one recording."""
        one = self._recordings.get(clip_id)
        if one is None:
            hint = did_you_mean(clip_id, self._recordings) if self._recordings else ""
            raise DataError(f"there is no clip {clip_id!r}.{hint if 'mean' in hint else ''}")
        waveform, sample_rate_hz = read_audio(one.path)
        return Clip(one.id, waveform, sample_rate_hz, labels=(one.label,), group=one.group)


def divide_by_audio(
    recordings: Sequence[Recording], named_by: str, *, skip: bool
) -> tuple[list[Recording], list[str]]:
    """Tell recordings that are there from those that are not."""
    present = [one for one in recordings if one.path.is_file()]
    found = {one.id for one in present}
    absent = [one for one in recordings if one.id not in found]
    if absent and not (skip and present):
        hint = "" if skip else "; is the copy complete? Add absent=skip to go on without them"
        raise DataError(
            f"{len(absent)} of {len(recordings)} audio files that {named_by} names are absent, the"
            f" first is {absent[0].path}{hint}"
        )
    return present, [one.id for one in absent]


def require_whole_sources(sources: Iterable[tuple[str, str]], named_by: str) -> None:
    """Refuse folds that cut through a source recording."""
    folds: dict[str, str] = {}
    for source, fold in sources:
        if folds.setdefault(source, fold) != fold:
            raise LabelError(
                f"{named_by}: clips of the source recording {source} lie in {folds[source]} and in"
                f" {fold}; take the folds as published"
            )


def choose_groups(
    recordings: Sequence[Recording], chosen: str | None, groups: Mapping[str, str], setting: str
) -> list[Recording]:
    """Keep the recordings of some groups."""
    if chosen is None:
        return list(recordings)
    typed = [part.strip() for part in chosen.split("+")]
    for one in typed:
        if one not in groups:
            raise ParameterError(
                f"unknown {setting} {one!r}: known are {', '.join(groups)}; several are joined by +"
            )
    wanted = {groups[one] for one in typed}
    kept = [one for one in recordings if one.group in wanted]
    if not kept:
        raise DataError(f"there is no recording of {setting} {chosen}")
    return kept
