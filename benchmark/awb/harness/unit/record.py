"""Units of work: one instance with all its explainers and metrics.

A unit depends only on its own content, so it may run anywhere, in any order, and repeatedly.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from awb.activity import PluginCall, WorkerDiedError
from awb.audio.cuts import files_sha256
from awb.data.instance_kinds import HITS
from awb.errors import AwbError, described
from awb.harness.config.choice import Chosen
from awb.harness.config.run_config import FIXED, RunConfig
from awb.intervals import FloatArray
from awb.perturbation.cache import ScoreCache
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec
from awb.types import Cost, Instance

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"

AGAIN = frozenset({"robustness", "sanity"})
"""Families of the metrics that compare explanations of variations."""

MAX_FAILURES = 3
"""Number of instances of a board on which a plugin may be stopped before it is abandoned there."""


def at_budget(label: str, budget: int) -> str:
    """Name an explainer with its budget, as in ``random-forest@300``."""
    return f"{label}@{budget}"


InstanceKey = tuple[str, str, str, bool]
"""Clip, target, hash of the audio, and whether it is explained again under variations."""

_PLACE = "\0instance"
"""Where the instance goes in what is hashed; no plugin or setting has such a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the instances of a (dataset, model) pair are processed, in order."""

    dataset: Resolved[DatasetSpec]
    model: Resolved[ModelSpec]
    weights_sha256: str
    explainers: tuple[Resolved[ExplainerSpec], ...]
    metrics: tuple[Resolved[MetricSpec], ...]
    masker: Resolved  # for explainers
    scoring_masker: Resolved  # for fidelity metrics
    config: RunConfig
    cache: ScoreCache | None = None  # of scores across runs; does not affect results
    computed_on: str = ""  # device and precision of the model, such as "cuda, bfloat16"

    @classmethod
    def of(
        cls,
        chosen: Chosen,
        dataset: Resolved[DatasetSpec],
        model: Resolved[ModelSpec],
        config: RunConfig,
        weights_sha256: str,
        *,
        cache: ScoreCache | None = None,
        computed_on: str = "",
    ) -> Plan:
        """Make the plan of a pair from what a configuration names."""
        return cls(
            dataset=dataset,
            model=model,
            weights_sha256=weights_sha256,
            explainers=chosen.explainers,
            metrics=chosen.metrics,
            masker=chosen.masker,
            scoring_masker=chosen.scoring_masker,
            config=config,
            cache=cache,
            computed_on=computed_on,
        )

    @property
    def maskers(self) -> tuple[Resolved, Resolved]:
        """The masker of the explainers and that of the metrics, which may be the same."""
        return self.masker, self.scoring_masker

    def unit_key(self, clip_sha256: str, clip_id: str, target: str, *, again: bool = True) -> str:
        """Hash everything that one unit's results depend on."""
        [key] = self.unit_keys([(clip_id, target, clip_sha256, again)])
        return key

    def unit_keys(self, instances: Iterable[InstanceKey]) -> list[str]:
        """Hash, for each instance, everything that the results of its unit depend on."""
        settings = self.config.model_dump(
            include={"design", "samples", "budgets", "seed", "segment_s", "segment_hop_s"}
        )
        if self.config.instances != HITS:
            settings["instances"] = self.config.instances
        if self.config.segments != FIXED:
            cut, tier = self.config.segments, self.config.segments_tier
            settings["segments"] = [files_sha256(cut) or cut, tier]
        fewer = self.config.samples_again() < self.config.samples
        samples_again = [self.config.samples_again()] if fewer else []
        content = {
            "dataset": self.dataset.label,
            "model": [self.model.identity(), self.weights_sha256],
            "explainers": [resolved.identity() for resolved in self.explainers],
            "metrics": [resolved.identity() for resolved in self.metrics],
            "maskers": [self.masker.identity(), self.scoring_masker.identity()],
            "settings": settings,
            "instance": _PLACE,
        }
        files = self._files()
        if files:
            content["files"] = files
        before, _, after = json.dumps(content, sort_keys=True).partition(json.dumps(_PLACE))
        places = ([*one, *samples_again] if one[-1] else one for one in instances)
        texts = (f"{before}{json.dumps(place)}{after}" for place in places)
        return [hashlib.sha256(text.encode()).hexdigest() for text in texts]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle as bytes, so that a worker makes the plan once and not for every unit."""
        values = tuple(getattr(self, field.name) for field in fields(self))
        return _plan_of, (pickle.dumps(values),)

    def _files(self) -> dict[str, str]:
        """Return hashes of the files that explainers read, such as what they were trained to."""
        found = {
            one.label: one.spec.files_sha256(one.parameters, self.weights_sha256)
            for one in self.explainers
            if one.spec.files_sha256 is not None
        }
        return {label: digest for label, digest in found.items() if digest}


@lru_cache(maxsize=4)
def _plan_of(content: bytes) -> Plan:
    """Make a plan from `Plan.__reduce__`; the bytes come from the main process of the same run."""
    values = pickle.loads(content)  # noqa: S301
    return Plan(**dict(zip((field.name for field in fields(Plan)), values, strict=True)))


@dataclass(frozen=True, slots=True)
class Unit:
    """One instance to explain, with its audio."""

    key: str  # hash of everything that the results depend on
    plan: Plan
    instance: Instance
    again: bool = True  # explain it again under variations, for robustness and sanity metrics
    without: tuple[tuple[PluginCall, str], ...] = ()  # stopped plugins to skip, with reasons
    facts: Mapping[str, float | str] = field(default_factory=dict)  # of the instance, for slices

    def check(self, *calls: PluginCall) -> None:
        """Raise if a plugin is to be skipped."""
        for call, reason in self.without:
            if call in calls:
                raise WorkerDiedError(reason)


@dataclass(frozen=True, slots=True)
class ExplainerResult:
    """The result of one explainer on one instance."""

    explainer: str
    status: str  # "ok", "failed" or "not applicable"
    reason: str = ""  # empty if ok
    relevance: FloatArray | None = None  # shape=(cells,)
    cost: Cost = Cost()
    scores: dict[str, tuple[float, str]] = field(default_factory=dict)  # metric: (value, reason)
    curves: dict[str, FloatArray] = field(default_factory=dict)  # kind: curve, shape=(cells + 1,)


@dataclass(frozen=True, slots=True)
class UnitResult:
    """The results of a unit."""

    key: str
    clip_id: str
    target: str
    explainers: tuple[ExplainerResult, ...]


def failed_unit(unit: Unit, error: AwbError) -> UnitResult:
    """Make the rows of a unit that could not run at all, in which every explainer failed."""
    rows = [without(one.label, FAILED, described(error), unit.plan) for one in unit.plan.explainers]
    return UnitResult(unit.key, unit.instance.clip.id, unit.instance.target, tuple(rows))


def without(label: str, status: str, reason: str, plan: Plan) -> ExplainerResult:
    """Make the row of an explainer without an explanation, with the reason."""

    scores = {one.label: (float("nan"), f"{status}: {reason}") for one in plan.metrics}
    return ExplainerResult(label, status, reason, scores=scores)
