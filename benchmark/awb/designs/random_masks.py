"""Random drop masks: exact fractions in runs, and a mask with its complement.

Conventions
-----------
A random mask drops exactly ``ceil(fraction * n)`` segments, in runs of neighbours. Runs are placed
on a circle that is rotated at random, so that a run may extend over an edge (its rest is at the
other end) and every segment, including the first and the last, is dropped equally often.

References
----------
Bolaños, C., et al. (2025). Benchmarking time-localized explanations for audio classification
models. arXiv:2506.04391. (Fractions 0.2 to 0.4, runs of 1 to 5 segments, single and pooled.)
Covert, I., & Lee, S.-I. (2021). Improving KernelSHAP: practical Shapley value estimation using
linear regression. AISTATS. arXiv:2012.01536. (A coalition and its complement.)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from awb.errors import ParameterError
from awb.types import BoolArray

FRACTIONS = (0.2, 0.3, 0.4)
RUN_LENGTHS = (1, 3, 5)


def dropped_count(n_segments: int, fraction: float) -> int:
    """Return ``ceil(fraction * n)``, computed from the decimal representation of the fraction.

    Parameters
    ----------
    n_segments : int
        Number of segments, at least 1.
    fraction : float
        Part of the segments to drop, in (0, 1].

    Returns
    -------
    int
        Between 1 and `n_segments`.

    Raises
    ------
    ParameterError
        If either is out of range.

    Examples
    --------
    >>> dropped_count(100, 0.07)  # 0.07 * 100 is 7.000000000000001 in floating point
    7
    """
    if n_segments < 1 or not 0 < fraction <= 1:
        raise ParameterError(
            f"expected at least one segment and a fraction in (0, 1]: {n_segments}, {fraction}"
        )
    return math.ceil(Fraction(repr(float(fraction))) * n_segments)


def single(
    n_segments: int,
    samples: int,
    rng: np.random.Generator,
    *,
    fraction: float = 0.3,
    run_length: int = 3,
) -> BoolArray:
    """Draw random masks of one fraction and one run length.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    samples : int
        Number of masks.
    rng : np.random.Generator
        Source of randomness.
    fraction : float
        Part of the segments dropped in every mask, in (0, 1].
    run_length : int
        Segments in a run; the last run of a mask may be shorter, and runs may touch.

    Returns
    -------
    np.ndarray, shape=(samples, n_segments), dtype=bool
        Drop masks, each with exactly ``ceil(fraction * n_segments)`` True.

    Raises
    ------
    ParameterError
        If a size is not positive or the fraction is not in (0, 1].
    """
    if samples < 0 or run_length < 1:
        raise ParameterError(f"samples and run length must be positive: {samples}, {run_length}")
    dropped = dropped_count(n_segments, fraction)
    whole, rest = divmod(dropped, run_length)
    lengths = np.array([run_length] * whole + [rest] * (rest > 0) + [1] * (n_segments - dropped))
    is_run = np.arange(lengths.size) < whole + (rest > 0)
    order = rng.permuted(np.tile(np.arange(lengths.size), (samples, 1)), axis=1)
    circle = np.repeat(is_run[order].ravel(), lengths[order].ravel()).reshape(samples, n_segments)
    turn = rng.integers(n_segments, size=(samples, 1))
    return np.take_along_axis(circle, (np.arange(n_segments) + turn) % n_segments, axis=1)


def pooled(
    n_segments: int,
    samples: int,
    rng: np.random.Generator,
    *,
    fractions: Sequence[float] = FRACTIONS,
    run_lengths: Sequence[int] = RUN_LENGTHS,
) -> BoolArray:
    """Draw random masks of several fractions and run lengths, in equal shares.

    Parameters
    ----------
    n_segments : int
        Number of segments.
    samples : int
        Number of masks.
    rng : np.random.Generator
        Source of randomness.
    fractions : sequence of float
        Parts of the segments dropped.
    run_lengths : sequence of int
        Segments in a run.

    Returns
    -------
    np.ndarray, shape=(samples, n_segments), dtype=bool
        Drop masks; the settings alternate, so that every prefix is balanced.

    Raises
    ------
    ParameterError
        If there is no setting, or one is out of range.
    """
    settings = list(product(fractions, run_lengths))
    if not settings:
        raise ParameterError("a pooled design needs at least one fraction and one run length")
    if samples < 0:
        raise ParameterError(f"the number of samples must not be negative: {samples}")
    masks = np.empty((samples, n_segments), dtype=bool)
    for turn, (fraction, run_length) in enumerate(settings):
        rows = masks[turn :: len(settings)]
        rows[:] = single(n_segments, len(rows), rng, fraction=fraction, run_length=run_length)
    return masks


def antithetic(
    n_segments: int,
    samples: int,
    rng: np.random.Generator,
    *,
    fractions: Sequence[float] = FRACTIONS,
    run_lengths: Sequence[int] = RUN_LENGTHS,
) -> BoolArray:
    """Draw masks as `pooled` does, each followed by its complement.

    Every segment is dropped in exactly half of the masks, and the odd part of the score (additive
    evidence) is separated from the even part (interactions).

    Parameters
    ----------
    n_segments : int
        Number of segments.
    samples : int
        Number of masks; if it is odd, the last mask has no complement.
    rng : np.random.Generator
        Source of randomness.
    fractions, run_lengths : sequence
        Settings of the first mask of each pair, see `pooled`.

    Returns
    -------
    np.ndarray, shape=(samples, n_segments), dtype=bool
        Drop masks.

    Raises
    ------
    ParameterError
        If there is no setting, or one is out of range.
    """
    if samples < 0:
        raise ParameterError(f"the number of samples must not be negative: {samples}")
    half = pooled(n_segments, (samples + 1) // 2, rng, fractions=fractions, run_lengths=run_lengths)
    return np.stack([half, ~half], axis=1).reshape(-1, n_segments)[:samples]
