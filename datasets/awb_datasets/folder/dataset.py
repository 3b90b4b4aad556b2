"""The folder as an `awb.protocols.Dataset`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from awb.audio import duration_s, read_audio
from awb.errors import AudioError, DataError, did_you_mean
from awb.types import Clip
from awb_datasets.folder.annotations import read_events
from awb_datasets.folder.listing import list_audio

EVENTS = "events.tsv"


class FolderDataset:
    """Clips of ``audio/`` with the events of ``events.tsv``.

    The table is checked when the dataset is opened. Audio that cannot be read is not refused then:
    `load` says so for that clip alone.

    Parameters
    ----------
    folder : Path
        The folder that holds both.

    Raises
    ------
    DataError
        If the folder, its audio or the table is missing or unreadable.
    LabelError
        If the table is malformed, or does not fit the audio.
    """

    def __init__(self, folder: Path) -> None:
        self._files = list_audio(folder)

        @cache
        def duration_of(name: str) -> float | None:
            try:
                return duration_s(self._files[name])
            except AudioError:
                return None

        self._events = read_events(folder / EVENTS, self._files, duration_of)

    def clip_ids(self) -> list[str]:
        """List the audio files by their names relative to ``audio/``, sorted."""
        return list(self._files)

    def load(self, clip_id: str) -> Clip:
        """Read one clip with its events.

        Parameters
        ----------
        clip_id : str
            One of `clip_ids`.

        Returns
        -------
        Clip
            The clip at the file's own sample rate, mono.

        Raises
        ------
        AudioError
            If the audio cannot be read.
        DataError
            If there is no such clip.
        """
        if clip_id not in self._files:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._files)}")
        waveform, sample_rate_hz = read_audio(self._files[clip_id])
        return Clip(clip_id, waveform, sample_rate_hz, self._events.get(clip_id, ()))
