"""Run one unit: every explainer and every metric, and contain the failures of either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import numpy as np

from awb.activity import PluginCall, at_work
from awb.data.class_index import ClassIndex
from awb.data.instance_kinds import FALSE_ALARMS, NO_EVENTS_OF
from awb.data.targets import events_of
from awb.errors import (
    NotApplicableError,
    PluginError,
    UndefinedScoreError,
    UnsteadyModelError,
    described,
    one_line,
)
from awb.harness.unit.model_guard import ModelGuard
from awb.harness.unit.process_state import untouched
from awb.harness.unit.question import Answer, Question, Variants, not_again
from awb.harness.unit.record import (
    AGAIN,
    FAILED,
    NOT_APPLICABLE,
    OK,
    ExplainerResult,
    Unit,
    UnitResult,
    at_budget,
    without,
)
from awb.harness.unit.warm_plugins import decision_threshold
from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.perturbation.memory import ModelCache
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.scoring import NO_TIMES, Scoring
from awb.specs import MetricSpec
from awb.types import Event, Explanation, immutable

Answering = Callable[[Any], Any]

_SLACK = 1e-6
"""Tolerance for rounding at the ends of a metric's range."""


def _number(value: Any, resolved: Resolved) -> float:
    """Return a metric's value; raise if it is not a number or outside the declared range."""
    if isinstance(value, str | bytes | bool) or np.ndim(value) != 0:
        raise PluginError(f"the metric returned a {type(value).__name__}, expected one number")
    number = float(value)
    facts = getattr(resolved.spec, "facts", None)
    if facts is None or not np.isfinite(number):
        return number
    if not facts.lowest - _SLACK <= number <= facts.highest + _SLACK:
        raise PluginError(
            f"the metric returned {number:g}; its declared range is {facts.lowest:g} to"
            f" {facts.highest:g}"
        )
    return number


def run_unit(
    unit: Unit,
    model: AudioModel,
    built: dict[tuple[str, str], Any],
    *,
    model_cache: ModelCache | None = None,
) -> UnitResult:
    """Explain one instance with every explainer and score every explanation."""
    guard = ModelGuard(model)
    while True:
        result = _attempt(unit, model, built, model_cache, guard)
        if result is not None:
            return result
        unit = replace(unit, without=(*unit.without, *guard.corrupters))
        guard.corrupters.clear()


def _attempt(
    unit: Unit,
    model: AudioModel,
    built: dict[tuple[str, str], Any],
    model_cache: ModelCache | None,
    guard: ModelGuard,
) -> UnitResult | None:
    """Run a unit; None if a plugin modified the model, which invalidates the results of others."""
    work = _work(unit, model, built, model_cache, guard)
    results = [row for resolved in unit.plan.explainers for row in work.rows(resolved)]
    if guard.corrupters:
        return None
    work.question.perturber.keep()
    work.scorer.keep()
    work.variants.keep()
    return UnitResult(unit.key, unit.instance.clip.id, unit.instance.target, tuple(results))


def rescored(
    unit: Unit,
    model: AudioModel,
    built: dict[tuple[str, str], Any],
    relevances: Sequence[FloatArray],
    *,
    samples: int | None = None,
    model_cache: ModelCache | None = None,
) -> list[dict[str, tuple[float, str]]]:
    """Score other relevance of cells as if the unit's only explainer had returned it."""
    [resolved] = unit.plan.explainers
    work = _work(unit, model, built, model_cache, ModelGuard(model))
    explainer = built["explainer", resolved.label]
    with at_work(PluginCall("explainer", resolved.label)), untouched():
        answer = work.question.explain(resolved, explainer, samples=samples)
    return [
        work.scores(
            work.scoring(resolved, answer.explanation, relevance, samples),
            resolved.label,
            work.cheaper(resolved, answer, samples),
        )
        for relevance in relevances
    ]


def _work(
    unit: Unit,
    model: AudioModel,
    built: dict[tuple[str, str], Any],
    model_cache: ModelCache | None,
    guard: ModelGuard,
) -> _Work:
    """Prepare what the explainers and metrics of a unit share."""
    plan = unit.plan
    clip = replace(unit.instance.clip, waveform=immutable(unit.instance.clip.waveform))
    instance = replace(unit.instance, clip=clip)
    config = plan.config
    key = RandomKey((config.seed, instance.dataset, instance.clip.id, instance.target))
    masker = built["masker", plan.masker.label]
    question = Question(model, instance, config, masker, key, model_cache)
    with at_work(PluginCall("masker", plan.masker.label)), untouched():
        scorer = question.perturber
    if plan.scoring_masker.label != plan.masker.label:
        other = built["masker", plan.scoring_masker.label]
        with at_work(PluginCall("masker", plan.scoring_masker.label)), untouched():
            scorer = replace(question, masker=other, existing=None).perturber
    variants = Variants(question)
    events = events_of(clip, ClassIndex(model), instance.class_index)
    return _Work(unit, question, scorer, variants, built, guard, events)


