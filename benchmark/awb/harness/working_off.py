"""Work off the units of a board, whatever becomes of them, and store their rows."""

from __future__ import annotations

from collections.abc import Callable

from awb.errors import PluginError, RunError, WorkerDiedError
from awb.harness.agenda import Agenda, settle
from awb.harness.executors import Executor
from awb.harness.one_task import as_awb_error
from awb.harness.store import Store
from awb.harness.units import Plan, failed_unit
from awb.harness.worker import explain_unit


def work_off(
    executor: Executor, agenda: Agenda, plan: Plan, store: Store, tell: Callable[[], None]
) -> None:
    """Run every unit of a board.

    Parameters
    ----------
    executor : Executor
        Where.
    agenda : Agenda
        The units.
    plan : Plan
        What is done to each.
    store : Store
        Where the rows go.
    tell : callable
        Called after every unit.

    Raises
    ------
    RunError
        If the run as a whole cannot go on. Trouble with a unit is stored as its rows.
    """
    for unit, result in executor.map(explain_unit, agenda, agenda.revise):
        if isinstance(result, RunError):
            raise result
        if isinstance(result, WorkerDiedError):
            if agenda.take_back(unit, result):
                continue
            if result.suspect is not None:
                result = PluginError(f"{result.suspect.kind} stopped: {result}")
        if isinstance(result, Exception):
            result = failed_unit(unit, as_awb_error(result, f"model {plan.model.label}"))
        store.add(plan.dataset.label, plan.model.label, result, agenda.stopped_on(unit.key))
        tell()
    settle(agenda, plan, store)
