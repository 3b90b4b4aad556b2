"""Rows of scores in arrays: twenty bytes each, where a list of rows takes some hundreds.

AudioSet's 17,000 clips with 20 explainers and 70 metrics are 24 million rows.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

from awb.harness.storage.store import ScoreRow
from awb.intervals import FloatArray, IntArray

_Text = tuple[str, ...]


class ScoreTable(Sequence[ScoreRow]):
    """Rows of scores, in the order in which they were added; read like a list of them."""

    __slots__ = ("_metric", "_names", "_place", "_reason", "_row", "_value")

    def __init__(self, rows: Iterable[ScoreRow] = ()) -> None:
        self._names: dict[str, dict[_Text, int]] = {
            kind: {} for kind in ("row", "place", "metric", "reason")
        }
        self._row, self._metric = array("H"), array("H")
        self._place, self._reason = array("I"), array("I")
        self._value = array("d")
        for row in rows:
            self.append(row)

    def append(self, row: ScoreRow) -> None:
        """Add a row at the end."""
        self._row.append(self._code("row", (row.dataset, row.model, row.explainer)))
        self._place.append(self._code("place", (row.clip_id, row.target)))
        self._metric.append(self._code("metric", (row.metric,)))
        self._reason.append(self._code("reason", (row.reason,)))
        self._value.append(row.value)

    def append_column(
        self,
        row: tuple[str, str, str],
        metric: str,
        places: Sequence[tuple[str, str]],
        values: Sequence[float],
        reasons: Sequence[str],
    ) -> None:
        """Add the rows of one (dataset, model, explainer) by one metric, one per instance."""
        row_code, metric_code = self._code("row", row), self._code("metric", (metric,))
        for place, value, reason in zip(places, values, reasons, strict=True):
            self._row.append(row_code)
            self._metric.append(metric_code)
            self._place.append(self._code("place", place))
            self._reason.append(self._code("reason", (reason,)))
            self._value.append(value)

    def _code(self, kind: str, names: _Text) -> int:
        known = self._names[kind]
        return known.setdefault(names, len(known))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._value)

    @overload
    def __getitem__(self, index: int) -> ScoreRow: ...

    @overload
    def __getitem__(self, index: slice) -> ScoreTable: ...

    def __getitem__(self, index: int | slice) -> ScoreRow | ScoreTable:
        """Make one row, or a table of some."""
        if isinstance(index, slice):
            return ScoreTable(self._rows(range(len(self))[index]))
        return next(self._rows([range(len(self))[index]]))

    def __iter__(self) -> Iterator[ScoreRow]:
        """Make the rows one by one."""
        return self._rows(range(len(self)))

    def of_metric(self, metric: str) -> Iterator[ScoreRow]:
        """Make the rows of one metric."""
        return self._rows(self._at(metric).tolist())

    def with_reason(self, start: str) -> Iterator[ScoreRow]:
        """Make the rows whose reason begins in some way."""
        codes = [
            code for (reason,), code in self._names["reason"].items() if reason.startswith(start)
        ]
        found = np.isin(np.frombuffer(self._reason, dtype=np.uint32), codes)
        return self._rows(np.flatnonzero(found).tolist())

    def filled(
        self, metric: str, row: dict[str, int], column: dict[tuple[str, str], int], grid: FloatArray
    ) -> None:
        """Put the values of a metric into a grid, by the places of explainers and instances."""
        at = self._at(metric)
        if not at.size:
            return
        rows = [row.get(name, -1) for _, _, name in self._names["row"]]
        columns = [column.get((clip_id, target), -1) for clip_id, target in self._names["place"]]
        own = np.array(rows)[np.frombuffer(self._row, dtype=np.uint16)[at]]
        places = np.array(columns)[np.frombuffer(self._place, dtype=np.uint32)[at]]
        grid[own, places] = np.frombuffer(self._value)[at]

    def by_explanation(self) -> dict[tuple[str, str, str], dict[str, float]]:
        """Return the values by clip, target and explainer, and then by metric."""
        metrics = [metric for (metric,) in self._names["metric"]]
        found: dict[tuple[int, int], dict[str, float]] = {}
        for place, row, metric, value in zip(
            self._place, self._row, self._metric, self._value, strict=True
        ):
            found.setdefault((place, row), {})[metrics[metric]] = value
        rows, places = list(self._names["row"]), list(self._names["place"])
        return {
            (places[place][0], places[place][1], rows[row][2]): values
            for (place, row), values in found.items()
        }

    def _at(self, metric: str) -> IntArray:
        code = self._names["metric"].get((metric,))
        if code is None:
            return np.zeros(0, dtype=np.int64)
        return np.flatnonzero(np.frombuffer(self._metric, dtype=np.uint16) == code)

    def _rows(self, places: Iterable[int]) -> Iterator[ScoreRow]:
        names = {kind: list(known) for kind, known in self._names.items()}
        for at in places:
            dataset, model, explainer = names["row"][self._row[at]]
            clip_id, target = names["place"][self._place[at]]
            [metric], [reason] = (
                names["metric"][self._metric[at]],
                names["reason"][self._reason[at]],
            )
            yield ScoreRow(
                dataset, model, explainer, clip_id, target, metric, self._value[at], reason
            )


def rows_of(scores: Sequence[ScoreRow], metric: str) -> Iterable[ScoreRow]:
    """Return the rows of one metric."""
    if isinstance(scores, ScoreTable):
        return scores.of_metric(metric)
    return (row for row in scores if row.metric == metric)


def rows_because(scores: Sequence[ScoreRow], start: str) -> Iterable[ScoreRow]:
    """Return the rows whose reason begins in some way."""
    if isinstance(scores, ScoreTable):
        return scores.with_reason(start)
    return (row for row in scores if row.reason.startswith(start))


def by_explanation(scores: Sequence[ScoreRow]) -> dict[tuple[str, str, str], dict[str, float]]:
    """Return the values by clip, target and explainer, and then by metric."""
    if isinstance(scores, ScoreTable):
        return scores.by_explanation()
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for row in scores:
        found.setdefault((row.clip_id, row.target, row.explainer), {})[row.metric] = row.value
    return found
