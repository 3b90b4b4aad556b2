"""The remaining units of a board, and the plugins that are no longer tried on it.

If a plugin kills its worker, the instance is repeated without that plugin. After `MAX_FAILURES`
instances of a board the plugin is not tried any more: otherwise one that always hangs would cost
its time limit on every instance.

"After" refers to the order of the board, which is the same in every run. Workers may already have
processed instances past the last counted failure; `settle` discards those results. So boards depend
neither on the number of workers nor on interruptions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from awb.activity import PluginCall, WorkerDiedError
from awb.errors import PluginError, RunError
from awb.harness.storage.stopped_plugins import fail_metric, forget_stopped, replace_rows
from awb.harness.storage.store import Store
from awb.harness.unit.record import (
    FAILED,
    MAX_FAILURES,
    Plan,
    Unit,
    at_budget,
    failed_unit,
    without,
)
from awb.harness.unit.task import explain_unit
from awb.harness.workers.executor import Executor
from awb.harness.workers.single_task import as_awb_error

NOT_TRIED = f"not tried any more: it was stopped on {MAX_FAILURES} instances of this board"

Culprit = tuple[str, str]
"""Kind and label of a plugin that was stopped."""

_WHOLE_UNIT = ("model", "masker")


def _not_tried(kind: str) -> str:
    return f"{kind} {NOT_TRIED}" if kind in _WHOLE_UNIT else NOT_TRIED


def _culprit(call: PluginCall) -> Culprit:
    kind = "explainer" if call.kind == "again" else call.kind
    return kind, call.label


class WorkQueue(Iterator[Unit]):
    """An iterator over the remaining units of a board."""

    def __init__(
        self, order: Sequence[str], todo: Iterator[Unit], stopped: dict[str, set[Culprit]]
    ) -> None:
        self._place = {key: place for place, key in enumerate(order)}
        self._todo = todo
        self._again: deque[Unit] = deque()
        self._stopped = {key: set(found) for key, found in stopped.items()}

    def __next__(self) -> Unit:
        """Return the next unit; units to repeat come before new ones."""
        return self.revise(self._again.popleft() if self._again else next(self._todo))

    def stopped_on(self, key: str) -> set[Culprit]:
        """Return the plugins that were stopped on a unit."""
        return self._stopped.get(key, set())

    def given_up_after(self) -> dict[Culprit, int]:
        """Return for each abandoned plugin the last position on the board at which it is tried."""
        places: dict[Culprit, list[int]] = {}
        for key, found in self._stopped.items():
            for culprit in found:
                places.setdefault(culprit, []).append(self._place[key])
        return {
            culprit: sorted(found)[MAX_FAILURES - 1]
            for culprit, found in places.items()
            if len(found) >= MAX_FAILURES
        }

    def behind(self, place: int) -> list[str]:
        """Return the keys after a position."""
        return [key for key, own in self._place.items() if own > place]

    def revise(self, unit: Unit) -> Unit:
        """Exclude plugins that are not tried any more from a unit."""
        known = {call for call, _ in unit.without}
        out = [
            (call, _not_tried(call.kind))
            for culprit, place in sorted(self.given_up_after().items())
            if place < self._place[unit.key] and (call := PluginCall(*culprit)) not in known
        ]
        return replace(unit, without=(*out, *unit.without))

    def take_back(self, unit: Unit, error: WorkerDiedError) -> bool:
        """Requeue a unit whose worker died, without the plugin that caused it, if possible."""
        call = error.call
        if call is None:
            return False
        self._stopped.setdefault(unit.key, set()).add(_culprit(call))
        if call.kind in _WHOLE_UNIT or call in {known for known, _ in unit.without}:
            return False
        if call.of and any(_culprit(known) == _culprit(call) for known, _ in unit.without):
            call = replace(call, of="")  # a metric, for the second time on this instance
        reason = f"asked again, the explainer failed: {error}" if call.kind == "again" else error
        self._again.append(replace(unit, without=(*unit.without, (call, str(reason)))))
        return True


def settle(queue: WorkQueue, plan: Plan, store: Store) -> None:
    """Discard a plugin's results past its last counted failure, as if no worker had been ahead."""

    explainers = [one.label for one in plan.explainers]
    for (kind, label), place in queue.given_up_after().items():
        keys = queue.behind(place)
        if kind == "metric":
            fail_metric(store, keys, label, f"{FAILED}: {NOT_TRIED}")
        else:
            for name in explainers if kind in _WHOLE_UNIT else [label]:
                budgets = plan.config.budgets or ()
                rows = [name, *(at_budget(name, budget) for budget in budgets)]
                replace_rows(store, keys, rows, without(name, FAILED, _not_tried(kind), plan))
        forget_stopped(store, keys, kind, label)


def run_units(
    executor: Executor, queue: WorkQueue, plan: Plan, store: Store, report: Callable[[], None]
) -> None:
    """Run every unit of a board."""
    with store.kept_open():
        _run_units(executor, queue, plan, store, report)
        settle(queue, plan, store)


def _run_units(
    executor: Executor, queue: WorkQueue, plan: Plan, store: Store, report: Callable[[], None]
) -> None:
    for unit, result in executor.map(explain_unit, queue, queue.revise):
        if isinstance(result, RunError):
            raise result
        if isinstance(result, WorkerDiedError):
            if queue.take_back(unit, result):
                continue
            if result.call is not None:
                result = PluginError(f"{result.call.kind} stopped: {result}")
        if isinstance(result, Exception):
            result = failed_unit(unit, as_awb_error(result, f"model {plan.model.label}"))
        stopped = queue.stopped_on(unit.key)
        store.add(plan.dataset.label, plan.model.label, result, stopped, unit.facts)
        report()
