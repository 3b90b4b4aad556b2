"""Units of work: one instance with all its explainers and metrics.

A unit depends on nothing but its own content, so it may run anywhere, in any order, again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from awb.errors import AwbError, NotApplicableError, UndefinedScoreError
from awb.harness.config import RunConfig
from awb.harness.question import Question, Variants
from awb.harness.resolve import Resolved
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.perturbation.cache import ScoreCache
from awb.perturbation.memory import Shelf
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.types import Cost, Instance

OK, FAILED, NOT_APPLICABLE = "ok", "failed", "not applicable"


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
    """

    key: str
    plan: Plan
    instance: Instance
    again: bool = True


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


def _describe(error: Exception) -> str:
    """Say what went wrong in one line."""
    text = " ".join(str(error).split()) or "no message"
    return text if isinstance(error, AwbError) else f"{type(error).__name__}: {text}"


def _score(metrics: dict[str, Any], scoring: Scoring) -> dict[str, tuple[float, str]]:
    scores: dict[str, tuple[float, str]] = {}
    for label, metric in metrics.items():
        try:
            value = float(metric(scoring))
            scores[label] = (value, "" if np.isfinite(value) else "the metric returned no number")
        except UndefinedScoreError as error:
            scores[label] = (float("nan"), _describe(error))
        except NotApplicableError as error:
            scores[label] = (float("nan"), f"{NOT_APPLICABLE}: {_describe(error)}")
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
    metrics = {resolved.label: built["metric", resolved.label] for resolved in plan.metrics}
    masker = built["masker", plan.masker.label]
    question = Question(model, instance, config, masker, key, shelf)
    scorer = question.perturber
    if plan.scoring_masker.label != plan.masker.label:
        other = built["masker", plan.scoring_masker.label]
        scorer = Question(model, instance, config, other, key, shelf).perturber
    variants = Variants(question, offered=unit.again)
    work = _Work(plan, metrics, question, scorer, variants, built)
    results = [row for resolved in plan.explainers for row in work.rows(resolved)]
    question.perturber.keep()
    scorer.keep()
    variants.keep()
    return UnitResult(unit.key, instance.clip.id, instance.target, tuple(results))


@dataclass(frozen=True, slots=True)
class _Work:
    """Everything that the explainers of a unit share."""

    plan: Plan
    metrics: dict[str, Any]
    question: Question
    scorer: Perturber
    variants: Variants
    built: dict[tuple[str, str], Any]

    def rows(self, resolved: Resolved) -> list[ExplainerResult]:
        """Make the rows of one explainer: one, or one a budget where it heeds budgets."""
        budgets = sorted(self.plan.config.budgets or (), reverse=True)
        first, heeds = self._row(resolved, budgets[0] if budgets else None)
        if not heeds or not budgets:
            return [first]
        others = [(budget, self._row(resolved, budget)[0]) for budget in budgets[1:]]
        return [
            replace(row, explainer=at_budget(resolved.label, budget))
            for budget, row in [(budgets[0], first), *others]
        ]

    def _row(self, resolved: Resolved, samples: int | None) -> tuple[ExplainerResult, bool]:
        """Explain and score; say too whether another budget would have changed anything."""
        label = resolved.label
        try:
            explainer = self.built["explainer", label]
            if isinstance(explainer, Exception):
                raise explainer
            answer = self.question.explain(resolved, explainer, samples=samples)
        except Exception as error:  # noqa: BLE001 - the plugin boundary: it costs this row only
            status = NOT_APPLICABLE if isinstance(error, NotApplicableError) else FAILED
            return _without(label, status, _describe(error), self.plan), False
        explanation = answer.explanation
        scoring = Scoring(
            self.scorer.segments.to_grid(explanation.relevance),
            self.question.instance.intervals_s,
            self.scorer,
            self.question.key.child("metric", label),
            surrogate=explanation.surrogate,
            again=partial(self.variants.explain, resolved, explainer, samples=samples),
        )
        scores = _score(self.metrics, scoring)
        row = ExplainerResult(
            label, OK, "", scoring.relevance, explanation.cost, scores, scoring.known_curves()
        )
        return row, answer.heeds_budget
