"""The task of a worker: run one unit, with models and plugins that stay loaded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from awb.activity import MODEL, PluginCall, at_work
from awb.errors import AwbError, RunError
from awb.harness.unit.apart import BlindResult, BlindWork, Half, LabelledWork
from awb.harness.unit.blinding import blinded, blinded_plan, labelled_plan
from awb.harness.unit.evaluation import rescored, run_unit, with_intact_model
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.record import Plan, Unit, UnitResult
from awb.harness.unit.score_cache import model_cache_for
from awb.harness.unit.warm_plugins import computed_on, warm, warm_model
from awb.harness.workers.executor import Apart
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel

Built = dict[tuple[str, str], Any]

_last: tuple[Plan | None, Built] = None, {}
"""The plan of the unit before, and its plugins."""


def _built(unit: Unit) -> Built:
    """Return the plugins of a unit's plan, those of the unit before where it is the same plan."""
    global _last
    if unit.without:
        return _build(unit)
    if _last[0] is unit.plan:
        return _last[1]
    built = _build(unit)
    if not any(isinstance(one, AwbError) for one in built.values()):
        _last = unit.plan, built
    return built


def _build(unit: Unit) -> Built:
    """Build the plugins of a plan; errors of explainers and metrics are returned in their place."""
    plan = unit.plan
    built: Built = {}
    plugins: list[Resolved] = [*plan.explainers, *plan.metrics]
    for resolved in plugins:
        call = PluginCall(resolved.kind, resolved.label)
        try:
            unit.check(call)
            with at_work(call):
                built[resolved.kind, resolved.label] = warm(resolved)
        except AwbError as error:
            built[resolved.kind, resolved.label] = error
    for masker in plan.maskers:
        with at_work(PluginCall("masker", masker.label)):
            built["masker", masker.label] = warm(masker)
    return built


def explain_unit(unit: Unit) -> UnitResult:
    """Run one unit with the model that is loaded in this process."""
    model, built = _loaded(unit)
    with one_thread():
        model_cache = model_cache_for(unit.plan.cache, unit.plan.model, model)
        return run_unit(unit, model, built, model_cache=model_cache)


def explain_blind(unit: Unit) -> BlindResult:
    """Run what needs no labels of a blinded unit; awb keeps a cache of what such units ask."""
    model, built = _loaded(unit)
    with one_thread():
        model_cache = model_cache_for(unit.plan.cache, unit.plan.model, model, blind=True)
        return with_intact_model(unit, model, built, BlindWork.result, model_cache, kind=BlindWork)


def score_labelled(half: Half) -> UnitResult:
    """Run the rest of a unit, in a process that runs no explainer but the oracle."""
    unit = half.unit
    model, built = _loaded(unit)
    with one_thread():
        model_cache = model_cache_for(unit.plan.cache, unit.plan.model, model)
        compute = partial(LabelledWork.result, half=half)
        return with_intact_model(unit, model, built, compute, model_cache, kind=LabelledWork)


def in_two_processes(plan: Plan) -> Apart[Unit, BlindResult, UnitResult]:
    """Describe how the units of a plan are run where there are processes."""
    seen, rest = blinded_plan(plan), labelled_plan(plan)
    order = tuple(one.label for one in plan.explainers)
    return Apart(
        explain_blind,
        partial(blinded, plan=seen),
        score_labelled,
        partial(Half.of, plan=rest, order=order),
    )


def rescore_unit(
    unit: Unit, relevances: Sequence[FloatArray], *, samples: int | None
) -> list[dict[str, tuple[float, str]]]:
    """Score other relevance of a unit's only explainer, see `rescored`."""
    model, built = _loaded(unit)
    with one_thread():
        model_cache = model_cache_for(unit.plan.cache, unit.plan.model, model)
        return rescored(unit, model, built, relevances, samples=samples, model_cache=model_cache)


def _loaded(unit: Unit) -> tuple[AudioModel, dict[tuple[str, str], Any]]:
    """Return the model and the plugins of a unit, on the device that the run is computed on."""
    unit.check(MODEL, *(PluginCall("masker", one.label) for one in unit.plan.maskers))
    model, built = warm_model(unit.plan.model), _built(unit)
    here, there = computed_on(model), unit.plan.computed_on
    if here != there:
        raise RunError(
            f"a worker computes {unit.plan.model.label} on {here}, but the run on {there};"
            " choose a device that all workers have with --device"
        )
    return model, built
