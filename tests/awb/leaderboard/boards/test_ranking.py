"""Places on a board against loops: ranks, their direction, and unlimited letters."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest

from awb.leaderboard.boards.ranking import Place, group_letters, ranking
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.statistics import compare_all

KEY = RandomKey((0, "board"))


def _facts(higher_is_better: bool) -> MetricFacts:
    return MetricFacts(name="auc", family="localization", summary="s", unit="u", undefined="n",
                       higher_is_better=higher_is_better, lowest=0, highest=1,
                       citation="c")  # fmt: skip


def _letters(text: str) -> list[str]:
    return re.findall(r"[a-zA-Z]\d*", text)


@pytest.mark.parametrize("n_columns", [1, 26, 27, 52, 53, 120])
def test_letters_do_not_run_out(n_columns: int) -> None:
    """Only neighbours overlap: each has its own letter and the previous one."""
    groups = [(column, column + 1) for column in range(n_columns - 1)]
    found = [_letters(text) for text in group_letters(groups, n_columns)]
    for one, other in combinations(range(n_columns), 2):
        assert bool(set(found[one]) & set(found[other])) == (other == one + 1), (one, other)
    assert sum(map(len, found)) == 2 * len(groups)


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_places_match_a_loop(higher_is_better: bool) -> None:
    rng = np.random.default_rng(2)
    clips = [f"clip-{number // 2}" for number in range(60)]
    table = rng.normal([0.5, 0.9, 0.55, 0.5, 0.1], 0.1, (60, 5))
    table[:, 3] = table[:, 0]
    found = ranking(table, clips, list("abcde"), _facts(higher_is_better), KEY).places
    means = [sum(column) / 60 for column in table.T.tolist()]
    for place, mean in zip(found, means, strict=True):
        ahead = [other > mean if higher_is_better else other < mean for other in means]
        assert place.rank == 1 + sum(ahead)
        assert 1 <= place.low <= place.rank <= place.high <= 5
    differ = {
        (one.first, one.second): one.adjusted_p_value <= 0.05
        for one in compare_all(table, clips, rng=KEY.generator("pairs"))
    }
    for (one, other), apart in differ.items():
        shared = set(_letters(found[one].groups)) & set(_letters(found[other].groups))
        assert bool(shared) != apart, (one, other)
    assert found[0].groups == found[3].groups


def test_one_column_or_one_clip_gets_no_letters() -> None:
    assert ranking(np.empty((3, 0)), ["a", "b", "c"], [], _facts(True), KEY).places == ()
    alone = ranking(np.array([[0.1], [0.2]]), ["a", "b"], ["one"], _facts(True), KEY)
    assert alone.places == (Place(1, 1, 1, ""),)
    assert alone.outlook is None
    table, names = np.array([[0.1, 0.3], [0.2, 0.4]]), ["one", "other"]
    one_clip = ranking(table, ["a", "a"], names, _facts(True), KEY)
    assert one_clip.places == (Place(2, 1, 2, ""), Place(1, 1, 2, ""))
