"""Which metrics read the order of the relevance alone, and that every scale is safe."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awb.builtins.metrics import METRICS
from awb.errors import NotApplicableError, UndefinedScoreError
from awb.metrics import ALL_FACTS
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec
from awb.types import Event
from fakes import RATE_HZ, WeightedEnergy, perturber_for, unit_clip

N, N_BINS = 42, 4
EVENTS_S = np.array([[0.2, 0.5], [3.02, 3.4]])
WEIGHTS = np.random.default_rng(3).normal(0.0, 1.0, N)
WEIGHTS[[2, 3, 4, 31]] = [4.0, 9.0, 6.0, 5.0]
BY_ORDER = [spec for spec in METRICS if spec.facts.reads == "order"]
BY_MAGNITUDE = [spec for spec in METRICS if spec.facts.reads == "magnitudes"]
Transform = Callable[[np.ndarray], np.ndarray]

TRANSFORMS: dict[str, Transform] = {
    "sharpened": lambda r: np.exp(3 * r / 64),
    "flattened": lambda r: np.cbrt(r),
    "shifted": lambda r: r + 1000,
    "scaled": lambda r: r / 512,
    "ranks": lambda r: np.unique(r, return_inverse=True)[1].astype(float),
    "negative": lambda r: -np.exp(-r / 64),
}
few = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Hearing(WeightedEnergy):
    """It knows the frequencies of its bins, so that maps can be scored."""

    def frame_centers_s(self, n_frames: int) -> np.ndarray:
        return (np.arange(n_frames) + 0.5) / 10

    def bin_centers_hz(self, n_bins: int) -> np.ndarray:
        return (np.arange(n_bins) + 0.5) * RATE_HZ / 2 / n_bins


@st.composite
def relevances(draw: st.DrawFn) -> np.ndarray:
    """Draw whole numbers, so that transforms keep ties and tie nothing; some tie often."""
    largest = draw(st.sampled_from([2, 64]))
    whole = st.integers(-largest, largest)
    return np.array(draw(st.lists(whole, min_size=N, max_size=N)), dtype=float)


def _surrogate(masks: np.ndarray) -> np.ndarray:
    """Forecast the score; no part of the relevance."""
    return np.asarray(0.3 - 0.2 * masks @ WEIGHTS)


def value(spec: MetricSpec, relevance: np.ndarray, transform: Transform = np.array) -> float:
    """Score an explanation whose repetitions are transformed alike; NaN where undefined."""
    again = np.roll(relevance, 1)
    again[::7] += 1

    def varied(_: object) -> np.ndarray:
        return np.asarray(transform(again))

    model = Hearing(WEIGHTS, 0.3 - 0.25 * WEIGHTS.sum())
    perturber = perturber_for(model, unit_clip(N), samples=60)
    key = RandomKey((0, "metric"))
    shifted = np.stack([np.roll(relevance, 5 * n) for n in range(N_BINS)], axis=1)
    shifted[0] = np.roll(relevance, 1)[:N_BINS]  # no two bins have the same sum
    subject = Scoring(
        transform(relevance),
        EVENTS_S,
        perturber,
        key,
        surrogate=_surrogate,
        again=varied,
        other_intervals_s=np.array([[1.0, 1.3]]),
        time_frequency=transform(shifted.ravel()).reshape(shifted.shape),
        events=[Event(*span, "Target", None, 0.0, RATE_HZ / 8) for span in EVENTS_S.tolist()],
    )
    try:
        return float(spec.factory(spec.parameters())(subject))
    except (UndefinedScoreError, NotApplicableError):
        return math.nan


@pytest.mark.parametrize("spec", BY_ORDER, ids=lambda spec: spec.name)
@pytest.mark.parametrize("name", TRANSFORMS)
@few
@given(relevances())
def test_what_reads_the_order_ignores_monotone_transforms(
    spec: MetricSpec, name: str, relevance: np.ndarray
) -> None:
    expected = value(spec, relevance)
    found = value(spec, relevance, TRANSFORMS[name])
    assert found == pytest.approx(expected, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("spec", BY_MAGNITUDE, ids=lambda spec: spec.name)
def test_what_reads_magnitudes_says_so_for_a_reason(spec: MetricSpec) -> None:
    """Some monotone transform changes its value on some explanation."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        relevance = np.round(10 * WEIGHTS + rng.normal(0, 20, N))
        plain = value(spec, relevance)
        for transform in TRANSFORMS.values():
            if value(spec, relevance, transform) != pytest.approx(plain, abs=1e-6, nan_ok=True):
                return
    pytest.fail("no transform changes it: it reads the order")


def test_a_board_can_only_rank_by_what_reads_the_order() -> None:
    for facts in ALL_FACTS.values():
        assert facts.ranks == (not facts.no_rank_reason)
        assert facts.reads == "order" or not facts.ranks
        if facts.order_form:
            assert ALL_FACTS[facts.order_form].reads == "order"
            assert facts.order_form in facts.no_rank_reason


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("scale", [1e-320, 5e-324 * 2**10, 1e-300, 1e-150, 1e150, 1e300, 1e306])
def test_no_scale_gives_a_warning_or_another_score(spec: MetricSpec, scale: float) -> None:
    relevance = np.tile([0.0, 1.0, -2.0, 5.0, 100.0, 3.0, 4.0], N // 7)
    expected = value(spec, relevance)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        found = value(spec, relevance, lambda r: r * scale)
    tolerance = 1e-2 if scale < 1e-310 else 1e-9  # denormals have few digits
    assert found == pytest.approx(expected, rel=tolerance, abs=tolerance, nan_ok=True)


@pytest.mark.parametrize("spec", METRICS, ids=lambda spec: spec.name)
def test_the_largest_floats_of_both_signs_are_scored(spec: MetricSpec) -> None:
    largest = np.finfo(np.float64).max
    relevance = np.where(np.arange(N) % 3 == 0, -largest, largest)
    relevance[[6, 20]] = 1.0, 0.0
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        found = value(spec, relevance)
    assert math.isnan(found) or spec.facts.lowest <= found <= spec.facts.highest
