"""Intervals of means, differences and medians: what they compute, and their coverage."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from awb.errors import ParameterError
from awb.statistics import (
    ClusterSums,
    Interval,
    difference_intervals,
    mean_interval,
    mean_intervals,
    median_intervals,
)
from awb.statistics.ends import _quantile, repeats
from golden.strategies import quick

Board = tuple[np.ndarray, np.ndarray]
Draw = Callable[[tuple[int, ...], np.random.Generator], np.ndarray]


def _generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _interval(values, clusters=None, seed: int = 0, **settings) -> Interval:
    clusters = range(len(values)) if clusters is None else clusters
    return mean_interval(
        values, clusters, **{"lowest": 0, "highest": 1, "rng": _generator(seed), **settings}
    )


def _ends(found: Interval) -> tuple[float, float]:
    return found.low, found.high


def skewed_board(n_clips: int, rng: np.random.Generator) -> Board:
    """Draw scores that crowd at 1, as AUC does, with one to three correlated instances a clip."""
    clips = np.repeat(np.arange(n_clips), 1 + rng.binomial(2, 0.3, n_clips))
    latent = rng.normal(1.2, 0.8, n_clips)[clips] + rng.normal(0, 0.7, clips.size)
    return 1 / (1 + np.exp(-2 * latent)), clips


def hits(rate: float) -> Draw:
    return lambda shape, rng: np.asarray(rng.random(shape) < rate, dtype=float)


def crowded(share: float) -> Draw:
    """Draw a share of the scores at 1, the others uniform."""
    return lambda shape, rng: np.where(rng.random(shape) < share, 1.0, rng.random(shape))


def beta(first: float, second: float) -> Draw:
    return lambda shape, rng: rng.beta(first, second, shape)


def _coverage(found: list[Interval], truth: float) -> float:
    return float(np.mean([one.low - 1e-9 <= truth <= one.high + 1e-9 for one in found]))


SCORES: dict[str, tuple[Draw, float]] = {
    "binary .9": (hits(0.9), 0.9),
    "80 % at 1": (crowded(0.8), 0.9),
    "95 % at 1": (crowded(0.95), 0.975),
    "beta(8, 1)": (beta(8, 1), 8 / 9),
    "uniform": (beta(1, 1), 0.5),
}


@pytest.mark.parametrize("n_clips", [6, 10, 20])
@pytest.mark.parametrize("name", SCORES)
def test_intervals_cover_the_true_mean(name: str, n_clips: int) -> None:
    """Of 2,000 boards, columns of one table, at least 92.5 % of the intervals contain the truth."""
    draw, truth = SCORES[name]
    values = draw((n_clips, 2000), _generator(n_clips))
    found = mean_intervals(
        values, range(n_clips), lowest=0, highest=1, resamples=1000, rng=_generator(1)
    )
    assert _coverage(found, truth) >= 0.925


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("other", SCORES)
def test_intervals_cover_the_true_difference(name: str, other: str) -> None:
    (first, one), (second, two) = SCORES[name], SCORES[other]
    rng = _generator(3)
    values = np.hstack([first((8, 1000), rng), second((8, 1000), rng)])
    pairs = [(column, 1000 + column) for column in range(1000)]
    found = difference_intervals(
        values, pairs, range(8), lowest=0, highest=1, resamples=500, rng=_generator(1)
    )
    assert _coverage(found, one - two) >= 0.925


@pytest.mark.parametrize("name", SCORES)
def test_intervals_cover_the_true_median(name: str) -> None:
    draw, _ = SCORES[name]
    truth = np.median(draw((1_000_001,), _generator(9)))
    found = median_intervals(draw((6, 4000), _generator(5)), range(6))
    assert _coverage(found, float(truth)) >= 0.935


@pytest.mark.parametrize("n_clips", [20, 60])
def test_intervals_of_clips_with_several_instances_cover_the_true_mean(n_clips: int) -> None:
    """Scores that crowd at 1, correlated within clips of one to three instances."""
    rng = _generator(7)
    clips = np.repeat(np.arange(n_clips), 1 + np.arange(n_clips) % 3)
    latent = rng.normal(1.2, 0.8, (n_clips, 3000))[clips] + rng.normal(0, 0.7, (clips.size, 3000))
    values = 1 / (1 + np.exp(-2 * latent))
    found = mean_intervals(values, clips, lowest=0, highest=1, resamples=500, rng=rng)
    assert 0.93 <= _coverage(found, values.mean()) <= 0.97


@pytest.mark.parametrize("n_clips", [2, 6, 20])
def test_equal_scores_have_the_bound_of_clopper_and_pearson(n_clips: int) -> None:
    bound = 0.025 ** (1 / n_clips)
    assert _ends(_interval([1.0] * n_clips)) == pytest.approx((bound, 1))
    assert _ends(_interval([0.0] * n_clips)) == pytest.approx((0, 1 - bound))
    assert _ends(_interval([0.5] * n_clips)) == pytest.approx((bound / 2, 1 - bound / 2))
    exact = stats.binomtest(n_clips, n_clips).proportion_ci(0.95)
    assert bound == pytest.approx(exact.low)


@pytest.mark.parametrize(("n_hits", "n_clips"), [(5, 6), (3, 6), (9, 10), (17, 20), (1, 20)])
def test_intervals_of_hits_are_between_jeffreys_and_clopper_pearson(
    n_hits: int, n_clips: int
) -> None:
    found = _interval([1.0] * n_hits + [0.0] * (n_clips - n_hits), resamples=200_000)
    exact = stats.binomtest(n_hits, n_clips).proportion_ci(0.95)
    narrow = stats.beta(n_hits + 0.5, n_clips - n_hits + 0.5).ppf([0.025, 0.975])
    assert exact.low - 0.002 <= found.low <= narrow[0] + 0.002
    assert narrow[1] - 0.002 <= found.high <= exact.high + 0.002


def test_without_bounds_the_interval_is_student_s() -> None:
    values = _generator(1).normal(3, 2, 9)
    found = _interval(values, lowest=-math.inf, highest=math.inf)
    expected = stats.t(8, values.mean(), values.std(ddof=1) / 3).interval(0.95)
    assert _ends(found) == pytest.approx(expected)


def test_the_ends_equal_the_formula() -> None:
    """A t interval on the logit scale, unequal clips, where neither bound nor equal values act."""
    clips = np.repeat(np.arange(12), [1, 2, 3] * 4)
    values = _generator(11).beta(8, 6, clips.size)
    found = _interval(values, clips)
    left_out = np.array([values[clips != clip].mean() for clip in range(12)])
    mean = values.mean()
    error = math.sqrt(11 / 12 * ((left_out - mean) ** 2).sum())
    step = stats.t(11).ppf(0.975) * error / (mean * (1 - mean))
    middle = math.log(mean / (1 - mean))
    expected = [1 / (1 + math.exp(-middle - sign * step)) for sign in (-1, 1)]
    assert _ends(found) == pytest.approx(expected)


def test_with_one_bound_the_scale_is_logarithmic() -> None:
    values = _generator(4).exponential(2, 15)
    found = _interval(values, highest=math.inf)
    step = stats.t(14).ppf(0.975) * values.std(ddof=1) / math.sqrt(15) / values.mean()
    assert found.high == pytest.approx(values.mean() * math.exp(step))
    mirrored = _interval(-values, lowest=-math.inf, highest=0)
    assert _ends(mirrored) == pytest.approx((-found.high, -found.low))


def test_no_interval_is_wider_than_bounds_that_hold_for_any_scores() -> None:
    """Gaffke's bound, drawn in a loop: one more value at the far bound, under random weights."""
    values = np.array([0.2, 1.0, 0.95, 0.99, 0.3, 0.97])
    found = _interval(values, resamples=20_000)
    rng, lows, highs = _generator(5), [], []
    for _ in range(20_000):
        weights = rng.standard_exponential(6)
        extra = rng.gamma(0.75)
        total = weights.sum() + extra
        lows.append(weights @ values / total)
        highs.append((weights @ values + extra) / total)
    assert found.low == pytest.approx(np.quantile(lows, 0.025), abs=0.01)
    assert found.high <= np.quantile(highs, 0.975) + 0.01


