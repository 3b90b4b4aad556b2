"""Simulate how often intervals contain the true mean, median or difference, and how wide they are.

Boards are drawn with a known truth. All boards of one size share their clips' numbers of instances
and the random weights, so that they are columns of one table.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.stats import norm, t

from awb.intervals import FloatArray
from awb.statistics import (
    ClusterSums,
    Interval,
    difference_intervals,
    mean_intervals,
    median_intervals,
)

RESAMPLES = 2000
Uniforms = FloatArray
Quantiles = Callable[[Uniforms], FloatArray]


def hits(rate: float) -> Quantiles:
    return lambda u: np.asarray(u > 1 - rate, dtype=np.float64)


def crowded(share: float, power: float = 1.0) -> Quantiles:
    """A share of the scores at 1, the others beta(power, 1); power 1 is uniform."""
    return lambda u: np.where(u > 1 - share, 1.0, np.minimum(1, u / (1 - share)) ** (1 / power))


def heavy(u: Uniforms) -> FloatArray:
    """Skewed scores as of an AUC that is mostly high: half above 0.92, one in 40 below 0.2."""
    return np.asarray(1 / (1 + np.exp(-2 * (1.2 + 1.06 * norm.ppf(u)))))


def lumped(u: Uniforms) -> FloatArray:
    """Most scores at chance, in the middle of the range, the others above it."""
    return np.asarray(np.maximum(0.5, 0.5 + 0.5 * (u - 0.7) / 0.3))


def middling(u: Uniforms) -> FloatArray:
    return np.asarray(np.clip(0.5 + 0.1 * norm.ppf(u), 0, 1))


SCORES: dict[str, Quantiles] = {
    "binary, p = .5": hits(0.5),
    "binary, p = .9": hits(0.9),
    "binary, p = .95": hits(0.95),
    "80 % at 1, the rest uniform": crowded(0.8),
    "80 % at 1, the rest beta(8, 1)": crowded(0.8, 8),
    "95 % at 1, the rest uniform": crowded(0.95),
    "95 % at 1, the rest beta(8, 1)": crowded(0.95, 8),
    "beta(8, 1)": crowded(0.0, 8),
    "uniform": crowded(0.0),
    "normal(.5, .1)": middling,
    "70 % at .5, the rest above": lumped,
    "logistic, skewed": heavy,
}
PAIRS: dict[str, tuple[Quantiles, Quantiles]] = {
    "binary .9 − binary .9": (hits(0.9), hits(0.9)),
    "binary .9 − binary .6": (hits(0.9), hits(0.6)),
    "80 % at 1 − 80 % at 1": (crowded(0.8), crowded(0.8)),
    "95 % at 1 − 95 % at 1": (crowded(0.95), crowded(0.95)),
    "95 % at 1 − 50 % at 1": (crowded(0.95), crowded(0.5)),
    "80 % at 1 − beta(8, 1)": (crowded(0.8), crowded(0.0, 8)),
    "95 % at 1 − uniform": (crowded(0.95), crowded(0.0)),
    "beta(8, 1) − beta(8, 1)": (crowded(0.0, 8), crowded(0.0, 8)),
    "uniform − uniform": (crowded(0.0), crowded(0.0)),
}


@dataclass(frozen=True, slots=True, eq=False)
class Boards:
    """Simulated boards of one size, a column each, and the true value."""

    first: FloatArray
    second: FloatArray  # of a difference; else zeros
    clips: FloatArray
    truth: float


def draw(
    pair: tuple[Quantiles, Quantiles | None], n_clips: int, boards: int, *, several: bool
) -> Boards:
    """Draw boards of one instance per clip, or of one to three that are correlated by a half."""
    rng = np.random.default_rng(n_clips)
    sizes = 1 + rng.binomial(2, 0.5, n_clips) if several else np.ones(n_clips, dtype=int)
    clips = np.repeat(np.arange(n_clips), sizes)
    shared = rng.normal(size=(n_clips, boards))[clips]
    own = [rng.normal(size=shared.shape) for _ in range(2)]
    uniforms = [norm.cdf(math.sqrt(0.5) * (shared + one)) for one in own]
    grid = (np.arange(200_000) + 0.5) / 200_000
    one, other = pair
    first = one(uniforms[0])
    second = np.zeros_like(first) if other is None else other(uniforms[1])
    truth = one(grid).mean() - (0 if other is None else other(grid).mean())
    return Boards(first, second, clips, float(truth))


def bca_intervals(
    values: FloatArray, clips: FloatArray, *, rng: np.random.Generator
) -> list[Interval]:
    """The expanded BCa bootstrap, by which boards before 0.3 were made."""
    board = ClusterSums.of(values, clips)
    means, n = board.means(), board.n
    draws = board.resampled_means(RESAMPLES, rng)
    noise = 1e-12 * np.abs(means)
    below = (draws < means - noise).mean(axis=0) + (np.abs(draws - means) <= noise).mean(axis=0) / 2
    left_out = (board.sums.sum(axis=0) - board.sums) / (board.sizes.sum() - board.sizes)[:, None]
    gaps = left_out.mean(axis=0) - left_out
    spread = 6 * (gaps**2).sum(axis=0) ** 1.5
    skew = np.divide((gaps**3).sum(axis=0), spread, out=np.zeros_like(means), where=spread > 0)
    bias = norm.ppf(np.clip(below, 0.5 / RESAMPLES, 1 - 0.5 / RESAMPLES))
    reach = t.ppf(0.975, df=n - 1) * math.sqrt(n / (n - 1))
    shares = []
    for shifted in (bias - reach, bias + reach):
        shares.append(norm.cdf(bias + shifted / np.maximum(1 - skew * shifted, 1e-6)))
    return [
        Interval(float(mean), *(float(end) for end in np.quantile(drawn, tails)))
        for mean, drawn, tails in zip(means, draws.T, np.transpose(shares), strict=True)
    ]


def t_intervals(values: FloatArray, clips: FloatArray) -> list[Interval]:
    """The plain t interval, with the jackknife over clips."""
    board = ClusterSums.of(values, clips)
    reach = t.ppf(0.975, df=board.n - 1) * board.standard_errors()
    return [
        Interval(float(mean), float(mean - half), float(mean + half))
        for mean, half in zip(board.means(), reach, strict=True)
    ]


def quality(found: list[Interval], truth: float) -> tuple[float, float]:
    """Return the share of intervals that contain the truth, and their mean width."""
    held = [one.low - 1e-9 <= truth <= one.high + 1e-9 for one in found]
    return float(np.mean(held)), float(np.mean([one.high - one.low for one in found]))


def means(name: str, n_clips: int, boards: int, *, several: bool) -> list[tuple[float, float]]:
    """Return coverage and width of the old, the t and the new interval of a mean."""
    drawn = draw((SCORES[name], None), n_clips, boards, several=several)
    rng = partial(np.random.default_rng, 1)
    return [
        quality(bca_intervals(drawn.first, drawn.clips, rng=rng()), drawn.truth),
        quality(t_intervals(drawn.first, drawn.clips), drawn.truth),
        quality(
            mean_intervals(
                drawn.first, drawn.clips, lowest=0, highest=1, resamples=RESAMPLES, rng=rng()
            ),
            drawn.truth,
        ),
    ]


def differences(
    name: str, n_clips: int, boards: int, *, several: bool
) -> list[tuple[float, float]]:
    """Return coverage and width of the old, the t and the new interval of a paired difference."""
    drawn = draw(PAIRS[name], n_clips, boards, several=several)
    gaps = drawn.first - drawn.second
    pairs = [(board, boards + board) for board in range(boards)]
    found = difference_intervals(
        np.hstack([drawn.first, drawn.second]), pairs, drawn.clips,
        lowest=0, highest=1, resamples=RESAMPLES, rng=np.random.default_rng(1),
    )  # fmt: skip
    return [
        quality(bca_intervals(gaps, drawn.clips, rng=np.random.default_rng(1)), drawn.truth),
        quality(t_intervals(gaps, drawn.clips), drawn.truth),
        quality(found, drawn.truth),
    ]


def medians(name: str, n_clips: int, boards: int) -> tuple[float, float]:
    """Return coverage and width of the interval of a median of one instance per clip."""
    drawn = draw((SCORES[name], None), n_clips, boards, several=False)
    truth = float(SCORES[name](np.array([0.5]))[0])
    return quality(median_intervals(drawn.first, drawn.clips), truth)
