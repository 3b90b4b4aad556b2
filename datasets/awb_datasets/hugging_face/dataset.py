"""A Parquet dataset with audio as an `awb.protocols.Dataset`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from awb.audio import SUFFIXES, read_audio
from awb.data.annotations.names import Names
from awb.data.annotations.placing import Annotations, place
from awb.data.annotations.rows import Fault, LabelFile, LabelRow
from awb.data.skipped import Skipped
from awb.errors import AudioError, DataError, ParameterError, did_you_mean
from awb.reprs import DescribedDataset
from awb.types import AudioArray, Clip
from awb_datasets.hugging_face.files import Files
from awb_datasets.hugging_face.labels import read_row
from awb_datasets.hugging_face.layout import Layout, find_layout
from awb_datasets.hugging_face.parts import chosen_part, parts_of
from awb_datasets.hugging_face.reading import Place, Rows, audio_column
from awb_datasets.times import within

EVENTS, CLIPS = "events", "clips"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user says about columns and rows.

    Attributes
    ----------
    audio : str
        Column of the audio; empty for the only one.
    columns : mapping of str to str
        Columns of labels by meaning.
    rows : str
        ``clips`` or ``events``, where several rows have the same audio file; empty if unknown.
    group : str
        Column of groups; empty for none.
    """

    audio: str
    columns: Mapping[str, str]
    rows: str
    group: str


@dataclass(frozen=True, slots=True)
class _Row:
    """The labels of a row."""

    place: Place
    path: str
    said: list[LabelRow | Fault]
    group: str


class HubDataset(DescribedDataset):
    """Clips of one split.

    The labels are read when it is opened; the audio when a clip is loaded, and of it no more than
    the row group needs.
    """

    def __init__(self, files: Files, config: str, split: str, chosen: Chosen) -> None:
        parts = parts_of(files.listed(), files.card())
        self._split, paths = chosen_part(parts, config, split, files.name)
        self._files, self._rows = files, Rows(files, paths)
        schema = self._rows.schema()
        self._audio = audio_column(schema, chosen.audio)
        if chosen.group and chosen.group not in schema.names:
            raise ParameterError(
                f"group={chosen.group}: there is no such column;"
                f" there are: {', '.join(schema.names)}"
            )
        layout = find_layout(schema, chosen.columns)
        rows = self._read(layout, chosen.group)
        if not rows:
            raise DataError(f"{files.name}, {self._split}: there are no rows")
        self._clips = self._named(rows, layout, chosen.rows)
        self._found = self._placed()

    def _read(self, layout: Layout, group: str) -> list[_Row]:
        columns = list(dict.fromkeys([*layout.columns, *([group] if group else [])]))
        found = []
        for number, (where, row) in enumerate(self._rows.labels(columns, self._audio)):
            said = read_row(row, layout, f"row {number}")
            path = str((row[self._audio] or {}).get("path") or "")
            known = row[group] if group else None
            found.append(_Row(where, path, said, "" if known is None else str(known)))
        return found

    def _named(self, rows: Sequence[_Row], layout: Layout, meant: str) -> dict[str, list[_Row]]:
        """Name clips after their audio files, or by number where these are no names."""
        clips: dict[str, list[_Row]] = {}
        for row in rows:
            clips.setdefault(row.path, []).append(row)
        unique = len(clips) == len(rows) and "" not in clips
        if not unique and layout.event_per_row and "" not in clips:
            if not meant:
                path = next(path for path, found in clips.items() if len(found) > 1)
                raise ParameterError(
                    f"{self._files.name}: {len(clips[path])} rows have the audio file {path}. Type"
                    f" rows=events if each is one event of it, rows=clips if each has audio of its"
                    " own"
                )
            if meant == EVENTS:
                return clips
        if unique:
            return clips
        return {f"{self._split}-{number:06d}": [row] for number, row in enumerate(rows)}

    def _placed(self) -> Annotations:
        labels = []
        for name, rows in self._clips.items():
            said = [one for row in rows for one in row.said]
            known = tuple(one for one in said if isinstance(one, LabelRow))
            faults = tuple(one for one in said if isinstance(one, Fault))
            path = Path(PurePosixPath(self._files.name).name or self._files.name)
            labels.append((LabelFile(path, "Parquet", known, faults), name))
        return place(labels, Names([]), lambda _: None)

    def clip_ids(self) -> list[str]:
        """List the clips in the order of the rows."""
        return list(self._clips)

    def excluded(self) -> tuple[Skipped, ...]:
        """List the events that are left out."""
        return self._found.left_out

    def notes(self) -> tuple[str, ...]:
        """Say which split is read, and what was left out."""
        where = f"commit {self._files.commit}" if self._files.commit else "folder"
        n_rows = sum(map(len, self._clips.values()))
        about = f"{self._files.name}, {self._split}: {n_rows} rows, {len(self._clips)} clips"
        return (f"{about} ({where})", *self._found.notes)

    def fingerprint(self) -> str:
        """Return the commit; empty for a folder."""
        return self._files.commit

    def load(self, clip_id: str) -> Clip:
        """Read one clip."""
        rows = self._clips.get(clip_id)
        if rows is None:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._clips)}")
        waveform, sample_rate_hz = self._waveform(clip_id, rows[0].place)
        length_s = waveform.size / sample_rate_hz
        events = within(self._found.events.get(clip_id, ()), length_s, clip_id)
        labels = self._found.labels.get(clip_id, ())
        return Clip(clip_id, waveform, sample_rate_hz, events, labels, rows[0].group)

    def _waveform(self, clip_id: str, where: Place) -> tuple[AudioArray, int]:
        """Decode the audio of a row by way of a file, since containers are checked there."""
        audio = self._rows.audio(where, self._audio)
        content, path = audio.get("bytes"), str(audio.get("path") or "")
        if content is None:
            if not path:
                raise AudioError(f"{clip_id} has no audio")
            content = self._files.content(path)
        suffix = PurePosixPath(path).suffix.lower()
        with TemporaryDirectory() as folder:
            file = Path(folder) / f"audio{suffix if suffix in SUFFIXES else SUFFIXES[0]}"
            file.write_bytes(content)
            try:
                return read_audio(file)
            except AudioError as error:
                raise AudioError(str(error).replace(str(file), clip_id)) from error