def test_instances_of_a_clip_are_not_independent_evidence() -> None:
    values, clips = skewed_board(40, _generator(1))
    once = _interval(values, clips)
    copies = _interval(np.tile(values, 10), np.tile(clips, 10))
    assert (copies.mean, *_ends(copies)) == pytest.approx((once.mean, *_ends(once)))
    independent = _interval(np.tile(values, 10), np.arange(values.size * 10))
    assert independent.high - independent.low < 0.5 * (once.high - once.low)


bounded = st.lists(st.integers(0, 8).map(lambda v: v / 8), min_size=2, max_size=20)


@quick
@given(bounded, st.integers(1, 7))
def test_intervals_stay_in_range_contain_the_mean_and_have_a_width(
    values: list[float], n_clips: int
) -> None:
    clips = [f"clip-{index % n_clips}" for index in range(len(values))]
    found = _interval(values, clips, resamples=200)
    assert found.mean == pytest.approx(np.mean(values))
    if len(set(clips)) == 1:
        assert math.isnan(found.low)
        assert math.isnan(found.high)
    else:
        assert 0 <= found.low <= found.mean <= found.high <= 1
        assert found.low < found.high


@quick
@given(bounded)
def test_mirrored_scores_have_the_mirrored_interval(values: list[float]) -> None:
    found = _interval(values, resamples=500)
    mirrored = _interval([1 - value for value in values], resamples=500)
    assert _ends(mirrored) == pytest.approx((1 - found.high, 1 - found.low))
    shifted = _interval([3 * value - 1 for value in values], lowest=-1, highest=2, resamples=500)
    assert _ends(shifted) == pytest.approx((3 * found.low - 1, 3 * found.high - 1))


