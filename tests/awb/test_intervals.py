"""Seconds to samples, and unions of intervals."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.intervals import to_samples, total_s, union
from golden.strategies import quick

RATES_HZ = [8000, 11025, 16000, 22050, 32000, 44100, 48000]
ticks = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=12)


def _intervals(pairs: list[tuple[int, int]], per_second: int) -> np.ndarray:
    """Convert (start, length) in whole ticks to seconds."""
    return (
        np.array([[a, a + length] for a, length in pairs], dtype=float).reshape(-1, 2) / per_second
    )


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_decimal_times_round_half_up(rate_hz: int) -> None:
    for hundredths in range(10_000):
        exact = floor(Fraction(hundredths, 100) * rate_hz + Fraction(1, 2))
        assert to_samples(hundredths * 0.01, rate_hz) == exact
        assert to_samples(hundredths / 100, rate_hz) == exact


@quick
@given(st.floats(0, 1e4), st.sampled_from(RATES_HZ))
def test_a_sample_is_at_most_half_a_sample_off(time_s: float, rate_hz: int) -> None:
    assert abs(to_samples(time_s, rate_hz) - time_s * rate_hz) <= 0.5 + 1e-5


def test_order_and_shape_are_kept() -> None:
    times_s = np.array([[0.0, 0.5], [1.0, 2.25]])
    assert to_samples(times_s, 16000).tolist() == [[0, 8000], [16000, 36000]]
    assert to_samples([], 16000).shape == (0,)


@quick
@given(ticks, st.sampled_from([8, 10, 16000, 44100]))
def test_union_covers_what_a_loop_over_ticks_covers(pairs, per_second: int) -> None:
    merged = union(_intervals(pairs, per_second))
    covered = {tick for start, length in pairs for tick in range(start, start + length)}
    ticks_of_union = [
        range(round(onset * per_second), round(offset * per_second)) for onset, offset in merged
    ]
    listed = [tick for run in ticks_of_union for tick in run]
    assert len(listed) == len(set(listed))
    assert set(listed) == covered
    assert total_s(merged) == pytest.approx(len(covered) / per_second)


@quick
@given(ticks, st.randoms(use_true_random=False))
def test_union_is_stable(pairs, random) -> None:
    intervals = _intervals(pairs, 10)
    merged = union(intervals)
    random.shuffle(pairs)
    np.testing.assert_array_equal(union(_intervals(pairs, 10)), merged)
    np.testing.assert_array_equal(union(merged), merged)
    assert (merged[1:, 0] > merged[:-1, 1]).all()


@quick
@given(ticks, st.integers(0, 20))
def test_small_gaps_are_closed(pairs, gap: int) -> None:
    merged = union(_intervals(pairs, 10), merge_gap_s=gap / 10)
    assert ((merged[1:, 0] - merged[:-1, 1]) > gap / 10).all()
    total = total_s(union(_intervals(pairs, 10)))
    assert total_s(merged) >= total - 1e-9


def test_touching_intervals_in_float_noise_are_one() -> None:
    assert union([[0.0, 0.1 + 0.2], [0.3, 0.4]]).tolist() == [[0.0, 0.4]]
    assert union([[0.0, 0.3], [0.1 + 0.2, 0.4]]).tolist() == [[0.0, 0.4]]


def test_an_interval_within_another_does_not_shorten_it() -> None:
    assert union([[0, 10], [1, 2], [3, 4], [9, 11]]).tolist() == [[0, 11]]


def test_no_intervals_stay_no_intervals() -> None:
    assert union([]).shape == (0, 2)
    assert total_s([]) == 0.0


def test_a_callers_array_is_not_changed() -> None:
    intervals = np.array([[3.0, 4.0], [0.0, 1.0]])
    union(intervals)[:] = -1
    empty = np.empty((0, 2))
    assert union(empty) is not empty
    assert intervals.tolist() == [[3.0, 4.0], [0.0, 1.0]]
