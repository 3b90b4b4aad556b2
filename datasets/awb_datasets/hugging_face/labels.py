"""What a row of a dataset says: its events, or else the classes of the whole clip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Any

from awb.data.annotations.columns import DURATION, HIGH_HZ, LABEL, LOW_HZ, MID, OFFSET, ONSET
from awb.data.annotations.rows import UNREADABLE, Fault, LabelRow, band_of
from awb.errors import LabelError
from awb_datasets.hugging_face.layout import OF_ROWS, Column, Layout


def read_row(row: Mapping[str, Any], layout: Layout, where: str) -> list[LabelRow | Fault]:
    """Read the events of a row; without any, what is said of the whole clip."""
    try:
        events = list(_events(row, layout, where))
    except LabelError as error:
        return [Fault(where, UNREADABLE, str(error))]
    if events:
        return events
    labels = dict.fromkeys(label for one in _row_labels(row, layout) for label in one)
    return [LabelRow(where, tuple(labels))] if labels else []


def _row_labels(row: Mapping[str, Any], layout: Layout) -> list[tuple[str, ...]]:
    """Return the classes of a row: its label and its labels, as far as it has them."""
    columns = [layout.row[meaning] for meaning in OF_ROWS if meaning in layout.row]
    return [found for one in columns if (found := one.texts(one.of(row)))]


def _events(row: Mapping[str, Any], layout: Layout, where: str) -> Iterator[LabelRow | Fault]:
    values = {meaning: column.of(row) for meaning, column in layout.events.items()}
    times = layout.pairs.of(row) if layout.pairs is not None else None
    if layout.pairs is not None and times:
        if any(one is None or len(one) != 2 for one in times):
            raise LabelError(f"{layout.pairs.path[0]}: expected pairs of onset and offset")
        onsets, offsets = (_numbers(layout.pairs, [one[at] for one in times]) for at in (0, 1))
    else:
        onsets, offsets = _times(values, layout)
    if onsets is None or offsets is None:
        return
    several = isinstance(onsets, list)
    count = len(onsets) if several else 1
    starts, ends = _spread(onsets, count, ONSET), _spread(offsets, count, OFFSET)
    given = values.get(LABEL)
    if not several or not isinstance(given, list):
        said = [_texts(layout, given), *_row_labels(row, layout)]
        labels: list[tuple[str, ...]] = [next((one for one in said if one), ())] * count
    else:
        labels = [_texts(layout, one) for one in _spread(given, count, LABEL)]
    lows, highs, mids = (_spread(values.get(one), count, one) for one in (LOW_HZ, HIGH_HZ, MID))
    for at in range(count):
        band = band_of(_value(layout, LOW_HZ, lows[at]), _value(layout, HIGH_HZ, highs[at]))
        mid = str(mids[at]) if mids[at] else None
        for label in labels[at] or ("",):
            yield LabelRow(where, (label,), "", starts[at], ends[at], mid, *band)


def _texts(layout: Layout, value: Any) -> tuple[str, ...]:
    column = layout.events.get(LABEL)
    return () if column is None else column.texts(value)


def _value(layout: Layout, meaning: str, value: Any) -> float | None:
    column = layout.events.get(meaning)
    return None if column is None else column.number(value)


def _times(values: Mapping[str, Any], layout: Layout) -> tuple[Any, Any]:
    """Return onsets and offsets in seconds: two numbers, or two lists of them; None if unknown."""
    if values.get(ONSET) is None:
        return None, None
    onsets = _numbers(layout.events[ONSET], values[ONSET])
    if values.get(OFFSET) is not None:
        return onsets, _numbers(layout.events[OFFSET], values[OFFSET])
    if values.get(DURATION) is None:
        return None, None
    lengths = _numbers(layout.events[DURATION], values[DURATION])
    if isinstance(onsets, list):
        lengths = _spread(lengths, len(onsets), DURATION)
        return onsets, [a + b for a, b in zip(onsets, lengths, strict=True)]
    if onsets is None or lengths is None:
        return None, None
    return onsets, onsets + lengths


def _numbers(column: Column, value: Any) -> Any:
    if not isinstance(value, list):
        return column.number(value)
    numbers = [column.number(one) for one in value]
    if None in numbers:
        raise LabelError(f"{'.'.join(column.path)}: an event has no time")
    return numbers


def _spread(value: Any, count: int, meaning: str) -> list[Any]:
    """Return one value per event."""
    if not isinstance(value, list):
        return list(repeat(value, count))
    if len(value) != count:
        raise LabelError(f"{count} events, but {len(value)} of {meaning}")
    return value
