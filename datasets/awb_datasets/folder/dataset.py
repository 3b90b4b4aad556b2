"""The folder as an `awb.protocols.Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from awb.audio import duration_s, read_audio
from awb.data.skipped import Skipped
from awb.errors import AudioError, DataError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import Clip
from awb_datasets.folder.annotations import Annotations, read_table
from awb_datasets.folder.listing import AUDIO, list_audio

EVENTS = "events.tsv"
ABSENT = "audio missing"


class FolderDataset(DescribedDataset):
    """Clips of a folder with the events and clip-level labels of its tables.

    The tables are checked when the dataset is opened. Audio that cannot be read is not refused
    then: `load` says so for that clip alone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        audio: Path = Path(AUDIO),
        tables: Sequence[Path] = (Path(EVENTS),),
        skip_absent: bool = False,
    ) -> None:
        self._files = list_audio(folder, audio)
        self._found = Annotations()

        @cache
        def duration_of(name: str) -> float | None:
            try:
                return duration_s(self._files[name])
            except AudioError:
                return None

        for table in tables:
            read_table(
                folder / table.expanduser(),
                self._files,
                duration_of,
                self._found,
                skip_absent=skip_absent,
            )

    def clip_ids(self) -> list[str]:
        """List the audio files by their names relative to the folder of the audio, sorted."""
        return list(self._files)

    def excluded(self) -> tuple[Skipped, ...]:
        """List the files that tables name and that are not there."""
        return tuple(Skipped(name, "", ABSENT) for name in self._found.absent)

    def load(self, clip_id: str) -> Clip:
        """Read one clip with its events and clip-level labels."""
        if clip_id not in self._files:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._files)}")
        waveform, sample_rate_hz = read_audio(self._files[clip_id])
        events = tuple(self._found.events.get(clip_id, ()))
        labels = tuple(self._found.labels.get(clip_id, ()))
        return Clip(clip_id, waveform, sample_rate_hz, events, labels)
