"""Score stored relevance without the model: metrics that need it are recognized."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, cast

import numpy as np

from awb.data.instance_kinds import FALSE_ALARMS, NO_EVENTS_OF
from awb.errors import AwbError, SubmissionError
from awb.harness.unit.warm_plugins import build
from awb.intervals import FloatArray
from awb.leaderboard.submissions.schema import Plugin, Submission
from awb.leaderboard.verification.identity import installed
from awb.metrics.facts import MetricFacts
from awb.perturbation import Perturber
from awb.plugins.discovery import Registry, missing_modules
from awb.plugins.resolve import resolve
from awb.randomness import RandomKey
from awb.scoring import NO_TIMES, Scoring
from awb.segments import LabelArray, Segments
from awb.specs import ModelSpec


class ModelNeededError(AwbError):
    """A metric cannot be computed from relevance and labels alone."""


def _needed(*_: Any, **__: Any) -> NoReturn:
    raise ModelNeededError("needs the model")


class NoModel:
    """Replaces the perturber: it knows the segments, but every call of the model raises."""

    scores = once = held_out = clip_score = dropped_score = pool = staticmethod(_needed)
    model_as = band_scores = staticmethod(_needed)

    def __init__(self, segments: Segments) -> None:
        self.segments = segments

    def view(self, *, segments: Segments | None = None) -> NoModel:
        """Return the same without a model, on other segments if given."""
        return NoModel(segments or self.segments)


@dataclass(frozen=True, slots=True)
class KnownMetric:
    """A metric of a submission that is installed here."""

    label: str
    facts: MetricFacts
    function: Callable[[Scoring], float] | None  # None if the metric explains instances again


def known_metrics(metrics: list[Plugin], registry: Registry) -> list[KnownMetric]:
    """Look up the metrics of a submission, leaving out those that are not installed.

    Raises `SubmissionError` for one that is called like an installed metric and differs from it.
    """
    found = []
    for one in metrics:
        entry = installed(registry, "metric", one.name)
        if entry is None or missing_modules(entry.spec):
            continue
        resolved = resolve(registry, "metric", one.label)
        if resolved.parameters.model_dump(mode="json") != one.parameters:
            given = entry.spec.parameters.model_validate(one.parameters)
            if given != resolved.parameters:
                raise SubmissionError(f"metric {one.label} has other settings than {one.name} here")
        facts = resolved.spec.facts
        again = facts.family in {"robustness", "sanity"}
        found.append(KnownMetric(one.label, facts, None if again else build(resolved)))
    return found


def known_threshold(model: Plugin, registry: Registry) -> float | None:
    """Return the decision threshold of a model that is installed here, None for others."""
    specs = (entry.spec for entry in registry)
    return next(
        (
            spec.decision_threshold
            for spec in specs
            if isinstance(spec, ModelSpec) and spec.name == model.name
        ),
        None,
    )


class StoredScoring(Scoring):
    """A `Scoring` whose curves raise `ModelNeededError` before any mask is built.

    A submission contains the target's events, and not those of other sounds in the clip.
    """

    @cached_property
    def others_coverage(self) -> FloatArray:
        """Raise `ModelNeededError`."""
        return _needed()

    @cached_property
    def deletion_curve(self) -> FloatArray:
        """Raise `ModelNeededError`."""
        return _needed()

    @property
    def relevance_map(self) -> FloatArray:
        """Raise `ModelNeededError`: maps are not stored."""
        return _needed()

    @cached_property
    def map_labels(self) -> LabelArray:
        """Raise `ModelNeededError`."""
        return _needed()

    @cached_property
    def insertion_curve(self) -> FloatArray:
        """Raise `ModelNeededError`."""
        return _needed()


def stored_scoring(
    record: Submission,
    clip_id: str,
    target: str,
    relevance: FloatArray,
    intervals_s: FloatArray,
    segments: Segments,
) -> Scoring:
    """Make the `Scoring` of stored relevance, without a model."""
    key = RandomKey((record.settings.seed, record.dataset.name, clip_id, target))
    return StoredScoring(
        relevance,
        np.asarray(intervals_s, dtype=np.float64).reshape(-1, 2),
        cast(Perturber, NoModel(segments)),
        key.child("metric", record.explainer.label),
        surrogate=_needed,
        again=_needed,
        no_times=NO_EVENTS_OF if record.kind == FALSE_ALARMS else NO_TIMES,
    )


def recomputed(metric: KnownMetric, scoring: Scoring) -> float | None:
    """Compute one score: NaN if it is undefined, None if it needs the model."""
    if metric.function is None:
        return None
    try:
        value = float(metric.function(scoring))
    except ModelNeededError:
        return None
    except Exception:  # noqa: BLE001 - the plugin boundary: a metric that fails has no value, as in a run
        return math.nan
    return value if math.isfinite(value) else math.nan
