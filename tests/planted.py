"""Planted evidence: models of which it is known what they listen to, and who finds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.specs import ExplainerSpec
from fakes import perturber_for, unit_clip
from fakes_torch import SegmentGame, TorchModel
from games import explain

N = 40
SAMPLES = 600
DISTRACTION = 0.05


@dataclass(frozen=True)
class Planted:
    """A game on segments.

    Attributes
    ----------
    units : list of (weights of the segments, bias, weight of the unit)
        ``score = sum(weight * relu(weights @ audible + bias))``, and a little of every segment.
    wanted : list of int
        Segments that an explanation should rank highest.
    against : list of int
        Segments whose evidence is negative, or none.
    """

    units: list[tuple[FloatArray, float, float]]
    wanted: list[int]
    against: list[int] = field(default_factory=list)


def _event(start: int, length: int) -> FloatArray:
    weights = np.zeros(N)
    weights[start : start + length] = 1.0 / length
    return weights


def additive(first: int, second: int) -> Planted:
    """Two sounds, one twice as telling; each of their segments counts by itself."""
    units = [(_event(first, 4), 0.0, 8.0), (_event(second, 4), 0.0, 4.0)]
    return Planted(units, [*range(first, first + 4), *range(second, second + 4)])


def both(first: int, second: int) -> Planted:
    """Two segments that count only together."""
    pair = _event(first, 1) + _event(second, 1)
    return Planted([(pair, -1.0, 6.0)], [first, second])


def any_of_two(first: int, second: int) -> Planted:
    """Two segments of which one is enough."""
    pair = _event(first, 1) + _event(second, 1)
    return Planted([(pair, 0.0, 6.0), (pair, -1.0, -6.0)], [first, second])


def either_event(first: int, second: int) -> Planted:
    """A sound that occurs twice, four segments long; the better half of the two counts."""
    one, other = _event(first, 4), _event(second, 4)
    units = [(other, 0.0, 6.0), (one - other, 0.0, 6.0)]
    return Planted(units, [*range(first, first + 4), *range(second, second + 4)])


def against(first: int, second: int) -> Planted:
    """A sound that speaks for the target, and one that speaks against it."""
    units = [(_event(first, 4), 0.0, 6.0), (_event(second, 4), 0.0, -6.0)]
    return Planted(units, list(range(first, first + 4)), list(range(second, second + 4)))


SCENARIOS: dict[str, Callable[[int, int], Planted]] = {
    "additive": additive,
    "both needed": both,
    "one of two": any_of_two,
    "either event": either_event,
    "for and against": against,
}
PLACES = [(6, 26), (3, 15), (21, 33), (30, 11), (18, 9)]


def model_of(planted: Planted, seed: int) -> TorchModel:
    distraction = DISTRACTION * np.random.default_rng(seed).standard_normal(N)
    distraction[[*planted.wanted, *planted.against]] = 0.0
    units = [*planted.units, (distraction, 5.0, 1.0)]
    weights, biases, outer = zip(*units, strict=True)
    return TorchModel(SegmentGame(np.stack(weights), list(biases), list(outer), -7.0), "conv")


def found(spec: ExplainerSpec, planted: Planted, *, seed: int = 0, **settings: Any) -> list[float]:
    """ROC-AUC of the wanted segments, and of those against the target from the other end.

    The second is 1 where the evidence against the target is ranked last.
    """
    perturber = perturber_for(model_of(planted, seed), unit_clip(N), samples=SAMPLES, seed=seed)
    explanation = explain(spec, perturber, seed=seed, **settings)
    relevance = perturber.segments.to_grid(explanation.relevance)  # as a run scores it
    scores = []
    for segments, sign in ((planted.wanted, 1), (planted.against, -1)):
        if segments:
            labels = np.isin(np.arange(N), segments)
            scores.append(float(roc_auc_score(labels, sign * relevance)))
    return scores


def row(spec: ExplainerSpec, **settings: Any) -> list[float]:
    """Mean ROC-AUC over the placements, a column a scenario and one for evidence against.

    NaN where the explainer does not apply to one of the placements.
    """
    columns: list[float] = []
    for make in SCENARIOS.values():
        games = [make(*place) for place in PLACES]
        try:
            every = [found(spec, game, seed=seed, **settings) for seed, game in enumerate(games)]
        except NotApplicableError:
            columns.extend([np.nan, np.nan] if games[0].against else [np.nan])
        else:
            columns.extend(np.mean(every, axis=0).tolist())
    return columns


def _cell(value: float) -> str:
    if np.isnan(value):
        return "n/a"
    return f"**{value:.2f}**" if value >= 0.99 else f"{value:.2f}"


def table(specs: list[ExplainerSpec]) -> str:
    """Markdown table of all explainers; what is found (at least 0.99) is bold."""
    head = ["explainer", *SCENARIOS, "against, ranked last"]
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    for spec in specs:
        if spec.sees_labels:
            continue
        lines.append("| " + " | ".join([spec.name, *map(_cell, row(spec))]) + " |")
    return "\n".join(lines)
