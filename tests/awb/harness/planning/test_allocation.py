"""Clips against drop masks: the choice keeps the time, what was given, and is worth most."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.harness.config.durations import about, read_duration
from awb.harness.planning.allocation import (
    LEAST_AGAIN,
    MASKS,
    NOISE_MASKS,
    Choice,
    Costs,
    Wishes,
    allocate,
    masks_for,
    worth,
)
from awb.harness.planning.pilot import Timing, costs_of

WISHES = Wishes(most_clips=1000, n_segments=20, robustness=0)
COSTS = Costs(base_s=3.0, mask_s=0.0007, instances_per_clip=1.5, workers=2, heeds=0.4)
TIMES = st.floats(1e-3, 20)
COST = st.builds(
    Costs, TIMES, st.floats(0, 0.1), st.floats(0.2, 4), st.integers(1, 8), st.floats(0, 1)
)


def _chosen(costs: Costs, wishes: Wishes, budget_s: float) -> Choice:
    found = allocate(costs, wishes, budget_s)
    assert found is not None
    return found


@given(COST, st.floats(1, 1e5), st.integers(1, 500), st.sampled_from([None, 100, 3000]))
def test_a_choice_keeps_the_time_and_what_was_given(
    costs: Costs, budget_s: float, most: int, samples: int | None
) -> None:
    wishes = Wishes(most, 20, samples)
    found = allocate(costs, wishes, budget_s)
    if found is None:
        least = samples or masks_for(20)[0]
        assert costs.clip_s(least) > budget_s * (1 - 1e-6)
        return
    taken_s = found.clips * costs.clip_s(found.samples)
    taken_s += found.robustness * costs.again_s(wishes.samples_again)
    assert taken_s <= budget_s * (1 + 1e-6)
    assert found.seconds == pytest.approx(taken_s)
    assert 1 <= found.clips <= most
    assert found.samples == (samples or found.samples)
    again_s = found.robustness * costs.again_s(wishes.samples_again)
    assert found.robustness == 0 or found.robustness >= LEAST_AGAIN
    assert again_s <= 0.2 * budget_s * (1 + 1e-6)


@given(COST, st.floats(1, 1e4), st.floats(1, 10), st.integers(1, 300))
def test_more_time_is_never_worth_less(
    costs: Costs, budget_s: float, times: float, most: int
) -> None:
    wishes = replace(WISHES, most_clips=most)
    found = [allocate(costs, wishes, one) for one in (budget_s, budget_s * times)]
    values = [0.0 if one is None else worth(one.clips, one.samples, costs.heeds) for one in found]
    assert values[0] <= values[1] * (1 + 1e-9)


def test_the_choice_is_near_the_closed_form_of_two_stage_sampling() -> None:
    """Cochran 1977, 10.6: the best subsample is sqrt(base / mask * K), where all learn from it."""
    for base_s, mask_s in [(3.0, 0.002), (0.3, 0.003), (0.5, 0.01)]:
        best = math.sqrt(NOISE_MASKS * base_s / mask_s)
        found = _chosen(Costs(base_s, mask_s, 1.0, 1, 1.0), replace(WISHES, most_clips=10**6), 1e4)
        near = min(MASKS, key=lambda one: abs(math.log(one / best)))
        places = MASKS.index(found.samples), MASKS.index(near)
        assert abs(places[0] - places[1]) <= 1


def test_worth_is_the_inverse_variance_of_simulated_differences() -> None:
    rng = np.random.default_rng(0)
    clips, samples, trials = 8, 300, 20_000
    between = rng.normal(size=(trials, clips))
    noise = rng.normal(size=(trials, clips)) * math.sqrt(NOISE_MASKS / samples)
    variance = (between + noise).mean(axis=1).var()
    assert worth(clips, samples, heeds=1.0) == pytest.approx(1 / variance, rel=0.03)
    assert worth(clips, samples, heeds=0.0) == clips


def test_masks_are_many_where_clips_are_few_and_few_where_nothing_learns_from_them() -> None:
    assert _chosen(COSTS, replace(WISHES, most_clips=10), 1000).samples == MASKS[-1]
    assert _chosen(replace(COSTS, heeds=0.0), WISHES, 1000).samples == masks_for(20)[0]
    assert masks_for(97)[0] == 200
    assert masks_for(10_000) == MASKS[-1:]


def test_robustness_comes_last_and_takes_a_fifth_at_most() -> None:
    free = replace(WISHES, robustness=None)
    assert _chosen(COSTS, free, 180).robustness == 0
    long = _chosen(COSTS, free, 3600)
    assert long.robustness * COSTS.again_s(300) <= 720
    assert long.robustness >= LEAST_AGAIN
    assert long.clips >= 30
    assert _chosen(COSTS, replace(WISHES, robustness=2), 600).robustness == 2


def test_clips_that_are_asked_for_are_all_run_or_refused() -> None:
    asked = replace(WISHES, most_clips=8, exact_clips=True)
    assert allocate(COSTS, asked, 5.0) is None
    short, long = _chosen(COSTS, asked, 20.0), _chosen(COSTS, asked, 60.0)
    assert short.clips == long.clips == 8
    assert short.samples <= long.samples


def test_a_pilot_gives_the_costs_that_it_was_made_of() -> None:
    timings = [
        Timing(samples, 2.0 + 0.01 * samples, {"forest": samples, "naive": 97, "energy": 0})
        for samples in (100, 400, 100, 400)
    ]
    costs = costs_of(timings, 1.5, 2)
    assert (costs.base_s, costs.mask_s, costs.heeds) == pytest.approx((2.0, 0.01, 0.5))
    assert costs.clip_s(300) == pytest.approx(1.5 * 5.0 / 2)
    alone = costs_of(timings[:1], 1.0, 1)
    assert (alone.base_s, alone.mask_s) == (3.0, 0.0)


@pytest.mark.parametrize("text", ["", "ten", "10", "m", "-5m", "10m x", "0s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="90s, 10m or 2h"):
        read_duration(text)


def test_estimates_promise_no_more_than_they_know() -> None:
    said = [about(seconds) for seconds in (3, 31, 61, 119, 700, 5000, 20_000)]
    assert said == [
        "a few seconds", "about 30 s", "about 60 s", "about 2 min", "about 10 min",
        "about 85 min", "about 6 h",
    ]  # fmt: skip
