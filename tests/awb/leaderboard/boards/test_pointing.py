"""Where explanations of false alarms point, against a loop in milliseconds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from awb.harness.selection.manifest import Kept
from awb.leaderboard.boards.pointing import PointedAt, label_shares, pointed_at, pointing_rows
from golden.strategies import quick, relevances

OTHERS = (("Dog", 0.1, 0.35), ("Cat", 0.5, 0.72), ("Dog", 0.3, 0.4))
ALARM = Kept("a", "Horn", 2, (), 1.5, "hash", OTHERS, 1.05)


def _slow(relevance: np.ndarray, label: str) -> tuple[float, float]:
    """Take every millisecond for itself: its cell's relevance, spread evenly over the cell."""
    mass = inside = covered = 0.0
    for cell, value in enumerate(relevance):
        start, stop = cell * 100, min(cell * 100 + 100, 1050)
        mass += max(value, 0.0)
        for at in range(start, stop):
            hit = any(
                name == label and onset * 1000 <= at + 0.5 < offset * 1000
                for name, onset, offset in OTHERS
            )
            inside += hit * max(value, 0.0) / (stop - start)
            covered += hit / (stop - start)
    return inside / mass, covered / len(relevance)


@quick
@given(relevances(11))
def test_shares_are_those_of_a_slow_loop(relevance: np.ndarray) -> None:
    found = label_shares(relevance, ALARM, 0.1)
    if not (relevance > 0).any():
        assert found == []
        return
    for label, share, chance in found:
        assert (share, chance) == pytest.approx(_slow(relevance, label), abs=1e-9)
    assert [label for label, _, _ in found] in (["Dog", "Cat"], ["Cat", "Dog"])
    assert found[0][1] >= found[1][1]


def test_constant_relevance_has_the_share_of_chance() -> None:
    for _, share, chance in label_shares(np.full(11, 2.0), ALARM, 0.1):
        assert share == pytest.approx(chance)


def test_the_table_counts_explanations_but_not_baselines() -> None:
    dog, cat = np.zeros(11), np.zeros(11)
    dog[1], cat[5] = 1.0, 1.0
    stored = {("a", "Horn"): {"naive": dog, "lime@300": dog, "other": cat, "random": cat}}
    rows = pointed_at([ALARM], stored, 0.1, without=frozenset({"random"}))
    assert [(row.label, row.explanations, row.of, row.share) for row in rows] == [
        ("Dog", 2, 3, 1.0),
        ("Cat", 1, 3, 1.0),
    ]
    assert pointing_rows(rows) == [
        ["Horn", "1", "Dog", "2 of 3", "1.00", "0.27"],
        ["", "", "Cat", "1 of 3", "1.00", "0.20"],
    ]


def test_relevance_that_is_nowhere_positive_points_nowhere() -> None:
    assert pointed_at([ALARM], {("a", "Horn"): {"naive": -np.ones(11)}}, 0.1) == ()
    assert PointedAt("Horn", 1, "Dog", 1, 1, 1.0, 0.5).share == 1.0
