"""An audb database as an `awb.protocols.Dataset`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awb.audio import read_audio
from awb.data.annotations.names import Names
from awb.data.annotations.placing import place
from awb.data.annotations.rows import LabelFile, LabelRow
from awb.data.skipped import Skipped
from awb.errors import DataError, ParameterError, did_you_mean, one_line
from awb.reprs import DescribedDataset
from awb.types import Clip
from awb_datasets.times import within

if TYPE_CHECKING:
    import pandas

_TO_THE_END_S = 1e9  # of a segment without an end; trimmed once the audio is read


class AudbDataset(DescribedDataset):
    """Files of one table: segments are events, values of whole files are clip-level labels.

    Tables are read when it is opened; audio is fetched by audb, into its cache, when a clip is
    loaded.
    """

    def __init__(self, name: str, version: str, *, table: str, column: str, group: str) -> None:
        import audb

        self._name = name
        with _answered(f"audb:{name}"):
            if not version:
                latest = audb.latest_version(name)
                raise ParameterError(
                    f"audb:{name}: without a version, the data may change. Type"
                    f" audb:{name},version={latest} for the latest"
                )
            database = audb.load(
                name, version=version, only_metadata=True, full_path=False, verbose=False
            )
        self._version = version
        table = _one_of(list(database.tables), table, "table", name)
        known = database[table]
        column = _one_of(list(known.columns), column, "column", name)
        self._groups = _groups(database, group, name) if group else {}
        with _answered(f"audb:{name}"):
            values = known.get()[column]
        rows: dict[str, list[LabelRow]] = {}
        for number, (index, value) in enumerate(values.items()):
            file, row = _row(index, value, f"row {number}", segmented=known.is_segmented)
            rows.setdefault(file, []).append(row)
        if not rows:
            raise DataError(f"audb:{name}: table {table} is empty")
        self._files = tuple(rows)
        labels = [(LabelFile(Path(table), "audb", tuple(one)), file) for file, one in rows.items()]
        self._found = place(labels, Names([]), lambda _: None)

    def clip_ids(self) -> Sequence[str]:
        """List the files in the order of the table."""
        return self._files

    def excluded(self) -> tuple[Skipped, ...]:
        """List the events that are left out."""
        return self._found.left_out

    def notes(self) -> tuple[str, ...]:
        """List what was left out, a line each."""
        return self._found.notes

    def fingerprint(self) -> str:
        """Return the version, of which audb never changes anything."""
        return self._version

    def load(self, clip_id: str) -> Clip:
        """Read one file."""
        import audb

        if clip_id not in self._files:
            raise DataError(f"there is no clip {clip_id!r}.{did_you_mean(clip_id, self._files)}")
        with _answered(f"audb:{self._name}, clip {clip_id}"):
            found = audb.load_media(self._name, clip_id, version=self._version, verbose=False)
        if not found:
            raise DataError(f"audb:{self._name}, clip {clip_id}: audb's cache is locked")
        waveform, sample_rate_hz = read_audio(Path(found[0]))
        length_s = waveform.size / sample_rate_hz
        return Clip(
            clip_id,
            waveform,
            sample_rate_hz,
            within(self._found.events.get(clip_id, ()), length_s, clip_id),
            self._found.labels.get(clip_id, ()),
            self._groups.get(clip_id, ""),
        )


def _row(index: Any, value: Any, where: str, *, segmented: bool) -> tuple[str, LabelRow]:
    """Read a value of a table: of a segment, or of a whole file."""
    import pandas

    label = "" if pandas.isna(value) else str(value)
    if not segmented:
        return str(index), LabelRow(where, (label,) if label else ())
    file, start, end = index
    onset_s = 0.0 if pandas.isna(start) else start.total_seconds()
    offset_s = _TO_THE_END_S if pandas.isna(end) else end.total_seconds()
    return str(file), LabelRow(where, (label,), "", onset_s, offset_s)


def _one_of(known: Sequence[str], chosen: str, setting: str, name: str) -> str:
    if chosen:
        if chosen not in known:
            raise ParameterError(
                f"audb:{name} has no {setting} {chosen!r}.{did_you_mean(chosen, known)}"
                f" It has: {', '.join(known)}"
            )
        return chosen
    if len(known) != 1:
        raise ParameterError(
            f"audb:{name} has {len(known)} {setting}s; type one of"
            f" {', '.join(f'{setting}={one}' for one in known)}"
        )
    return known[0]


def _groups(database: Any, column: str, name: str) -> Mapping[str, str]:
    """Find a column of whole files in any table."""
    for table in database.tables.values():
        if table.is_filewise and column in table.columns:
            values: pandas.Series[Any] = table.get()[column].dropna()
            return {str(file): str(value) for file, value in values.items()}
    raise ParameterError(f"audb:{name}: no table of files has a column {column!r}")


@contextmanager
def _answered(what: str) -> Iterator[None]:
    """Turn what audb refuses into one sentence."""
    import audbackend

    try:
        yield
    except (RuntimeError, ValueError, OSError, audbackend.BackendError) as error:
        raise DataError(f"{what}: {one_line(error)}") from error
