"""Self-tests of metrics: the oracle must score best, random relevance at chance, its mirror worst.

A metric that does not rank the labels first and random numbers at chance is broken, wherever in the
clip the event is.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from awb.doctor.planted import N_CELLS, scoring
from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray
from awb.scoring import Scoring
from awb.specs import MetricSpec
from awb.variations import Rolled, Variation

EVENTS_S = ((0.0, 0.8), (2.6, 3.4), (5.2, 6.0))
DRAWS = 25
_NOISE = 1e-9

Metric = Callable[[Scoring], float]


def _value(metric: Metric, relevance: FloatArray, interval_s: tuple[float, float]) -> float:
    try:
        return float(metric(scoring(relevance, np.array([interval_s]))))
    except UndefinedScoreError:
        return math.nan


def self_test(spec: MetricSpec) -> str:
    """Test one metric on a model with known causes; return what failed, or an empty string."""
    metric = spec.factory(spec.parameters())
    sign = 1.0 if spec.facts.higher_is_better else -1.0
    if spec.facts.family == "complexity":
        return _complexity(metric, sign)
    if spec.facts.family in {"robustness", "sanity"}:
        return _again(metric, sign, like=spec.facts.family == "robustness")
    constants = []
    for interval_s in EVENTS_S:
        oracle = scoring(np.zeros(N_CELLS), np.array([interval_s])).coverage
        rng = np.random.default_rng(0)
        draws = [_value(metric, rng.permutation(oracle), interval_s) for _ in range(DRAWS)]
        best, chance = _value(metric, oracle, interval_s), float(np.nanmean(draws))
        mirror = _value(metric, 1.0 - oracle, interval_s)
        constants.append(_value(metric, np.ones(N_CELLS), interval_s))
        where = f"with the event at {interval_s[0]:g} s"
        if not _in_range(spec, [best, chance]):
            return f"{best:.3f} or {chance:.3f} is outside its range, {where}"
        if not sign * best >= sign * chance - _NOISE:
            return f"the oracle scores {best:.3f}, a shuffled one {chance:.3f}, {where}"
        # local-accuracy: a wrong forecast that is spread out errs less than a peaked one.
        if sign * mirror > sign * chance + 0.05 and spec.name != "local-accuracy":
            return f"the mirrored oracle scores {mirror:.3f}, chance {chance:.3f}, {where}"
    if spec.name == "roc-auc" and constants != [0.5] * len(constants):
        return f"a constant scores {constants}, not 0.5"
    return ""


def _in_range(spec: MetricSpec, values: list[float]) -> bool:
    low, high = spec.facts.lowest - _NOISE, spec.facts.highest + _NOISE
    return all(low <= value <= high for value in values)


def _again(metric: Metric, sign: float, *, like: bool) -> str:
    """Test that an unchanged explanation beats a reshuffled one, or for sanity loses to it."""
    relevance = np.random.default_rng(0).random(N_CELLS)
    rng = np.random.default_rng(1)

    def steady(variation: Variation) -> FloatArray:
        cells = round(variation.part * N_CELLS) if isinstance(variation, Rolled) else 0
        return np.roll(relevance, cells)

    def fickle(_: Variation) -> FloatArray:
        return rng.permutation(relevance)

    interval_s = np.array([EVENTS_S[0]])
    same, other = (
        float(metric(scoring(relevance, interval_s, again=again))) for again in (steady, fickle)
    )
    if (sign * same > sign * other) != like:
        return f"the same explanation scores {same:.3f}, a reshuffled one {other:.3f}"
    return ""


def _complexity(metric: Metric, sign: float) -> str:
    """Test that one peak beats a constant with one dip."""
    peak = np.zeros(N_CELLS)
    peak[3] = 1.0
    simple, flat = (_value(metric, row, EVENTS_S[0]) for row in (peak, 1.0 - peak))
    if not sign * simple > sign * flat:
        return f"one peak scores {simple:.3f}, one dip {flat:.3f}"
    return ""
