"""Reading of Parquet files: labels of all rows at once, audio of one row after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from awb.errors import DataError, ParameterError
from awb_datasets.hugging_face.files import Files, answered
from awb_datasets.hugging_face.layout import features_of

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

_BUFFER = 1 << 20
_BATCH = 4  # rows that are decoded at once


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row lies.

    Attributes
    ----------
    path : str
        The file.
    row : int
        Its number in the file.
    """

    path: str
    row: int


@dataclass(slots=True)
class Rows:
    """The rows of some Parquet files with the same columns.

    Audio is read row by row, in memory for a few of them at once; going back begins the row group
    again.
    """

    files: Files
    paths: Sequence[str]
    _at: Place | None = None  # the next row of the open file
    _audio: Iterator[Any] = field(default_factory=lambda: iter(()))

    def schema(self) -> pyarrow.Schema:
        """Return the columns."""
        with self._opened(self.paths[0]) as file:
            return file.schema_arrow

    def labels(self, columns: Sequence[str], audio: str) -> Iterator[tuple[Place, dict[str, Any]]]:
        """Read the columns of labels, and ``path`` of the audio, of all rows."""
        for path in self.paths:
            with self._opened(path) as file, answered(self.files.name):
                missing = [one for one in (*columns, audio) if one not in file.schema_arrow.names]
                if missing:
                    raise DataError(f"{self.files.name}: {path} has no column {missing[0]}")
                number = 0
                for batch in file.iter_batches(1024, columns=[*columns, f"{audio}.path"]):
                    for row in batch.to_pylist():
                        yield Place(path, number), row
                        number += 1

    def audio(self, place: Place, column: str) -> Mapping[str, Any]:
        """Read the audio of a row, as bytes or the path of a file."""
        if self._at is None or self._at.path != place.path or self._at.row > place.row:
            self._begin(place, column)
        with answered(self.files.name):
            for found in self._audio:
                at, self._at = self._at, Place(place.path, self._at.row + 1 if self._at else 0)
                if at == place:
                    audio: Mapping[str, Any] = found or {}
                    return audio
        raise DataError(f"{self.files.name}: {place.path} has no row {place.row}")

    def _begin(self, place: Place, column: str) -> None:
        """Go to the beginning of the row group that has a row."""
        file = self._opened(place.path)
        first, group = 0, 0
        while first + (count := file.metadata.row_group(group).num_rows) <= place.row:
            first, group = first + count, group + 1
        groups = range(group, file.num_row_groups)
        batches = file.iter_batches(_BATCH, row_groups=groups, columns=[column])
        self._at = Place(place.path, first)
        self._audio = (one for batch in batches for one in batch.column(0).to_pylist())

    def _opened(self, path: str) -> pyarrow.parquet.ParquetFile:
        import pyarrow
        import pyarrow.parquet

        try:
            with answered(self.files.name):
                return pyarrow.parquet.ParquetFile(self.files.open(path), buffer_size=_BUFFER)
        except pyarrow.ArrowInvalid as error:
            raise DataError(f"{self.files.name}: {path} is not Parquet: {error}") from error


def audio_column(schema: pyarrow.Schema, chosen: str) -> str:
    """Find the column of the audio: structures of bytes and a path."""
    import pyarrow.types as kinds

    features = features_of(schema)
    fitting: list[str] = [
        field.name
        for field in schema
        if kinds.is_struct(field.type)
        and {field.type.field(i).name for i in range(field.type.num_fields)} >= {"bytes", "path"}
        and features.get(field.name, {}).get("_type", "Audio") == "Audio"
    ]
    if chosen:
        if chosen not in fitting:
            known = ", ".join(fitting) or "none"
            raise ParameterError(f"column {chosen!r} has no audio; columns with audio: {known}")
        return chosen
    if not fitting:
        raise DataError(
            f"no column has audio (structures of bytes and path): {', '.join(schema.names)}"
        )
    if len(fitting) > 1:
        typed = ", ".join(f"audio={name}" for name in fitting)
        raise ParameterError(f"several columns have audio; type one of {typed}")
    return fitting[0]