def test_columns_do_not_depend_on_each_other() -> None:
    values, clips = skewed_board(30, _generator(4))
    table = np.column_stack([values, values / 2, np.ones_like(values), 5 * values])
    found = mean_intervals(table, clips, lowest=0, highest=1, rng=_generator(6))
    alone = [_interval(column, clips, seed=6) for column in table.T]
    assert [one for found_one in found for one in _ends(found_one)] == pytest.approx(
        [one for found_one in alone for one in _ends(found_one)]
    )
    assert found[3].high > 1  # a metric that leaves its range is not cut off


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clips = skewed_board(12, _generator(2))
    board = ClusterSums.of(values, clips)
    whole = board.resampled_means(50, _generator(5)), board.weighted_totals(50, _generator(5))
    monkeypatch.setattr("awb.statistics.clusters._CHUNK_CELLS", 30)
    np.testing.assert_array_equal(board.resampled_means(50, _generator(5)), whole[0])
    np.testing.assert_allclose(board.weighted_totals(50, _generator(5)), whole[1])


@pytest.mark.parametrize("n_columns", [1, 3, 70])  # summed along the draws, or the columns
def test_weighted_totals_are_sums_in_order(monkeypatch: pytest.MonkeyPatch, n_columns: int) -> None:
    """Clip after clip, so that no block and no number of columns changes a bit."""
    monkeypatch.setattr("awb.statistics.clusters._BLOCK_CELLS", 40)
    sums = _generator(1).normal(size=(7, n_columns))
    board = ClusterSums(sums, np.arange(1.0, 8.0))
    weights = _generator(5).standard_exponential((50, 7))
    slow = np.zeros((n_columns + 1, 50))
    for clip, totals in enumerate(np.column_stack([sums, board.sizes])):
        slow += weights[:, clip] * totals[:, None]
    np.testing.assert_array_equal(board.weighted_totals(50, _generator(5)), slow)


@pytest.mark.parametrize("n_draws", [1, 2, 3, 41, 1000])
@pytest.mark.parametrize("share", [0.0, 0.025, 0.5, 0.7, 0.975])
def test_quantiles_are_those_of_numpy_to_the_last_bit(n_draws: int, share: float) -> None:
    values = _generator(3).random((4, n_draws))
    expected = np.quantile(values, share, axis=1)
    np.testing.assert_array_equal(_quantile(values, share), expected)


def test_repeats_are_the_longest_run_of_equal_means() -> None:
    table = _generator(8).integers(0, 4, size=(9, 20)).astype(float)
    table[:, 0], table[:, 1] = 2.0, np.arange(9)
    slow = [(max(Counter(column).values()) - 1) / 8 for column in table.T.tolist()]
    np.testing.assert_array_equal(repeats(ClusterSums(table, np.ones(9))), slow)


def test_the_draws_equal_a_loop() -> None:
    values, clips = skewed_board(12, _generator(2))
    drawn = ClusterSums.of(values, clips).resampled_means(50, _generator(5))[:, 0]
    choices = _generator(5).integers(12, size=(50, 12))
    slow = [np.concatenate([values[clips == clip] for clip in row]).mean() for row in choices]
    np.testing.assert_allclose(drawn, slow)


def test_a_difference_of_scores_that_never_repeat_is_the_interval_of_the_differences() -> None:
    values = _generator(2).random((9, 2))
    (found,) = difference_intervals(
        values, [(0, 1)], range(9), lowest=0, highest=1, rng=_generator(3)
    )
    gaps = _interval(values[:, 0] - values[:, 1], lowest=-1, seed=3)
    assert _ends(found) == pytest.approx(_ends(gaps))


