"""Score stored relevance without the model: whatever asks for it learns that there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, cast

import numpy as np

from awb.errors import AwbError
from awb.harness.resolve import resolve
from awb.harness.worker import build
from awb.intervals import FloatArray
from awb.leaderboard.submission import Plugin, Submission
from awb.metrics.facts import MetricFacts
from awb.perturbation import Perturber
from awb.plugins import Registry
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.segments import Segments
from awb.specs import MetricSpec, ModelSpec


class ModelNeededError(AwbError):
    """A metric that cannot be computed from relevance and labels alone."""


def _needed(*_: Any, **__: Any) -> NoReturn:
    raise ModelNeededError("needs the model")


class ClosedDoor:
    """Stands where the door to the model is; knows the segments, and nothing of the model.

    Parameters
    ----------
    segments : Segments
        Of the instance.
    """

    scores = held_out = clip_score = dropped_score = pool = staticmethod(_needed)

    def __init__(self, segments: Segments) -> None:
        self.segments = segments

    def view(self, *, segments: Segments | None = None) -> ClosedDoor:
        """Return a door to the same nothing."""
        return ClosedDoor(segments or self.segments)


@dataclass(frozen=True, slots=True)
class KnownMetric:
    """A metric of a submission that is installed here.

    Attributes
    ----------
    label : str
        As on the board.
    facts : MetricFacts
        Its range and family.
    function : callable or None
        The metric; None where it explains instances again, which needs the model by definition.
    """

    label: str
    facts: MetricFacts
    function: Callable[[Scoring], float] | None


def known_metrics(metrics: list[Plugin], registry: Registry) -> list[KnownMetric]:
    """Look up the metrics of a submission; those that are not installed are left out.

    Parameters
    ----------
    metrics : list of Plugin
        As the submission names them.
    registry : Registry
        What is installed.

    Returns
    -------
    list of KnownMetric
        Those that can be computed here, with the same settings.
    """
    found = []
    for one in metrics:
        try:
            resolved = resolve(registry, "metric", one.label)
            spec = resolved.spec
            same = resolved.parameters.model_dump(mode="json") == one.parameters
            if isinstance(spec, MetricSpec) and spec.name == one.name and same:
                again = spec.facts.family in {"robustness", "sanity"}
                function = None if again else build(resolved)
                found.append(KnownMetric(one.label, spec.facts, function))
        except AwbError:
            continue
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
    """A `Scoring` that says at once that curves need the model, before it lays their masks out."""

    @cached_property
    def deletion_curve(self) -> FloatArray:
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
    """Make what a metric gets to see, with the model out of reach.

    Parameters
    ----------
    record : Submission
        Seed and names, from which every draw comes.
    clip_id, target : str
        The instance.
    relevance : np.ndarray, shape=(cells,)
        As stored.
    intervals_s : np.ndarray, shape=(events, 2)
        The manifest's events, in seconds.
    segments : Segments
        Of the instance.

    Returns
    -------
    Scoring
        Raises `ModelNeededError` where a metric asks the model.
    """
    key = RandomKey((record.settings.seed, record.dataset.name, clip_id, target))
    return StoredScoring(
        relevance,
        np.asarray(intervals_s, dtype=np.float64).reshape(-1, 2),
        cast(Perturber, ClosedDoor(segments)),
        key.child("metric", record.explainer.label),
        surrogate=_needed,
        again=_needed,
    )


def recomputed(metric: KnownMetric, scoring: Scoring) -> float | None:
    """Compute one score.

    Parameters
    ----------
    metric : KnownMetric
        The metric.
    scoring : Scoring
        From `stored_scoring`.

    Returns
    -------
    float or None
        The value, NaN where it is undefined; None if it needs the model.
    """
    if metric.function is None:
        return None
    try:
        value = float(metric.function(scoring))
    except ModelNeededError:
        return None
    except Exception:  # noqa: BLE001 - the plugin boundary: a metric that fails has no value, as in a run
        return math.nan
    return value if math.isfinite(value) else math.nan
