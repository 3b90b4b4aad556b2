"""Rank intervals, critical differences and agreement."""

from __future__ import annotations

import math
from dataclasses import astuple
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from awb.errors import ParameterError, UndefinedScoreError
from awb.statistics import (
    Comparison,
    Interval,
    RankInterval,
    compare_all,
    critical_difference,
    kendall_bootstrap,
    kendall_tau,
    rank_intervals,
)
from golden import slow_fidelity as slow
from golden.strategies import quick


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _board(levels: list[float], n_clips: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    clips = np.repeat(np.arange(n_clips), 2)
    return _rng(seed).normal(0, 0.2, (clips.size, len(levels))) + levels, clips


def _ranked(table: np.ndarray, clips: np.ndarray, *, higher: bool = True) -> list[RankInterval]:
    found = compare_all(table, clips, rng=_rng())
    return rank_intervals(table.mean(axis=0), found, higher_is_better=higher)


def test_a_clear_board_has_clear_ranks() -> None:
    table, clips = _board([0.1, 0.9, 0.5])
    assert [astuple(each) for each in _ranked(table, clips)] == [(3, 3, 3), (1, 1, 1), (2, 2, 2)]
    assert [each.rank for each in _ranked(table, clips, higher=False)] == [1, 3, 2]


def test_equal_explainers_share_their_places() -> None:
    table, clips = _board([0.5, 0.5, 0.1])
    table[:, 1] = table[:, 0]
    assert [astuple(each) for each in _ranked(table, clips)] == [
        (1.5, 1, 2),
        (1.5, 1, 2),
        (3, 3, 3),
    ]


def test_similar_explainers_have_wide_intervals() -> None:
    table, clips = _board([0.5, 0.5, 0.5, 0.0], seed=3)
    places = _ranked(table, clips)
    assert astuple(places[3]) == (4.0, 4.0, 4.0)
    assert [(each.low, each.high) for each in places[:3]] == [(1, 3)] * 3


@quick
@given(st.integers(1, 7), st.integers(0, 1000), st.booleans())
def test_rank_intervals_count_who_is_better_and_who_is_worse(
    k: int, seed: int, higher: bool
) -> None:
    means = np.round(_rng(seed).random(k), 1)
    apart = {pair: _rng(seed + 1).random() < 0.5 for pair in combinations(range(k), 2)}
    found = [
        Comparison(
            a, b, means[a] - means[b], 0.9, 0.05 if apart[a, b] and means[a] != means[b] else 0.06
        )
        for a, b in apart
    ]
    for one, place in enumerate(rank_intervals(means, found, higher_is_better=higher)):
        others = {
            other: apart[min(one, other), max(one, other)]
            for other in range(k)
            if means[other] != means[one] and other != one
        }
        ahead = {other for other in others if (means[other] > means[one]) == higher}
        assert place.low == 1 + sum(others[other] for other in ahead)
        assert place.high == k - sum(others[other] for other in others.keys() - ahead)
        assert place.low <= place.rank <= place.high


def test_with_one_clip_every_place_is_possible() -> None:
    places = _ranked(np.array([[0.1, 0.2]]), np.array(["a"]))
    assert [astuple(each) for each in places] == [(2, 1, 2), (1, 1, 2)]


def test_nobody_stays_first_where_nobody_is_better() -> None:
    """Two explainers of equal expectation; with more of them, it is rarer still."""
    rng, false = _rng(4), 0
    for _ in range(400):
        table = np.minimum(1.0, 0.9 + 0.2 * rng.standard_normal((10, 2)))
        false += any(place.high == 1 for place in _ranked(table, np.arange(10)))
    assert false <= stats.binom.ppf(0.999, 400, 0.05)


def test_critical_difference_of_published_size() -> None:
    """Demšar's table 5a: q = 2.343 for three and 2.569 for four classifiers at 0.05."""
    for k, quantile in ((3, 2.343), (4, 2.569)):
        table, clips = _board([0.5 - 0.1 * index for index in range(k)], n_clips=14)
        found = critical_difference(table, clips, higher_is_better=True)
        expected = quantile * math.sqrt(k * (k + 1) / (6 * 14))
        assert found.critical_difference == pytest.approx(expected, rel=1e-3)
        assert found.n_clips == 14


def test_friedman_uses_clips_not_instances() -> None:
    table, clips = _board([0.5, 0.45, 0.4], n_clips=12, seed=2)
    found = critical_difference(table, clips, higher_is_better=True)
    by_clip = table.reshape(12, 2, 3).mean(axis=1)
    assert found.p_value == pytest.approx(stats.friedmanchisquare(*by_clip.T).pvalue)
    slow_ranks = np.mean([slow.ranks((-row).tolist()) for row in by_clip], axis=0)
    assert found.mean_ranks == pytest.approx(slow_ranks)
    assert sum(found.mean_ranks) == pytest.approx(6)


def test_identical_explainers_do_not_differ() -> None:
    found = critical_difference(np.ones((4, 3)), list("abcd"), higher_is_better=True)
    assert found.p_value == 1.0
    assert found.mean_ranks == (2.0, 2.0, 2.0)


@quick
@given(
    st.integers(2, 8).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(-3, 3).map(float), min_size=n, max_size=n)] * 2)
    )
)
def test_kendall_agrees_with_scipy_and_a_loop(rows) -> None:
    first, second = rows
    expected = slow.kendall_tau(first, second)
    if expected is None:
        with pytest.raises(UndefinedScoreError, match="ties all explainers"):
            kendall_tau(first, second)
    else:
        assert kendall_tau(first, second) == pytest.approx(expected)
        assert kendall_tau(first, second) == pytest.approx(
            stats.kendalltau(first, second).statistic
        )


