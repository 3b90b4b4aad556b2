"""The rules for metrics."""

from __future__ import annotations

import numpy as np

from awb.conformance.guards import METADATA, SETTINGS, leaves_globals, repeats, same, worker_rule
from awb.conformance.rules import ConformanceError, Rule
from awb.doctor.metrics import EVENTS_S, self_test
from awb.doctor.planted import N_CELLS, scoring
from awb.errors import NotApplicableError, UndefinedScoreError
from awb.harness.unit.warm_plugins import build
from awb.intervals import FloatArray
from awb.plugins.resolve import Resolved
from awb.specs import MetricSpec
from awb.variations import Variation


def _relevance(name: str) -> FloatArray:
    rng = np.random.default_rng(0)
    return {
        "random relevance": rng.standard_normal(N_CELLS),
        "constant relevance": np.ones(N_CELLS),
        "relevance that is zero": np.zeros(N_CELLS),
        "negative relevance": -rng.random(N_CELLS),
    }[name]


_CASES = ("random relevance", "constant relevance", "relevance that is zero", "negative relevance")


def _score(resolved: Resolved, relevance: FloatArray, fitted: FloatArray | None = None) -> float:
    """Score one explanation."""

    def again(_: Variation) -> FloatArray:
        return np.random.default_rng(1).permutation(relevance)

    event_s = np.array([EVENTS_S[1]])
    return float(build(resolved)(scoring(relevance, event_s, again=again, fitted=fitted)))


def _value(resolved: Resolved, relevance: FloatArray, fitted: FloatArray | None = None) -> float:
    """Score one explanation; NaN if the metric is undefined for it."""
    try:
        return _score(resolved, relevance, fitted)
    except (UndefinedScoreError, NotApplicableError):
        return float("nan")


def probe(resolved: Resolved) -> list[float]:
    """Score random relevance."""
    return [_value(resolved, _relevance("random relevance"))]


def _contract(resolved: Resolved) -> None:
    """Try several explanations: a value must be inside the range, or undefined with a reason."""
    spec = resolved.spec
    if not isinstance(spec, MetricSpec):
        raise ConformanceError("it is not a MetricSpec")
    low, high = spec.facts.lowest - 1e-9, spec.facts.highest + 1e-9
    for name in _CASES:
        try:
            value = _score(resolved, _relevance(name))
        except (UndefinedScoreError, NotApplicableError):
            continue
        if not np.isfinite(value):
            raise ConformanceError(f"{name} scores {value}, without a reason")
        if not low <= value <= high:
            raise ConformanceError(f"{name} scores {value:g}, outside {low:g}..{high:g}")


def _self_test(resolved: Resolved) -> None:
    spec = resolved.spec
    text = self_test(spec) if isinstance(spec, MetricSpec) else "it is not a MetricSpec"
    if text:
        raise ConformanceError(text)


def _order(resolved: Resolved) -> None:
    """Sharpen random relevance, and the explanations of its variations alike."""
    spec = resolved.spec
    if not isinstance(spec, MetricSpec) or spec.facts.reads != "order":
        return
    relevance = _relevance("random relevance")
    plain, sharpened = (
        _value(resolved, relevance, fitted=relevance),
        _value(resolved, np.exp(3 * relevance), fitted=relevance),
    )
    if not np.isclose(plain, sharpened, rtol=1e-9, atol=1e-9, equal_nan=True):
        raise ConformanceError(f"relevance r scores {plain:g}, exp(3 r) {sharpened:g}")


def _inputs(resolved: Resolved) -> None:
    relevance = _relevance("random relevance")
    before = relevance.copy()
    _value(resolved, relevance)
    if not same(before, relevance):
        raise ConformanceError("it modifies the given relevance")


def _globals(resolved: Resolved) -> None:
    leaves_globals(lambda: probe(resolved))


def _determinism(resolved: Resolved) -> None:
    repeats(lambda: probe(resolved), "its value")


RULES = [
    METADATA,
    SETTINGS,
    Rule(
        "contract",
        "Return a finite number inside the range that the facts declare, or raise"
        " awb.errors.UndefinedScoreError with the reason.",
        _contract,
    ),
    Rule(
        "self-test",
        "The labels themselves must score best and shuffled ones at chance: is higher_is_better"
        " inverted, or the range wrong?",
        _self_test,
    ),
    Rule(
        "order",
        'Set reads="magnitudes" in the facts: a strictly increasing transform of the relevance'
        " changes the value, so that a board must not rank by it.",
        _order,
    ),
    Rule("determinism", "Draw only from scoring.rng('purpose').", _determinism),
    Rule("inputs", "Copy before you modify: np.array(scoring.relevance).", _inputs),
    Rule("global-state", "Do not seed or draw from global generators.", _globals),
    worker_rule(probe),
]
