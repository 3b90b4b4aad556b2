"""Metrics of the masked-in and masked-out audio."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import (
    average_drop,
    average_gain,
    average_increase,
    ff_masked,
    fid_in,
    kept_cells,
    kept_share,
    moved_masks,
    over_random,
)
from golden.strategies import quick, relevances

probabilities = st.integers(1, 63).map(lambda v: v / 64)
METRICS = [
    average_increase,
    average_drop,
    average_gain,
    partial(fid_in, threshold=0.5),
    ff_masked,
]


@quick
@given(probabilities, probabilities)
def test_the_published_formulas(clip: float, masked: float) -> None:
    assert average_increase(clip, masked) == (1.0 if masked > clip else 0.0)
    assert average_drop(clip, masked) == pytest.approx(max(0, clip - masked) / clip)
    assert average_gain(clip, masked) == pytest.approx(max(0, masked - clip) / (1 - clip))
    assert ff_masked(clip, masked) == clip - masked


@quick
@given(probabilities, st.floats(-9e-7, 9e-7))
def test_float_noise_does_not_count_as_a_change(clip: float, noise: float) -> None:
    assert average_increase(clip, clip + noise) == 0.0
    assert average_drop(clip, clip + noise) == 0.0
    assert average_gain(clip, clip + noise) == 0.0
    assert ff_masked(clip, clip + noise) == 0.0
    assert fid_in(clip, clip + noise, threshold=clip) == 1.0


def test_a_decision_within_the_tolerance_of_the_threshold_is_the_same() -> None:
    heard = partial(fid_in, 0.75, threshold=0.5, tolerance=0.25)
    assert [heard(masked) for masked in (0.125, 0.25, 0.75)] == [0.0, 1.0, 1.0]


def test_a_tolerance_of_zero_hears_everything() -> None:
    assert average_increase(0.5, 0.5 + 1e-9, tolerance=0.0) == 1.0


def test_nothing_to_lose_and_nothing_to_gain() -> None:
    with pytest.raises(UndefinedScoreError, match="is 0"):
        average_drop(0.0, 0.5)
    with pytest.raises(UndefinedScoreError, match="is 1"):
        average_gain(1.0, 0.5)


@quick
@given(probabilities, probabilities, probabilities)
def test_the_decision_is_the_models_own(clip: float, masked: float, threshold: float) -> None:
    decide = partial(fid_in, clip, masked, threshold=threshold, tolerance=0.0)
    if clip < threshold:
        with pytest.raises(UndefinedScoreError, match="does not hear"):
            decide()
    else:
        assert decide() == (masked >= threshold)


def test_a_model_with_a_low_threshold_is_not_rewarded_for_silence() -> None:
    """At 0.5, both would be "not heard", and so the same decision."""
    assert fid_in(0.3, 0.02, threshold=0.1) == 0.0
    assert fid_in(0.3, 0.28, threshold=0.1) == 1.0


@quick
@given(st.integers(2, 30).flatmap(relevances), st.integers(0, 9))
def test_moved_masks_keep_as_many_cells_in_the_same_runs(relevance: np.ndarray, seed: int) -> None:
    if (relevance == relevance[0]).all():
        return
    kept = kept_cells(relevance)
    moved = moved_masks(kept, np.random.default_rng(seed))
    ring = "".join("1" if cell else "0" for cell in kept) * 2
    assert len(moved) == min(8, kept.size - 1)
    assert all("".join("1" if cell else "0" for cell in row) in ring for row in moved)
    assert kept_share(relevance) == pytest.approx(moved.mean())


def test_masks_are_moved_to_the_same_times_for_all_explanations() -> None:
    one, other = np.eye(20, dtype=bool)[:2]
    first, second = (moved_masks(mask, np.random.default_rng(5)) for mask in (one, other))
    assert (np.roll(first, 1, axis=1) == second).all()
    assert not (first & one).any()


@quick
@given(st.lists(probabilities, min_size=1, max_size=9), probabilities, st.booleans())
def test_over_random_is_the_advantage(moved: list[float], own: float, higher: bool) -> None:
    gains = [own - one if higher else one - own for one in moved]
    score = over_random(own, moved, higher_is_better=higher)
    assert score == pytest.approx(sum(gains) / len(gains))


def test_masks_that_cannot_be_moved_are_refused() -> None:
    with pytest.raises(ParameterError, match="boolean row"):
        moved_masks([True], np.random.default_rng(0))
    with pytest.raises(ParameterError, match="boolean row"):
        moved_masks([1.0, 0.0], np.random.default_rng(0))
    with pytest.raises(ParameterError, match="no moved mask"):
        over_random(0.5, [])


@quick
@given(st.integers(1, 30).flatmap(relevances), st.sampled_from(["mean", "otsu"]))
def test_a_mask_keeps_some_cells_and_drops_others(relevance: np.ndarray, threshold) -> None:
    if (relevance == relevance[0]).all():
        with pytest.raises(UndefinedScoreError, match="constant"):
            kept_cells(relevance, threshold=threshold)
    else:
        kept = kept_cells(relevance, threshold=threshold)
        assert kept[relevance.argmax()]
        assert not kept[relevance.argmin()]
        assert relevance[kept].min() > relevance[~kept].max()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("bad", [(float("nan"), 0.5), (0.5, float("inf")), (1.5, 0.5), (0.5, -0.1)])
def test_values_that_are_not_probabilities_are_refused(metric, bad: tuple[float, float]) -> None:
    with pytest.raises(ParameterError, match="probabilities"):
        metric(*bad)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("tolerance", [-1e-6, float("nan")])
def test_a_bad_tolerance_is_refused(metric, tolerance: float) -> None:
    with pytest.raises(ParameterError, match="tolerance"):
        metric(0.5, 0.6, tolerance=tolerance)
