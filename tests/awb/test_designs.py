"""Designs: how many segments a mask drops, which ones, and how often each."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from awb.designs import (
    FRACTIONS,
    RUN_LENGTHS,
    average_over_windows,
    dropped_count,
    occlusion,
    pooled,
    single,
)
from awb.errors import ParameterError
from golden.strategies import quick

percents = st.integers(1, 100)


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("percent", range(1, 101))
def test_the_count_is_exact_for_the_decimal_fraction(percent: int) -> None:
    for n in range(1, 301):
        assert dropped_count(n, percent / 100) == -((-percent * n) // 100)


@quick
@given(st.integers(1, 150), percents, st.integers(1, 40), st.integers(0, 9))
def test_each_mask_drops_exactly_its_share(n: int, percent: int, run: int, seed: int) -> None:
    masks = single(n, 8, _rng(seed), fraction=percent / 100, run_length=run)
    assert masks.shape == (8, n)
    assert masks.dtype == bool
    assert (masks.sum(axis=1) == -((-percent * n) // 100)).all()


def _runs_on_a_circle(mask: np.ndarray) -> list[int]:
    """Measure the runs of dropped segments, with the ends of the row joined."""
    start = int(np.flatnonzero(~mask)[0])
    turned = np.roll(mask, -start)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], turned.astype(int), [0]])))
    return (edges[1::2] - edges[::2]).tolist()


@quick
@given(st.integers(10, 80), st.sampled_from(RUN_LENGTHS), st.integers(0, 50))
def test_drops_come_in_runs(n: int, run: int, seed: int) -> None:
    fraction = 0.3
    dropped = ceil(n * 3 / 10)
    for mask in single(n, 5, _rng(seed), fraction=fraction, run_length=run):
        runs = _runs_on_a_circle(mask)
        assert sum(runs) == dropped
        assert len(runs) <= ceil(dropped / run)
        # touching runs add up, and a single rest may stand alone or touch one
        rests = {length % run for length in runs} - {0, dropped % run}
        assert not rests


@pytest.mark.parametrize("n", [1, 2, 7, 25, 100])
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize("run", RUN_LENGTHS)
def test_every_segment_is_dropped_equally_often(n: int, fraction: float, run: int) -> None:
    samples = 4000
    masks = single(n, samples, _rng(n), fraction=fraction, run_length=run)
    _expect_even(masks, dropped_count(n, fraction) / n)


@pytest.mark.parametrize("n", [7, 25, 100])
def test_the_pooled_design_is_even_too(n: int) -> None:
    masks = pooled(n, 9000, _rng(5))
    _expect_even(masks, float(np.mean([dropped_count(n, f) / n for f in FRACTIONS])))


def _expect_even(masks: np.ndarray, share: float) -> None:
    """Bound each segment's count by 4.5 standard deviations, edges included."""
    samples = len(masks)
    deviation = np.sqrt(samples * share * (1 - share))
    gap = masks.sum(axis=0) - samples * share
    assert np.abs(gap).max() <= 4.5 * deviation + 1e-9
    if 0 < share < 1:  # counts of one row are dependent, which only lowers their sum of squares
        limit = chi2.ppf(0.999, df=masks.shape[1]) * 6
        assert np.sum(gap**2) / deviation**2 <= limit


def test_the_first_and_last_segments_are_not_special() -> None:
    """Runs placed on a line instead of a circle would drop the ends less often."""
    masks = single(20, 40_000, _rng(2), fraction=0.25, run_length=5)
    share = masks.mean(axis=0)
    assert share[[0, -1]] == pytest.approx([0.25, 0.25], abs=0.01)
    both_ends = (masks[:, 0] & masks[:, -1]).mean()
    assert both_ends == pytest.approx(4 / 20, abs=0.01)  # a run extends over the edge
    inner = (masks[:, 9] & masks[:, 10]).mean()
    assert both_ends == pytest.approx(inner, abs=0.01)


def test_a_run_may_start_anywhere_between_others() -> None:
    masks = single(6, 30_000, _rng(1), fraction=2 / 6, run_length=1)
    patterns, counts = np.unique(masks, axis=0, return_counts=True)
    assert len(patterns) == 15  # 6 over 2
    assert counts == pytest.approx(np.full(15, 2000), rel=0.12)


@quick
@given(st.integers(1, 60), st.integers(0, 60), st.integers(0, 9))
def test_the_pooled_design_alternates_settings(n: int, samples: int, seed: int) -> None:
    masks = pooled(n, samples, _rng(seed))
    assert masks.shape == (samples, n)
    settings = [(f, r) for f in FRACTIONS for r in RUN_LENGTHS]
    expected = [dropped_count(n, settings[row % 9][0]) for row in range(samples)]
    assert masks.sum(axis=1).tolist() == expected


def test_the_seed_decides() -> None:
    np.testing.assert_array_equal(pooled(30, 50, _rng(3)), pooled(30, 50, _rng(3)))
    assert (pooled(30, 50, _rng(3)) != pooled(30, 50, _rng(4))).any()


def test_a_single_setting_is_a_pool_of_one() -> None:
    one = pooled(30, 20, _rng(3), fractions=[0.3], run_lengths=[3])
    np.testing.assert_array_equal(one, single(30, 20, _rng(3), fraction=0.3, run_length=3))


@quick
@given(st.integers(1, 40), st.integers(1, 12), st.integers(1, 15))
def test_occlusion_lists_every_window_once(n: int, window: int, hop: int) -> None:
    masks = occlusion(n, window=window, hop=hop)
    slow: list[list[int]] = []
    start = 0
    while start + window < n:
        slow.append(list(range(start, start + window)))
        start += hop
    slow.append(list(range(max(0, n - window), n)))
    assert [np.flatnonzero(mask).tolist() for mask in masks] == slow
    if hop <= window:
        assert masks.any(axis=0).all()


@quick
@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 9))
def test_window_values_are_averaged(n: int, window: int, seed: int) -> None:
    masks = occlusion(n, window=window)
    values = _rng(seed).normal(size=len(masks))
    found = average_over_windows(masks, values)
    for cell in range(n):
        expected = [value for mask, value in zip(masks, values, strict=True) if mask[cell]]
        assert found[cell] == pytest.approx(np.mean(expected))


def test_a_segment_without_a_window_has_no_value() -> None:
    windows = np.array([[True, False]])
    assert average_over_windows(windows, np.array([2.0])).tolist() == [2.0, 0.0]


@pytest.mark.parametrize(
    ("n", "fraction"), [(0, 0.5), (10, 0.0), (10, -0.1), (10, 1.01), (10, float("nan"))]
)
def test_impossible_shares_are_refused(n: int, fraction: float) -> None:
    with pytest.raises(ParameterError, match="fraction"):
        dropped_count(n, fraction)
    with pytest.raises(ParameterError, match="fraction"):
        single(n, 3, _rng(), fraction=fraction)


def test_bad_sizes_are_refused() -> None:
    with pytest.raises(ParameterError, match="samples"):
        single(10, -1, _rng())
    with pytest.raises(ParameterError, match="run length"):
        single(10, 1, _rng(), run_length=0)
    with pytest.raises(ParameterError, match="samples"):
        pooled(10, -1, _rng())
    with pytest.raises(ParameterError, match="at least one fraction"):
        pooled(10, 1, _rng(), fractions=[])
    with pytest.raises(ParameterError, match="window and hop"):
        occlusion(10, window=0)
    with pytest.raises(ParameterError, match="window and hop"):
        occlusion(10, hop=0)
    with pytest.raises(ParameterError, match="at least one segment"):
        occlusion(0)
