"""Plugins that were stopped, as recorded in a store, and the removal of their later rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from sqlite3 import Connection

from awb.harness.selection.manifest import Manifest
from awb.harness.storage.store import Store
from awb.harness.unit.record import ExplainerResult


def stopped(store: Store, keys: Collection[str]) -> dict[str, set[tuple[str, str]]]:
    """Read which plugins were stopped on the given units."""
    found: dict[str, set[tuple[str, str]]] = {}
    with store.transaction() as connection:
        for key, kind, label in connection.execute("select unit_key, kind, label from stopped"):
            if key in keys:
                found.setdefault(key, set()).add((kind, label))
    return found


def forget_stopped(store: Store, keys: Sequence[str], kind: str, label: str) -> None:
    """Delete the records that a plugin was stopped on the given units."""
    with store.transaction() as connection:
        connection.executemany(
            "delete from stopped where unit_key = ? and kind = ? and label = ?",
            [(key, kind, label) for key in keys],
        )


def replace_rows(
    store: Store, keys: Sequence[str], explainers: Sequence[str], row: ExplainerResult
) -> None:
    """Replace rows of the given units by one row without an explanation."""
    known = store.finished()
    old = [(key, name) for key in keys if key in known for name in explainers]
    with store.transaction() as connection:
        for table in ("curve", "score", "explanation"):
            statement = f"delete from {table} where unit_key = ? and explainer = ?"
            connection.executemany(statement, old)
        for key in keys:
            if key in known:
                store.insert(connection, key, [row])


def fail_metric(store: Store, keys: Sequence[str], metric: str, reason: str) -> None:
    """Delete the values of a metric on the given units, for rows with an explanation."""
    with store.transaction() as connection:
        connection.executemany(
            """
            update score set value = null, reason = ? where unit_key = ? and metric = ?
            and explainer in (
                select explainer from explanation where unit_key = score.unit_key and status = 'ok'
            )
            """,
            [(reason, key, metric) for key in keys],
        )


def forget_units(store: Store, reason: str) -> int:
    """Delete the units on which a plugin was stopped or not tried, so that they are repeated."""

    query = """
        select unit_key from stopped
        union select unit_key from explanation where reason like '%' || :reason
        union select unit_key from score where reason like '%' || :reason
    """
    with store.transaction() as connection:
        keys = connection.execute(query, {"reason": reason}).fetchall()
        _delete(connection, keys)
    return len(keys)


def forget_beyond(store: Store, manifests: Collection[Manifest]) -> None:
    """Delete units of instances that are no longer selected, as the run has fewer clips now."""
    kept = {
        (one.dataset, one.model, kept.clip_id, kept.target)
        for one in manifests
        for kept in one.kept
    }
    with store.transaction() as connection:
        query = "select key, dataset, model, clip_id, target from unit"
        stored = connection.execute(query).fetchall()
        _delete(connection, [(key,) for key, *rest in stored if tuple(rest) not in kept])


def _delete(connection: Connection, keys: Sequence[tuple[str]]) -> None:
    for table in ("stopped", "curve", "score", "explanation", "fact"):
        connection.executemany(f"delete from {table} where unit_key = ?", keys)
    connection.executemany("delete from unit where key = ?", keys)
