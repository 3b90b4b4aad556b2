"""The store: whole units or nothing, in an order that does not depend on how they finished."""

from __future__ import annotations

import math
import sqlite3
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
        Cost(5, 4.5, 0.1),
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
