"""The designs that drop most of the clip: runs, complements and single windows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.designs import antithetic, keep_window, occlusion, pooled, runs
from awb.errors import ParameterError
from golden.strategies import quick


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _run_lengths(row: np.ndarray) -> list[tuple[bool, int]]:
    """Lengths of the runs that lie wholly inside a row."""
    edges = np.flatnonzero(np.diff(row.astype(int))) + 1
    return [(bool(row[a]), int(b - a)) for a, b in itertools.pairwise(edges)]


def test_runs_have_the_mean_lengths_that_were_asked_for() -> None:
    masks = runs(20_000, 5, _rng(), dropped_run=20.0, kept_run=5.0)
    lengths = [pair for row in masks for pair in _run_lengths(row)]
    assert np.mean([length for dropped, length in lengths if dropped]) == pytest.approx(20, rel=0.1)
    assert np.mean([length for dropped, length in lengths if not dropped]) == pytest.approx(
        5, rel=0.1
    )


def test_runs_drop_every_segment_equally_often() -> None:
    dropped = runs(60, 8000, _rng(1)).mean(axis=0)
    np.testing.assert_allclose(dropped, 0.8, atol=5 * np.sqrt(0.8 * 0.2 / 8000))


def test_runs_of_one_segment_are_coin_flips() -> None:
    masks = runs(500, 40, _rng(2), dropped_run=1.0, kept_run=1.0)
    assert (masks[:, 1:] != masks[:, :-1]).all(), "each state is left at once"


def test_runs_equal_a_walk_through_the_chain() -> None:
    masks = runs(30, 20, _rng(3), dropped_run=4.0, kept_run=2.0)
    chance = _rng(3).random((20, 30))
    for row, draws in zip(masks, chance, strict=True):
        state = draws[0] < 4.0 / 6.0
        for segment, draw in enumerate(draws):
            if segment:
                state = draw >= 1 / 4.0 if state else draw < 1 / 2.0
            assert row[segment] == state


@pytest.mark.parametrize("settings", [{"dropped_run": 0.5}, {"kept_run": 0.0}])
def test_runs_refuse_lengths_below_one(settings: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="runs of at least one"):
        runs(10, 5, _rng(), **settings)


def test_runs_refuse_no_segments_and_negative_samples() -> None:
    with pytest.raises(ParameterError):
        runs(0, 5, _rng())
    with pytest.raises(ParameterError):
        runs(5, -1, _rng())


@quick
@given(st.integers(1, 40), st.integers(0, 31), st.integers(0, 5))
def test_antithetic_masks_are_pooled_ones_with_their_complements(
    n: int, samples: int, seed: int
) -> None:
    masks = antithetic(n, samples, _rng(seed))
    assert masks.shape == (samples, n)
    half = pooled(n, (samples + 1) // 2, _rng(seed))
    np.testing.assert_array_equal(masks[::2], half)
    np.testing.assert_array_equal(masks[1::2], ~half[: samples // 2])


def test_antithetic_masks_drop_every_segment_in_half_of_them() -> None:
    assert (antithetic(33, 100, _rng()).sum(axis=0) == 50).all()


def test_antithetic_refuses_a_negative_number() -> None:
    with pytest.raises(ParameterError, match="must not be negative"):
        antithetic(5, -2, _rng())


@quick
@given(st.integers(1, 60), st.integers(1, 12), st.integers(1, 12))
def test_keep_window_hears_every_segment_in_one_window_at_a_time(
    n: int, window: int, hop: int
) -> None:
    hop = min(hop, window)
    kept = ~keep_window(n, window=window, hop=hop)
    assert kept.any(axis=0).all()
    assert kept.any(axis=1).all()
    assert (kept.sum(axis=1) <= window).all()
    assert len(np.unique(kept, axis=0)) == len(kept)
    for row in kept:
        inside = np.flatnonzero(row)
        assert (np.diff(inside) == 1).all()


@pytest.mark.parametrize(("window", "hop", "masks"), [(5, 1, 101), (10, 2, 51)])
def test_keep_window_of_ten_seconds_takes_as_many_calls_as_published(
    window: int, hop: int, masks: int
) -> None:
    assert len(keep_window(100, window=window, hop=hop)) == masks


def test_inner_keep_windows_are_the_complement_of_occlusion() -> None:
    kept = {row.tobytes() for row in ~keep_window(12, window=3)}
    assert {row.tobytes() for row in occlusion(12, window=3)} <= kept


@pytest.mark.parametrize(("n", "window", "hop"), [(0, 1, 1), (5, 0, 1), (5, 1, 0), (5, 2, 3)])
def test_keep_window_refuses_gaps_and_empty_sizes(n: int, window: int, hop: int) -> None:
    with pytest.raises(ParameterError):
        keep_window(n, window=window, hop=hop)


def test_no_runs_at_all_and_runs_of_one_segment_are_allowed() -> None:
    assert runs(5, 0, _rng(0)).shape == (0, 5)
    assert runs(1, 3, _rng(0)).shape == (3, 1)
    # dropped and kept runs of one segment on average alternate
    assert (np.diff(runs(6, 4, _rng(0), dropped_run=1, kept_run=1), axis=1)).all()
