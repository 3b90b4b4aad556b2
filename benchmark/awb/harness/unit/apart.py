"""One unit in two processes: one explains and has no labels, one has them and explains nothing.

Only the oracle is computed beside the labels. Metrics that need no labels are computed where the
explainer is, and the others get its relevance and the scores of masked clips that are known.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial

from awb.harness.unit.evaluation import Answering, Work
from awb.harness.unit.evidence import BlindScoring, Evidence, Recorder
from awb.harness.unit.question import not_again
from awb.harness.unit.record import ExplainerResult, Plan, Unit, UnitResult
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.scoring import Scoring
from awb.specs import ExplainerSpec

Scores = dict[str, tuple[float, str]]


@dataclass(frozen=True, slots=True)
class BlindRow:
    """One row without the metrics that need labels."""

    result: ExplainerResult
    evidence: Evidence | None = None  # None if it has no explanation
    fewer: Evidence | None = None  # of the explanation with fewer masks, for robustness


@dataclass(frozen=True, slots=True)
class BlindResult:
    """What the process that explains has found."""

    rows: dict[str, tuple[BlindRow, ...]]  # by explainer
    known: dict[bytes, float]  # scores of masked clips, by packed drop mask


@dataclass(frozen=True, slots=True)
class Half:
    """The task of the process that has the labels."""

    unit: Unit  # with the explainers that need labels
    blind: BlindResult
    order: tuple[str, ...]  # of all explainers

    @classmethod
    def of(cls, unit: Unit, blind: BlindResult, *, plan: Plan, order: tuple[str, ...]) -> Half:
        """Make the task of a unit, with the plan for that process."""
        return cls(replace(unit, plan=plan), blind, order)


@dataclass(frozen=True, slots=True)
class BlindWork(Work):
    """The state of a unit in the process that explains."""

    taken: list[tuple[Evidence, Evidence | None]] = field(default_factory=list)

    def result(self) -> BlindResult:
        """Make the rows of every explainer, without the metrics that need labels."""
        rows = {one.label: self._with_evidence(one) for one in self.unit.plan.explainers}
        return BlindResult(rows, dict(self.scorer.known_scores))

    def _with_evidence(self, resolved: Resolved[ExplainerSpec]) -> tuple[BlindRow, ...]:
        self.taken.clear()
        rows = self.rows(resolved)
        taken = iter(self.taken)
        return tuple(
            BlindRow(row) if row.relevance is None else BlindRow(row, *next(taken)) for row in rows
        )

    def scored(
        self,
        label: str,
        relevance: FloatArray,
        time_frequency: FloatArray | None,
        *,
        surrogate: Answering | None,
        again: Answering,
        make: Callable[..., Scoring] = BlindScoring,
    ) -> Scoring:
        """Prepare relevance without labels, and keep what metrics ask of the explainer."""
        blind = partial(make, Recorder(again, surrogate))
        return Work.scored(
            self, label, relevance, time_frequency, surrogate=None, again=not_again, make=blind
        )

    def scores(
        self, scoring: Scoring, explainer: str, cheaper: Callable[[], Scoring] | None
    ) -> Scores:
        """Compute the metrics that need no labels."""
        fewer: list[Scoring] = []

        def made() -> Scoring:
            fewer[:] = [cheaper()] if cheaper else []
            return fewer[0]

        found = Work.scores(self, scoring, explainer, made if cheaper else None)
        evidence = [one.evidence() for one in (scoring, *fewer) if isinstance(one, BlindScoring)]
        self.taken.append((evidence[0], evidence[1] if fewer else None))
        return {label: score for label, score in found.items() if score is not _ELSEWHERE}

    def score(
        self, resolved: Resolved, scoring: Callable[[], Scoring], explainer: str
    ) -> tuple[float, str]:
        """Compute a metric, unless it asks for labels."""
        given: list[Scoring] = []

        def seen() -> Scoring:
            given.append(scoring())
            return given[0]

        score = Work.score(self, resolved, seen, explainer)
        for one in given:
            if isinstance(one, BlindScoring) and one.asked():
                if not resolved.origin.built_in:
                    Work.score(self, resolved, one.rehearsal, explainer)
                return _ELSEWHERE
        return score


_ELSEWHERE = math.nan, "in the process that has the labels"
"""The score of a metric that asks for labels."""


@dataclass(frozen=True, slots=True)
class LabelledWork(Work):
    """The state of a unit in the process that has the labels."""

    def result(self, half: Half) -> UnitResult:
        """Compute what needs labels."""
        self.scorer.known_scores.update(half.blind.known)
        own = {one.label: one for one in self.unit.plan.explainers}
        rows: list[ExplainerResult] = []
        for label in half.order:
            if label in own:
                rows += self.rows(own[label])
            else:
                rows += [self._completed(label, row) for row in half.blind.rows[label]]
        return self.unit.result(rows)

    def _completed(self, label: str, row: BlindRow) -> ExplainerResult:
        """Add the metrics that need labels to a row."""
        found, metrics = row.result.scores, self.unit.plan.metrics
        left = [one for one in metrics if one.label not in found]
        if row.evidence is None or not left:
            return row.result
        scoring = self._scoring(label, row.evidence)
        fewer = None if row.fewer is None else cache(partial(self._scoring, label, row.fewer))
        more = self.some_scores(left, scoring, label, fewer)
        scores = {**found, **more}
        return replace(
            row.result,
            scores={one.label: scores[one.label] for one in metrics},
            curves={**row.result.curves, **scoring.known_curves()},
        )

    def _scoring(self, label: str, evidence: Evidence) -> Scoring:
        return self.scored(
            label,
            evidence.relevance,
            evidence.time_frequency,
            surrogate=evidence.surrogate,
            again=evidence.again if self.unit.again else not_again,
        )
