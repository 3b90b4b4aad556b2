"""Paired comparisons, Wilcoxon and Holm."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from awb.errors import ParameterError
from awb.statistics import (
    cluster_means,
    compare_all,
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


def _slow_step_down(gaps: np.ndarray) -> tuple[list[float], list[float]]:
    """Westfall and Young's step-down by loops over all signs."""
    n_clips, n_pairs = gaps.shape

    def statistic(signs: tuple[int, ...], pair: int) -> float:
        column = [sign * gap for sign, gap in zip(signs, gaps[:, pair], strict=True)]
        size = sum(gap**2 for gap in column) ** 0.5
        return abs(sum(column)) / size if size else 0.0

    every = list(product([1, -1], repeat=n_clips))
    observed = [statistic((1,) * n_clips, pair) for pair in range(n_pairs)]
    alone, adjusted = [], [0.0] * n_pairs
    for pair in range(n_pairs):
        drawn = [statistic(signs, pair) for signs in every]
        alone.append(sum(one >= observed[pair] - 1e-9 for one in drawn) / len(every))
    left, before = sorted(range(n_pairs), key=lambda pair: -observed[pair]), 0.0
    while left:
        pair = left[0]
        largest = [max(statistic(signs, one) for one in left) for signs in every]
        share = sum(one >= observed[pair] - 1e-9 for one in largest) / len(every)
        adjusted[pair] = before = max(before, share)
        left.pop(0)
    return alone, adjusted


@quick
@given(st.integers(2, 7), st.integers(2, 4), st.integers(0, 1000), st.booleans())
def test_comparisons_equal_a_loop(n_clips: int, k: int, seed: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(np.linspace(0, 1, k), 0.3, (2 * n_clips, k))
    table = np.round(table, 1 if tied else 6)
    clips = np.repeat(np.arange(n_clips), 2)
    found = compare_all(table, clips, rng=rng)
    pairs = list(combinations(range(k), 2))
    assert [(one.first, one.second) for one in found] == pairs
    sums = table.reshape(n_clips, 2, k).sum(axis=1)
    gaps = np.round(np.array([sums[:, a] - sums[:, b] for a, b in pairs]).T, 12)
    alone, adjusted = _slow_step_down(gaps)
    assert [one.p_value for one in found] == pytest.approx(alone)
    assert [one.adjusted_p_value for one in found] == pytest.approx(adjusted)
    for one in found:
        gap = table[:, one.first].mean() - table[:, one.second].mean()
        assert one.difference == pytest.approx(gap)


def test_one_pair_is_the_permutation_test_of_scipy() -> None:
    rng = np.random.default_rng(5)
    table = rng.normal([0.3, 0.0], 0.5, (9, 2))
    (found,) = compare_all(table, np.arange(9), rng=rng)
    expected = stats.permutation_test(
        (table[:, 0] - table[:, 1],), np.sum, permutation_type="samples", n_resamples=np.inf
    )
    assert found.p_value == found.adjusted_p_value == pytest.approx(expected.pvalue)


def test_many_clips_are_drawn_and_agree_with_the_t_test() -> None:
    rng = np.random.default_rng(2)
    table = rng.normal([0.05, 0.0], 0.1, (60, 2))
    (found,) = compare_all(table, np.arange(60), draws=40_000, rng=rng)
    assert found.p_value == pytest.approx(stats.ttest_rel(*table.T).pvalue, abs=0.004)


@quick
@given(st.sampled_from([9, 20]), st.integers(1, 12), st.integers(0, 100))
def test_other_columns_change_a_comparison_only_by_the_correction(
    n_clips: int, n_others: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    table = rng.normal(0, 1, (n_clips, 2 + n_others))
    alone = compare_all(table[:, :2], np.arange(n_clips), rng=np.random.default_rng(0))[0]
    joined = compare_all(table, np.arange(n_clips), rng=np.random.default_rng(0))[0]
    assert joined.difference == pytest.approx(alone.difference)
    assert joined.p_value == alone.p_value
    assert joined.adjusted_p_value >= alone.adjusted_p_value


def test_identical_and_constant_columns() -> None:
    table = np.tile([[0.5, 0.5, 0.9]], (8, 1))
    found = compare_all(table, np.arange(8), rng=np.random.default_rng(0))
    assert [one.p_value for one in found] == [1.0, 2 / 2**8, 2 / 2**8]
    assert [one.adjusted_p_value for one in found] == [1.0, 2 / 2**8, 2 / 2**8]


@pytest.mark.parametrize("n_clips", [1, 3, 5])
def test_fewer_than_six_clips_prove_nothing(n_clips: int) -> None:
    table, clips = [[1.0, 0.0]] * 50, np.arange(50) % n_clips
    (only,) = compare_all(table, clips, rng=np.random.default_rng(0))
    assert only.p_value == 2 / 2**n_clips > 0.05


@pytest.mark.parametrize("kind", ["normal", "correlated", "binary", "ceiling", "twins"])
def test_nothing_is_told_apart_where_nothing_differs(kind: str) -> None:
    """In at most 5 % of tables, within the error of 300 of them."""
    rng, wrong = np.random.default_rng(8), 0
    for _ in range(300):
        noise = rng.normal(0, 1, (8, 5))
        table = {
            "normal": noise,
            "correlated": noise + 3 * rng.normal(0, 1, (8, 1)),
            "binary": (noise < 1).astype(float),
            "ceiling": np.minimum(noise, 0.0),
            "twins": noise[:, [0, 0, 1, 1, 2]],
        }[kind]
        found = compare_all(table, np.arange(8), rng=rng)
        wrong += min(one.adjusted_p_value for one in found) <= 0.05
    assert wrong <= stats.binom.ppf(0.999, 300, 0.05)


def test_means_of_clips() -> None:
    means = cluster_means([[1.0, 5.0], [2.0, 6.0], [3.0, 7.0]], ["b", "a", "b"])
    assert means.tolist() == [[2.0, 6.0], [2.0, 6.0]]


def test_bad_input_is_refused() -> None:
    for one_column in ([[1.0], [2.0]], [1.0, 2.0], [[[1.0, 2.0]]]):
        with pytest.raises(ParameterError, match="two columns"):
            compare_all(one_column, ["a", "b"], rng=np.random.default_rng(0))
    with pytest.raises(ParameterError, match="drop missing"):
        compare_all([[1.0, np.nan]], ["a"], rng=np.random.default_rng(0))
    with pytest.raises(ParameterError, match="at least one draw"):
        compare_all([[1.0, 2.0]], ["a"], draws=0, rng=np.random.default_rng(0))
    for differences in ([], [np.nan], [[1.0]]):
        with pytest.raises(ParameterError, match="finite differences"):
            wilcoxon_p_value(differences)
    for p_values in ([1.1], [-0.1], [np.nan], [[0.5]]):
        with pytest.raises(ParameterError, match="p-values"):
            holm(p_values)
