"""``awb data prepare`` and ``describe``: the models' classes, and the dataset's preparation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from awb.data.class_index import ClassIndex
from awb.data.preparation import Family, Preparation
from awb.errors import DataError, ParameterError, WeightsError
from awb.harness.selection.clip_scores import ScoreStore, StoredModel
from awb.harness.unit.warm_plugins import model_facts
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve
from awb.specs import DatasetSpec, ModelSpec


@dataclass(frozen=True, slots=True)
class _Classes:
    classes: Sequence[str]
    mids: Sequence[str]


def families(
    registry: Registry,
    models: Sequence[str],
    *,
    dataset: str,
    scores: ScoreStore | None,
    min_score: float | None,
) -> list[Family]:
    """Find the classes of the models, and their scores if a store has them."""
    resolved = [resolve(registry, "model", text) for text in models] or _with_class_lists(registry)
    found = []
    for model in resolved:
        stored = None if scores is None else _stored(scores, model.label)
        listed = _Classes(stored.classes, stored.mids) if stored else _class_list(model)
        found.append(
            Family(
                re.sub(r"[^\w.+@-]+", "-", model.label),
                ClassIndex(listed if listed is not None else model_facts(model)),
                _threshold(model) if min_score is None else min_score,
                scores.clips(stored.key, dataset) if scores is not None and stored else None,
            )
        )
    return found


def _class_list(model: Resolved[ModelSpec]) -> _Classes | None:
    spec = model.spec
    known = spec.class_list(model.parameters) if spec.class_list else None
    return None if known is None else _Classes(*known)


def _threshold(model: Resolved[ModelSpec]) -> float:
    return model.spec.decision_threshold


def _with_class_lists(registry: Registry) -> list[Resolved[ModelSpec]]:
    """List every model, with its extras installed or not, that declares AudioSet's classes."""
    entries = [
        entry
        for entry in registry.entries(ModelSpec)
        if not any(field.is_required() for field in entry.spec.parameters.model_fields.values())
        and _lists_audioset(entry.spec)
    ]
    if not entries:
        raise ParameterError("no model lists its classes without its weights; name one: --model")
    return [
        Resolved("model", entry.spec.name, entry.spec, entry.spec.parameters(), entry.origin)
        for entry in entries
    ]


def _lists_audioset(spec: ModelSpec) -> bool:
    """Report whether a model with default settings lists AudioSet's classes without weights."""
    try:
        known = None if spec.class_list is None else spec.class_list(spec.parameters())
    except WeightsError:  # the user did not ask for this model
        return False
    return known is not None and len(known[1]) > 0


def _stored(scores: ScoreStore, label: str) -> StoredModel:
    found = [model for model in scores.models() if model.label == label]
    if len(found) == 1:
        return found[0]
    if not found:
        labels = ", ".join(sorted({model.label for model in scores.models()})) or "nothing"
        raise DataError(f"{scores.path} has no scores of {label}; it has scores of: {labels}")
    raise DataError(
        f"{scores.path} has scores of {len(found)} versions of {label}; score into a new file:"
        " awb data scores ... --out FILE"
    )


def prepare_dataset(
    dataset: Resolved[DatasetSpec], given: Sequence[Family], max_event_fraction: float
) -> Preparation:
    """Prepare a dataset for some families of models."""
    spec = dataset.spec
    if spec.prepare is None:
        raise ParameterError(
            f"dataset {spec.name} needs no preparation. Type: awb run --dataset {dataset.label}"
        )
    if not 0 < max_event_fraction <= 1:
        raise ParameterError(f"max-event-fraction must be in (0, 1], got {max_event_fraction:g}")
    return spec.prepare(dataset.parameters, given, max_event_fraction)
