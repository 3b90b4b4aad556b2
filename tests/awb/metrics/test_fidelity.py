"""Deletion and insertion curves, and the metrics that use them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import (
    comprehensiveness,
    deletion_area,
    deletion_order,
    ff,
    ff_at_count,
    insertion_area,
    monotonicity,
    sufficiency,
)
from golden import slow_fidelity as slow
from golden.strategies import quick, relevances

curves = st.lists(st.integers(0, 64).map(lambda v: v / 64), min_size=2, max_size=60)


@quick
@given(curves)
def test_slow_oracles_agree(curve: list[float]) -> None:
    assert deletion_area(curve) == pytest.approx(slow.area(curve))
    assert insertion_area(curve) == pytest.approx(slow.area(curve))
    assert deletion_area(curve) == pytest.approx(np.trapezoid(curve, dx=1 / (len(curve) - 1)))
    assert monotonicity(curve) == pytest.approx(slow.monotonicity(curve))
    for percent in range(1, 101):
        assert ff(curve, percent / 100) == slow.ff(curve, percent)


@quick
@given(curves)
def test_rationales_are_means_over_five_sizes(curve: list[float]) -> None:
    sizes = (1, 5, 10, 20, 50)
    losses = [slow.ff(curve, percent) for percent in sizes]
    assert comprehensiveness(curve) == pytest.approx(np.mean(losses))
    kept = [curve[slow.top_count(len(curve) - 1, percent)] for percent in sizes]
    assert sufficiency(curve) == pytest.approx(curve[-1] - np.mean(kept))


@quick
@given(curves)
def test_scores_stay_in_their_ranges(curve: list[float]) -> None:
    assert 0 <= deletion_area(curve) <= 1
    assert 0 <= monotonicity(curve) <= 1
    assert all(-1 <= score <= 1 for score in (ff(curve, 0.1), comprehensiveness(curve)))


@quick
@given(st.integers(1, 40).flatmap(relevances), st.integers(0, 5))
def test_the_order_is_descending_and_contains_every_cell(relevance: np.ndarray, seed: int) -> None:
    order = deletion_order(relevance, np.random.default_rng(seed))
    assert sorted(order.tolist()) == list(range(relevance.size))
    assert (np.diff(relevance[order]) <= 0).all()
    again = deletion_order(relevance, np.random.default_rng(seed))
    assert order.tolist() == again.tolist()


@quick
@given(st.permutations(range(20)), st.integers(0, 5))
def test_without_ties_the_seed_does_not_matter(values: list[int], seed: int) -> None:
    order = deletion_order(values, np.random.default_rng(seed))
    assert order.tolist() == np.argsort(values)[::-1].tolist()


def test_ties_are_broken_evenly() -> None:
    rng = np.random.default_rng(1)
    orders = np.array([deletion_order(np.zeros(5), rng) for _ in range(2000)])
    for place in range(5):
        counts = np.bincount(orders[:, place], minlength=5)
        assert np.sum((counts - 400) ** 2 / 400) < 18.5  # chi-square, 4 degrees: p = 0.001


@pytest.mark.parametrize("n", [1, 2, 3, 7, 30, 100])
def test_ff_uses_the_exact_decimal_fraction(n: int) -> None:
    curve = np.linspace(1, 0, n + 1)
    for percent in range(1, 101):
        expected = -((-percent * n) // 100)
        assert ff(curve, percent / 100) == pytest.approx(expected / n)


def test_ff_at_the_annotated_count() -> None:
    curve = [0.9, 0.6, 0.2, 0.1]
    assert ff_at_count(curve, 2) == pytest.approx(0.7)
    with pytest.raises(UndefinedScoreError, match="inside the events"):
        ff_at_count(curve, 0)
    with pytest.raises(ParameterError, match="cannot drop 4 of 3"):
        ff_at_count(curve, 4)


def test_a_perfect_explanation_has_steep_curves() -> None:
    falling, rising = [1.0] + [0.0] * 10, [0.0] + [1.0] * 10
    assert deletion_area(falling) == pytest.approx(0.05)
    assert insertion_area(rising) == pytest.approx(0.95)
    assert monotonicity(falling) == 1.0
    assert monotonicity(np.linspace(0, 1, 11)) == 0.0


def test_float_noise_does_not_count_as_a_fall() -> None:
    assert monotonicity([0.5, 0.5 + 1e-9, 0.5]) == 1.0


@pytest.mark.parametrize("metric", [deletion_area, insertion_area, monotonicity, sufficiency])
@pytest.mark.parametrize(
    ("curve", "reason"),
    [
        ([0.5], "at least 2"),
        ([[0.5, 0.5]], "shape"),
        ([0.5, float("nan")], "probabilities"),
        ([0.5, float("inf")], "probabilities"),
        ([3.2, -1.0], "log-odds"),
    ],
)
def test_bad_curves_are_refused(metric, curve, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        metric(curve)


@pytest.mark.parametrize("fraction", [0.0, -0.1, 1.1, float("nan")])
def test_bad_fractions_are_refused(fraction: float) -> None:
    with pytest.raises(ParameterError, match="fraction"):
        ff([1.0, 0.0], fraction)


def test_rationales_need_a_fraction() -> None:
    for metric in (comprehensiveness, sufficiency):
        with pytest.raises(ParameterError, match="at least one fraction"):
            metric([1.0, 0.0], fractions=())
