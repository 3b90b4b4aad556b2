"""Compare what a submission claims with the scores of its explainer on new clips."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from awb.errors import AwbError
from awb.harness.unit.record import OK
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.submissions.shadows import Shadow
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.randomness import RandomKey
from awb.statistics import (
    Interval,
    least_permutation_p_value,
    mean_interval,
    permutation_p_value,
)

_Values = tuple[list[float], list[str]]
"""Values, and the clip of each."""

_FAMILIES = frozenset({"localization", "fidelity", "complexity"})

COMPATIBLE, BETTER, WORSE, UNKNOWN = (
    "compatible",
    "the claim is better",
    "better than claimed",
    "cannot tell",
)


_LEVEL = 0.025
"""One-sided: an honest claim is too good by chance in at most one case in forty."""


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """One metric of a submission and of its shadow: means with 95 % intervals over clips."""

    facts: MetricFacts
    claimed: Interval
    shadow: Interval
    p_better: float  # of a claim that is better by chance; NaN if there are too few clips
    p_worse: float

    @property
    def outcome(self) -> str:
        """Say whether the claim could come from the same clips as its shadow."""
        if math.isnan(self.p_better):
            return UNKNOWN
        if self.p_better <= _LEVEL:
            return BETTER
        return WORSE if self.p_worse <= _LEVEL else COMPATIBLE


@dataclass(frozen=True, slots=True)
class Comparison:
    """A submission beside its shadow; the first metric is the one that ranks the board."""

    shadow: Shadow
    metrics: tuple[ComparedMetric, ...]
    claimed_coverage: float
    coverage: float  # fraction of the new instances that were explained; NaN if there are none

    @property
    def exposed(self) -> str:
        """Say why the claim does not hold on new clips; empty if it may."""
        if self.coverage < FULL_COVERAGE <= self.claimed_coverage:
            return f"it explained {self.coverage:.0%} of the new instances"
        if self.metrics and self.metrics[0].outcome == BETTER:
            return f"{self.metrics[0].facts.name} was better than it is on new clips"
        return ""


def compared_metrics(record: Submission, registry: Registry) -> list[MetricFacts]:
    """List the main metrics of a submission that need no further explanations.

    Those without any value are left out: localization, where no event has times.
    """
    found = {}
    for one in record.metrics:
        if all(value is None for value in record.scores[one.label]):
            continue
        try:
            found[one.label] = registry.get("metric", one.label.partition(":")[0]).spec
        except AwbError:
            continue
    usable = {label: spec for label, spec in found.items() if spec.facts.family in _FAMILIES}
    main = {label: spec for label, spec in usable.items() if spec.headline} or usable
    return [replace(spec.facts, name=label) for label, spec in main.items()]


def compare(record: Submission, shadow: Shadow, registry: Registry) -> Comparison:
    """Compare a submission with its shadow by every main metric that both have."""
    there = [row.clip_id for row in record.instances]
    here = [row.clip_id for row in shadow.instances]
    metrics = [
        _compared(
            facts,
            _values(record.scores[facts.name], there),
            _values(shadow.scores.get(facts.name, [None] * len(here)), here),
        )
        for facts in compared_metrics(record, registry)
    ]
    return Comparison(
        shadow,
        tuple(metrics),
        _coverage([row.status for row in record.instances]),
        _coverage([row.status for row in shadow.instances]),
    )


def _values(column: Sequence[float | None], clips: Sequence[str]) -> _Values:
    """Collect the values that there are, with their clips."""
    pairs = [(one, clip) for one, clip in zip(column, clips, strict=True) if one is not None]
    return [one for one, _ in pairs], [clip for _, clip in pairs]


def _compared(facts: MetricFacts, claimed: _Values, shadow: _Values) -> ComparedMetric:
    key = RandomKey((0, "shadow", facts.name))
    there, here = _mean(facts, claimed, key), _mean(facts, shadow, key)
    n_clips = [len(set(clips)) for _, clips in (claimed, shadow)]
    if not all(n_clips) or least_permutation_p_value(*n_clips) > _LEVEL:
        return ComparedMetric(facts, there, here, math.nan, math.nan)
    higher, lower = (
        permutation_p_value(*one, *other, rng=key.generator())
        for one, other in ((claimed, shadow), (shadow, claimed))
    )
    better, worse = (higher, lower) if facts.higher_is_better else (lower, higher)
    return ComparedMetric(facts, there, here, better, worse)


def _mean(facts: MetricFacts, found: _Values, key: RandomKey) -> Interval:
    if not found[0]:
        return Interval(math.nan, math.nan, math.nan)
    return mean_interval(*found, lowest=facts.lowest, highest=facts.highest, rng=key.generator())


def _coverage(statuses: Sequence[str]) -> float:
    explained = sum(status == OK for status in statuses)
    return explained / len(statuses) if statuses else math.nan
