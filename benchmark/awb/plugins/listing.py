"""What there is to know of every plugin, as plain records for tables and JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from awb.plugins.discovery import Kind, Registered, Registry, mend_command, missing_modules
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec

Record = dict[str, Any]


def records(registry: Registry, kind: Kind | None = None) -> list[Record]:
    """List the plugins, of one kind or all, in order of registration."""
    return [_record(entry) for entry in registry if kind in {None, entry.kind}]


def _record(entry: Registered) -> Record:
    missing = missing_modules(entry.spec)
    return {
        "kind": entry.kind,
        "name": entry.spec.name,
        "summary": entry.spec.summary,
        "citation": entry.spec.citation,
        "parameters": {
            name: str(field.default) for name, field in entry.spec.parameters.model_fields.items()
        },
        "distribution": entry.origin.distribution,
        "version": entry.origin.version,
        "entry_point": entry.origin.entry_point,
        "available": not missing,
        "mend": mend_command(entry.spec, entry.origin) if missing else None,
    }


def facts_of(entry: Registered) -> Record:
    """Return what only plugins of this kind have."""
    return _FACTS[entry.kind](entry.spec) if entry.kind in _FACTS else {}


def _of_explainer(spec: ExplainerSpec) -> Record:
    return {
        "cost": spec.cost,
        "needs": ", ".join(one.__name__ for one in spec.needs),
        "baseline": spec.baseline,
        "reference": spec.reference,
        "sees_labels": spec.sees_labels,
        "unequal_segments": spec.unequal_segments,
        "learns": spec.trainable is not None,
    }


def _of_metric(spec: MetricSpec) -> Record:
    facts = spec.facts
    return {
        "family": facts.family,
        "higher_is_better": facts.higher_is_better,
        "lowest": facts.lowest,
        "highest": facts.highest,
        "unit": facts.unit,
        "reads": facts.reads,
        "ranks": facts.ranks,
        "headline": spec.headline,
        "undefined": facts.undefined,
    }


def _of_model(spec: ModelSpec) -> Record:
    return {
        "decision_threshold": spec.decision_threshold,
        "trainable": spec.trainable is not None,
    }


def _of_dataset(spec: DatasetSpec) -> Record:
    return {
        "models": ", ".join(spec.models),
        "contrast": ", ".join(spec.contrast),
        "shadow": spec.shadow is not None,
        "prepare": spec.prepare is not None,
    }


_FACTS: Mapping[Kind, Callable[[Any], Record]] = MappingProxyType(
    {
        "explainer": _of_explainer,
        "metric": _of_metric,
        "model": _of_model,
        "dataset": _of_dataset,
    }
)
