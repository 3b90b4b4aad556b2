"""Units of work: one instance with all its explainers and metrics.

A unit depends on nothing but its own content, so it may run anywhere, in any order, again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from awb.activity import PluginCall, WorkerDiedError
from awb.errors import AwbError
from awb.harness.config.run_config import RunConfig
from awb.intervals import FloatArray
from awb.perturbation.cache import ScoreCache
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec
from awb.types import Cost, Instance

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"

MAX_FAILURES = 3
"""Instances of a board on which a plugin may be stopped before it is not tried there any more."""


def at_budget(label: str, budget: int) -> str:
    """Name an explainer that was given so many masks: ``random-forest@300``."""
    return f"{label}@{budget}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done to every instance of a (dataset, model) pair.

    Attributes
    ----------
    dataset, model : Resolved
        The pair.
    weights_sha256 : str
        Hash of the model's weights.
    explainers, metrics : tuple of Resolved
        In the order in which they run.
    masker, scoring_masker : Resolved
        What replaces dropped audio, for explainers and for fidelity metrics.
    config : RunConfig
        The rest.
    cache : ScoreCache or None
        Where scores are kept from run to run; of no influence on results.
    computed_on : str
        Device and precision of the model, see `awb.harness.unit.warm_plugins.computed_on`.
    """

    dataset: Resolved[DatasetSpec]
    model: Resolved[ModelSpec]
    weights_sha256: str
    explainers: tuple[Resolved[ExplainerSpec], ...]
    metrics: tuple[Resolved[MetricSpec], ...]
    masker: Resolved
    scoring_masker: Resolved
    config: RunConfig
    cache: ScoreCache | None = None
    computed_on: str = ""

    @property
    def maskers(self) -> tuple[Resolved, Resolved]:
        """The masker of the explainers and that of the metrics, which may be the same."""
        return self.masker, self.scoring_masker

    def unit_key(self, clip_sha256: str, clip_id: str, target: str, *, again: bool = True) -> str:
        """Hash everything that the unit's results depend on."""
        settings = self.config.model_dump(
            include={"design", "samples", "budgets", "seed", "segment_s", "segment_hop_s"}
        )
        content = {
            "dataset": self.dataset.label,
            "model": [self.model.identity(), self.weights_sha256],
            "explainers": [resolved.identity() for resolved in self.explainers],
            "metrics": [resolved.identity() for resolved in self.metrics],
            "maskers": [self.masker.identity(), self.scoring_masker.identity()],
            "settings": settings,
            "instance": [clip_id, target, clip_sha256, again],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unit:
    """One instance to explain, with its audio.

    Attributes
    ----------
    key : str
        Hash of everything that the results depend on.
    plan : Plan
        What is done.
    instance : Instance
        The instance, with its audio.
    again : bool
        Whether it is explained again under variations, for robustness and sanity.
    without : tuple of (PluginCall, str)
        What is not tried here, because it was stopped, and why; no part of the key.
    """

    key: str
    plan: Plan
    instance: Instance
    again: bool = True
    without: tuple[tuple[PluginCall, str], ...] = ()

    def check(self, *calls: PluginCall) -> None:
        """Refuse to try a plugin that was stopped."""
        for call, reason in self.without:
            if call in calls:
                raise WorkerDiedError(reason)


@dataclass(frozen=True, slots=True)
class ExplainerResult:
    """What became of one explainer on one instance.

    Attributes
    ----------
    explainer : str
        Its label.
    status : str
        ``ok``, ``failed`` or ``not applicable``.
    reason : str
        Why it is not ok.
    relevance : np.ndarray, shape=(cells,), or None
        Relevance on the grid of cells.
    cost : Cost
        What it took.
    scores : dict
        Metric label to (value, reason); NaN where there is a reason.
    curves : dict
        Whole deletion and insertion curves, ``shape=(cells + 1,)``, where a metric asked for them.
    """

    explainer: str
    status: str
    reason: str = ""
    relevance: FloatArray | None = None
    cost: Cost = Cost()
    scores: dict[str, tuple[float, str]] = field(default_factory=dict)
    curves: dict[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What a unit brought back."""

    key: str
    clip_id: str
    target: str
    explainers: tuple[ExplainerResult, ...]


def failed_unit(unit: Unit, error: AwbError) -> UnitResult:
    """Make the rows of a unit that could not be run at all: every explainer failed, and why."""
    rows = [without(one.label, FAILED, str(error), unit.plan) for one in unit.plan.explainers]
    return UnitResult(unit.key, unit.instance.clip.id, unit.instance.target, tuple(rows))


def without(label: str, status: str, reason: str, plan: Plan) -> ExplainerResult:
    """Make the row of an explainer that has no explanation, and say why it has none."""
    scores = {one.label: (float("nan"), f"{status}: {reason}") for one in plan.metrics}
    return ExplainerResult(label, status, reason, scores=scores)