def test_a_difference_from_scores_that_are_all_at_a_bound_shows_what_they_hide() -> None:
    """By hand: the two intervals combined, without correlation (Zou & Donner 2008)."""
    other = _generator(2).random(8)
    values = np.column_stack([np.ones(8), other])
    found, reverse = difference_intervals(
        values, [(0, 1), (1, 0)], range(8), lowest=0, highest=1, rng=_generator(3)
    )
    ones, others = mean_intervals(values, range(8), lowest=0, highest=1, rng=_generator(3))
    gap = 1 - other.mean()
    low = gap - math.hypot(1 - ones.low, others.high - others.mean)
    assert found.low == pytest.approx(low)
    assert _ends(reverse) == pytest.approx((-found.high, -found.low))
    (equal,) = difference_intervals(
        np.ones((6, 2)), [(0, 1)], range(6), lowest=0, highest=1, rng=_generator()
    )
    assert _ends(equal) == pytest.approx((0.025 ** (1 / 6) - 1, 1 - 0.025 ** (1 / 6)))


def test_no_pairs_have_no_intervals() -> None:
    assert difference_intervals([[1.0], [2.0]], [], list("ab"), rng=_generator()) == []


def test_where_an_interval_cannot_be_had_the_ends_are_nan() -> None:
    for bounds in ({}, {"lowest": 0.0}, {"highest": 3.0}):
        found = mean_interval([2.0, 2.0, 2.0], list("abc"), rng=_generator(), **bounds)
        assert (found.mean, math.isnan(found.low), math.isnan(found.high)) == (2, True, True)
    one_clip = _interval([0.5, 1.0], list("aa"))
    assert (one_clip.mean, math.isnan(one_clip.low)) == (0.75, True)
    (median,) = median_intervals([[1.0], [2.0], [3.0], [4.0], [5.0]], list("abcde"))
    assert (median.mean, math.isnan(median.low)) == (3, True)


def test_a_median_has_order_statistics() -> None:
    """Ten clips: the second and ninth value cover in 97.9 %, the third and eighth in 89.1 %."""
    values = np.arange(10.0)[:, None]
    (found,) = median_intervals(values, range(10))
    assert found.mean == 4.5
    assert 1 < found.low < 2
    assert found.low + found.high == pytest.approx(9)
    (exact,) = median_intervals(np.minimum(values, 5), range(10))  # values repeat
    assert _ends(exact) == (1, 5)
    (by_clip,) = median_intervals(np.repeat(values, 3, axis=0), np.repeat(np.arange(10), 3))
    assert by_clip == found


def test_higher_levels_are_wider() -> None:
    values, clips = skewed_board(25, _generator(8))
    for function in (
        lambda level: _interval(values, clips, level=level),
        lambda level: median_intervals(values[:, None], clips, level=level)[0],
    ):
        widths = []
        for level in (0.5, 0.9, 0.95, 0.99):
            found = function(level)
            assert found.low <= found.mean <= found.high
            widths.append(found.high - found.low)
        assert widths == sorted(widths)


def test_the_seed_decides() -> None:
    values = [1.0] * 7 + [0.5] * 2
    one, same, other = (_interval(values, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_clusters_may_be_named_in_any_order() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0])
    sums = ClusterSums.of(values, ["z", "a", "z", "m"])
    assert sums.sums[:, 0].tolist() == [4.0, 2.0, 4.0]
    assert sums.sizes.tolist() == [2, 1, 1]


@pytest.mark.parametrize(
    ("values", "clusters", "settings", "reason"),
    [
        ([], [], {}, "expected instances"),
        ([1.0, np.nan], ["a", "b"], {}, "drop missing"),
        ([1.0, np.inf], ["a", "b"], {}, "drop missing"),
        ([1.0, 2.0], ["a"], {}, "expected 2 clusters"),
        ([[1.0, 2.0]], ["a"], {}, "one value per instance"),
        ([1.0, 2.0], ["a", "b"], {"level": 0.0}, "level"),
        ([1.0, 2.0], ["a", "b"], {"level": 95}, "level"),
        ([1.0, 2.0], ["a", "a"], {"level": 95}, "level"),
        ([1.0, 2.0], ["a", "b"], {"resamples": 0}, "at least one draw"),
    ],
)
def test_bad_input_is_refused(values, clusters, settings, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        mean_interval(values, clusters, rng=_generator(), **settings)


def test_a_median_refuses_a_level_in_percent() -> None:
    with pytest.raises(ParameterError, match="level"):
        median_intervals([[1.0]], ["a"], level=95)
