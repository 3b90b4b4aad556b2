"""The ends of the intervals of `awb.statistics.mean_intervals`, in which they are explained."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums

Ends = tuple[FloatArray, FloatArray]
IndexArray = npt.NDArray[np.int64]

_DECIMALS = 12  # means of clips that differ by float noise are equal
_EXTRA = 0.75
"""Weight of the value at the far bound: 1 would give the bounds of Clopper & Pearson, 1/2 those of
Jeffreys, which cover some rates in less than 93 % of cases."""
_POWER = 6
"""Of the share of equal values: with 8, scores that are often at chance fall short of 93 %."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """The range of each column, infinite where there is no bound."""

    lowest: FloatArray
    highest: FloatArray

    @classmethod
    def of(cls, board: ClusterSums, lowest: float, highest: float) -> Limits:
        """Extend a metric's range to the clusters' means of a column that leaves it."""
        means = board.cluster_means()
        return cls(np.minimum(lowest, means.min(axis=0)), np.maximum(highest, means.max(axis=0)))

    @property
    def bounded(self) -> tuple[bool, bool]:
        """Whether there is a bound below and above."""
        return bool(np.isfinite(self.lowest).all()), bool(np.isfinite(self.highest).all())

    def gaps(self, columns: IndexArray) -> Limits:
        """Return the range of the differences of columns."""
        first, second = columns
        return Limits(
            self.lowest[first] - self.highest[second], self.highest[first] - self.lowest[second]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Sums over the clusters under random weights, and the weight of one more value."""

    sums: FloatArray  # shape (columns, draws)
    sizes: FloatArray  # shape (draws,)
    extra: FloatArray  # shape (draws,)
    level: float  # of the intervals that are wanted

    @classmethod
    def of(
        cls, board: ClusterSums, resamples: int, level: float, rng: np.random.Generator
    ) -> Draws:
        """Draw weights of the clusters of a board, exponential and so uniform over all shares."""
        if not 0 < level < 1:
            raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
        if resamples < 1:
            raise ParameterError(f"an interval needs at least one draw of weights: {resamples}")
        extra = rng.standard_gamma(_EXTRA, resamples) * board.sizes.mean()
        totals = board.weighted_totals(resamples, rng)
        return cls(totals[:-1], totals[-1], extra, level)

    @property
    def tail(self) -> float:
        """Probability beyond each end."""
        return (1 - self.level) / 2

    def gaps(self, columns: IndexArray) -> Draws:
        """Return the draws of the differences of columns."""
        first, second = columns
        return Draws(self.sums[first] - self.sums[second], self.sizes, self.extra, self.level)


def mean_ends(board: ClusterSums, limits: Limits, draws: Draws) -> Ends:
    """Return the ends of the interval of every column's mean."""
    means = board.means()
    if board.n == 1:
        return np.full_like(means, math.nan), np.full_like(means, math.nan)
    share = repeats(board)
    low, high = _student(board, limits, draws.level)
    far_low, far_high = _farthest(limits, draws)
    equal = draws.tail ** (1 / board.n)
    below, above = limits.bounded
    if below:
        low = np.maximum(low, far_low) + share**_POWER * np.minimum(far_low - low, 0)
        low = np.where(share == 1, limits.lowest + (means - limits.lowest) * equal, low)
    if above:
        high = np.minimum(high, far_high) + share**_POWER * np.maximum(far_high - high, 0)
        high = np.where(share == 1, limits.highest - (limits.highest - means) * equal, high)
    if not (below and above):
        low, high = (np.where(share == 1, math.nan, end) for end in (low, high))
    return np.minimum(low, means), np.maximum(high, means)


