"""Paired comparisons, Wilcoxon and Holm."""

from __future__ import annotations

from dataclasses import astuple
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from awb.errors import ParameterError
from awb.statistics import (
    cluster_means,
    compare_all,
    difference_intervals,
    holm,
    wilcoxon_p_value,
)
from golden import slow_fidelity as slow
from golden.strategies import quick


@quick
@given(st.lists(st.integers(1, 60), min_size=1, max_size=9, unique=True), st.data())
def test_wilcoxon_is_exact_for_few_clips(sizes: list[int], data: st.DataObject) -> None:
    signs = data.draw(st.lists(st.sampled_from([-1, 1]), min_size=len(sizes), max_size=len(sizes)))
    differences = [float(size * sign) for size, sign in zip(sizes, signs, strict=True)]
    expected = slow.wilcoxon_p_value(differences)
    assert wilcoxon_p_value(differences) == pytest.approx(expected)
    assert wilcoxon_p_value([-d for d in differences]) == pytest.approx(expected)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_ties_and_zeros_of_few_clips_are_counted_as_scipy_permutes_them(n: int) -> None:
    rng = np.random.default_rng(n)
    for row in rng.integers(-2, 3, size=(12, n)):
        expected = stats.wilcoxon(row, zero_method="pratt").pvalue if row.any() else 1.0
        assert wilcoxon_p_value(row / 8) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n", [14, 20])
def test_ties_and_zeros_of_more_clips_are_approximated(n: int) -> None:
    for row in np.random.default_rng(n).integers(-2, 4, size=(12, n)):
        expected = stats.wilcoxon(row, zero_method="pratt", method="asymptotic").pvalue
        assert wilcoxon_p_value(row / 8) == pytest.approx(expected, rel=1e-12)


def test_wilcoxon_keeps_its_level_under_ties_and_zeros() -> None:
    rng = np.random.default_rng(0)
    drawn = rng.integers(-3, 4, size=(600, 25)) / 10
    rejected = np.mean([wilcoxon_p_value(row) <= 0.05 for row in drawn])
    assert 0.02 <= rejected <= 0.075


def test_float_noise_does_not_count_as_a_difference() -> None:
    assert wilcoxon_p_value(np.full(20, 1e-15)) == 1.0
    noisy = np.array([0.1, -0.1, 0.1, -0.1]) + 1e-15
    assert wilcoxon_p_value(noisy) == wilcoxon_p_value([0.1, -0.1, 0.1, -0.1])


@quick
@given(st.lists(st.integers(0, 100).map(lambda v: v / 100), min_size=1, max_size=8))
def test_holm_agrees_with_its_definition(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    np.testing.assert_allclose(adjusted, slow.holm(p_values))
    assert (adjusted >= np.array(p_values)).all()
    assert (adjusted <= 1).all()
    bonferroni = np.minimum(1, np.array(p_values) * len(p_values))
    assert (adjusted <= bonferroni + 1e-12).all()


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]).size == 0


def test_comparisons_of_a_board() -> None:
    rng = np.random.default_rng(4)
    clips = np.repeat(np.arange(30), 2)
    table = rng.normal([0.9, 0.7, 0.7], 0.1, (60, 3))
    found = compare_all(table, clips, resamples=2000, rng=np.random.default_rng(1))
    assert [(each.first, each.second) for each in found] == list(combinations(range(3), 2))
    for each in found:
        gaps = table[:, each.first] - table[:, each.second]
        (alone,) = difference_intervals(
            table, [(each.first, each.second)], clips, resamples=2000, rng=np.random.default_rng(1)
        )
        assert astuple(each.difference) == pytest.approx(astuple(alone))
        by_clip = gaps.reshape(30, 2).mean(axis=1)
        assert each.p_value == pytest.approx(stats.wilcoxon(by_clip).pvalue)
    assert [each.adjusted_p_value for each in found] == holm([e.p_value for e in found]).tolist()
    assert [each.adjusted_p_value <= 0.05 for each in found] == [True, True, False]
    assert [each.difference.low > 0 for each in found] == [True, True, False]


def test_one_clip_proves_nothing() -> None:
    (only,) = compare_all([[1.0, 0.0]] * 50, ["a"] * 50, rng=np.random.default_rng(0))
    assert only.p_value == 1.0
    assert np.isnan(only.difference.low)


def test_means_of_clips() -> None:
    means = cluster_means([[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]], ["b", "a", "b"])
    assert means.tolist() == [[2.0, 6.0], [2.0, 6.0]]


def test_bad_input_is_refused() -> None:
    for one_column in ([[1.0], [2.0]], [1.0, 2.0], [[[1.0, 2.0]]]):
        with pytest.raises(ParameterError, match="two columns"):
            compare_all(one_column, ["a", "b"], rng=np.random.default_rng(0))
    with pytest.raises(ParameterError, match="drop missing"):
        compare_all([[1.0, np.nan]], ["a"], rng=np.random.default_rng(0))
    for differences in ([], [np.nan], [[1.0]]):
        with pytest.raises(ParameterError, match="finite differences"):
            wilcoxon_p_value(differences)
    for p_values in ([1.1], [-0.1], [np.nan], [[0.5]]):
        with pytest.raises(ParameterError, match="p-values"):
            holm(p_values)
