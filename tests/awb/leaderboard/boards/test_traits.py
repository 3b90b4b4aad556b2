"""Slices of instances: every instance is in one, edges are readable, and a lack is explained."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.errors import ParameterError, RunError, UnknownNameError
from awb.harness.selection.manifest import Kept
from awb.leaderboard.boards.traits import TRAITS, bins_of, find_trait, readable_edges

NUMBERS = st.lists(
    st.one_of(st.floats(-1e4, 1e4), st.integers(-3, 3).map(float)), min_size=1, max_size=60
)


def _kept(
    at: int, *intervals_s: tuple[float, float], score: float = 0.0, target: str = "a"
) -> Kept:
    return Kept(f"c{at}", target, 0, intervals_s, score, "")


def _by(
    name: str, kept: list[Kept], facts: list[dict[str, float | str]] | None = None
) -> dict[str, int]:
    given = {(one.clip_id, one.target): own for one, own in zip(kept, facts or [], strict=False)}
    return {one.label: len(one.places) for one in bins_of(find_trait(name), kept, given, 3)}


@given(values=NUMBERS, bins=st.integers(2, 10))
@settings(max_examples=300, deadline=None)
def test_every_instance_is_in_the_slice_that_its_limits_name(
    values: list[float], bins: int
) -> None:
    kept = [_kept(at) for at in range(len(values))]
    facts = {(one.clip_id, "a"): {"snr_db": value} for one, value in zip(kept, values, strict=True)}
    found = bins_of(find_trait("snr"), kept, facts, bins)
    assert sorted(place for one in found for place in one.places) == list(range(len(values)))
    assert len(found) <= bins
    for one in found:
        assert one.places, "no slice is empty"
        assert all(one.low <= round(values[place], 6) < one.high for place in one.places)
    assert [one.low for one in found] == sorted(one.low for one in found)
    assert len({one.label for one in found}) == len(found)
    again = bins_of(find_trait("snr"), kept[::-1], facts, bins)
    assert [one.label for one in again] == [one.label for one in found]


@given(seed=st.integers(0, 10**6), n=st.integers(12, 200), bins=st.integers(2, 4))
@settings(max_examples=100, deadline=None)
def test_without_ties_no_slice_is_less_than_half_or_more_than_twice_its_share(
    seed: int, n: int, bins: int
) -> None:
    values = np.random.default_rng(seed).normal(0, 10, n)
    edges = readable_edges(values, bins)
    assert len(edges) == bins - 1
    counts = np.histogram(values, [-math.inf, *edges, math.inf])[0]
    assert counts.min() >= n / bins / 2 - 1
    assert counts.max() <= n / bins * 1.5 + 1


@pytest.mark.parametrize(
    ("values", "edges"),
    [
        (np.linspace(0.113, 9.87, 90), [4.0, 6.0]),
        (1 - 10.0 ** -np.linspace(0, 5, 60), [0.95, 0.999]),
        (np.linspace(-31.2, 28.4, 60), [-10.0, 10.0]),
    ],
)
def test_edges_are_readable(values: np.ndarray, edges: list[float]) -> None:
    assert readable_edges(values, 3) == edges


def test_traits_of_the_labels() -> None:
    one, two, untimed = _kept(0, (1, 2)), _kept(1, (0, 1), (2, 5), target="b"), _kept(2)
    kept = [one, two, untimed]
    assert _by("class", kept) == {"a": 2, "b": 1}
    assert _by("events", kept) == {"1": 1, "2": 1, "unknown": 1}
    of = {trait.name: trait.of for trait in TRAITS}
    facts = {"clip_s": 10.0, "overlap_s": 0.5, "snr_db": -2.0}
    assert of["duration"](two, {}) == 4.0
    assert of["share"](two, facts) == 40.0
    assert of["position"](two, facts) == pytest.approx(100 * (0.5 * 1 + 3.5 * 3) / 4 / 10)
    assert of["overlap"](two, facts) == "overlapped"
    assert of["overlap"](two, {**facts, "overlap_s": 0.0}) == "alone"
    assert of["clip-duration"](two, facts) == 10.0
    assert of["snr"](two, facts) == -2.0
    assert of["score"](_kept(0, score=math.log(3)), {}) == pytest.approx(0.75)
    assert of["score"](_kept(0, score=-1e4), {}) == pytest.approx(0.0)
    assert of["group"](two, {"group": "x"}) == "x"
    assert all(
        of[name](untimed, {}) is None for name in ("duration", "share", "events", "position")
    )


def test_few_values_are_a_slice_each() -> None:
    kept = [_kept(at) for at in range(6)]
    assert _by("clip-duration", kept, [{"clip_s": one} for one in (5.0, 10.0) * 3]) == {
        "5 s": 3, "10 s": 3}  # fmt: skip
    assert _by("clip-duration", kept, [{"clip_s": 10.0 + 1e-9 * at} for at in range(6)]) == {
        "10 s": 6}  # fmt: skip


def test_what_a_run_does_not_know_is_said() -> None:
    kept = [_kept(0, (0, 1))]
    with pytest.raises(RunError, match="made by a version of awb that did not record it"):
        _by("snr", kept)
    with pytest.raises(RunError, match="no instance has group: the dataset names none"):
        _by("group", kept, [{"clip_s": 1.0}])
    with pytest.raises(RunError, match="no instance has duration: the labels have no times"):
        _by("duration", [_kept(0)])
    with pytest.raises(UnknownNameError, match=r"Did you mean class\? Allowed: class, duration, "):
        find_trait("clas")
    with pytest.raises(ParameterError, match="2 to 10, not 1"):
        bins_of(find_trait("class"), kept, {}, 1)
