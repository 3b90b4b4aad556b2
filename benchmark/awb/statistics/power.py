"""Power: which differences could these clips show, and how many clips would show a given one?

Conventions
-----------
As in `awb.statistics.sign_flips`, whose test this is about: "show" means that the test, corrected
for all pairs, tells two explainers apart in 80 % of samples of clips. The differences of a pair are
taken to vary between clips as they do here, about normally.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.sign_flips import LEAST_CLIPS, largest_by_chance, pair_gaps

MOST_CLIPS = 10_000
"""Larger numbers of clips are not told: they depend on noise alone."""


@dataclass(frozen=True, slots=True)
class Power:
    """What the test can show with some number of clips.

    Attributes
    ----------
    n_clips : int
        Number of clips.
    smallest : float
        Difference of means that would be shown, the median over pairs; infinite if these clips
        cannot show any.
    clips_needed : int
        Clips that would show the observed difference of the pair in question, if it is what it
        seems; more than `MOST_CLIPS` if the number is not worth telling.
    """

    n_clips: int
    smallest: float
    clips_needed: int


def power_of(
    values: npt.ArrayLike,
    clusters: npt.ArrayLike,
    pair: tuple[int, int],
    *,
    level: float = 0.95,
    power: float = 0.8,
    draws: int = 10_000,
    rng: np.random.Generator,
) -> Power:
    """Tell which difference these clips could show, and how many would show an observed one.

    Parameters
    ----------
    values : array_like, shape=(instances, explainers)
        One finite value per instance and explainer.
    clusters : array_like, shape=(instances,)
        Cluster of each instance, such as its clip's id.
    pair : (int, int)
        Columns, the lower first, that `clips_needed` is about.
    level : float
        Confidence of the test, in (0, 1).
    power : float
        Share of samples in which the difference is to be shown, in (0, 1).
    draws : int
        Number of random choices of signs.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    Power
        In the unit of the values, and in clips. With a median spread of 0, `smallest` is 0.

    Raises
    ------
    ParameterError
        If there are fewer than two columns, a value is not finite, or a setting is out of range.
    """
    from scipy.special import stdtr

    if not (0 < level < 1 and 0 < power < 1):
        raise ParameterError(f"level and power must be in (0, 1): {level}, {power}")
    pairs, gaps, n_instances = pair_gaps(values, clusters)
    if pair not in pairs:
        raise ParameterError(f"not a pair of columns: {pair}")
    n_clips = len(gaps)
    limit = largest_by_chance(gaps, level=level, draws=draws, rng=rng)
    beyond = n_clips - limit**2  # 0 if the limit is the largest value that the statistic can have
    smallest, alpha = math.inf, (1 - level) / len(pairs)
    if beyond > 1e-9:
        t_limit = limit * math.sqrt((n_clips - 1) / beyond)
        effect = _effect(n_clips, t_limit, power)
        spread = float(np.median(gaps.std(axis=0, ddof=1)))
        smallest = effect * spread * n_clips / n_instances
        alpha = min(max(alpha, 2 * float(stdtr(n_clips - 1, -t_limit))), 1 - level)
    gap = gaps[:, pairs.index(pair)]
    return Power(n_clips, smallest, _clips_needed(gap, alpha, power))


def _effect(n_clips: int, t_limit: float, power: float) -> float:
    """Mean over standard deviation at which t exceeds its limit in a share `power` of samples."""
    from scipy.optimize import brentq

    root = math.sqrt(n_clips)

    def lacking(effect: float) -> float:
        return _beyond(t_limit, n_clips - 1, root * effect) - power

    return float(brentq(lacking, 0.0, 4 * (t_limit + 4) / root, xtol=1e-6))


def _beyond(limit: float, freedom: int, shift: float) -> float:
    """Probability that a noncentral t exceeds a limit; importing scipy.stats takes a second."""
    from scipy.special import nctdtr

    below = float(nctdtr(freedom, shift, limit))
    if math.isnan(below):  # as it is for some shifts near 0
        from scipy.stats import nct

        return float(nct.sf(limit, freedom, shift))
    return 1.0 - below


def _clips_needed(gap: FloatArray, alpha: float, power: float) -> int:
    """Search the number of clips with which a t test at level `alpha` has the power."""
    from scipy.special import stdtrit

    mean = abs(float(gap.mean()))
    spread = float(gap.std(ddof=1)) if gap.size > 1 else math.nan
    if mean == 0 or math.isnan(spread):
        return MOST_CLIPS + 1
    ratio = mean / max(spread, mean / 100)  # at such a ratio, fewer clips than the least will do

    def enough(n_clips: int) -> bool:
        limit = -float(stdtrit(n_clips - 1, alpha / 2))
        return _beyond(limit, n_clips - 1, math.sqrt(n_clips) * ratio) >= power

    return LEAST_CLIPS + bisect_left(range(LEAST_CLIPS, MOST_CLIPS + 1), True, key=enough)
