"""Places on a board: ranks with intervals, and letters for groups that do not differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from string import ascii_letters

from awb.harness.storage.memo import Memo
from awb.intervals import FloatArray
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import (
    Comparison,
    Power,
    compare_all,
    letter_groups,
    power_of,
    rank_intervals,
)

ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Place:
    """An explainer's rank, the ranks that the test leaves possible (95 %), and its group letters.

    All three follow from one paired test over clips, corrected for all pairs, at the 5 % level:
    explainers share a letter if and only if it does not tell them apart.
    """

    rank: int  # by the mean of the first metric, 1 = best; equal means share the best rank
    low: int
    high: int
    groups: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the clips of a board can tell about the explainers that have a place."""

    power: Power  # of the test, and for its first two
    leaders: tuple[str, str]  # the first two that are not equal; the first is the better
    difference: float  # between their means, not negative
    alike: tuple[str, ...]  # explainers that the test does not tell from the first

    @property
    def open(self) -> bool:
        """Whether the test leaves open which of the leaders is better."""
        return self.leaders[1] in self.alike


@dataclass(frozen=True, slots=True)
class Ranking:
    """The places of explainers, in the order given, and what the clips can tell."""

    places: tuple[Place, ...]
    outlook: Outlook | None


_RANKINGS: Memo[Ranking] = Memo(1_000)
"""A board is on several pages, whole and in slices."""


def ranking(
    values: FloatArray,
    clips: Sequence[str],
    names: Sequence[str],
    facts: MetricFacts,
    key: RandomKey,
) -> Ranking:
    """Rank explainers on the same instances; `values` has shape (instances, explainers)."""
    return _RANKINGS.get(
        partial(_ranking, values, clips, names, facts, key),
        *(values.tobytes(), tuple(clips), tuple(names), facts.higher_is_better, key),
    )


def _ranking(
    values: FloatArray,
    clips: Sequence[str],
    names: Sequence[str],
    facts: MetricFacts,
    key: RandomKey,
) -> Ranking:
    if not names:
        return Ranking((), None)
    several = len(names) > 1
    comparisons = compare_all(values, clips, rng=key.generator("pairs")) if several else []
    found = rank_intervals(
        values.mean(axis=0), comparisons, higher_is_better=facts.higher_is_better, alpha=ALPHA
    )
    order = sorted(range(len(names)), key=lambda column: (found[column].rank, names[column]))
    letters = [""] * len(names)
    if several and len(set(clips)) > 1:
        letters = group_letters(letter_groups(order, comparisons, alpha=ALPHA), len(names))
    places = tuple(
        Place(1 + sum(other.rank < one.rank for other in found), int(one.low), int(one.high), group)
        for one, group in zip(found, letters, strict=True)
    )
    if not several:
        return Ranking(places, None)
    first = order[0]
    second = next((one for one in order if places[one].rank > 1), order[1])
    power = power_of(
        values, clips, (min(first, second), max(first, second)), rng=key.generator("power")
    )
    return Ranking(
        places,
        Outlook(
            power,
            (names[first], names[second]),
            abs(float(values[:, first].mean() - values[:, second].mean())),
            tuple(names[one] for one in _alike(first, comparisons)),
        ),
    )


def _alike(column: int, comparisons: Sequence[Comparison]) -> list[int]:
    """List the columns that the test does not tell from the given one."""
    return [
        one.second if one.first == column else one.first
        for one in comparisons
        if column in (one.first, one.second) and one.adjusted_p_value > ALPHA
    ]


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