def test_kendall_interval_equals_a_loop() -> None:
    first, clips = _board([0.5, 0.4, 0.6, 0.45], n_clips=10, seed=5)
    second, _ = _board([0.5, 0.45, 0.55, 0.6], n_clips=10, seed=6)
    found = kendall_bootstrap(first, second, clips, resamples=300, rng=_rng(9))
    assert found.mean == kendall_tau(first.mean(axis=0), second.mean(axis=0))
    taus = []
    for row in _rng(9).integers(10, size=(300, 10)):
        chosen = np.concatenate([np.flatnonzero(clips == clip) for clip in row])
        taus.append(kendall_tau(first[chosen].mean(axis=0), second[chosen].mean(axis=0)))
    low, high = np.quantile(taus, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx((low, high))


def test_kendall_of_a_metric_with_itself_is_one() -> None:
    table, clips = _board([0.1, 0.5, 0.9])
    assert kendall_bootstrap(table, table, clips, resamples=200, rng=_rng()) == Interval(
        1.0, 1.0, 1.0
    )
    negated = kendall_bootstrap(table, -table, clips, resamples=200, rng=_rng())
    assert negated == Interval(-1.0, -1.0, -1.0)


def test_kendall_of_one_clip_has_no_interval() -> None:
    found = kendall_bootstrap([[1.0, 2.0]], [[1.0, 2.0]], ["a"], rng=_rng())
    assert found.mean == 1.0
    assert math.isnan(found.low)


def test_bad_input_is_refused() -> None:
    table, clips = _board([0.1, 0.5, 0.9])
    with pytest.raises(ParameterError, match="level"):
        rank_intervals([0.1], [], higher_is_better=True, alpha=1.0)
    with pytest.raises(ParameterError, match="were not compared"):
        rank_intervals([0.1, 0.2], [], higher_is_better=True)
    for means in ([math.nan], 0.1):
        with pytest.raises(ParameterError, match="finite means"):
            rank_intervals(means, [], higher_is_better=True)
    with pytest.raises(ParameterError, match="three explainers"):
        critical_difference(table[:, :2], clips, higher_is_better=True)
    for level in (0.0, 1.0, 95):
        with pytest.raises(ParameterError, match="level in"):
            critical_difference(table, clips, higher_is_better=True, level=level)
    with pytest.raises(ParameterError, match="two clips"):
        critical_difference(table, ["a"] * len(clips), higher_is_better=True)
    with pytest.raises(ParameterError, match="one shape"):
        kendall_bootstrap(table, table[:, :2], clips, rng=_rng())
    with pytest.raises(ParameterError, match="level"):
        kendall_bootstrap(table, table, clips, level=0, rng=_rng())
    with pytest.raises(ParameterError, match="equal length"):
        kendall_tau([1.0], [1.0])
    with pytest.raises(ParameterError, match="finite"):
        kendall_tau([1.0, np.nan], [1.0, 2.0])