@dataclass(frozen=True, slots=True)
class _Work:
    """State that the explainers of a unit share."""

    unit: Unit
    question: Question
    scorer: Perturber
    variants: Variants
    built: dict[tuple[str, str], Any]
    guard: ModelGuard
    events: tuple[Event, ...]  # of the target

    def _plugin(self, kind: str, label: str) -> Any:
        """Return a built plugin, or raise the error that building it raised."""
        found = self.built[kind, label]
        if isinstance(found, Exception):
            raise found
        return found

    def rows(self, resolved: Resolved) -> list[ExplainerResult]:
        """Make the rows of one explainer: one, or one per budget if it depends on the budget."""
        budgets = sorted(self.unit.plan.config.budgets or (), reverse=True)
        first, heeds = self._row(resolved, budgets[0] if budgets else None)
        if not heeds or not budgets:
            return [first]
        others = [(budget, self._row(resolved, budget)[0]) for budget in budgets[1:]]
        return [
            replace(row, explainer=at_budget(resolved.label, budget))
            for budget, row in [(budgets[0], first), *others]
        ]

    def _row(self, resolved: Resolved, samples: int | None) -> tuple[ExplainerResult, bool]:
        """Explain and score; also return whether the budget made a difference."""
        label = resolved.label
        call = PluginCall("explainer", label)
        try:
            self.unit.check(call)
            explainer = self._plugin("explainer", label)
            with at_work(call), untouched(), self.guard.watch(call):
                answer = self.question.explain(resolved, explainer, samples=samples)
        except UnsteadyModelError:
            raise  # the fault of no explainer
        except Exception as error:  # noqa: BLE001 - the plugin boundary: it costs this row only
            status = NOT_APPLICABLE if isinstance(error, NotApplicableError) else FAILED
            return without(label, status, described(error), self.unit.plan), False
        explanation = answer.explanation
        scoring = self.scoring(
            resolved, explanation, self.scorer.segments.to_grid(explanation.relevance), samples
        )
        scores = self.scores(scoring, label, self.cheaper(resolved, answer, samples))
        found = "; ".join(map(one_line, explanation.notes))
        row = ExplainerResult(
            label, OK, found, scoring.relevance, explanation.cost, scores, scoring.known_curves()
        )
        return row, answer.heeds_budget

    def cheaper(
        self, resolved: Resolved, answer: Answer, samples: int | None
    ) -> Callable[[], Scoring] | None:
        """Return what robustness compares where it is to cost less: an explanation of few masks."""
        config = self.unit.plan.config
        few = config.samples_again(samples)
        own = config.samples if samples is None else samples
        if not self.unit.again or not answer.heeds_budget or few == own:
            return None
        label = resolved.label
        explainer = self._plugin("explainer", label)

        def made() -> Scoring:
            call = PluginCall("again", label)
            self.unit.check(call)
            with at_work(call), untouched(), self.guard.watch(call):
                found = self.question.explain(resolved, explainer, samples=few).explanation
            return self.scoring(resolved, found, self.scorer.segments.to_grid(found.relevance), few)

        return cache(made)

    def scoring(
        self,
        resolved: Resolved,
        explanation: Explanation,
        relevance: FloatArray,
        samples: int | None,
    ) -> Scoring:
        """Prepare relevance of cells for the metrics, as that of an explainer's explanation."""
        label = resolved.label
        explainer = self._plugin("explainer", label)
        again = partial(self.variants.explain, resolved, explainer, samples=samples)
        return Scoring(
            immutable(relevance),
            self.question.instance.intervals_s,
            self.scorer,
            self.question.key.child("metric", label),
            other_intervals_s=self.question.other_intervals_s,
            decision_threshold=decision_threshold(self.unit.plan.model.spec, self.question.model),
            surrogate=self._attributed(label, explanation.surrogate),
            again=self._attributed(label, again) if self.unit.again else not_again,
            time_frequency=explanation.time_frequency,
            events=self.events,
            no_times=NO_EVENTS_OF if self.unit.plan.config.instances == FALSE_ALARMS else NO_TIMES,
        )

    def _attributed(self, label: str, ask: Answering | None) -> Answering | None:
        """Wrap a metric's call of an explainer, which then is blamed for failures."""
        if ask is None:
            return None

        def asked(given: Any) -> Any:
            call = PluginCall("again", label)
            self.unit.check(call)
            with at_work(call), untouched(), self.guard.watch(call):
                return ask(given)

        return asked

    def scores(
        self, scoring: Scoring, explainer: str, cheaper: Callable[[], Scoring] | None
    ) -> dict[str, tuple[float, str]]:
        """Compute every metric; awb's own are trusted to leave the process as it is."""
        metrics = self.unit.plan.metrics

        def score(one: Resolved[MetricSpec]) -> tuple[float, str]:
            varies = cheaper is not None and one.spec.facts.family in AGAIN
            return self._score(one, cheaper if varies and cheaper else lambda: scoring, explainer)

        with untouched():  # for the model, which they ask
            found = {one.label: score(one) for one in metrics if one.origin.built_in}
        for one in metrics:
            if not one.origin.built_in:
                with untouched():
                    found[one.label] = score(one)
        return {one.label: found[one.label] for one in metrics}

    def _score(
        self, resolved: Resolved, scoring: Callable[[], Scoring], explainer: str
    ) -> tuple[float, str]:
        """Compute a metric; NaN comes with a reason."""

        call = PluginCall("metric", resolved.label, explainer)
        try:
            self.unit.check(call, replace(call, of=""))
            metric, given = self._plugin("metric", resolved.label), scoring()
            with at_work(call):
                value = _number(metric(given), resolved)
            return value, "" if np.isfinite(value) else "the metric returned no number"
        except UnsteadyModelError:
            raise
        except UndefinedScoreError as error:
            return float("nan"), described(error)
        except NotApplicableError as error:
            return float("nan"), f"{NOT_APPLICABLE}: {described(error)}"
        except Exception as error:  # noqa: BLE001 - the plugin boundary: a metric may be anyone's
            return float("nan"), f"{FAILED}: {described(error)}"
