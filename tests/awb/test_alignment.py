"""From frames and tokens to segments: sharing, padding, aggregation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.alignment import (
    cells_to_segments,
    frame_spans_s,
    map_to_segments,
    shares,
    spans_to_segments,
)
from awb.errors import ParameterError
from awb.segments import Segments

RATE_HZ = 1000
quick = settings(max_examples=40, deadline=None)


def _centers(n_frames: int, hop_s: float, first_s: float) -> np.ndarray:
    return first_s + hop_s * np.arange(n_frames)


@quick
@given(
    st.integers(2, 80),
    st.sampled_from([0.008, 0.01, 0.016, 0.1, 0.25]),
    st.sampled_from([-0.02, 0.0, 0.005, 0.0125]),
    st.integers(50, 900),
)
def test_shares_equal_a_loop_over_overlaps(
    n_frames: int, hop_s: float, first_s: float, n_samples: int
) -> None:
    segments = Segments(n_samples, RATE_HZ)
    edges = segments.edges_samples / RATE_HZ
    found = shares(frame_spans_s(_centers(n_frames, hop_s, first_s)), segments)
    slow = np.zeros((n_frames, segments.n))
    for frame in range(n_frames):
        start, stop = (first_s + (frame + side) * hop_s for side in (-0.5, 0.5))
        for cell in range(segments.n):
            low = -np.inf if cell == 0 else edges[cell]
            high = np.inf if cell == segments.n - 1 else edges[cell + 1]
            slow[frame, cell] = max(0.0, min(stop, high) - max(start, low)) / hop_s
    np.testing.assert_allclose(found, slow, atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)


@quick
@given(st.integers(1, 60), st.integers(1, 4), st.integers(0, 9))
def test_sums_are_conserved(n_frames: int, n_bins: int, seed: int) -> None:
    relevance_map = np.random.default_rng(seed).standard_normal((n_frames, n_bins))
    segments = Segments(1037, RATE_HZ)
    centers = _centers(n_frames, 0.02, -0.01)
    expected = {
        "sum": relevance_map,
        "positive-sum": np.maximum(relevance_map, 0),
        "abs-sum": np.abs(relevance_map),
    }
    for aggregation, grid in expected.items():
        found = map_to_segments(relevance_map, centers, segments, aggregation=aggregation)
        assert found.shape == (11,)
        assert found.sum() == pytest.approx(grid.sum(), abs=1e-9)


@pytest.mark.parametrize("hop_s", [0.01, 0.016, 0.02, 0.3])
def test_a_constant_map_gives_a_constant_explanation(hop_s: float) -> None:
    """Also if the hop does not divide a segment (16 ms), or is longer than one (300 ms)."""
    n_frames = round(3.6 / hop_s)
    centers = hop_s / 2 + hop_s * np.arange(n_frames)
    segments = Segments(round(1000 * n_frames * hop_s), RATE_HZ)
    found = map_to_segments(np.ones((n_frames, 5)), centers, segments)
    whole = found[: segments.n_samples // 100]
    np.testing.assert_allclose(whole, 0.5 / hop_s, rtol=1e-9)


@pytest.mark.parametrize("aggregation", ["sum", "positive-sum", "max", "abs-sum"])
@pytest.mark.parametrize("frame", [0, 7, 33, 94])
def test_a_single_frame_gives_relevance_to_its_segment(aggregation: str, frame: int) -> None:
    """Frames of centre-padded features: frame k is centred on sample k * hop."""
    centers = np.arange(101) * 0.01 + 0.002
    relevance_map = np.zeros((101, 3))
    relevance_map[frame, 1] = 2.0
    found = map_to_segments(
        relevance_map,
        centers,
        Segments(1000, RATE_HZ),
        aggregation=aggregation,  # type: ignore[arg-type]
    )
    assert np.flatnonzero(found).tolist() == [int(centers[frame] / 0.1)]
    assert found.max() == pytest.approx(2.0)


def test_a_frame_on_an_edge_is_shared() -> None:
    relevance_map = np.zeros((11, 1))
    relevance_map[5] = 4.0
    found = map_to_segments(relevance_map, np.arange(11) * 0.04, Segments(400, RATE_HZ))
    np.testing.assert_allclose(found, [0.0, 2.0, 2.0, 0.0], atol=1e-12)


def test_padding_belongs_to_the_first_and_last_segment() -> None:
    centers = np.array([-0.3, -0.1, 0.1, 0.3, 0.5, 0.7])
    found = map_to_segments(np.ones((6, 1)), centers, Segments(400, RATE_HZ))
    np.testing.assert_allclose(found, [2.5, 0.5, 0.5, 2.5])


def test_time_that_no_frame_covers_has_no_relevance() -> None:
    centers = np.array([0.05, 0.15])
    for aggregation in ("sum", "max"):
        found = map_to_segments(-np.ones((2, 1)), centers, Segments(400, RATE_HZ))
        np.testing.assert_allclose(found, [-1.0, -1.0, 0.0, 0.0], atol=1e-12, err_msg=aggregation)


def test_max_is_the_strongest_point_of_the_segment() -> None:
    relevance_map = np.arange(20.0).reshape(10, 2) - 30.0
    centers = 0.01 + 0.02 * np.arange(10)
    found = map_to_segments(relevance_map, centers, Segments(200, RATE_HZ), aggregation="max")
    np.testing.assert_array_equal(found, [-21.0, -11.0])


def test_longer_segments_take_the_mean_of_their_cells() -> None:
    found = cells_to_segments([1.0, 2.0, 6.0, 0.0], Segments(400, RATE_HZ, 0.2, 0.1))
    np.testing.assert_allclose(found, [1.5, 4.0, 3.0])


def test_spans_are_shared_and_those_without_a_place_are_left_out() -> None:
    spans = [[np.nan, np.nan], [0.05, 0.25], [-np.inf, np.inf]]
    found = spans_to_segments([9.0, 4.0, 3.0], spans, Segments(300, RATE_HZ))
    np.testing.assert_allclose(found, [1.0 + 1.0, 2.0 + 1.0, 1.0 + 1.0])


def test_a_single_frame_covers_all_time() -> None:
    found = map_to_segments([[3.0]], [0.1], Segments(300, RATE_HZ))
    np.testing.assert_allclose(found, [1.0, 1.0, 1.0])


@pytest.mark.parametrize(
    ("relevance_map", "centers", "aggregation"),
    [
        (np.ones((3, 2)), [0.1, 0.2], "sum"),
        (np.ones(3), [0.1, 0.2, 0.3], "sum"),
        (np.ones((2, 0)), [0.1, 0.2], "sum"),
        (np.ones((2, 1)), [0.2, 0.1], "sum"),
        (np.ones((0, 1)), [], "sum"),
        (np.ones((2, 1)), [0.1, 0.2], "mean"),
    ],
)
def test_invalid_input_is_refused(
    relevance_map: np.ndarray, centers: list[float], aggregation: str
) -> None:
    with pytest.raises(ParameterError):
        map_to_segments(
            relevance_map,
            centers,
            Segments(400, RATE_HZ),
            aggregation=aggregation,  # type: ignore[arg-type]
        )


def test_spans_must_match_the_values() -> None:
    with pytest.raises(ParameterError, match="one span per value"):
        spans_to_segments([1.0], [[0.0, 0.1], [0.1, 0.2]], Segments(400, RATE_HZ))


def test_empty_spans_have_no_share_and_raise_no_warning() -> None:
    found = shares([[0.1, 0.1], [0.3, 0.3], [0.0, 0.1]], Segments(300, RATE_HZ))
    np.testing.assert_allclose(found, [[0, 0, 0], [0, 0, 0], [1, 0, 0]], atol=1e-12)


@quick
@given(
    st.integers(0, 99), st.sampled_from([0.01, 0.0107, 0.033, 0.25]), st.sampled_from([0.1, 0.3])
)
def test_segments_inside_one_patch_of_a_map_are_tied(
    seed: int, hop_s: float, length_s: float
) -> None:
    segments = Segments(n_samples=40000, sample_rate_hz=16000, length_s=length_s, hop_s=0.1)
    patch_s, rng = 0.7, np.random.default_rng(seed)
    centers_s = hop_s * (np.arange(int(2.5 / hop_s)) + 0.3)
    heights = rng.normal(size=(4, 3))
    grid = np.repeat(heights[(centers_s / patch_s).astype(int)], 5, axis=1)
    cells = segments.to_grid(map_to_segments(grid, centers_s, segments))
    for number in range(3):  # cells whose frames, and those of their segments, are all in one patch
        first = int(np.ceil((number * patch_s + hop_s + length_s - 0.1) / 0.1 - 1e-9))
        last = int(np.floor(((number + 1) * patch_s - hop_s - length_s + 0.1) / 0.1 + 1e-9))
        assert np.unique(cells[max(first, 4) : last]).size <= 1
