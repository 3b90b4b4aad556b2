"""Curves on an instance's own scale, against every order of a few cells."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from awb import metrics
from awb.errors import UndefinedScoreError
from awb.intervals import FloatArray
from awb.metrics.curve_gains import LEAST_GAP, RANDOM_SETS, known_orders, random_area
from golden import slow_fidelity as slow
from golden.strategies import quick

Probability = Callable[[frozenset[int]], float]
SCALE = metrics.ReferenceAreas(random=0.6, deletion=0.2, insertion=0.9)


def _game(n: int, seed: int) -> tuple[Probability, Callable[[np.ndarray], FloatArray]]:
    """Draw a score for every set of kept cells."""
    table = np.random.default_rng(seed).normal(0.0, 3.0, 2**n)

    def probability(kept: frozenset[int]) -> float:
        return float(expit(table[sum(2**cell for cell in kept)]))

    def scores(drop_cells: np.ndarray) -> FloatArray:
        return np.asarray(table[(~drop_cells).astype(int) @ 2 ** np.arange(n)])

    return probability, scores


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (2, 1), (3, 2), (5, 3), (6, 4)])
def test_the_area_of_a_random_order_is_the_mean_over_all_orders(n: int, seed: int) -> None:
    probability, scores = _game(n, seed)
    found = [random_area(scores, n, np.random.default_rng(draw)) for draw in range(60)]
    assert np.mean(found) == pytest.approx(slow.mean_area(probability, n), abs=0.004)
    assert np.std(found) < 0.05


def test_deletion_and_insertion_share_the_area_of_a_random_order() -> None:
    probability, _ = _game(5, 0)
    backwards = [
        slow.area(slow.curves(probability, list(order))[1]) for order in permutations(range(5))
    ]
    assert np.mean(backwards) == pytest.approx(slow.mean_area(probability, 5))


def test_random_sets_come_in_all_sizes_and_with_their_complements() -> None:
    seen: list[np.ndarray] = []

    def scores(drop_cells: np.ndarray) -> FloatArray:
        seen.append(drop_cells)
        return np.zeros(len(drop_cells))

    random_area(scores, 5, np.random.default_rng(0))
    drawn = seen[1]
    assert len(drawn) == 2 * RANDOM_SETS
    assert np.bincount(drawn.sum(axis=1)).tolist() == [0, 100, 100, 100, 100]
    np.testing.assert_array_equal(drawn[:RANDOM_SETS], ~drawn[RANDOM_SETS:])


def test_each_kind_of_evidence_gives_its_order() -> None:
    """Cells 0 and 1 say the same, cell 2 is needed by nobody else, and cell 3 says nothing."""

    def scores(drop_cells: np.ndarray) -> FloatArray:
        kept = ~drop_cells
        return 4.0 * (kept[:, 0] | kept[:, 1]) + 3.0 * kept[:, 2] - 5.0

    masks = np.random.default_rng(0).random((400, 4)) < 0.5
    found = known_orders(scores, 4, masks, scores(masks), np.random.default_rng(0))
    without, alone, fitted = (order.tolist() for order in found)
    assert without[0] == 2
    assert set(alone[:2]) == {0, 1}
    assert fitted[0] == 2
    assert fitted[3] == 3


def test_the_best_of_the_known_orders_is_the_scale() -> None:
    probability, scores = _game(5, 7)
    masks = np.random.default_rng(1).random((60, 5)) < 0.5
    found = metrics.reference_areas(scores, 5, masks, scores(masks), np.random.default_rng(2))
    orders = known_orders(scores, 5, masks, scores(masks), np.random.default_rng(3))
    curves = [slow.curves(probability, order.tolist()) for order in orders]
    assert found.deletion == pytest.approx(min(slow.area(deletion) for deletion, _ in curves))
    assert found.insertion == pytest.approx(max(slow.area(insertion) for _, insertion in curves))
    every = [slow.area(slow.curves(probability, list(o))[0]) for o in permutations(range(5))]
    assert min(every) <= found.deletion < found.random < found.insertion <= max(every)


@quick
@given(st.lists(st.floats(0, 1), min_size=2, max_size=9))
def test_gains_are_the_slow_ones(curve: list[float]) -> None:
    area = slow.area(curve)
    assert metrics.deletion_gain(curve, SCALE) == pytest.approx(slow.gain(-area, -0.6, -0.2))
    assert metrics.insertion_gain(curve, SCALE) == pytest.approx(slow.gain(area, 0.6, 0.9))


def test_a_random_order_scores_0_and_the_best_1() -> None:
    for gain, best in ((metrics.deletion_gain, 0.2), (metrics.insertion_gain, 0.9)):
        assert gain([0.6, 0.6], SCALE) == 0.0
        assert gain([best, best], SCALE) == pytest.approx(1.0)


def test_what_is_beyond_the_best_known_is_not_more_than_the_best() -> None:
    assert metrics.deletion_gain([0.1, 0.1], SCALE) == 1.0
    assert metrics.deletion_gain([1.0, 1.0], SCALE) == -1.0
    assert metrics.insertion_gain([0.0, 0.0], SCALE) == -1.0


def test_where_no_order_is_better_than_a_random_one_there_is_no_gain() -> None:
    flat = metrics.ReferenceAreas(0.5, 0.5 - LEAST_GAP / 2, 0.4)
    with pytest.raises(UndefinedScoreError, match=r"changes the area by 0\.025 only"):
        metrics.deletion_gain([0.5, 0.5], flat)
    with pytest.raises(UndefinedScoreError, match="changes the area by 0 only"):
        metrics.insertion_gain([0.5, 0.5], flat)


@quick
@given(n=st.integers(1, 5), seed=st.integers(0, 50))
def test_srg_is_least_relevant_first_minus_most_relevant_first(n: int, seed: int) -> None:
    """The identity: dropping the least relevant first is the insertion curve, read backwards."""
    probability, _ = _game(n, seed)
    order = np.random.default_rng(seed).permutation(n).tolist()
    deletion, insertion = slow.curves(probability, order)
    least_first = slow.curves(probability, order[::-1])[0]
    assert least_first == insertion[::-1]
    found = metrics.symmetric_relevance_gain(deletion, insertion)
    assert found == pytest.approx(slow.srg(probability, order))


def test_srg_does_not_notice_a_masker_that_shifts_all_scores() -> None:
    deletion, insertion = np.array([0.6, 0.3, 0.1]), np.array([0.1, 0.5, 0.6])
    plain = metrics.symmetric_relevance_gain(deletion, insertion)
    assert metrics.symmetric_relevance_gain(deletion + 0.2, insertion + 0.2) == pytest.approx(plain)
