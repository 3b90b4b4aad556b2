"""Cells, windows, coverage and labels, against loops over single samples."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from awb.errors import ParameterError
from awb.segments import Segments, labels_from_coverage, tied
from golden.strategies import quick

RATES_HZ = [8000, 11025, 16000, 22050, 44100]


@st.composite
def segmentations(draw: st.DrawFn) -> Segments:
    """Draw short clips at low rates: many odd cells, few samples to loop over."""
    return Segments(
        n_samples=draw(st.integers(1, 700)),
        sample_rate_hz=draw(st.sampled_from([97, 100, 110, 221])),
        length_s=0.1 * draw(st.sampled_from([1, 2, 5])),
        hop_s=0.1,
    )


@quick
@given(segmentations())
def test_cells_tile_the_clip(segments: Segments) -> None:
    edges = segments.edges_samples
    assert edges[0] == 0
    assert edges[-1] == segments.n_samples
    assert (np.diff(edges) > 0).all()
    hop = Fraction(segments.sample_rate_hz, 10)
    for index, edge in enumerate(edges[:-1].tolist()):
        assert edge == floor(index * hop + Fraction(1, 2))
    assert segments.centers_s.size == segments.n_cells
    assert segments.grid.edges_samples.tolist() == edges.tolist()
    assert segments.grid.n == segments.n_cells


@quick
@given(
    segmentations(),
    st.lists(st.tuples(st.integers(0, 700), st.integers(1, 300)), max_size=5),
)
def test_coverage_equals_a_loop_over_samples(segments: Segments, pairs) -> None:
    rate_hz = segments.sample_rate_hz
    inside = np.zeros(segments.n_samples, dtype=bool)
    for start, length in pairs:
        for sample in range(start, min(start + length, segments.n_samples)):
            inside[sample] = True
    intervals_s = np.array([[a, a + n] for a, n in pairs], dtype=float).reshape(-1, 2) / rate_hz
    edges = segments.edges_samples
    slow = [inside[a:b].mean() for a, b in pairwise(edges.tolist())]
    np.testing.assert_allclose(segments.coverage(intervals_s), slow, atol=1e-12)


@quick
@given(segmentations(), st.integers(0, 99))
def test_dropped_cells_equal_a_loop_over_windows(segments: Segments, seed: int) -> None:
    masks = np.random.default_rng(seed).random((4, segments.n)) < 0.3
    slow = np.zeros((4, segments.n_cells), dtype=bool)
    width = min(segments.cells_per_segment, segments.n_cells)
    for row, mask in enumerate(masks):
        for index in np.flatnonzero(mask):
            slow[row, index : index + width] = True
    np.testing.assert_array_equal(segments.drop_cells(masks), slow)


@quick
@given(segmentations(), st.integers(0, 99))
def test_relevance_is_averaged_over_windows(segments: Segments, seed: int) -> None:
    relevance = np.random.default_rng(seed).normal(size=segments.n)
    width = min(segments.cells_per_segment, segments.n_cells)
    slow = []
    for cell in range(segments.n_cells):
        over = [relevance[i] for i in range(segments.n) if i <= cell < i + width]
        slow.append(np.mean(over))
    np.testing.assert_allclose(segments.to_grid(relevance), slow, atol=1e-12)


@quick
@given(segmentations())
def test_every_cell_lies_in_a_segment(segments: Segments) -> None:
    everything = np.ones((1, segments.n), dtype=bool)
    assert segments.drop_cells(everything).all()
    flat = segments.to_grid(np.full(segments.n, 2.5))
    np.testing.assert_allclose(flat, 2.5)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_events_on_edges_up_to_a_hundred_seconds(rate_hz: int) -> None:
    segments = Segments(n_samples=101 * rate_hz, sample_rate_hz=rate_hz)
    for k in range(1001):
        for onset_s, offset_s in ((k * 0.1, (k + 3) * 0.1), (k / 10, (k + 3) / 10)):
            coverage = segments.coverage([[onset_s, offset_s]])
            assert np.flatnonzero(coverage).tolist() == [k, k + 1, k + 2]
            assert coverage[k : k + 3].tolist() == [1.0, 1.0, 1.0]


def test_touching_and_overlapping_events_count_once() -> None:
    segments = Segments(n_samples=4000, sample_rate_hz=10000)
    assert segments.coverage([[0.1, 0.15], [0.15, 0.2]]).tolist() == [0, 1, 0, 0]
    assert segments.coverage([[0.1, 0.2], [0.12, 0.18]]).tolist() == [0, 1, 0, 0]


def test_the_last_cell_is_measured_against_its_own_length() -> None:
    segments = Segments(n_samples=2500, sample_rate_hz=10000)
    assert segments.n_cells == 3
    assert segments.coverage([[0.2, 0.25]]).tolist() == [0, 0, 1]
    assert segments.coverage([[0.2, 0.225]])[2] == 0.5


def test_an_event_beyond_the_clip_covers_its_part_inside() -> None:
    segments = Segments(n_samples=2500, sample_rate_hz=10000)
    assert segments.coverage([[0.1, 99.0]]).tolist() == [0, 1, 1]
    assert segments.coverage([[5.0, 6.0]]).tolist() == [0, 0, 0]
    assert segments.coverage([]).tolist() == [0, 0, 0]


def test_a_clip_shorter_than_a_segment_has_one() -> None:
    for length_s in (0.1, 0.5):
        segments = Segments(n_samples=300, sample_rate_hz=10000, length_s=length_s)
        assert (segments.n, segments.n_cells) == (1, 1)
        assert segments.to_grid(np.array([3.0])).tolist() == [3.0]
    between = Segments(n_samples=2500, sample_rate_hz=10000, length_s=0.5)
    assert (between.n, between.n_cells) == (1, 3)
    assert between.to_grid(np.array([3.0])).tolist() == [3.0] * 3
    assert between.drop_cells(np.array([[True], [False]])).sum(axis=1).tolist() == [3, 0]


def test_the_segments_of_the_reference_study() -> None:
    segments = Segments(n_samples=160000, sample_rate_hz=16000, length_s=0.5)
    assert (segments.n_cells, segments.n) == (100, 96)


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_labels_follow_the_design(coverage: list[float]) -> None:
    slow = [1 if part > 0.9 else 0 if part == 0 else -1 for part in coverage]
    labels = labels_from_coverage(coverage)
    assert labels.tolist() == slow
    assert labels.dtype == np.int8


def test_strict_labels_ignore_nothing() -> None:
    labels = labels_from_coverage([0.0, 0.4, 0.5, 0.6, 1.0], positive=0.5, negative=0.5)
    assert labels.tolist() == [0, 0, 0, 1, 1]


@pytest.mark.parametrize(("positive", "negative"), [(0.5, 0.6), (1.0, 0.0), (0.9, -0.1)])
def test_impossible_thresholds_are_refused(positive: float, negative: float) -> None:
    with pytest.raises(ParameterError, match="negative <= positive"):
        labels_from_coverage([0.5], positive=positive, negative=negative)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"n_samples": 0}, "at least one sample"),
        ({"sample_rate_hz": 0}, "at least one sample"),
        ({"length_s": 0.15}, "whole number of hops"),
        ({"length_s": 0.19}, "whole number of hops"),
        ({"length_s": 0.05}, "whole number of hops"),
        ({"length_s": -0.1}, "whole number of hops"),
        ({"hop_s": 1e-6}, "shorter than one sample"),
        ({"hop_s": 0.0}, "shorter than one sample"),
        ({"hop_s": -0.1}, "shorter than one sample"),
        ({"length_s": float("nan")}, "finite"),
        ({"hop_s": float("nan")}, "finite"),
        ({"length_s": float("inf")}, "finite"),
        ({"hop_s": float("inf"), "length_s": float("inf")}, "finite"),
    ],
)
def test_bad_settings_are_refused(settings, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        Segments(**{"n_samples": 16000, "sample_rate_hz": 16000} | settings)


@quick
@given(st.lists(st.floats(-10, 10, width=16), max_size=9), st.integers(0, 99))
def test_values_that_differ_by_rounding_are_tied_and_no_others(
    values: list[float], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    exact = np.repeat(values, 3)
    found = tied(exact * (1 + rng.uniform(-1e-14, 1e-14, exact.size)))
    np.testing.assert_allclose(found, exact, rtol=1e-13)
    np.testing.assert_array_equal(rankdata(found), rankdata(exact))
    np.testing.assert_array_equal(tied(found), found)
    np.testing.assert_array_equal(tied(exact), exact)


def test_small_values_are_not_rounded_away_beside_large_ones() -> None:
    steep = np.array([0.0, 5e-324, 1e-300, 1e-30, 2e-30, 1.0, 1.0 + 1e-10, 1.5e308])
    np.testing.assert_array_equal(tied(steep), np.where(steep == 5e-324, 0.0, steep))
    np.testing.assert_array_equal(tied(-steep[2:]), -steep[2:])
    np.testing.assert_array_equal(tied([1.7e308, -1.7e308]), [1.7e308, -1.7e308])
    assert tied([]).size == 0


def test_values_that_share_the_rounding_of_one_magnitude_are_tied() -> None:
    values = np.array([2.0, 3e-7, 1e-3, 0.0, -1e-7, 2.0 - 1e-6])
    expected = [2.0 - 1e-6, -1e-7, 1e-3, -1e-7, -1e-7, 2.0 - 1e-6]
    np.testing.assert_array_equal(tied(values, 1e-6, of=2.0), expected)
    np.testing.assert_array_equal(tied(np.zeros(3), 1e-6, of=0.0), np.zeros(3))


@quick
@given(segmentations(), st.integers(0, 99))
def test_segments_that_share_a_value_are_tied_on_the_grid(segments: Segments, seed: int) -> None:
    value = np.random.default_rng(seed).normal()
    assert np.unique(segments.to_grid(np.full(segments.n, value))).size == 1
