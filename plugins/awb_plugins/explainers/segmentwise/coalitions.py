"""Coalitions of segments: all of them, or drawn by size or alike, in complementary pairs.

Drawing a size k with a chance proportional to ``1 / (k (n - k))`` gives each coalition its weight
in the regression whose solution are Shapley values. A coalition and its complement together cancel
the part of the error that is even.

References
----------
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536
Musco, C., & Witter, R. T. (2025). Provably accurate Shapley value estimation via leverage score
sampling. ICLR. arXiv:2410.01917 (sizes alike, and without replacement)
"""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from awb.intervals import FloatArray
from awb.types import BoolArray


def are_few(n_segments: int, samples: int) -> bool:
    """Say whether there are at most so many coalitions, ``2**n_segments <= samples``."""
    return n_segments < 63 and 2**n_segments <= samples


def all_coalitions(n_segments: int) -> BoolArray:
    """List every coalition, the full one first and the empty one last.

    Examples
    --------
    >>> all_coalitions(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    number = np.arange(2**n_segments)
    dropped: BoolArray = (number[:, np.newaxis] >> np.arange(n_segments)) % 2 == 1
    return dropped


def shapley_coalitions(n_segments: int, samples: int, rng: np.random.Generator) -> BoolArray:
    """Draw coalitions from the Shapley kernel, each followed by its complement; or list all."""
    if are_few(n_segments, samples + 2):
        return all_coalitions(n_segments)[1:-1]
    sizes = np.arange(1, n_segments)
    chance = 1.0 / (sizes * (n_segments - sizes))
    pairs = (samples + 1) // 2
    dropped = rng.choice(sizes, size=pairs, p=chance / chance.sum())
    rank = rng.permuted(np.tile(np.arange(n_segments), (pairs, 1)), axis=1)
    half = rank < dropped[:, np.newaxis]
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)


def leverage_coalitions(
    n_segments: int, samples: int, rng: np.random.Generator, *, smallest: int = 1
) -> BoolArray:
    """Draw distinct coalitions, as many of every size, each with its complement; or list all.

    The leverage score of a coalition of size k in the regression is ``1 / C(n, k)``: all sizes are
    equally telling. A size that has fewer coalitions than its share is listed, and what it leaves
    over goes to the others. No coalition, or complement, has fewer players than `smallest`.
    """
    if are_few(n_segments, samples + 2) and smallest == 1:
        return all_coalitions(n_segments)[1:-1]
    sizes = np.arange(smallest, n_segments // 2 + 1)
    shares = np.where(2 * sizes == n_segments, 0.5, 1.0)  # a complement has the other size
    capacity = np.array([math.comb(n_segments, int(k)) for k in sizes], dtype=float) * shares
    quota = _water_level(shares, capacity, float(min((samples + 1) // 2, capacity.sum())))
    steps = np.floor(np.append(0.0, np.cumsum(quota)) + rng.random() + 1e-9).astype(int)
    drawn = [np.zeros((0, n_segments), dtype=bool)]
    for size, count, limit in zip(sizes, np.diff(steps), capacity, strict=True):
        drawn.append(_distinct(n_segments, int(size), int(min(count, limit)), rng))
    half = np.concatenate(drawn)
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)


def ends_coalitions(n_segments: int, samples: int, rng: np.random.Generator) -> BoolArray:
    """List each segment dropped alone and kept alone, and draw the rest by leverage; or list all.

    These weigh most in the regression, and settle it where there are few others. With fewer than
    two coalitions a segment there is no room for them, and all are drawn.
    """
    if samples < 2 * n_segments or are_few(n_segments, samples + 2) or n_segments < 4:
        return leverage_coalitions(n_segments, samples, rng)
    alone = np.eye(n_segments, dtype=bool)
    rest = leverage_coalitions(n_segments, samples - 2 * n_segments, rng, smallest=2)
    listed = np.stack([alone, ~alone], axis=1).reshape(-1, n_segments)
    return np.concatenate([listed, rest])


def _water_level(shares: FloatArray, capacity: FloatArray, total: float) -> FloatArray:
    """Divide a total by shares, none above its capacity."""
    quota, full = np.zeros(shares.size), np.zeros(shares.size, dtype=bool)
    while True:
        quota[full] = capacity[full]
        rest = max(0.0, total - capacity[full].sum())
        quota[~full] = rest * shares[~full] / max(shares[~full].sum(), 1e-300)
        over = ~full & (quota > capacity)
        if not over.any():
            return quota
        full |= over


def _distinct(n_segments: int, size: int, count: int, rng: np.random.Generator) -> BoolArray:
    """Draw distinct coalitions of one size, of which no two are complements."""
    halves = 2 * size == n_segments
    free = np.arange(1 if halves else 0, n_segments)  # of halves, those with the first segment
    chosen: dict[bytes, BoolArray] = {}
    if math.comb(free.size, size - halves) <= 4 * count:
        every = np.array(list(combinations(free, size - halves)), dtype=int)
        rows = every[rng.choice(len(every), size=count, replace=False)]
        found = np.zeros((count, n_segments), dtype=bool)
        np.put_along_axis(found, rows, True, axis=1)
        found[:, :1] |= halves
        return found
    while len(chosen) < count:
        row = np.zeros(n_segments, dtype=bool)
        row[rng.choice(free, size=size - halves, replace=False)] = True
        row[0] |= halves
        chosen.setdefault(row.tobytes(), row)
    return np.array(list(chosen.values()), dtype=bool).reshape(count, n_segments)


def uniform_coalitions(n_segments: int, samples: int, rng: np.random.Generator) -> BoolArray:
    """Draw coalitions at random, each followed by its complement; or list all."""
    if are_few(n_segments, samples):
        return all_coalitions(n_segments)
    half = rng.random(((samples + 1) // 2, n_segments)) < 0.5
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)
