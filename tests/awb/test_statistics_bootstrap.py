"""The cluster bootstrap: what it computes, and the coverage of its intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from awb.errors import ParameterError
from awb.statistics import ClusterSums, cluster_bootstrap, cluster_bootstrap_columns
from golden.strategies import quick

Board = tuple[np.ndarray, np.ndarray]


def _generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _clips(n_clips: int, rng: np.random.Generator) -> np.ndarray:
    """Give each clip one to three instances."""
    return np.repeat(np.arange(n_clips), 1 + rng.binomial(2, 0.3, n_clips))


def skewed_board(n_clips: int, rng: np.random.Generator) -> Board:
    """Draw scores that crowd at 1, as AUC does, correlated within a clip."""
    clips = _clips(n_clips, rng)
    latent = rng.normal(1.2, 0.8, n_clips)[clips] + rng.normal(0, 0.7, clips.size)
    return 1 / (1 + np.exp(-2 * latent)), clips


def even_board(n_clips: int, rng: np.random.Generator) -> Board:
    """Draw scores around the middle, correlated within a clip."""
    clips = _clips(n_clips, rng)
    latent = rng.normal(0.3, 0.5, n_clips)[clips] + rng.normal(0, 0.5, clips.size)
    return 1 / (1 + np.exp(-2 * latent)), clips


def binary_board(n_clips: int, rng: np.random.Generator) -> Board:
    """Draw hits and misses, correlated within a clip."""
    clips = _clips(n_clips, rng)
    latent = rng.normal(0.5, 0.8, n_clips)[clips] + rng.normal(0, 0.7, clips.size)
    return (latent > 0).astype(float), clips


@pytest.mark.parametrize("n_clips", [20, 60])
@pytest.mark.parametrize("draw", [skewed_board, even_board, binary_board])
def test_intervals_cover_the_true_mean(
    draw: Callable[[int, np.random.Generator], Board], n_clips: int
) -> None:
    """On 1,000 boards, 930 to 970 intervals of 95 % contain the population mean."""
    truth = draw(300_000, _generator(99))[0].mean()
    rng = _generator(7)
    held = 0
    for _ in range(1000):
        values, clips = draw(n_clips, rng)
        interval = cluster_bootstrap(values, clips, resamples=600, rng=rng)
        held += interval.low <= truth <= interval.high
    assert 930 <= held <= 970


def test_instances_of_a_clip_are_not_independent_evidence() -> None:
    values, clips = even_board(40, _generator(1))
    once = cluster_bootstrap(values, clips, rng=_generator())
    copies = cluster_bootstrap(np.tile(values, 10), np.tile(clips, 10), rng=_generator())
    assert (copies.mean, copies.low, copies.high) == pytest.approx((once.mean, once.low, once.high))
    as_if_independent = cluster_bootstrap(
        np.tile(values, 10), np.arange(values.size * 10), rng=_generator()
    )
    assert as_if_independent.high - as_if_independent.low < 0.5 * (once.high - once.low)


def test_the_draws_equal_a_loop() -> None:
    values, clips = skewed_board(12, _generator(2))
    board = ClusterSums.of(values, clips)
    drawn = board.resampled_means(50, _generator(5))[:, 0]
    choices = _generator(5).integers(12, size=(50, 12))
    slow = [np.concatenate([values[clips == clip] for clip in row]).mean() for row in choices]
    np.testing.assert_allclose(drawn, slow)


def test_chunks_do_not_change_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values, clips = skewed_board(12, _generator(2))
    board = ClusterSums.of(values, clips)
    whole = board.resampled_means(50, _generator(5))
    monkeypatch.setattr("awb.statistics.clusters._CHUNK_CELLS", 30)
    np.testing.assert_array_equal(board.resampled_means(50, _generator(5)), whole)


def test_accelerations_equal_a_loop() -> None:
    values, clips = skewed_board(9, _generator(3))
    left_out = np.array([values[clips != clip].mean() for clip in range(9)])
    gap = left_out.mean() - left_out
    expected = np.sum(gap**3) / (6 * np.sum(gap**2) ** 1.5)
    assert ClusterSums.of(values, clips).accelerations()[0] == pytest.approx(expected)


@pytest.mark.parametrize("draw", [skewed_board, binary_board])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_ends_equal_the_formula(draw: Callable[..., Board], level: float) -> None:
    """BCa with the width of Student's t, computed step by step; draws at the mean count half."""
    values, clips = draw(7, _generator(11))
    found = cluster_bootstrap(values, clips, level=level, resamples=400, rng=_generator(1))
    draws = ClusterSums.of(values, clips).resampled_means(400, _generator(1))[:, 0].tolist()
    mean = sum(values) / len(values)
    at = sum(abs(drawn - mean) < 1e-12 for drawn in draws)
    below = sum(drawn < mean - 1e-12 for drawn in draws)
    normal = NormalDist()
    bias = normal.inv_cdf((below + at / 2) / 400)
    left_out = [values[clips != clip].mean() for clip in range(7)]
    gaps = [sum(left_out) / 7 - one for one in left_out]
    skew = sum(gap**3 for gap in gaps) / (6 * sum(gap**2 for gap in gaps) ** 1.5)
    reach = stats.t(df=6).ppf(0.5 + level / 2) * math.sqrt(7 / 6)
    shares = [
        normal.cdf(bias + shifted / (1 - skew * shifted))
        for shifted in (bias - reach, bias + reach)
    ]
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(draws, shares)))


def test_columns_share_their_draws() -> None:
    values, clips = even_board(30, _generator(4))
    table = np.column_stack([values, values + 0.5, -values])
    first, shifted, negated = cluster_bootstrap_columns(table, clips, rng=_generator(6))
    alone = cluster_bootstrap(values, clips, rng=_generator(6))
    assert first == alone
    assert shifted.low == pytest.approx(first.low + 0.5)
    assert negated.high == pytest.approx(-first.low, abs=1e-4)


@quick
@given(
    st.lists(st.integers(0, 64).map(lambda v: v / 64), min_size=2, max_size=30), st.integers(1, 8)
)
def test_intervals_lie_within_the_data(values: list[float], n_clips: int) -> None:
    clips = [f"clip-{index % n_clips}" for index in range(len(values))]
    interval = cluster_bootstrap(values, clips, resamples=200, rng=_generator())
    assert interval.mean == pytest.approx(np.mean(values))
    if len(set(clips)) == 1:
        assert math.isnan(interval.low)
        assert math.isnan(interval.high)
    else:
        assert min(values) - 1e-12 <= interval.low <= interval.high <= max(values) + 1e-12


def test_higher_levels_are_wider() -> None:
    values, clips = skewed_board(25, _generator(8))
    widths = []
    for level in (0.5, 0.9, 0.95, 0.99):
        interval = cluster_bootstrap(values, clips, level=level, rng=_generator())
        assert interval.low <= interval.mean <= interval.high
        widths.append(interval.high - interval.low)
    assert widths == sorted(widths)


def test_the_seed_decides() -> None:
    values, clips = skewed_board(25, _generator(8))
    one, same, other = (cluster_bootstrap(values, clips, rng=_generator(s)) for s in (1, 1, 2))
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
        ([1.0, 2.0], ["a", "b"], {"resamples": 0}, "at least one resample"),
    ],
)
def test_bad_input_is_refused(values, clusters, settings, reason: str) -> None:
    with pytest.raises(ParameterError, match=reason):
        cluster_bootstrap(values, clusters, rng=_generator(), **settings)
