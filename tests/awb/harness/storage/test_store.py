"""The store: whole units or nothing, in an order that does not depend on how they finished."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from awb.errors import RunError
from awb.harness.storage.stopped_plugins import forget_units
from awb.harness.storage.store import Store
from awb.harness.unit.record import FAILED, OK, ExplainerResult, UnitResult
from awb.types import Cost


def _result(key: str, clip_id: str, value: float = 0.5) -> UnitResult:
    ok = ExplainerResult(
        "naive",
        OK,
        "",
        np.arange(3.0),
        Cost(5, 4.5, 0.1, 0.7),
        {"roc-auc": (value, ""), "ff@10": (math.nan, "flat")},
    )
    bad = ExplainerResult("bad", FAILED, "it broke", scores={"roc-auc": (math.nan, "it broke")})
    return UnitResult(key, clip_id, "Dog", (ok, bad))


def test_results_are_read_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    store.add("d", "m", _result("k1", "a"))
    assert store.finished() == {"k1"}
    rows = list(store.scores())
    assert [(row.explainer, row.metric, row.reason) for row in rows] == [
        ("bad", "roc-auc", "it broke"),
        ("naive", "ff@10", "flat"),
        ("naive", "roc-auc", ""),
    ]
    assert rows[2].value == 0.5
    assert math.isnan(rows[0].value)
    found = store.relevance("a", "Dog", "naive")
    assert found is not None
    np.testing.assert_array_equal(found, np.arange(3.0))
    assert store.relevance("a", "Dog", "bad") is None
    [bad, ok] = store.explanations()
    assert (bad.status, ok.status, ok.calls, ok.forwards) == (FAILED, OK, 5, 4.5)
    assert (ok.seconds, ok.shared_seconds, bad.shared_seconds) == (0.1, 0.7, 0.0)


def test_the_order_of_finishing_does_not_matter(tmp_path: Path) -> None:
    one, other = Store(tmp_path / "one.sqlite"), Store(tmp_path / "other.sqlite")
    results = [_result("k1", "b"), _result("k2", "a"), _result("k3", "c")]
    for result in results:
        one.add("d", "m", result)
    for result in reversed(results):
        other.add("d", "m", result)
    assert [repr(row) for row in one.scores()] == [repr(row) for row in other.scores()]


def test_a_unit_is_stored_once(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    store.add("d", "m", _result("k1", "a", 0.5))
    store.add("d", "m", _result("k1", "a", 0.9))
    assert [row.value for row in store.scores() if row.metric == "roc-auc"][1] == 0.5


def test_a_unit_that_breaks_half_way_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    twice = _result("k1", "a").explainers[0]
    with pytest.raises(Exception, match="UNIQUE"):
        store.add("d", "m", UnitResult("k1", "a", "Dog", (twice, twice)))
    assert store.finished() == set()
    assert list(store.scores()) == []


def test_other_files_are_refused_as_stores(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    path.write_text("not a database, not a database, not a database")
    with pytest.raises(RunError, match="is not an awb result store"):
        Store(path)


def test_facts_of_instances_are_read_back_and_forgotten_with_their_unit(tmp_path: Path) -> None:
    store = Store(tmp_path / "results.sqlite")
    store.add("d", "m", _result("k1", "a"), facts={"snr_db": -3.5, "group": "7"})
    store.add("d", "m", _result("k2", "b"))
    assert store.facts() == {("d", "m"): {("a", "Dog"): {"group": "7", "snr_db": -3.5}}}
    assert forget_units(store, "it broke") == 2
    assert store.facts() == {}


def test_a_file_of_an_older_version_has_no_facts(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    Store(path).add("d", "m", _result("k1", "a"), facts={"clip_s": 1.0})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("drop table fact")
    assert Store(path).facts() == {}
    assert Store(path).finished() == {"k1"}


def test_a_file_without_shared_seconds_gets_them(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    Store(path).add("d", "m", _result("k1", "a"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("alter table explanation drop column shared_seconds")
    store = Store(path)
    assert [row.shared_seconds for row in store.explanations()] == [0.0, 0.0]
    store.add("d", "m", _result("k2", "b"))
    assert [row.shared_seconds for row in store.explanations()] == [0.0, 0.0, 0.0, 0.7]


def test_a_run_commits_every_unit_on_one_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "results.sqlite")
    opened: list[sqlite3.Connection] = []
    connect = Store.connect

    def counted(self: Store) -> sqlite3.Connection:
        opened.append(connect(self))
        return opened[-1]

    monkeypatch.setattr(Store, "connect", counted)
    with store.kept_open(), store.kept_open():
        for number in range(20):
            store.add("d", "m", _result(f"k{number}", f"{number:02d}"))
            with closing(sqlite3.connect(tmp_path / "results.sqlite")) as other:
                [seen] = other.execute("select count(*) from unit").fetchone()
            assert seen == number + 1, "another process sees every unit as soon as it is added"
    assert len(opened) == 1
    store.add("d", "m", _result("after", "after"))
    assert len(opened) == 2


_ADDS_AND_DIES = """
import os, sys
from pathlib import Path
from awb.harness.storage.store import Store
from awb.harness.unit.record import UnitResult
store = Store(Path(sys.argv[1]))
with store.kept_open():
    for key in "abc":
        store.add("d", "m", UnitResult(key, key, "Dog", ()))
        print(key, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_what_was_added_survives_a_kill_while_the_connection_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "results.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", _ADDS_AND_DIES, str(path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    assert Store(path).finished() == set(done.stdout.split()) == {"a", "b", "c"}
