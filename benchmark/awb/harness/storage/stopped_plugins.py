"""What a store knows of plugins that were stopped, and how their later rows are taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing

from awb.harness.storage.store import Store
from awb.harness.unit.record import ExplainerResult


def stopped(store: Store, keys: Collection[str]) -> dict[str, set[tuple[str, str]]]:
    """Read who was stopped on some units."""
    found: dict[str, set[tuple[str, str]]] = {}
    with closing(store.connect()) as connection:
        for key, kind, label in connection.execute("select unit_key, kind, label from stopped"):
            if key in keys:
                found.setdefault(key, set()).add((kind, label))
    return found


def forget_stopped(store: Store, keys: Sequence[str], kind: str, label: str) -> None:
    """Forget that a plugin was stopped on some units."""
    with closing(store.connect()) as connection, connection:
        connection.executemany(
            "delete from stopped where unit_key = ? and kind = ? and label = ?",
            [(key, kind, label) for key in keys],
        )


def replace_rows(
    store: Store, keys: Sequence[str], explainers: Sequence[str], row: ExplainerResult
) -> None:
    """Put one row without an explanation in the place of some rows."""
    known = store.finished()
    old = [(key, name) for key in keys if key in known for name in explainers]
    with closing(store.connect()) as connection, connection:
        for table in ("curve", "score", "explanation"):
            statement = f"delete from {table} where unit_key = ? and explainer = ?"
            connection.executemany(statement, old)
        for key in keys:
            if key in known:
                store.insert(connection, key, [row])


def fail_metric(store: Store, keys: Sequence[str], metric: str, reason: str) -> None:
    """Take back the values of a metric on some units, where there is an explanation."""
    with closing(store.connect()) as connection, connection:
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
    """Forget the units on which a plugin was stopped or not tried, so that they are done again."""
    query = """
        select unit_key from stopped
        union select unit_key from explanation where reason like '%' || :reason
        union select unit_key from score where reason like '%' || :reason
    """
    with closing(store.connect()) as connection, connection:
        keys = connection.execute(query, {"reason": reason}).fetchall()
        for table in ("stopped", "curve", "score", "explanation"):
            connection.executemany(f"delete from {table} where unit_key = ?", keys)
        connection.executemany("delete from unit where key = ?", keys)
    return len(keys)
