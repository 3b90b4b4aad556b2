"""A table of what is known of clips or of speakers: sex, age, room.

Conventions
-----------
UTF-8 text with a header; ``.tsv`` is separated by tabs, ``.csv`` by commas or semicolons. One of
its columns names the clips by path, name or stem; or, where a row stands for all clips of a
speaker, by the beginning of the stem up to an underscore or by the folder that the clip lies in. It
is the column whose values find the most clips.
"""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from awb.errors import DataError, LabelError, did_you_mean
from awb.protocols import Dataset
from awb.types import Clip

SUFFIXES = (".csv", ".tsv")
SHEETS = (".xlsx", ".xls", ".ods")
GROUPS = {
    f"{who}{end}"
    for who in ("speaker", "subject", "patient", "participant", "actor", "client", "group")
    for end in ("", "_id", " id", "id")
}
"""Columns that name groups, in any letter case."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a table says of clips.

    Attributes
    ----------
    of : dict of str to dict of str to str
        Values by column, by clip id.
    groups : dict of str to str
        Groups that follow from the table, by clip id.
    notes : tuple of str
        How the table was read, in sentences.
    """

    of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    groups: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_table(folder: Path, clip_ids: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """Find the one table of a folder that names its clips, and say why others are not used."""
    fitting, others = [], []
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SHEETS:
            others.append(f"{path.name} is not read; save it as CSV")
        elif path.suffix.lower() in SUFFIXES:
            try:
                names_clips = _best_key(_read(path), clip_ids)[2] > 0
            except DataError as error:
                others.append(f"{path.name} is not used: {error}")
                continue
            if names_clips:
                fitting.append(path)
            else:
                others.append(f"{path.name} is not used: no column names the clips")
    if len(fitting) > 1:
        names = ", ".join(path.name for path in fitting)
        raise DataError(
            f"{folder} has several tables that name its clips: {names}."
            f" Type folder:path={folder},attributes={fitting[0].name}"
        )
    return (fitting[0] if fitting else None), tuple(others)


def read_attributes(table: Path, clip_ids: Sequence[str], group: str | None = None) -> Attributes:
    """Read a table and find the row of each clip."""
    rows = _read(table)
    column, key, count = _best_key(rows, clip_ids)
    if not count:
        raise LabelError(f"{table}: no column names the clips, such as {clip_ids[0]}")
    by_name: dict[str, dict[str, str]] = {}
    for row in rows:
        if by_name.setdefault(_fold(row[column]), row) != row:
            raise LabelError(f"{table} has different rows for {column} {row[column]!r}")
    found = {}
    for clip_id in clip_ids:
        name = _keys(clip_id)[key]
        if name in by_name:
            found[clip_id] = by_name[name]
    named_by = _group_column(table, rows[0], group)
    groups = {clip_id: row[named_by] for clip_id, row in found.items()} if named_by else {}
    if not named_by and key in _SHARED:
        named_by = column
        groups = {clip_id: row[column] for clip_id, row in found.items()}
    others = [name for name in rows[0] if name != column]
    absent = len(clip_ids) - len(found)
    note = (
        f"attributes {', '.join(others)} from {table.name}, whose column {column} names the clips"
        f"{f'; groups are its {named_by}' if named_by else ''}"
        f"{f'; {absent} clips have no row' if absent else ''}"
    )
    kept = {one: {name: row[name] for name in others} for one, row in found.items()}
    return Attributes(kept, groups, (note,))


def _group_column(table: Path, row: Mapping[str, str], given: str | None) -> str | None:
    """Return the column that names groups: the given one, or one that is called so."""
    if given is None:
        return next((name for name in row if name.casefold() in GROUPS), None)
    if given not in row:
        raise LabelError(f"{table} has no column {given!r}.{did_you_mean(given, row)}")
    return given


def _read(table: Path) -> list[dict[str, str]]:
    """Read the rows of a table as texts."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as stream:
            lines = stream.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{table} cannot be read: {error}") from error
    lines = [line for line in lines if line.strip()]
    if len(lines) < 2:
        raise LabelError(f"{table} has a header and no row" if lines else f"{table} is empty")
    marks = "\t" if table.suffix.lower() == ".tsv" else ",;\t"
    separator = max(marks, key=lines[0].count)
    header, *rows = csv.reader(lines, delimiter=separator)
    names = [name.strip() or f"column {number}" for number, name in enumerate(header, 1)]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise LabelError(f"{table} has several columns {twice[0]!r}")
    found = []
    for number, values in enumerate(rows, 2):
        if len(values) > len(names):
            raise LabelError(
                f"{table} row {number} has {len(values)} values for {len(names)} columns"
            )
        padded = [*values, *[""] * (len(names) - len(values))]
        found.append({name: one.strip() for name, one in zip(names, padded, strict=True)})
    return found


_SHARED = (3, 4)


def _keys(clip_id: str) -> tuple[str, ...]:
    """List the names by which a table may mean a clip."""
    path = PurePosixPath(_fold(clip_id))
    inner = path.parent.name if len(path.parts) > 2 else ""
    return str(path), path.name, path.stem, path.stem.partition("_")[0], inner


def _best_key(rows: Sequence[Mapping[str, str]], clip_ids: Sequence[str]) -> tuple[str, int, int]:
    """Find the column and the key that find the most clips, and how many they find."""
    keys = list(zip(*map(_keys, clip_ids), strict=True))
    best = ("", 0, 0)
    for column in rows[0]:
        values = {_fold(row[column]) for row in rows} - {""}
        for number, names in enumerate(keys):
            count = sum(name in values for name in names)
            if count > best[2]:
                best = (column, number, count)
    return best


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().replace("\\", "/").strip()


class WithAttributes:
    """A dataset whose clips are described by a table."""

    def __init__(self, dataset: Dataset, attributes: Attributes) -> None:
        self._dataset = dataset
        self._attributes = attributes

    def __getattr__(self, name: str) -> object:
        """Return whatever else the dataset has."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._dataset, name)

    def clip_ids(self) -> Sequence[str]:
        """List the clips."""
        return self._dataset.clip_ids()

    def attributes(self) -> dict[str, dict[str, str]]:
        """Return the values of each clip by column."""
        return {clip_id: dict(known) for clip_id, known in self._attributes.of.items()}

    def notes(self) -> tuple[str, ...]:
        """Say how folder and table were read."""
        own = getattr(self._dataset, "notes", None)
        return (*(own() if own else ()), *self._attributes.notes)

    def load(self, clip_id: str) -> Clip:
        """Read one clip; the table's group replaces the dataset's own."""
        clip = self._dataset.load(clip_id)
        return replace(clip, group=self._attributes.groups.get(clip_id, "") or clip.group)
