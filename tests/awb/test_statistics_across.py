"""Mean ranks over boards, Friedman's test, and groups."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import friedmanchisquare, rankdata

from awb.errors import ParameterError
from awb.statistics import boards_needed, compare_across, friedman

Board = tuple[np.ndarray, list[str]]


def _board(means: list[float], *, n_clips: int = 4, spread: float = 0.0, seed: int = 0) -> Board:
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (n_clips, len(means)))
    noise -= noise.mean(axis=0)
    return np.array(means) + spread * noise, [f"clip {place}" for place in range(n_clips)]


def _rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_mean_ranks_are_the_mean_of_the_ranks_with_ties_shared() -> None:
    boards = [_board([0.9, 0.5, 0.5]), _board([0.2, 0.8, 0.1])]
    found = compare_across(boards, higher_is_better=True, resamples=50, rng=_rng())
    assert found.ranks.tolist() == [[1.0, 2.5, 2.5], [2.0, 1.0, 3.0]]
    assert [one.rank for one in found.mean_ranks] == [1.5, 1.75, 2.75]
    assert all((one.low, one.high) == (one.rank, one.rank) for one in found.mean_ranks)


def test_the_direction_reverses_the_ranks() -> None:
    boards = [_board([0.9, 0.5, 0.1])]
    lower = compare_across(boards, higher_is_better=False, resamples=10, rng=_rng())
    assert [one.rank for one in lower.mean_ranks] == [3.0, 2.0, 1.0]


def test_boards_have_equal_weight_whatever_their_number_of_instances() -> None:
    large, small = _board([0.9, 0.1], n_clips=50), _board([0.1, 0.9], n_clips=2)
    found = compare_across([large, small], higher_is_better=True, resamples=10, rng=_rng())
    assert [one.rank for one in found.mean_ranks] == [1.5, 1.5]


def test_intervals_equal_a_slow_bootstrap_within_boards() -> None:
    boards = [_board([0.6, 0.5, 0.4], spread=0.3, n_clips=8, seed=seed) for seed in range(3)]
    found = compare_across(boards, higher_is_better=True, resamples=4000, rng=_rng())
    rng, drawn = np.random.default_rng(99), []
    for _ in range(4000):
        ranks = []
        for values, clips in boards:
            picked = rng.integers(0, len(clips), len(clips))
            ranks.append(rankdata(-values[picked].mean(axis=0)))
        drawn.append(np.mean(ranks, axis=0))
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    for column, one in enumerate(found.mean_ranks):
        assert one.low <= one.rank <= one.high
        assert one.low == pytest.approx(min(low[column], one.rank), abs=0.34)
        assert one.high == pytest.approx(max(high[column], one.rank), abs=0.34)
        assert one.low < one.high


def test_clips_are_resampled_with_all_their_instances() -> None:
    """Two instances of each clip carry no more information than one."""
    values, clips = _board([0.6, 0.5, 0.4], spread=0.3, n_clips=6)
    doubled = np.repeat(values, 2, axis=0), [clip for clip in clips for _ in range(2)]
    once = compare_across([(values, clips)], higher_is_better=True, resamples=500, rng=_rng())
    twice = compare_across([doubled], higher_is_better=True, resamples=500, rng=_rng())
    assert once.mean_ranks == twice.mean_ranks


@pytest.mark.parametrize("seed", range(4))
def test_friedman_equals_scipy_with_ties(seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 4, (7, 5)).astype(float)
    expected = friedmanchisquare(*values.T).pvalue
    assert friedman(values) == pytest.approx(expected)
    assert friedman(rankdata(values, axis=1)) == pytest.approx(expected)
    boards = [(row[np.newaxis], ["clip"]) for row in values]
    found = compare_across(boards, higher_is_better=True, resamples=5, rng=_rng())
    assert found.friedman_p == pytest.approx(expected)


def test_friedman_by_hand() -> None:
    """Three boards in full agreement on three explainers: Q = 6, two degrees of freedom."""
    assert friedman([[1, 2, 3]] * 3) == pytest.approx(math.exp(-3))
    assert friedman([[1, 1, 1]] * 3) == 1.0
    assert math.isnan(friedman([[1, 2, 3]]))
    assert math.isnan(friedman([[1, 2], [2, 1]]))


def test_few_boards_tell_no_explainers_apart_and_enough_boards_do() -> None:
    means = [0.9, 0.5, 0.1]
    needed = boards_needed(3)
    assert needed == 7
    few = [_board([mean + 0.001 * place for mean in means]) for place in range(needed - 1)]
    # Wilcoxon is exact only where no two differences tie.
    many = [_board([0.9 + 0.01 * place, 0.5, 0.1 - 0.003 * place**2]) for place in range(needed)]
    found = compare_across(few, higher_is_better=True, resamples=5, rng=_rng())
    assert (found.groups, found.boards_needed) == (((0, 1, 2),), needed)
    found = compare_across(many, higher_is_better=True, resamples=5, rng=_rng())
    assert found.groups == ((0,), (1,), (2,))


def test_groups_do_not_depend_on_bystanders() -> None:
    """Tests on mean ranks have this weakness (Benavoli et al. 2016); these tests do not."""
    boards = [_board([0.9 + 0.01 * place, 0.5, 0.5 + 0.02 * place]) for place in range(12)]
    alone = compare_across(
        [(values[:, :2], clips) for values, clips in boards],
        higher_is_better=True, resamples=5, rng=_rng(),
    )  # fmt: skip
    crowd = compare_across(boards, higher_is_better=True, resamples=5, rng=_rng())
    assert alone.groups == ((0,), (1,))
    assert not any(0 in group and 1 in group for group in crowd.groups)


def test_bad_input_is_refused() -> None:
    good = _board([0.9, 0.5])
    for boards in ([], [good, _board([0.1, 0.2, 0.3])], [(np.array([[np.nan, 1.0]]), ["a"])]):
        with pytest.raises(ParameterError):
            compare_across(boards, higher_is_better=True, rng=_rng())
    with pytest.raises(ParameterError, match="level"):
        compare_across([good], higher_is_better=True, level=1.0, rng=_rng())
