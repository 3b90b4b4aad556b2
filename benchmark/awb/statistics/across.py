"""Across boards: mean ranks, and whether explainers differ consistently.

Two questions are kept apart. *On these boards, with other clips?* is answered by a bootstrap that
resamples clips within each board, ranks each board again and averages the ranks. *On other boards?*
is answered by tests whose units are boards: Friedman's over all explainers, and Wilcoxon's
signed-rank test of every pair, Holm-corrected. The pairwise test uses the boards' means and not the
mean ranks, so that whether two explainers differ does not depend on which others took part
(Benavoli et al. 2016).

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7.
https://jmlr.org/papers/v7/demsar06a.html
Benavoli, A., Corani, G., & Mangili, F. (2016). Should we really use post-hoc tests based on
mean-ranks? JMLR 17. https://jmlr.org/papers/v17/benavoli16a.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.statistics.clusters import ClusterSums
from awb.statistics.comparisons import Comparison, holm, wilcoxon_p_value
from awb.statistics.letters import letter_groups
from awb.statistics.ranks import RankInterval

_DECIMALS = 12  # means that differ by float noise are tied


@dataclass(frozen=True, slots=True)
class AcrossBoards:
    """Explainers on several boards.

    Attributes
    ----------
    ranks : np.ndarray, shape=(boards, explainers)
        Rank by the mean on each board, 1 = best; ties share the mean of their ranks.
    mean_ranks : tuple of RankInterval
        Mean over boards, one per explainer, with its interval over clips resampled within boards.
    friedman_p : float
        Of Friedman's test over boards that all explainers are equal; NaN for fewer than two boards
        or three explainers, 1 if all explainers tie on every board.
    groups : tuple of tuple of int
        Groups of explainers that no test over boards tells apart, the best first; see
        `awb.statistics.letter_groups`.
    boards_needed : int
        Boards from which the pairwise tests could tell any two explainers apart.
    """

    ranks: FloatArray
    mean_ranks: tuple[RankInterval, ...]
    friedman_p: float
    groups: tuple[tuple[int, ...], ...]
    boards_needed: int


def compare_across(
    boards: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    higher_is_better: bool,
    resamples: int = 10_000,
    level: float = 0.95,
    rng: np.random.Generator,
) -> AcrossBoards:
    """Rank explainers on every board, average the ranks, and test over boards.

    Parameters
    ----------
    boards : sequence of (array_like, array_like)
        For each board the values, ``shape=(instances, explainers)``, with the same explainers in
        the same order, and the cluster of each instance, such as its clip's id.
    higher_is_better : bool
        Direction of the metric.
    resamples : int
        Number of bootstrap draws.
    level : float
        Confidence of the intervals, in (0, 1); the tests use ``1 - level``.
    rng : np.random.Generator
        Source of randomness.

    Returns
    -------
    AcrossBoards
        Ranks, intervals and tests. A board with a single cluster is not resampled. Resampling clips
        adds noise, which pulls ranks towards the middle; intervals always contain their rank.

    Raises
    ------
    ParameterError
        If there is no board, the boards have different numbers of explainers, a value is not
        finite, or a setting is out of range.

    References
    ----------
    Demšar, J. (2006). https://jmlr.org/papers/v7/demsar06a.html
    Benavoli, A., et al. (2016). https://jmlr.org/papers/v17/benavoli16a.html

    Examples
    --------
    >>> board = [[0.9, 0.5], [0.8, 0.6]], ["a", "b"]
    >>> found = compare_across([board, board], higher_is_better=True, rng=np.random.default_rng(0))
    >>> [one.rank for one in found.mean_ranks], found.boards_needed
    ([1.0, 2.0], 6)
    """
    from scipy.stats import rankdata

    if not 0 < level < 1:
        raise ParameterError(f"the level of an interval must be in (0, 1): {level}")
    sign = -1.0 if higher_is_better else 1.0
    sums = [ClusterSums.of(sign * np.asarray(values), clips) for values, clips in boards]
    widths = {one.sums.shape[1] for one in sums}
    if len(widths) != 1:
        raise ParameterError(f"boards must have the same explainers; got {sorted(widths)} columns")
    means = np.round([one.means() for one in sums], _DECIMALS)
    ranks = np.asarray(rankdata(means, axis=1), dtype=np.float64)
    drawn = np.zeros((resamples, means.shape[1]))
    for one in sums:
        drawn += rankdata(np.round(one.resampled_means(resamples, rng), _DECIMALS), axis=1)
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn / len(sums), tails, axis=0)
    mean_ranks = tuple(
        RankInterval(float(rank), float(min(rank, best)), float(max(rank, worst)))
        for rank, best, worst in zip(ranks.mean(axis=0), low, high, strict=True)
    )
    return AcrossBoards(
        ranks,
        mean_ranks,
        friedman(ranks),
        _groups(means, [one.rank for one in mean_ranks], 1 - level),
        boards_needed(means.shape[1], alpha=1 - level),
    )


def friedman(ranks: npt.ArrayLike) -> float:
    """Friedman's test that all explainers are equal, with its correction for ties.

    Parameters
    ----------
    ranks : array_like, shape=(boards, explainers)
        Ranks within each board, or any values in the same order as the ranks.

    Returns
    -------
    float
        p-value by the chi-square approximation, rough for few boards; NaN for fewer than two boards
        or three explainers, 1 if all explainers tie on every board.

    References
    ----------
    Friedman, M. (1937). The use of ranks to avoid the assumption of normality implicit in the
    analysis of variance. JASA 32(200). doi:10.1080/01621459.1937.10503522
    """
    from scipy.stats import friedmanchisquare

    table = np.asarray(ranks, dtype=np.float64)
    n_boards, n_explainers = table.shape
    if n_boards < 2 or n_explainers < 3:
        return math.nan
    if bool((table == table[:, :1]).all()):
        return 1.0
    return float(friedmanchisquare(*table.T).pvalue)


def boards_needed(n_explainers: int, *, alpha: float = 0.05) -> int:
    """Count the boards that Holm-corrected Wilcoxon tests need to tell any two explainers apart.

    With ``n`` boards no two-sided p-value is below ``2 / 2**n``, however clear the difference, and
    Holm multiplies the smallest by the number of pairs.

    Parameters
    ----------
    n_explainers : int
        At least 2.
    alpha : float
        Level of the tests.

    Returns
    -------
    int
        Boards, at least 1.

    Examples
    --------
    >>> boards_needed(2), boards_needed(31)
    (6, 15)
    """
    n_pairs = n_explainers * (n_explainers - 1) // 2
    count = 1
    while 2.0 * n_pairs / 2.0**count > alpha:
        count += 1
    return count


def _groups(
    means: FloatArray, mean_ranks: Sequence[float], alpha: float
) -> tuple[tuple[int, ...], ...]:
    """Group the explainers that the tests over boards do not tell apart."""
    pairs = list(combinations(range(means.shape[1]), 2))
    order = sorted(range(means.shape[1]), key=lambda column: mean_ranks[column])
    if not pairs:
        return ((0,),)
    raw = [wilcoxon_p_value(means[:, first] - means[:, second]) for first, second in pairs]
    found = [
        Comparison(
            first,
            second,
            float(means[:, first].mean() - means[:, second].mean()),
            p_value,
            float(adjusted),
        )
        for (first, second), p_value, adjusted in zip(pairs, raw, holm(raw), strict=True)
    ]
    return tuple(letter_groups(order, found, alpha=alpha))
