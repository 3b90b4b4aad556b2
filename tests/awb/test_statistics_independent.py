"""The permutation test of two samples of clips, against plain enumeration and simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from awb.errors import ParameterError
from awb.statistics import least_permutation_p_value, permutation_p_value


def _enumerated(first: dict[str, list[float]], second: dict[str, list[float]]) -> float:
    """Divide the clips in every possible way, and count."""
    clips = {**first, **second}

    def difference(names: tuple[str, ...]) -> float:
        inside = [value for name in names for value in clips[name]]
        outside = [value for name in clips if name not in names for value in clips[name]]
        return float(np.mean(inside) - np.mean(outside))

    observed = difference(tuple(first))
    all_differences = [difference(names) for names in combinations(clips, len(first))]
    return float(np.mean([one >= observed - 1e-12 for one in all_differences]))


def _p_value(first: dict[str, list[float]], second: dict[str, list[float]]) -> float:
    flat = [
        ([value for values in one.values() for value in values],
         [name for name, values in one.items() for _ in values])
        for one in (first, second)
    ]  # fmt: skip
    return permutation_p_value(*flat[0], *flat[1], rng=np.random.default_rng(0))


@pytest.mark.parametrize("seed", range(5))
def test_it_counts_every_division_of_the_clips(seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = (
        {f"{side}{at}": rng.integers(0, 4, rng.integers(1, 4)).tolist() for at in range(n)}
        for side, n in (("a", 5), ("b", 3))
    )
    assert _p_value(first, second) == pytest.approx(_enumerated(first, second), abs=1e-12)


def test_a_full_separation_has_the_least_p_value() -> None:
    first, second = {f"a{at}": [1.0] for at in range(6)}, {f"b{at}": [0.5] for at in range(4)}
    assert _p_value(first, second) == pytest.approx(least_permutation_p_value(6, 4))
    assert _p_value(second, first) == 1.0
    assert least_permutation_p_value(6, 4) == pytest.approx(1 / 210)


def test_equal_samples_do_not_differ() -> None:
    assert _p_value({"a": [1.0], "b": [1.0]}, {"c": [1.0], "d": [1.0]}) == 1.0


def test_honest_claims_are_rarely_too_good() -> None:
    rng, rejected = np.random.default_rng(1), 0
    for _ in range(200):
        values = rng.beta(8, 1, (9, 2)) * rng.beta(4, 1, (9, 1))
        clips = np.repeat(np.arange(9), 2)
        p = permutation_p_value(
            values[:5].ravel(), clips[:10], values[5:].ravel(), clips[10:], rng=rng
        )
        rejected += p <= 0.025
    assert rejected <= 12, "5 of 200 are expected; more than 12 have a probability of 0.002"


def test_drawn_divisions_agree_with_all_of_them() -> None:
    rng = np.random.default_rng(2)
    first, second = rng.beta(3, 1, 8), rng.beta(2, 1, 6)
    names = [f"{at}" for at in range(14)]
    exact, drawn = (
        permutation_p_value(first, names[:8], second, names[8:], resamples=resamples, rng=rng)
        for resamples in (3003, 3002)
    )
    assert exact == pytest.approx(
        _enumerated(
            {name: [value] for name, value in zip(names[:8], first, strict=True)},
            {name: [value] for name, value in zip(names[8:], second, strict=True)},
        )
    )
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 3002))


def test_one_clip_is_a_sample() -> None:
    many = {f"a{at}": [0.1 * at] for at in range(40)}
    assert _p_value({"b": [9.0]}, many) == pytest.approx(1 / 41)
    assert _p_value(many, {"b": [-9.0]}) == pytest.approx(1 / 41)


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ParameterError):
        permutation_p_value([], [], [1.0], ["a"], rng=np.random.default_rng(0))
