"""Letters: two explainers share one if and only if they are not told apart."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.leaderboard.boards.ranking import group_letters
from awb.statistics import Comparison, Interval, letter_groups
from golden.strategies import quick

Pairs = dict[tuple[int, int], bool]


def _compared(differs: Pairs) -> list[Comparison]:
    nothing = Interval(0.0, 0.0, 0.0)
    return [
        Comparison(*pair, nothing, p, p)
        for pair, apart in differs.items()
        for p in [0.01 if apart else 0.9]
    ]


@st.composite
def relations(draw: st.DrawFn) -> tuple[list[int], Pairs]:
    """Any symmetric relation of up to eleven columns, in any order."""
    n = draw(st.integers(0, 11))
    pairs = list(combinations(range(n), 2))
    apart = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    return draw(st.permutations(range(n))), dict(zip(pairs, apart, strict=True))


@quick
@given(relations())
def test_two_share_a_letter_if_and_only_if_they_are_not_told_apart(
    relation: tuple[list[int], Pairs],
) -> None:
    order, differs = relation
    groups = letter_groups(order, _compared(differs))
    letters = group_letters(groups, len(order))
    for (one, other), apart in differs.items():
        assert bool(set(letters[one]) & set(letters[other])) != apart
    assert all(letters)
    if order:
        assert "a" in letters[order[0]]
    place = {column: at for at, column in enumerate(order)}
    places = [[place[column] for column in group] for group in groups]
    assert places == sorted(sorted(group) for group in places)


@quick
@given(relations())
def test_no_letter_is_redundant(relation: tuple[list[int], Pairs]) -> None:
    """Without any one member of any group, a pair would share no letter, or a column have none."""
    order, differs = relation
    groups = letter_groups(order, _compared(differs))
    for number, group in enumerate(groups):
        others = [set(other) for at, other in enumerate(groups) if at != number]
        for member in group:
            lost = [
                one for one in group if one != member
                if not any({one, member} <= other for other in others)
            ]  # fmt: skip
            assert lost or len(group) == 1


def test_groups_need_not_be_neighbours() -> None:
    """The third is precise and differs from the first; the fourth is not and does not."""
    differs = dict.fromkeys(combinations(range(4), 2), False) | {(0, 2): True, (1, 2): True}
    assert letter_groups([0, 1, 2, 3], _compared(differs)) == [(0, 1, 3), (2, 3)]


def test_the_level_decides() -> None:
    differs = {(0, 1): False, (0, 2): True, (1, 2): False}
    assert letter_groups([0, 1, 2], _compared(differs)) == [(0, 1), (1, 2)]
    assert letter_groups([2, 1, 0], _compared(differs)) == [(2, 1), (1, 0)]
    assert letter_groups([0, 1, 2], _compared(differs), alpha=0.001) == [(0, 1, 2)]
    assert letter_groups([3], []) == [(3,)]
    assert letter_groups([], []) == []


def test_letters_are_few_where_maximal_cliques_are_very_many() -> None:
    """Twenty pairs that differ, and no others: 2 ** 20 maximal cliques."""
    differs = {(a, b): b == a + 1 and a % 2 == 0 for a, b in combinations(range(40), 2)}
    groups = letter_groups(list(range(40)), _compared(differs))
    assert len(groups) <= 20


@pytest.mark.parametrize("seed", range(5))
def test_a_board_has_no_more_letters_than_maximal_cliques(seed: int) -> None:
    rng = np.random.default_rng(seed)
    means, errors = np.sort(rng.normal(size=25)), rng.uniform(0.2, 1, 25)
    differs = {
        (a, b): bool(means[b] - means[a] > 1.2 * np.hypot(errors[a], errors[b]))
        for a, b in combinations(range(25), 2)
    }
    groups = letter_groups(list(range(25)), _compared(differs))
    assert len(groups) <= len(_maximal_cliques(25, differs))


def _maximal_cliques(n: int, differs: Pairs) -> list[set[int]]:
    """Insert and absorb (Piepho 2004), plainly."""
    groups = [set(range(n))]
    for pair in (pair for pair, apart in differs.items() if apart):
        split = [group for group in groups if not set(pair) <= group]
        halves = [group - {one} for group in groups if set(pair) <= group for one in pair]
        for half in halves:
            if not any(half <= other for other in split):
                split.append(half)
        groups = split
    return groups


def test_letters_do_not_guess() -> None:
    with pytest.raises(ParameterError, match="not compared"):
        letter_groups([0, 1, 2], _compared({(0, 1): False}))
