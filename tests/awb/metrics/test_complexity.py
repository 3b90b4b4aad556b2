"""Sparseness, complexity and effective support."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from awb.errors import UndefinedScoreError
from awb.metrics import complexity, effective_support, sparseness
from golden import slow_fidelity as slow
from golden.strategies import quick, relevances

METRICS = [sparseness, complexity, effective_support]
anything = st.integers(1, 30).flatmap(relevances)


@quick
@given(anything)
def test_slow_oracles_agree(relevance: np.ndarray) -> None:
    assume(relevance.any())
    assert sparseness(relevance) == pytest.approx(slow.gini(relevance.tolist()), abs=1e-12)
    entropy = slow.entropy(relevance.tolist())
    assert complexity(relevance) == pytest.approx(entropy, abs=1e-12)
    expected = np.exp(entropy) / relevance.size
    assert effective_support(relevance) == pytest.approx(expected)


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(
    relevance=anything, scale=st.sampled_from([-1.0, 1e-300, 3.0, 1e300]), seed=st.integers(0, 9)
)
def test_sign_scale_and_position_do_not_matter(metric, relevance, scale: float, seed: int) -> None:
    assume(relevance.any())
    order = np.random.default_rng(seed).permutation(relevance.size)
    assert metric(scale * relevance[order]) == pytest.approx(metric(relevance), abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
@pytest.mark.parametrize("value", [0.1, -3.0])
def test_a_constant_is_the_worst(n: int, value: float) -> None:
    flat = np.full(n, value)
    assert sparseness(flat) == pytest.approx(0.0, abs=1e-12)
    assert complexity(flat) == pytest.approx(np.log(n))
    assert effective_support(flat) == pytest.approx(1.0)


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_a_single_cell_is_the_best(n: int) -> None:
    single = np.eye(n)[n // 2]
    assert sparseness(single) == pytest.approx(1 - 1 / n)
    assert complexity(single) == 0.0
    assert effective_support(single) == pytest.approx(1 / n)


@pytest.mark.parametrize("metric", METRICS)
def test_zero_relevance_has_no_score(metric) -> None:
    with pytest.raises(UndefinedScoreError, match="zero everywhere"):
        metric(np.zeros(5))
