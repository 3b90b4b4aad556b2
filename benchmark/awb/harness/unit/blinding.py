"""What a process is given that runs the explainers of others: a unit without its annotations.

The code of an explainer can read every object of its own process. So where explainers are not part
of awb, and processes are used, they get one for themselves. What needs the labels, see
`awb.harness.unit.apart`, is computed in another process, which runs none of them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import NoReturn

from awb.errors import AwbError
from awb.harness.unit.record import AGAIN, Plan, Unit
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved
from awb.plugins.session import SESSION
from awb.specs import DatasetSpec, ExplainerSpec, Origin, Parameters
from awb.types import Clip, Event


def needs_blinding(plan: Plan) -> bool:
    """Say whether an explainer of a plan is not part of awb, by itself or as a part of another."""
    foreign = [one.spec.name for one in load().entries(ExplainerSpec) if not one.origin.built_in]

    def is_own(one: Resolved[ExplainerSpec]) -> bool:
        settings = json.dumps(one.parameters.model_dump(mode="json"))
        return one.origin.built_in and not any(name in settings for name in foreign)

    return not all(is_own(one) or one.spec.sees_labels for one in plan.explainers)


def blinded_plan(plan: Plan) -> Plan:
    """Return a plan without what opens its dataset, and without the oracle."""
    name = plan.dataset.spec.name  # random draws depend on it
    spec = DatasetSpec(name=name, summary="Not for explainers.", citation="none", factory=_refuse)
    return replace(
        plan,
        explainers=tuple(one for one in plan.explainers if not one.spec.sees_labels),
        dataset=Resolved("dataset", name, spec, Parameters(), Origin(SESSION)),
        config=plan.config.model_copy(update={"datasets": []}),
    )


def _refuse(parameters: Parameters) -> NoReturn:  # noqa: ARG001 - the signature of a factory
    raise AwbError("a process that runs explainers cannot open the dataset")


def blinded(unit: Unit, plan: Plan) -> Unit:
    """Return a unit with a blinded plan, and without events, labels, group and facts.

    Where explanations of another labelled class are compared, that class is named, and not when it
    is heard.
    """
    seen = unit.instance.blind()
    others: tuple[Event, ...] = ()
    if unit.again and _asks_for_another_label(plan):
        others = _without_times(unit.instance.clip)
    clip = replace(seen.clip, group="", events=others)
    return replace(unit, plan=plan, instance=replace(seen, clip=clip), facts={})


def labelled_plan(plan: Plan) -> Plan:
    """Return a plan without the explainers that the blinded one has."""
    return replace(plan, explainers=tuple(one for one in plan.explainers if one.spec.sees_labels))


def without_labels(clip: Clip) -> Clip:
    """Return a clip that only a model is asked about, in a process that will run explainers."""
    return replace(clip, events=(), labels=(), group="")


def _asks_for_another_label(plan: Plan) -> bool:
    """Say whether a metric may explain another labelled class: those of others are not known."""
    return any(
        one.spec.facts.family in AGAIN
        and (not one.origin.built_in or getattr(one.parameters, "other", "") == "labelled")
        for one in plan.metrics
    )


def _without_times(clip: Clip) -> tuple[Event, ...]:
    """Name each class that is labelled in a clip once, as if it were heard all the time."""
    names = sorted({(one.label, one.mid or "") for one in clip.events})
    return tuple(Event(0.0, clip.duration_s, label, mid or None) for label, mid in names)
