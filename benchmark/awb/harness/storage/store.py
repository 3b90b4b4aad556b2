"""The store: one SQLite file per run, one transaction per unit.

So the rows of a unit are complete or missing, whenever the process is killed.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.harness.database import Database
from awb.harness.unit.record import ExplainerResult, UnitResult
from awb.intervals import FloatArray

_SCHEMA = """
create table if not exists unit (
    key text primary key, dataset text not null, model text not null,
    clip_id text not null, target text not null
) without rowid;
create table if not exists explanation (
    unit_key text not null references unit(key), explainer text not null,
    status text not null, reason text not null, relevance blob,
    calls integer not null, forwards real not null, seconds real not null,
    shared_seconds real not null default 0, uncertainty blob,
    primary key (unit_key, explainer)
) without rowid;
create table if not exists score (
    unit_key text not null references unit(key), explainer text not null,
    metric text not null, value real, reason text not null,
    primary key (unit_key, explainer, metric)
) without rowid;
create table if not exists curve (
    unit_key text not null references unit(key), explainer text not null,
    kind text not null, probabilities blob not null,
    primary key (unit_key, explainer, kind)
) without rowid;
create table if not exists stopped (
    unit_key text not null references unit(key), kind text not null, label text not null,
    primary key (unit_key, kind, label)
) without rowid;
create table if not exists fact (
    unit_key text not null references unit(key) on delete cascade, name text not null,
    value not null,
    primary key (unit_key, name)
) without rowid;
"""

_NEW_COLUMNS = {
    "shared_seconds": "alter table explanation add column shared_seconds real not null default 0",
    "uncertainty": "alter table explanation add column uncertainty blob",
}
"""Columns of `explanation` that the file of an older awb lacks, in the order of the table."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One row of the long table."""

    dataset: str
    model: str
    explainer: str
    clip_id: str
    target: str
    metric: str
    value: float
    reason: str


@dataclass(frozen=True, slots=True)
class ExplanationRow:
    """One explanation, without its relevance."""

    dataset: str
    model: str
    explainer: str
    clip_id: str
    target: str
    status: str
    reason: str
    calls: int
    forwards: float
    seconds: float
    shared_seconds: float = 0.0  # of the designs it read; an older awb counts them as its own


