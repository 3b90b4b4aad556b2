"""What clips can show: the promise is kept in simulated boards."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest

from awb.errors import ParameterError
from awb.statistics import MOST_CLIPS, compare_all, power_of
from awb.statistics.power import _beyond


def _clips(n: int, k: int, gap: float, rng: np.random.Generator) -> np.ndarray:
    """Two instances per clip; the first column is better by the gap."""
    table = 0.7 + np.repeat(rng.normal(0, 0.1, (n, 1)), 2, axis=0)
    table = table + np.repeat(rng.normal(0, 0.06, (n, k)), 2, axis=0)
    table += rng.normal(0, 0.06, (2 * n, k))
    table[:, 0] += gap
    return table


def _shown(n: int, k: int, gap: float, rng: np.random.Generator) -> float:
    hits = 0
    for _ in range(150):
        table = _clips(n, k, gap, rng)
        found = compare_all(table, np.repeat(np.arange(n), 2), draws=999, rng=rng)
        hits += found[0].adjusted_p_value <= 0.05 and found[0].difference > 0
    return hits / 150


@pytest.mark.parametrize("k", [2, 6])
def test_the_clips_needed_show_the_difference_in_four_of_five_samples(k: int) -> None:
    rng = np.random.default_rng(k)
    population = _clips(3000, k, 0.08, rng)
    found = power_of(population, np.repeat(np.arange(3000), 2), (0, 1), draws=999, rng=rng)
    assert 10 < found.clips_needed < 60
    assert 0.68 <= _shown(found.clips_needed, k, 0.08, rng) <= 0.92
    assert _shown(found.clips_needed // 3, k, 0.08, rng) < 0.5


@pytest.mark.parametrize(("n", "k"), [(12, 2), (20, 6), (40, 12)])
def test_the_smallest_difference_is_shown_in_four_of_five_samples(n: int, k: int) -> None:
    rng = np.random.default_rng(n)
    clips = np.repeat(np.arange(n), 2)
    smallest = float(np.median([
        power_of(_clips(n, k, 0.0, rng), clips, (0, 1), draws=999, rng=rng).smallest
        for _ in range(15)
    ]))  # fmt: skip
    assert 0.66 <= _shown(n, k, smallest, rng) <= 0.94


def test_too_few_clips_show_nothing() -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 5):
        found = power_of(_clips(n, 3, 0.5, rng), np.repeat(np.arange(n), 2), (0, 1), rng=rng)
        assert found.n_clips == n
        assert math.isinf(found.smallest)
        assert (found.clips_needed > MOST_CLIPS) == (n == 1)


def test_equal_means_would_take_no_number_of_clips() -> None:
    table = np.array([[0.1, 0.2], [0.2, 0.1]] * 4)
    found = power_of(table, np.arange(8), (0, 1), rng=np.random.default_rng(0))
    assert found.clips_needed > MOST_CLIPS
    same = power_of(table[:, [0, 0]], np.arange(8), (0, 1), rng=np.random.default_rng(0))
    assert same.smallest == 0
    assert same.clips_needed > MOST_CLIPS


def test_a_difference_without_spread_takes_the_fewest_clips() -> None:
    table = np.tile([[0.9, 0.5]], (4, 1))
    found = power_of(table, np.arange(4), (0, 1), rng=np.random.default_rng(0))
    assert found.clips_needed == 6


def test_bad_settings_are_refused() -> None:
    table, rng = [[0.1, 0.2]] * 6, np.random.default_rng(0)
    with pytest.raises(ParameterError, match="level and power"):
        power_of(table, np.arange(6), (0, 1), power=1.0, rng=rng)
    with pytest.raises(ParameterError, match="not a pair"):
        power_of(table, np.arange(6), (1, 0), rng=rng)


@pytest.mark.parametrize("freedom", [1, 2, 5, 30, 1000])
def test_the_noncentral_t_is_that_of_scipy(freedom: int) -> None:
    from scipy.stats import nct

    for limit, shift in product((0.5, 2.0, 6.0, 12.0), (0.0, 0.1, 1.0, 3.0, 9.0, 25.0)):
        expected = float(nct.sf(limit, freedom, shift))
        assert _beyond(limit, freedom, shift) == pytest.approx(expected, abs=1e-9)
