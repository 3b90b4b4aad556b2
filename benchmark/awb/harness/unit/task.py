"""The task of a worker: run one unit, with models and plugins that stay loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awb.activity import MODEL, PluginCall, at_work
from awb.errors import AwbError, RunError
from awb.harness.unit.evaluation import rescored, run_unit
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.record import Plan, Unit, UnitResult
from awb.harness.unit.score_cache import model_cache_for
from awb.harness.unit.warm_plugins import computed_on, warm, warm_model
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