class Store(Database):
    """Results of one run."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, _SCHEMA)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        """Create the tables, and add what the file of an older awb lacks."""
        super()._prepare(connection)
        known = {name for _, name, *_ in connection.execute("pragma table_info(explanation)")}
        for name, statement in _NEW_COLUMNS.items():
            if name not in known:
                connection.execute(statement)

    def finished(self) -> set[str]:
        """Return the keys of the units that are stored."""
        with self.transaction() as connection:
            return {key for (key,) in connection.execute("select key from unit")}

    def used_bytes(self) -> int:
        """Return the size of what is stored."""
        query = "select page_count * page_size from pragma_page_count(), pragma_page_size()"
        with self.transaction() as connection:
            return int(connection.execute(query).fetchone()[0])

    def clips(self) -> dict[str, set[str]]:
        """Return the clips of every dataset of which instances are stored."""
        found: dict[str, set[str]] = {}
        with self.transaction() as connection:
            query = "select distinct dataset, clip_id from unit"
            for dataset, clip_id in connection.execute(query):
                found.setdefault(dataset, set()).add(clip_id)
        return found

    def add(
        self,
        dataset: str,
        model: str,
        result: UnitResult,
        stopped: Collection[tuple[str, str]] = (),
        facts: Mapping[str, float | str] | None = None,
    ) -> None:
        """Store a unit in one transaction; storing it again has no effect."""
        with self.transaction() as connection:
            fresh = connection.execute(
                "insert or ignore into unit values (?, ?, ?, ?, ?)",
                (result.key, dataset, model, result.clip_id, result.target),
            ).rowcount
            if not fresh:
                return
            self.insert(connection, result.key, result.explainers)
            connection.executemany(
                "insert into stopped values (?, ?, ?)",
                [(result.key, kind, label) for kind, label in sorted(stopped)],
            )
            connection.executemany(
                "insert or replace into fact values (?, ?, ?)",
                [(result.key, name, value) for name, value in (facts or {}).items()],
            )

    def insert(
        self, connection: sqlite3.Connection, key: str, rows: Sequence[ExplainerResult]
    ) -> None:
        """Write rows of a unit in an open transaction."""

        connection.executemany(
            """insert into explanation (unit_key, explainer, status, reason, relevance, calls,
               forwards, seconds, shared_seconds, uncertainty)
               values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (
                    key,
                    row.explainer,
                    row.status,
                    row.reason,
                    _pack(row.relevance),
                    row.cost.calls,
                    row.cost.forwards,
                    row.cost.seconds,
                    row.cost.shared_seconds,
                    _pack(row.uncertainty),
                )
                for row in rows
            ],
        )
        connection.executemany(
            "insert into curve values (?, ?, ?, ?)",
            [
                (key, row.explainer, kind, _pack(curve))
                for row in rows
                for kind, curve in row.curves.items()
            ],
        )
        connection.executemany(
            "insert into score values (?, ?, ?, ?, ?)",
            [
                (key, row.explainer, metric, _nullable(value), reason)
                for row in rows
                for metric, (value, reason) in row.scores.items()
            ],
        )

    def scores(self) -> Iterator[ScoreRow]:
        """Iterate over the long table, in an order that does not depend on how units finished."""
        query = """
            select dataset, model, score.explainer, clip_id, target, metric, value, reason
            from score join unit on unit.key = score.unit_key
            order by dataset, model, clip_id, target, score.explainer, metric
        """
        with self.transaction() as connection:
            for row in connection.execute(query):
                *names, value, reason = row
                dataset, model, explainer, clip_id, target, metric = names
                number = math.nan if value is None else float(value)
                yield ScoreRow(dataset, model, explainer, clip_id, target, metric, number, reason)

    def explanations(self) -> Iterator[ExplanationRow]:
        """Iterate over explanations, in the same order."""
        query = """
            select dataset, model, explainer, clip_id, target, status, reason,
                   calls, forwards, seconds, shared_seconds
            from explanation join unit on unit.key = explanation.unit_key
            order by dataset, model, clip_id, target, explainer
        """
        with self.transaction() as connection:
            for row in connection.execute(query):
                yield ExplanationRow(*row)

    def facts(self) -> dict[tuple[str, str], dict[tuple[str, str], dict[str, float | str]]]:
        """Read what is known of every instance, by (dataset, model) and by (clip, target).

        Runs that an older awb made have none.
        """
        query = """
            select dataset, model, clip_id, target, name, value
            from fact join unit on unit.key = fact.unit_key
            order by dataset, model, clip_id, target, name
        """
        found: dict[tuple[str, str], dict[tuple[str, str], dict[str, float | str]]] = {}
        with self.transaction() as connection:
            for dataset, model, clip_id, target, name, value in connection.execute(query):
                of_board = found.setdefault((dataset, model), {})
                of_board.setdefault((clip_id, target), {})[name] = value
        return found

    def relevance(self, clip_id: str, target: str, explainer: str) -> FloatArray | None:
        """Read the relevance of one explanation."""
        query = """
            select relevance from explanation join unit on unit.key = explanation.unit_key
            where clip_id = ? and target = ? and explainer = ?
        """
        with self.transaction() as connection:
            found = connection.execute(query, (clip_id, target, explainer)).fetchone()
        return None if found is None or found[0] is None else np.frombuffer(found[0], dtype="<f8")

    def relevances(self, dataset: str, model: str) -> dict[tuple[str, str], dict[str, FloatArray]]:
        """Read the relevance of every explanation of one board."""
        return self._arrays(dataset, model, "relevance")

    def uncertainties(
        self, dataset: str, model: str
    ) -> dict[tuple[str, str], dict[str, FloatArray]]:
        """Read the standard errors of relevance of one board, of the explainers that know them."""
        return self._arrays(dataset, model, "uncertainty")

    def _arrays(
        self, dataset: str, model: str, column: str
    ) -> dict[tuple[str, str], dict[str, FloatArray]]:
        query = f"""
            select clip_id, target, explainer, {column}
            from explanation join unit on unit.key = explanation.unit_key
            where dataset = ? and model = ? and {column} is not null
            order by clip_id, target, explainer
        """
        found: dict[tuple[str, str], dict[str, FloatArray]] = {}
        with self.transaction() as connection:
            for clip_id, target, explainer, packed in connection.execute(query, (dataset, model)):
                values = np.frombuffer(packed, dtype="<f8")
                found.setdefault((clip_id, target), {})[explainer] = values
        return found

    def curves(
        self, dataset: str, model: str, kind: str
    ) -> dict[tuple[str, str], dict[str, FloatArray]]:
        """Read the whole curves of one board."""
        query = """
            select clip_id, target, explainer, probabilities
            from curve join unit on unit.key = curve.unit_key
            where dataset = ? and model = ? and kind = ?
            order by clip_id, target, explainer
        """
        found: dict[tuple[str, str], dict[str, FloatArray]] = {}
        with self.transaction() as connection:
            for clip_id, target, explainer, packed in connection.execute(
                query, (dataset, model, kind)
            ):
                values = np.frombuffer(packed, dtype="<f8")
                found.setdefault((clip_id, target), {})[explainer] = values
        return found


def _pack(relevance: FloatArray | None) -> bytes | None:
    return None if relevance is None else relevance.astype("<f8").tobytes()


def _nullable(value: float) -> float | None:
    return value if math.isfinite(value) else None
