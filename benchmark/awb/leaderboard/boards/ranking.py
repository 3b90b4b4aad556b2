"""Places on a board: ranks with intervals, and letters for groups that do not differ."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters

from awb.intervals import FloatArray
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import compare_all, rank_intervals, tie_groups


@dataclass(frozen=True, slots=True)
class Place:
    """An explainer's rank, its 95 % interval over resampled clips, and its group letters.

    Explainers that share a letter do not differ (paired Wilcoxon test over clips, Holm-corrected,
    5 %).
    """

    rank: int  # by the mean of the first metric, 1 = best; equal means share the best rank
    low: int
    high: int
    groups: str = ""


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
    groups = [""] * values.shape[1]
    if values.shape[1] > 1 and len(set(clips)) > 1:
        comparisons = compare_all(values, list(clips), rng=key.generator("pairs"))
        order = sorted(range(len(found)), key=lambda column: found[column].rank)
        groups = group_letters(tie_groups(order, comparisons), len(found))
    return [
        Place(
            1 + sum(other.rank < one.rank for other in found),
            int(one.low),
            int(one.high),
            letters,
        )
        for one, letters in zip(found, groups, strict=True)
    ]


def letters_of(groups: str) -> set[str]:
    """Split the letters of a row, as `group_letters` joined them.

    Examples
    --------
    >>> sorted(letters_of("aBa2"))
    ['B', 'a', 'a2']
    """
    return set(re.findall(r"[A-Za-z]\d*", groups))


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
