"""Comparisons of two explanations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from awb.errors import ParameterError, RelevanceError, UndefinedScoreError
from awb.metrics import (
    max_sensitivity,
    randomization_similarity,
    rank_correlation,
    shift_equivariance,
    top_k_overlap,
)
from golden import slow_fidelity as slow
from golden import slow_localization
from golden.strategies import quick, relevances

pairs = st.integers(2, 20).flatmap(lambda n: st.tuples(relevances(n), relevances(n)))


@quick
@given(pairs)
def test_rank_correlation_agrees_with_scipy_and_a_loop(pair) -> None:
    first, second = pair
    if np.unique(first).size == 1 or np.unique(second).size == 1:
        with pytest.raises(UndefinedScoreError, match="constant"):
            rank_correlation(first, second)
        return
    score = rank_correlation(first, second)
    expected = slow.pearson(slow.ranks(first.tolist()), slow.ranks(second.tolist()))
    assert score == pytest.approx(expected)
    assert score == pytest.approx(spearmanr(first, second).statistic)
    assert randomization_similarity(first, -second) == pytest.approx(abs(score))


@quick
@given(pairs, st.integers(1, 25))
def test_top_k_overlap(pair, k: int) -> None:
    first, second = pair
    assert top_k_overlap(first, first, k=k) == pytest.approx(1.0)
    score = top_k_overlap(first, second, k=k)
    assert 0 <= score <= 1 + 1e-12
    assert score == pytest.approx(top_k_overlap(second, first, k=k))
    count = min(k, first.size)
    one, other = (slow_localization.top_choices(v.tolist(), count) for v in (first, second))
    if len(one) == len(other) == 1:
        assert score == pytest.approx(len(one[0] & other[0]) / count)


@quick
@given(st.integers(3, 20).flatmap(relevances), st.integers(-30, 30))
def test_an_explanation_that_follows_is_equivariant(relevance: np.ndarray, shift: int) -> None:
    if np.unique(relevance).size > 1:
        assert shift_equivariance(relevance, np.roll(relevance, shift), shift=shift) == (
            pytest.approx(1.0)
        )


def test_an_explanation_that_stays_in_place_is_not_equivariant() -> None:
    relevance = np.arange(10.0)
    assert shift_equivariance(relevance, relevance, shift=5) < 0


@quick
@given(st.integers(1, 8).flatmap(lambda n: st.lists(relevances(n), min_size=2, max_size=5)))
def test_max_sensitivity_is_the_largest_distance(rows: list[np.ndarray]) -> None:
    relevance, perturbed = rows[0], np.array(rows[1:])
    if not relevance.any():
        with pytest.raises(UndefinedScoreError, match="zero everywhere"):
            max_sensitivity(relevance, perturbed)
        return
    distances = [
        np.sqrt(sum((a - b) ** 2 for a, b in zip(relevance, row, strict=True))) for row in perturbed
    ]
    expected = max(distances) / np.sqrt(sum(value**2 for value in relevance))
    assert max_sensitivity(relevance, perturbed) == pytest.approx(expected)


def test_max_sensitivity_survives_extreme_scales() -> None:
    for scale in (1e300, 1e-300):
        assert max_sensitivity([3 * scale, 4 * scale], [[3 * scale, 9 * scale]]) == (
            pytest.approx(1.0)
        )


def test_bad_input_is_refused() -> None:
    with pytest.raises(RelevanceError, match="2 and 3"):
        rank_correlation([1.0, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ParameterError, match="one segment"):
        top_k_overlap([1.0], [1.0], k=0)
    for draws in ([1.0, 2.0], np.empty((0, 2)), [[1.0]], [[1.0, np.nan]]):
        with pytest.raises(RelevanceError):
            max_sensitivity([1.0, 2.0], draws)


def test_relevance_that_vanishes_beside_the_noisy_one_has_no_sensitivity() -> None:
    for tiny in (5e-324, 1e-300, 1e-13):
        with pytest.raises(UndefinedScoreError, match="beside"):
            max_sensitivity([tiny, 0.0], [[1.0, 0.0]])
    assert max_sensitivity([1e-300, 0.0], [[3e-300, 0.0]]) == pytest.approx(2.0)
    assert max_sensitivity([1e300, 0.0], [[-1e300, 0.0]]) == pytest.approx(2.0)
    assert max_sensitivity([1e-9, 0.0], [[1.0, 0.0]]) == pytest.approx(1e9)
