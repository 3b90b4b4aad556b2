"""Where the labels of a dataset lie, in any of the forms in which the Hub has events.

Events are a column of lists (one of onsets, one of offsets), a list of structures, a list of pairs,
or one event per row. Which column is which is told by its name, as in tables; a field of a
structure is called ``events.start``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from awb.data.annotations.columns import (
    DURATION,
    FILENAME,
    HIGH_HZ,
    LABEL,
    LABELS,
    LOW_HZ,
    MID,
    NAMES,
    OFFSET,
    ONSET,
    find_columns,
    folded,
    scale_of,
)
from awb.errors import LabelError, ParameterError

if TYPE_CHECKING:
    import pyarrow

_PAIRS = ("detectedevents", "events", "intervals", "segments", "timestamps", "times")
_MORE = {LABELS: ("humanlabels", "ebirdcodemultilabel")}
"""Names that tables do not have: of AudioSet's mirrors and of BirdSet."""
_OF_EVENTS = (ONSET, OFFSET, DURATION, LABEL, LOW_HZ, HIGH_HZ, MID)
OF_ROWS = (LABEL, LABELS)


@dataclass(frozen=True, slots=True)
class Column:
    """Where a value lies, and how it is read.

    Attributes
    ----------
    path : tuple of str
        A column, or a column and a field of its structures.
    scale : float
        What numbers are multiplied by.
    classes : tuple of str
        Names of classes that are stored as numbers; empty if they are texts.
    """

    path: tuple[str, ...]
    scale: float = 1.0
    classes: tuple[str, ...] = ()

    def of(self, row: Mapping[str, Any]) -> Any:
        """Return the value of a row: a scalar, or a list."""
        found = row[self.path[0]]
        if len(self.path) == 1 or found is None:
            return found
        if isinstance(found, dict):
            return found[self.path[1]]
        return [None if one is None else one[self.path[1]] for one in found]

    def number(self, value: Any) -> float | None:
        """Return a number in seconds or Hz; None where there is none."""
        if value is None or value == "" or isinstance(value, bool):
            return None
        try:
            number = float(value) * self.scale
        except (TypeError, ValueError):
            raise LabelError(f"{'.'.join(self.path)}: {value!r} is not a number") from None
        return number if math.isfinite(number) else None

    def text(self, value: Any) -> str:
        """Return a class; empty where there is none."""
        if value is None:
            return ""
        if not self.classes or isinstance(value, str):
            return str(value).strip()
        if not 0 <= int(value) < len(self.classes):
            return ""  # -1 is "no label"
        return self.classes[int(value)]

    def texts(self, value: Any) -> tuple[str, ...]:
        """Return all classes of a scalar or a list."""
        values = value if isinstance(value, list) else [value]
        return tuple(dict.fromkeys(text for one in values if (text := self.text(one))))


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the labels of a dataset lie.

    Attributes
    ----------
    events : dict of str to Column
        By meaning: onset, offset, label and so on.
    pairs : Column or None
        Lists of (onset, offset).
    row : dict of str to Column
        ``label`` and ``labels`` of whole rows.
    """

    events: Mapping[str, Column]
    pairs: Column | None
    row: Mapping[str, Column]

    @property
    def columns(self) -> list[str]:
        """The columns that must be read."""
        found = [*self.events.values(), *self.row.values()]
        found += [] if self.pairs is None else [self.pairs]
        return list(dict.fromkeys(one.path[0] for one in found))

    @property
    def event_per_row(self) -> bool:
        """Whether times are not in a structure, so that a row may be one event."""
        return ONSET in self.events and len(self.events[ONSET].path) == 1


def find_layout(schema: pyarrow.Schema, chosen: Mapping[str, str]) -> Layout:
    """Find out where the labels lie."""
    import pyarrow.types as kinds

    classes = _class_names(schema)
    fields = {field.name: field for field in schema}
    for name in chosen.values():
        top_name = name.partition(".")[0]
        if top_name not in fields:
            raise ParameterError(f"there is no column {top_name!r}; there are: {', '.join(fields)}")
    plain: list[str] = []
    nested: dict[str, list[str]] = {}
    for name, field in fields.items():
        inner = field.type.value_type if _is_list(field.type) else field.type
        if kinds.is_struct(inner):
            nested[name] = [inner.field(i).name for i in range(inner.num_fields)]
        else:
            plain.append(name)

    def column(*path: str) -> Column:
        return Column(path, scale_of(path[-1]), classes.get(path[0], {}).get(path[1:], ()))

    pairs = _pairs(schema, chosen)
    top = _meanings(plain, chosen, "")
    events = {meaning: column(top[meaning]) for meaning in _OF_EVENTS if meaning in top}
    if pairs is not None and top.get(ONSET) == pairs:
        del events[ONSET]
    inside = _structure(nested, chosen)
    if inside is not None:
        name, found = inside
        events = {
            **{meaning: events[meaning] for meaning in (LABEL, MID) if meaning in events},
            **{meaning: column(name, one) for meaning, one in found.items()},
        }
        pairs = None
    lists = pairs is not None or (ONSET in top and _is_list(fields[top[ONSET]].type))
    if lists and LABEL not in events and LABELS in top:
        events[LABEL] = column(top[LABELS])  # as many as there are events
    row = {meaning: column(top[meaning]) for meaning in OF_ROWS if meaning in top}
    return Layout(events, None if pairs is None else column(pairs), row)


def _meanings(header: Sequence[str], chosen: Mapping[str, str], above: str) -> dict[str, str]:
    """Tell the columns of a table, or the fields of a structure, by their names."""
    mine = {}
    for meaning, name in chosen.items():
        if above and name.startswith(f"{above}."):
            mine[meaning] = name.removeprefix(f"{above}.")
        elif not above and "." not in name and name in header:
            mine[meaning] = name
    for meaning, names in _MORE.items():
        fitting = [one for name in names for one in header if folded(one) == name]
        if fitting and meaning not in mine:
            mine[meaning] = fitting[0]
    found = find_columns(header, {key: one for key, one in mine.items() if key in NAMES})
    return {meaning: header[at] for meaning, at in found.items() if meaning != FILENAME}


def _structure(
    nested: Mapping[str, Sequence[str]], chosen: Mapping[str, str]
) -> tuple[str, dict[str, str]] | None:
    """Find the structure that has the events, with the meanings of its fields."""
    fitting = {}
    for name, header in nested.items():
        found = _meanings(header, chosen, name)
        kept = {meaning: one for meaning, one in found.items() if meaning in _OF_EVENTS}
        if LABEL not in kept and LABELS in found:
            kept[LABEL] = found[LABELS]
        if ONSET in kept and (OFFSET in kept or DURATION in kept):
            fitting[name] = kept
    wanted = {name.partition(".")[0] for name in chosen.values() if "." in name}
    fitting = {name: one for name, one in fitting.items() if not wanted or name in wanted}
    if len(fitting) > 1:
        one, other, *_ = fitting
        raise LabelError(
            f"events may be in {' or in '.join(fitting)}; type columns=onset:{one}.START, or"
            f" {other}"
        )
    return next(iter(fitting.items()), None)


def _pairs(schema: pyarrow.Schema, chosen: Mapping[str, str]) -> str | None:
    """Find the column of lists of pairs of numbers."""
    import pyarrow.types as kinds

    fitting = [
        field.name
        for field in schema
        if _is_list(field.type)
        and _is_list(field.type.value_type)
        and (
            kinds.is_floating(field.type.value_type.value_type)
            or kinds.is_integer(field.type.value_type.value_type)
        )
    ]
    if chosen.get(ONSET) in fitting:
        return chosen[ONSET]
    if ONSET in chosen:
        return None
    return next((one for name in _PAIRS for one in fitting if folded(one) == name), None)


def _is_list(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind))


def features_of(schema: pyarrow.Schema) -> Mapping[str, Any]:
    """Return the features that the library `datasets` wrote into a file; empty if it did not."""
    written = (schema.metadata or {}).get(b"huggingface", b"{}")
    try:
        features = json.loads(written).get("info", {}).get("features", {})
    except (ValueError, AttributeError):
        return {}
    return features if isinstance(features, dict) else {}


def _class_names(schema: pyarrow.Schema) -> dict[str, dict[tuple[str, ...], tuple[str, ...]]]:
    """Return the names of classes that are stored as numbers, by column and field."""
    return {name: dict(_named(one, ())) for name, one in features_of(schema).items()}


def _named(feature: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(feature, list):
        for one in feature:
            yield from _named(one, path)
    elif isinstance(feature, dict):
        if feature.get("_type") == "ClassLabel":
            yield path, tuple(map(str, feature.get("names", ())))
        elif "feature" in feature:
            yield from _named(feature["feature"], path)
        else:
            for name, one in feature.items():
                yield from _named(one, (*path, name)) if isinstance(one, (dict, list)) else ()
