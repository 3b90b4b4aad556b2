"""Faithfulness correlation, infidelity and local accuracy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import r2_score

from awb.designs import pooled, single
from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import (
    faithfulness_correlation,
    infidelity,
    local_accuracy,
    rank_faithfulness,
)
from golden import slow_fidelity as slow
from golden.strategies import quick

N = 12


def _additive(seed: int, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw the weights of an additive model, and the score that it loses under each mask."""
    weights = np.random.default_rng(seed).normal(size=masks.shape[1])
    return weights, masks @ weights


@quick
@given(st.integers(0, 50))
def test_slow_correlation_agrees_for_masks_of_one_size(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = single(N, 25, rng)
    relevance, lost = rng.normal(size=N), rng.normal(size=25)
    sums = slow.dropped_sums(relevance.tolist(), masks.tolist())
    expected = slow.pearson(sums, lost.tolist())
    assert faithfulness_correlation(relevance, masks, lost) == pytest.approx(expected)
    assert infidelity(relevance, masks, lost, scaled=False) == pytest.approx(
        slow.infidelity(relevance.tolist(), masks.tolist(), lost.tolist())
    )


@quick
@given(st.integers(0, 50))
def test_the_best_scale_is_the_best(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = pooled(N, 40, rng)
    relevance, lost = rng.normal(size=N), rng.normal(size=40)
    best = infidelity(relevance, masks, lost)
    tried = [
        slow.centred_infidelity((s * relevance).tolist(), masks.tolist(), lost.tolist())
        for s in np.linspace(0, 3, 61)
    ]
    assert best <= min(tried) + 1e-9
    assert min(tried) == pytest.approx(best, rel=1e-2)
    for scale in (1e-200, 1e6, 1e200):
        assert infidelity(scale * relevance, masks, lost) == pytest.approx(best)


@pytest.mark.parametrize("seed", range(5))
def test_the_truth_is_perfect(seed: int) -> None:
    masks = pooled(N, 90, np.random.default_rng(seed))
    weights, lost = _additive(seed, masks)
    assert faithfulness_correlation(weights, masks, lost) == pytest.approx(1.0)
    assert faithfulness_correlation(-weights, masks, lost) == pytest.approx(-1.0)
    assert infidelity(weights, masks, lost) == pytest.approx(0.0, abs=1e-18)
    nothing = slow.centred_infidelity([0.0] * N, masks.tolist(), lost.tolist())
    assert infidelity(-weights, masks, lost) == pytest.approx(nothing)
    assert infidelity(np.ones(N), masks, lost) == pytest.approx(nothing)


def test_a_constant_gains_nothing_from_larger_masks() -> None:
    masks = pooled(N, 90, np.random.default_rng(0))
    _, lost = _additive(0, masks)
    for value in (1.0, 0.1, 1 / 3):
        with pytest.raises(UndefinedScoreError, match="constant"):
            faithfulness_correlation(np.full(N, value), masks, lost + masks.sum(axis=1))
        with pytest.raises(UndefinedScoreError, match="constant"):
            rank_faithfulness(np.full(N, value), masks, lost + masks.sum(axis=1))
        more = infidelity(np.full(N, value), masks, lost + masks.sum(axis=1))
        assert more == pytest.approx(infidelity(np.zeros(N), masks, lost))


def test_a_constant_model_has_no_correlation() -> None:
    masks = pooled(N, 90, np.random.default_rng(0))
    with pytest.raises(UndefinedScoreError, match="constant"):
        faithfulness_correlation(np.arange(N), masks, np.full(90, 0.1))


def test_zero_relevance_explains_nothing() -> None:
    masks = np.eye(2, dtype=bool)
    assert infidelity([0.0, 0.0], masks, [3.0, 4.0]) == 0.25
    assert infidelity([0.0, 0.0], masks, [3.0, 4.0], scaled=False) == 12.5


@quick
@given(st.integers(0, 50))
def test_slow_correlation_of_ranks_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    masks = single(N, 25, rng)
    relevance, lost = rng.integers(0, 5, size=N).astype(float), rng.normal(size=25)
    sums = slow.dropped_sums(slow.ranks(relevance.tolist()), masks.tolist())
    expected = slow.pearson(sums, lost.tolist())
    assert rank_faithfulness(relevance, masks, lost) == pytest.approx(expected)


@quick
@given(st.integers(0, 50))
def test_scikit_learn_agrees_on_local_accuracy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    forecast, true = rng.normal(size=(2, 9))
    weights = rng.random(9)
    score = local_accuracy(forecast, true, weights=weights)
    assert score == pytest.approx(r2_score(true, forecast, sample_weight=weights))
    assert local_accuracy(forecast, true) == pytest.approx(r2_score(true, forecast))


def test_local_accuracy_of_a_constant_is_undefined() -> None:
    with pytest.raises(UndefinedScoreError, match="constant"):
        local_accuracy([1.0, 2.0, 3.0], [0.1, 0.1, 0.1])


def test_bad_input_is_refused() -> None:
    masks = np.eye(2, dtype=bool)
    for metric in (faithfulness_correlation, rank_faithfulness, infidelity):
        with pytest.raises(ParameterError, match="boolean drop masks of 2"):
            metric([1.0, 2.0], masks.astype(float), [1.0, 2.0])
        with pytest.raises(ParameterError, match="boolean drop masks of 3"):
            metric([1.0, 2.0, 3.0], masks, [1.0, 2.0])
        with pytest.raises(ParameterError, match="equal length"):
            metric([1.0, 2.0], masks, [1.0])
        with pytest.raises(ParameterError, match="finite"):
            metric([1.0, 2.0], masks, [1.0, np.nan])
    for weights in ([0.0, 0.0], [-1.0, 2.0]):
        with pytest.raises(ParameterError, match="weights"):
            local_accuracy([1.0, 2.0], [1.0, 2.0], weights=weights)


@pytest.mark.parametrize("rows", [([], []), ([[1.0]], [[1.0]]), ([1.0], [1.0, 2.0])])
def test_rows_that_cannot_be_paired_are_refused(rows: tuple[list, list]) -> None:
    with pytest.raises(ParameterError, match="two rows of equal length"):
        local_accuracy(*rows)
