"""Units of work: one instance with all its explainers and metrics.

A unit depends on nothing but its own content, so it may run anywhere, in any order, again.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from awb.errors import AwbError, NotApplicableError, UndefinedScoreError
from awb.harness.config import RunConfig, make_design
from awb.harness.resolve import Resolved
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.perturbation.cache import ScoreCache
from awb.perturbation.memory import Shelf
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.segments import Segments
from awb.types import Cost, Explanation, Instance

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"


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
        Device and precision of the model, see `awb.harness.worker.computed_on`.
    """

    dataset: Resolved
    model: Resolved
    weights_sha256: str
    explainers: tuple[Resolved, ...]
    metrics: tuple[Resolved, ...]
    masker: Resolved
    scoring_masker: Resolved
    config: RunConfig
    cache: ScoreCache | None = None
    computed_on: str = ""

    def unit_key(self, clip_sha256: str, clip_id: str, target: str) -> str:
        """Hash everything that the unit's results depend on."""
        settings = self.config.model_dump(
            include={"design", "samples", "seed", "segment_s", "segment_hop_s"}
        )
        content = {
            "dataset": self.dataset.label,
            "model": [self.model.identity(), self.weights_sha256],
            "explainers": [resolved.identity() for resolved in self.explainers],
            "metrics": [resolved.identity() for resolved in self.metrics],
            "maskers": [self.masker.identity(), self.scoring_masker.identity()],
            "settings": settings,
            "instance": [clip_id, target, clip_sha256],
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Unit:
    """One instance to explain, with its audio."""

    key: str
    plan: Plan
    instance: Instance


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
    """

    explainer: str
    status: str
    reason: str = ""
    relevance: FloatArray | None = None
    cost: Cost = Cost()
    scores: dict[str, tuple[float, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitResult:
    """What a unit brought back."""

    key: str
    clip_id: str
    target: str
    explainers: tuple[ExplainerResult, ...]


def _describe(error: Exception) -> str:
    """Say what went wrong in one line."""
    text = " ".join(str(error).split()) or "no message"
    return text if isinstance(error, AwbError) else f"{type(error).__name__}: {text}"


def _explain(
    resolved: Resolved, explainer: Any, perturber: Perturber, instance: Instance, key: RandomKey
) -> Explanation:
    """Run one explainer through its own view of the perturber."""
    seen = instance if getattr(resolved.spec, "sees_labels", False) else instance.blind()
    view = perturber.view()
    for capability in getattr(resolved.spec, "needs", ()):
        view.model_as(capability)
    started = time.perf_counter()
    found = explainer(view, seen, key.generator("explainer", resolved.label))
    seconds = time.perf_counter() - started
    explanation = found if isinstance(found, Explanation) else Explanation(np.asarray(found))
    spent = view.cost
    cost = Cost(spent.calls, spent.forwards, seconds + spent.seconds)
    return Explanation(
        explanation.check_length(view.n_segments).relevance, explanation.time_frequency, cost
    )


def _score(metrics: dict[str, Any], scoring: Scoring) -> dict[str, tuple[float, str]]:
    scores: dict[str, tuple[float, str]] = {}
    for label, metric in metrics.items():
        try:
            value = float(metric(scoring))
            scores[label] = (value, "" if np.isfinite(value) else "the metric returned no number")
        except UndefinedScoreError as error:
            scores[label] = (float("nan"), _describe(error))
        except Exception as error:  # noqa: BLE001 - the plugin boundary: a metric may be anyone's
            scores[label] = (float("nan"), f"{FAILED}: {_describe(error)}")
    return scores


def failed_unit(unit: Unit, error: AwbError) -> UnitResult:
    """Make the rows of a unit that could not be run at all: every explainer failed, and why."""
    rows = [_without(one.label, FAILED, str(error), unit.plan) for one in unit.plan.explainers]
    return UnitResult(unit.key, unit.instance.clip.id, unit.instance.target, tuple(rows))


def _without(label: str, status: str, reason: str, plan: Plan) -> ExplainerResult:
    """Make the row of an explainer that has no explanation."""
    scores = {one.label: (float("nan"), f"{status}: {reason}") for one in plan.metrics}
    return ExplainerResult(label, status, reason, scores=scores)


def run_unit(
    unit: Unit,
    model: AudioModel,
    built: dict[tuple[str, str], Any],
    *,
    shelf: Shelf | None = None,
) -> UnitResult:
    """Explain one instance with every explainer and score every explanation.

    Parameters
    ----------
    unit : Unit
        The instance and the plan.
    model : AudioModel
        The plan's model, loaded.
    built : dict
        The plan's plugins by kind and label, see `awb.harness.worker`.
    shelf : Shelf or None
        Where the model's scores are kept from run to run.

    Returns
    -------
    UnitResult
        One result an explainer; a failing explainer costs its own row only.
    """
    plan, instance = unit.plan, unit.instance
    config = plan.config
    key = RandomKey((config.seed, instance.dataset, instance.clip.id, instance.target))
    clip = instance.clip
    segments = Segments(
        clip.waveform.size, clip.sample_rate_hz, config.segment_s, config.segment_hop_s
    )
    metrics = {resolved.label: built["metric", resolved.label] for resolved in plan.metrics}
    design = make_design(config.design, config.samples)
    doors = {
        resolved.label: Perturber(
            model,
            instance,
            segments,
            built["masker", resolved.label],
            key,
            design=design,
            shelf=shelf,
        )
        for resolved in (plan.masker, plan.scoring_masker)
    }
    perturber, scorer = doors[plan.masker.label], doors[plan.scoring_masker.label]
    results = []
    for resolved in plan.explainers:
        label = resolved.label
        try:
            explainer = built["explainer", label]
            if isinstance(explainer, Exception):
                raise explainer
            explanation = _explain(resolved, explainer, perturber, instance, key)
        except Exception as error:  # noqa: BLE001 - the plugin boundary: it costs this row only
            status = NOT_APPLICABLE if isinstance(error, NotApplicableError) else FAILED
            results.append(_without(label, status, _describe(error), plan))
            continue
        relevance = segments.to_grid(explanation.relevance)
        scoring = Scoring(relevance, instance.intervals_s, scorer, key.child("metric", label))
        scores = _score(metrics, scoring)
        results.append(ExplainerResult(label, OK, "", relevance, explanation.cost, scores))
    for door in doors.values():
        door.keep()
    return UnitResult(unit.key, clip.id, instance.target, tuple(results))
