"""Metrics of the masked-in and masked-out audio."""

from __future__ import annotations

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
)
from golden.strategies import quick, relevances

probabilities = st.integers(1, 63).map(lambda v: v / 64)
METRICS = [average_increase, average_drop, average_gain, fid_in, ff_masked]


@quick
@given(probabilities, probabilities)
def test_the_published_formulas(clip: float, masked: float) -> None:
    assert average_increase(clip, masked) == (1.0 if masked > clip else 0.0)
    assert average_drop(clip, masked) == pytest.approx(max(0, clip - masked) / clip)
    assert average_gain(clip, masked) == pytest.approx(max(0, masked - clip) / (1 - clip))
    assert fid_in(clip, masked, tolerance=0.0) == ((clip >= 0.5) == (masked >= 0.5))
    assert ff_masked(clip, masked) == clip - masked


@quick
@given(probabilities, st.floats(-9e-7, 9e-7))
def test_float_noise_does_not_count_as_a_change(clip: float, noise: float) -> None:
    assert average_increase(clip, clip + noise) == 0.0
    assert average_drop(clip, clip + noise) == 0.0
    assert average_gain(clip, clip + noise) == 0.0
    assert ff_masked(clip, clip + noise) == 0.0
    assert fid_in(clip, clip + noise) == 1.0


def test_the_tolerance_around_the_decision_is_open_above_and_closed_below() -> None:
    """With a threshold of 0.5, 0.25 below still counts as heard, and 0.25 above as not heard."""
    reached = [fid_in(0.75, masked, tolerance=0.25) for masked in (0.125, 0.25, 0.75)]
    silent = [fid_in(0.375, masked, tolerance=0.25) for masked in (0.25, 0.625, 0.75)]
    assert (reached, silent) == ([0.0, 1.0, 1.0], [1.0, 1.0, 0.0])


def test_a_tolerance_of_zero_hears_everything() -> None:
    assert average_increase(0.5, 0.5 + 1e-9, tolerance=0.0) == 1.0


def test_nothing_to_lose_and_nothing_to_gain() -> None:
    with pytest.raises(UndefinedScoreError, match="is 0"):
        average_drop(0.0, 0.5)
    with pytest.raises(UndefinedScoreError, match="is 1"):
        average_gain(1.0, 0.5)


def test_fidelity_includes_negative_decisions() -> None:
    assert fid_in(0.1, 0.2) == 1.0
    assert fid_in(0.1, 0.9) == 0.0
    assert fid_in(0.3, 0.25, threshold=0.28) == 0.0


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
