"""Coalitions of segments: all of them, or drawn by size or alike, in complementary pairs.

Drawing a size k with a chance proportional to ``1 / (k (n - k))`` gives each coalition its weight
in the regression whose solution are Shapley values. A coalition and its complement together cancel
the part of the error that is even.

References
----------
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536
"""

from __future__ import annotations

import numpy as np

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


def uniform_coalitions(n_segments: int, samples: int, rng: np.random.Generator) -> BoolArray:
    """Draw coalitions at random, each followed by its complement; or list all."""
    if are_few(n_segments, samples):
        return all_coalitions(n_segments)
    half = rng.random(((samples + 1) // 2, n_segments)) < 0.5
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)
