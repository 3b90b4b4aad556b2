"""Pilot: a few instances, computed before a run to measure what it will take."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from awb.harness.planning.allocation import Costs
from awb.harness.storage.store import Store
from awb.harness.unit.blinding import blinded, blinded_plan, needs_blinding
from awb.harness.unit.record import OK, Plan, Unit, UnitResult
from awb.harness.unit.task import explain_unit
from awb.harness.workers.executor import Executor
from awb.harness.workers.single_task import as_awb_error
from awb.types import Instance

FEW, MANY = 100, 400
"""Drop masks of the two explanations from whose times the costs follow."""

_WARM_UP = 10
_MOST_COPIES, _ENOUGH_BYTES = 64, 200_000
PATIENCE = 0.2
"""Largest share of the time for a run in which a pilot starts another measurement."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A task of the pilot: one instance, explained with few and with many drop masks."""

    unit: Unit
    samples: tuple[int, ...]
    patience_s: float


@dataclass(frozen=True, slots=True)
class Timing:
    """What one number of drop masks took, and the model calls of each explainer."""

    samples: int
    seconds: float
    calls: dict[str, int]
    stored_bytes: int = 0  # that the results take in a run's store


def measured(trial: Trial) -> list[Timing]:
    """Time an instance; plugins are loaded first, in a time that does not count.

    With little patience there are fewer measurements, but one.
    """
    started = time.monotonic()
    _timed(trial.unit, _WARM_UP)
    found: list[Timing] = []
    for samples in trial.samples:
        if not found or time.monotonic() - started < trial.patience_s:
            found.append(_timed(trial.unit, samples))
    return found


def _timed(unit: Unit, samples: int) -> Timing:
    config = unit.plan.config.model_copy(update={"samples": samples})
    started = time.monotonic()
    result: UnitResult = explain_unit(replace(unit, plan=replace(unit.plan, config=config)))
    seconds = time.monotonic() - started
    calls = {row.explainer: row.cost.calls for row in result.explainers if row.status == OK}
    return Timing(samples, seconds, calls, _stored_bytes(result))


def _stored_bytes(result: UnitResult) -> int:
    """Return by how much results enlarge a store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "results.sqlite")
        empty = store.used_bytes()
        copies = grown = 0
        while copies < _MOST_COPIES and grown < _ENOUGH_BYTES:  # a file grows by whole pages
            store.add("", "", replace(result, key=f"{copies:064d}"))
            copies, grown = copies + 1, store.used_bytes() - empty
        return grown // copies


def run_pilot(
    executor: Executor,
    plan: Plan,
    instances: list[Instance],
    samples: tuple[int, ...],
    patience_s: float,
    what: str = "--within",
) -> list[Timing]:
    """Explain one instance per worker, all at once, as the run will."""
    plain = replace(plan, cache=None)
    units = [Unit(f"pilot {place}", plain, one, again=False) for place, one in enumerate(instances)]
    if needs_blinding(plan):
        seen = blinded_plan(plain)
        units = [blinded(unit, seen) for unit in units]
    trials = [Trial(unit, samples, patience_s) for unit in units]
    found: list[Timing] = []
    for _, result in executor.map(measured, trials):
        if isinstance(result, Exception):
            raise as_awb_error(result, f"the pilot of {what}")
        found += result
    return found


def costs_of(timings: list[Timing], instances_per_clip: float, workers: int) -> Costs:
    """Fit the time of an instance as a line over its number of drop masks.

    With one number of masks, that number alone has known costs: all of them count as fixed.
    """
    samples = np.array([one.samples for one in timings], dtype=np.float64)
    seconds = np.array([one.seconds for one in timings])
    mask_s = 0.0
    if samples.min() < samples.max():
        mask_s = max(0.0, float(np.polyfit(samples, seconds, 1)[0]))
    base_s = max(float((seconds - mask_s * samples).mean()), 1e-4)
    return Costs(base_s, mask_s, instances_per_clip, workers, _heeding(timings))


def _heeding(timings: list[Timing]) -> float:
    """Return the share of explainers that ask for more scores where there are more masks."""
    few, many = min(timings, key=_samples), max(timings, key=_samples)
    if few.samples == many.samples or not many.calls:
        return 1.0
    asking = {name: calls for name, calls in many.calls.items() if calls}  # no baselines
    more = [calls > few.calls.get(name, 0) for name, calls in asking.items()]
    return sum(more) / max(len(more), 1)


def _samples(one: Timing) -> int:
    return one.samples
