"""Places on a board: ranks with intervals, and letters for groups that do not differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters

from awb.intervals import FloatArray
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import Comparison, compare_all, letter_groups, rank_intervals


@dataclass(frozen=True, slots=True)
class Place:
    """An explainer's rank, its 95 % interval over resampled clips, and its group letters.

    Explainers share a letter if and only if the tests do not tell them apart (paired Wilcoxon tests
    over clips, Holm-corrected, 5 %).
    """

    rank: int  # by the mean of the first metric, 1 = best; equal means share the best rank
    low: int
    high: int
    groups: str = ""
    p_value: float = math.nan
    """Adjusted, of the difference from the best; the largest if several share the first place."""


def places(
    values: FloatArray,
    clips: Sequence[str],
    facts: MetricFacts,
    key: RandomKey,
) -> list[Place]:
    """Rank explainers on their common instances; `values` has shape (instances, explainers)."""
    if values.shape[1] == 0:
        return []
    better = facts.higher_is_better
    found = rank_intervals(values, list(clips), higher_is_better=better, rng=key.generator("ranks"))
    ahead = [sum(other.rank < one.rank for other in found) for one in found]
    groups, p_values = [""] * len(found), [math.nan] * len(found)
    if values.shape[1] > 1 and len(set(clips)) > 1:
        comparisons = compare_all(
            values, list(clips), lowest=facts.lowest, highest=facts.highest,
            rng=key.generator("pairs"),
        )  # fmt: skip
        order = sorted(range(len(found)), key=lambda column: found[column].rank)
        groups = group_letters(letter_groups(order, comparisons), len(found))
        p_values = _from_best(comparisons, ahead)
    return [
        Place(1 + n_better, int(one.low), int(one.high), letters, p_value)
        for one, n_better, letters, p_value in zip(found, ahead, groups, p_values, strict=True)
    ]


def _from_best(comparisons: Sequence[Comparison], ahead: Sequence[int]) -> list[float]:
    """Return each column's largest adjusted p-value against the first place, itself with 1."""
    p_values = [0.0 if n_better else 1.0 for n_better in ahead]
    for one in comparisons:
        for column, other in ((one.first, one.second), (one.second, one.first)):
            if not ahead[other]:
                p_values[column] = max(p_values[column], one.adjusted_p_value)
    return p_values


def group_letters(groups: Sequence[Sequence[int]], n_columns: int) -> list[str]:
    """Write the groups of each column as letters.

    Examples
    --------
    >>> group_letters([(0, 1), (1, 2)], 3)
    ['a', 'ab', 'b']
    """
    found = [""] * n_columns
    for number, group in enumerate(groups):
        turn, place = divmod(number, len(ascii_letters))
        for column in group:
            found[column] += ascii_letters[place] + (str(turn + 1) if turn else "")
    return found
