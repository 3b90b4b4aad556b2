"""Failure counts: which plugins are skipped where, whatever the order of the work."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awb.activity import MODEL, PluginCall, WorkerDiedError
from awb.harness.storage.stopped_plugins import forget_units, stopped
from awb.harness.storage.store import Store
from awb.harness.unit.record import (
    FAILED,
    OK,
    ExplainerResult,
    Unit,
    UnitResult,
    failed_unit,
    without,
)
from awb.harness.work_queue import NOT_TRIED, WorkQueue, settle

N_UNITS = 8
ORDER = [f"unit-{place}" for place in range(N_UNITS)]
PLAN: Any = SimpleNamespace(
    explainers=[SimpleNamespace(label="good"), SimpleNamespace(label="bad")],
    metrics=[SimpleNamespace(label="roc-auc"), SimpleNamespace(label="other")],
    config=SimpleNamespace(budgets=None),
)


def _unit(key: str) -> Unit:
    instance: Any = SimpleNamespace(clip=SimpleNamespace(id=key), target="Target")
    return Unit(key, PLAN, instance)


Fault = Callable[[int], PluginCall | None]
"""Says who takes the worker down on the unit of a place, if it is tried."""


def _work(unit: Unit, fault: Fault) -> UnitResult | WorkerDiedError:
    """Run a unit as a worker does: skipped plugins give failed rows."""
    try:
        unit.check(MODEL, PluginCall("masker", "zeros"))
    except WorkerDiedError as error:
        return error
    call = fault(ORDER.index(unit.key))
    names = {call, PluginCall(call.kind, call.label)} if call else set()
    if call and not names & {known for known, _ in unit.without}:
        return WorkerDiedError("crashed", call)
    rows = []
    for one in PLAN.explainers:
        reason = dict(unit.without).get(PluginCall("explainer", one.label))
        if reason:
            rows.append(without(one.label, FAILED, reason, PLAN))
            continue
        scores = {"roc-auc": (0.5, ""), "other": (0.25, "")}
        for known, reason in unit.without:
            if known.kind == "metric" and known.of in ("", one.label):
                scores[known.label] = (float("nan"), f"failed: {reason}")
        rows.append(ExplainerResult(one.label, OK, scores=scores))
    return UnitResult(unit.key, unit.key, "Target", tuple(rows))


def _run(path: Path, fault: Fault, *, under_way: int, seed: int, stop_after: int = 999) -> Store:
    """Run a board with several pending units, which finish in any order."""
    store, rng = Store(path), random.Random(seed)
    finished = store.finished()
    todo = (_unit(key) for key in ORDER if key not in finished)
    queue = WorkQueue(ORDER, todo, stopped(store, ORDER))
    pending: list[Unit] = []
    for _ in range(stop_after):
        while len(pending) < under_way and (unit := next(queue, None)) is not None:
            pending.append(unit)
        if not pending:
            settle(queue, PLAN, store)
            return store
        unit = pending.pop(rng.randrange(len(pending)))
        result = _work(unit, fault)
        if isinstance(result, WorkerDiedError):
            if queue.take_back(unit, result):
                continue
            result = failed_unit(unit, result)
        store.add("d", "m", result, queue.stopped_on(unit.key))
    return store


def _content(store: Store) -> list[str]:
    rows = [repr(row) for row in itertools.chain(store.explanations(), store.scores())]
    return [*rows, repr(sorted(stopped(store, ORDER).items()))]


BAD = PluginCall("explainer", "bad")
METRIC = PluginCall("metric", "other", "good")
FAULTS: dict[str, Fault] = {
    "never": lambda place: None,
    "always": lambda place: BAD,
    "twice": lambda place: BAD if place in (2, 6) else None,
    "often": lambda place: BAD if place % 2 else None,
    "when asked again": lambda place: PluginCall("again", "bad") if place > 1 else None,
    "metric": lambda place: METRIC if place > 2 else None,
    "model": lambda place: MODEL if place > 3 else None,
    "masker": lambda place: PluginCall("masker", "zeros") if place in (1, 4, 5) else None,
    "two of them": lambda place: (BAD, METRIC, None)[place % 3],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_results_depend_neither_on_workers_nor_on_interruptions(
    tmp_path: Path, fault: Fault
) -> None:
    wanted = _content(_run(tmp_path / "one", fault, under_way=1, seed=0))
    for seed, under_way in itertools.product(range(3), (2, 5)):
        path = tmp_path / f"many-{seed}-{under_way}"
        assert _content(_run(path, fault, under_way=under_way, seed=seed)) == wanted
    cut = tmp_path / "cut"
    _run(cut, fault, under_way=3, seed=1, stop_after=4)
    assert _content(_run(cut, fault, under_way=1, seed=1)) == wanted


def test_a_plugin_is_not_tried_after_three_failures(tmp_path: Path) -> None:
    tried: list[int] = []

    def fault(place: int) -> PluginCall:
        tried.append(place)
        return BAD

    rows = list(_run(tmp_path / "run", fault, under_way=1, seed=0).explanations())
    bad = [row.reason for row in rows if row.explainer == "bad"]
    assert bad == ["crashed"] * 3 + [NOT_TRIED] * (N_UNITS - 3)
    assert {row.status for row in rows if row.explainer == "good"} == {OK}
    assert tried[:6] == [0, 0, 1, 1, 2, 2], "each time once with it and once without"


def test_a_metric_that_crashes_twice_on_an_instance_is_left_out_there(tmp_path: Path) -> None:
    queue = WorkQueue(ORDER, iter([_unit("unit-0")]), {})
    unit = next(queue)
    for label in ("good", "bad"):
        assert queue.take_back(
            unit, WorkerDiedError("crashed", PluginCall("metric", "other", label))
        )
        unit = next(queue)
    assert [known.of for known, _ in unit.without] == ["good", ""]


def test_failures_are_attributed_once_and_only_to_known_plugins() -> None:
    queue = WorkQueue(ORDER, iter([_unit("unit-0")]), {})
    unit = next(queue)
    assert not queue.take_back(unit, WorkerDiedError("its Dask worker died"))
    assert queue.take_back(unit, WorkerDiedError("crashed", BAD))
    assert not queue.take_back(next(queue), WorkerDiedError("crashed", BAD))
    assert next(queue, None) is None


@pytest.mark.parametrize(("name", "n_again"), [("never", 0), ("twice", 2), ("always", N_UNITS)])
def test_what_was_stopped_can_be_tried_again(tmp_path: Path, name: str, n_again: int) -> None:
    store = _run(tmp_path / "run", FAULTS[name], under_way=1, seed=0)
    assert forget_units(store, NOT_TRIED) == n_again
    assert len(store.finished()) == N_UNITS - n_again
    again = _run(tmp_path / "run", FAULTS["never"], under_way=1, seed=0)
    never = _run(tmp_path / "never", FAULTS["never"], under_way=1, seed=0)
    assert _content(again) == _content(never)
