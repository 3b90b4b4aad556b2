"""The folder as an `awb.protocols.Dataset`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from awb.audio import SUFFIXES, duration_s, read_audio
from awb.data.annotations.names import Names
from awb.data.annotations.placing import Annotations, place, told
from awb.data.annotations.reading import read_labels
from awb.data.annotations.rows import ABSENT, Choices, LabelFile
from awb.data.skipped import Skipped
from awb.data.windows import Window, windows_around, windows_of
from awb.errors import AudioError, DataError, LabelError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import Clip, Event
from awb_datasets.folder.label_files import find_label_files
from awb_datasets.folder.listing import AUDIO, audio_folder, list_audio

_LEAST_S = 0.02  # of an event at the edge of a window; labels are not more exact
UNREAD = "file of labels that cannot be read"


class FolderDataset(DescribedDataset):
    """Clips of a folder with the events and clip-level labels of its files of labels.

    These are read when the dataset is opened. Audio that cannot be read is not refused then: `load`
    says so for that clip alone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        audio: Path = Path(AUDIO),
        tables: Sequence[str] = (),
        choices: Choices | None = None,
        skip_absent: bool = True,
        window_s: float = 0.0,
        overlap_s: float = 0.0,
        events_only: bool = False,
    ) -> None:
        if folder.is_file() and folder.suffix.lower() in SUFFIXES:
            inside, self._files = folder.parent, {folder.name: folder}
            folder = folder.parent
        else:
            inside = audio_folder(folder, audio)
            self._files = list_audio(inside)
        choices = choices or Choices()
        found = find_label_files(folder, inside, self._files, tables, choices)
        self._unread: list[Skipped] = []
        beside = sum(bool(clip) for _, clip in found) > 1
        read = [
            (labels, clip)
            for path, clip in found
            if (labels := self._read(path, clip, choices, strict=not beside)) is not None
        ]
        if not read:
            raise LabelError(self._unread[0].detail)

        @cache
        def known_s(name: str) -> float | None:
            try:
                return duration_s(self._files[name])
            except AudioError:
                return None

        prefixes = (AUDIO, audio.as_posix())
        self._found = place(read, Names(self._files, prefixes), known_s)
        absent = [one for one in self._found.left_out if one.reason == ABSENT]
        if absent and not skip_absent:
            raise LabelError(f"{folder}: {absent[0].detail} Go on without: absent=skip")
        self._events_only = events_only
        self._windows: dict[str, Window] = {}
        for name in self._usable() if window_s else ():
            length_s = known_s(name)
            if length_s is None:
                continue
            events = self._found.events.get(name, ())
            times_s = [(one.onset_s, one.offset_s) for one in events]
            cut = (
                windows_around(name, length_s, window_s, times_s)
                if events_only
                else windows_of(name, length_s, window_s, overlap_s)
            )
            self._windows |= {one.name: one for one in cut if not one.whole}

    def _read(self, path: Path, clip: str, choices: Choices, *, strict: bool) -> LabelFile | None:
        """Read a file of labels; one beside a clip may be something else, and is left out then."""
        try:
            if clip and not path.stat().st_size:
                return LabelFile(path, "empty", ())
            return read_labels(path, choices)
        except LabelError as error:
            if strict:
                raise
            self._unread.append(Skipped(clip, "", UNREAD, str(error)))
            return None

    @property
    def annotations(self) -> Annotations:
        """What the files of labels say, and what was changed or left out."""
        return self._found

    def _usable(self) -> list[str]:
        unread = {one.clip_id for one in self._unread} | self._found.shifted
        return [name for name in self._files if name not in unread]

    def clip_ids(self) -> list[str]:
        """List the audio files by their names relative to the folder of the audio, sorted.

        Of a recording that is cut, its windows are listed instead.
        """
        cut: dict[str, list[str]] = {}
        for name, window in self._windows.items():
            cut.setdefault(window.recording, []).append(name)
        listed = [clip for name in self._usable() for clip in cut.get(name, [name])]
        if not self._events_only:
            return listed
        return [clip for clip in listed if clip in self._windows or self._found.events.get(clip)]

    def excluded(self) -> tuple[Skipped, ...]:
        """List what is left out: events, clips, and files that are not there."""
        return (*self._found.left_out, *self._unread)

    def notes(self) -> tuple[str, ...]:
        """List what was changed in the labels, a line each."""
        found = self._found
        cut = {one.recording for one in self._windows.values()}
        whole = [name for name in found.labels if name in cut and found.labels[name]]
        if whole:
            kind = "labels of whole recordings that are cut into windows, not used"
            found = replace(found, notes=(*found.notes, told(kind, len(whole), whole[0])))
        if not self._unread:
            return found.notes
        line = told(f"left out, {UNREAD}", len(self._unread), self._unread[0].detail)
        return (*found.notes, line)

    def load(self, clip_id: str) -> Clip:
        """Read one clip with its events and clip-level labels."""
        window = self._windows.get(clip_id)
        if window is not None:
            return self._load_window(window)
        if clip_id not in self._files:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._files)}")
        waveform, sample_rate_hz = read_audio(self._files[clip_id])
        events = self._found.events.get(clip_id, ())
        inside = _within(events, 0.0, waveform.size / sample_rate_hz)
        return Clip(clip_id, waveform, sample_rate_hz, inside, self._found.labels.get(clip_id, ()))

    def _load_window(self, window: Window) -> Clip:
        """Read a window, and nothing else of its recording; labels of the whole do not apply."""
        path, length_s = self._files[window.recording], window.end_s - window.start_s
        waveform, sample_rate_hz = read_audio(path, window.start_s, length_s)
        events = self._found.events.get(window.recording, ())
        inside = _within(events, window.start_s, waveform.size / sample_rate_hz)
        return Clip(window.name, waveform, sample_rate_hz, inside, group=window.recording)


def _within(events: Sequence[Event], start_s: float, length_s: float) -> tuple[Event, ...]:
    """Return the parts of events that lie in a stretch, in its own time."""
    found = []
    for event in events:
        onset_s = max(0.0, event.onset_s - start_s)
        offset_s = min(length_s, event.offset_s - start_s)
        if offset_s - onset_s > min(_LEAST_S, 0.9 * (event.offset_s - event.onset_s)):
            found.append(replace(event, onset_s=onset_s, offset_s=offset_s))
    return tuple(found)