def difference_ends(board: ClusterSums, columns: IndexArray, limits: Limits, draws: Draws) -> Ends:
    """Return the ends of the interval of each difference; `columns` has shape (2, pairs)."""
    first, second = columns
    gaps = ClusterSums(board.sums[:, first] - board.sums[:, second], board.sizes)
    low, high = mean_ends(gaps, limits.gaps(columns), draws.gaps(columns))
    if board.n == 1:
        return low, high
    share = repeats(board)
    hidden = np.maximum(share[first], share[second]) ** _POWER
    far_low, far_high = _recovered(board, columns, mean_ends(board, limits, draws))
    return (
        low + np.nan_to_num(hidden * np.minimum(far_low - low, 0)),
        high + np.nan_to_num(hidden * np.maximum(far_high - high, 0)),
    )


def repeats(board: ClusterSums) -> FloatArray:
    """Return how far the clusters' means are equal: 0 if all differ, 1 if all are the same."""
    ordered = np.sort(np.round(board.cluster_means(), _DECIMALS), axis=0)
    place = np.arange(1.0, board.n)[:, None]
    starts = np.where(ordered[1:] == ordered[:-1], 0.0, place)
    most = (place - np.maximum.accumulate(starts, axis=0)).max(axis=0, initial=0.0)
    return np.asarray(most / (board.n - 1))


def _student(board: ClusterSums, limits: Limits, level: float) -> Ends:
    """Return t intervals with the jackknife's variance, on the logit or log scale of the range."""
    from scipy.special import expit, stdtrit

    means, error = board.means(), board.standard_errors()
    reach = float(stdtrit(board.n - 1, (1 + level) / 2)) * error
    below, above = means - limits.lowest, limits.highest - means
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if limits.bounded == (True, True):
            middle, step = np.log(below / above), reach * (1 / below + 1 / above)
            ends = [
                limits.lowest + (limits.highest - limits.lowest) * expit(middle + sign * step)
                for sign in (-1, 1)
            ]
        elif limits.bounded[0]:
            ends = [limits.lowest + below * np.exp(sign * reach / below) for sign in (-1, 1)]
        elif limits.bounded[1]:
            ends = [limits.highest - above * np.exp(sign * reach / above) for sign in (1, -1)]
        else:
            ends = [means - reach, means + reach]
    low, high = (np.where(np.isfinite(end), end, means) for end in ends)
    return low, high


def _farthest(limits: Limits, draws: Draws) -> Ends:
    """Return Gaffke's bounds: the sample and a value at the far bound, under random weights."""
    weights = draws.sizes + draws.extra
    ends = [
        _quantile((draws.sums + draws.extra * limit[:, None]) / weights, tail) if bounded else limit
        for limit, bounded, tail in zip(
            (limits.lowest, limits.highest),
            limits.bounded,
            (draws.tail, 1 - draws.tail),
            strict=True,
        )
    ]
    return ends[0], ends[1]


def _quantile(values: FloatArray, share: float) -> FloatArray:
    """Return `numpy.quantile` of each row to the last bit, in a fraction of its time."""
    last = values.shape[1] - 1
    place = share * last
    above = min(int(place) + 1, last)
    ordered = np.partition(values, above, axis=1)
    second = ordered[:, above]
    first = ordered[:, :above].max(axis=1) if above else second
    part = place - int(place)
    if part < 0.5:
        return np.asarray(first + (second - first) * part)
    return np.asarray(second - (second - first) * (1 - part))


def _recovered(board: ClusterSums, columns: IndexArray, ends: Ends) -> Ends:
    """Combine the intervals of two means into one of their difference (Zou & Donner 2008)."""
    first, second = columns
    means, residuals = board.means(), board.residuals()
    norms = np.sqrt((residuals**2).sum(axis=0))
    products = np.einsum("cp,cp->p", residuals[:, first], residuals[:, second])
    scale = norms[first] * norms[second]
    correlation = np.divide(products, scale, out=np.zeros_like(scale), where=scale > 0)

    def reach(one: FloatArray, other: FloatArray) -> FloatArray:
        squared = one**2 + other**2 - 2 * correlation * one * other
        return np.asarray(np.sqrt(np.maximum(squared, 0)))

    down, up = means - ends[0], ends[1] - means
    gaps = means[first] - means[second]
    return gaps - reach(down[first], up[second]), gaps + reach(up[first], down[second])
