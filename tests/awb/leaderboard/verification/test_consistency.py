"""Scores that follow from each other: correct ones are consistent, a changed one is not."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb import metrics
from awb.leaderboard.verification.consistency import contradictions
from golden.strategies import quick

PROBABILITIES = st.integers(0, 64).map(lambda number: number / 64)


def _correct(
    deletion: list[float], alone: list[float], masked: tuple[float, float], n_positive: int
) -> dict[str, float]:
    """Score curves and masked audio as a run does."""
    p_clip, (p_in, p_out) = deletion[0], masked
    scores = {
        **{f"ff@{percent}": metrics.ff(deletion, percent / 100) for percent in metrics.FF_AT},
        "ff@annotated": metrics.ff_at_count(deletion, n_positive),
        "comprehensiveness": metrics.comprehensiveness(deletion),
        "sufficiency": metrics.sufficiency([*alone, p_clip]),
        "deletion-area": metrics.deletion_area(deletion),
        "insertion-area": metrics.insertion_area([*alone, p_clip]),
        "srg": metrics.symmetric_relevance_gain(deletion, [*alone, p_clip]),
        "monotonicity": metrics.monotonicity(deletion),
        "ai": metrics.average_increase(p_clip, p_in),
        "ff-in": metrics.ff_masked(p_clip, p_in),
        "ff-out": metrics.ff_masked(p_clip, p_out),
    }
    if p_clip >= 0.5:
        scores["fid-in"] = metrics.fid_in(p_clip, p_in, threshold=0.5)
    if p_clip > 0:
        scores["ad"] = metrics.average_drop(p_clip, p_in)
    if p_clip < 1:
        scores["ag"] = metrics.average_gain(p_clip, p_in)
    return scores


def _log_odds(probability: float) -> float:
    if probability in (0.0, 1.0):
        return math.copysign(1e4, probability - 0.5)
    return math.log(probability / (1 - probability))


def _found(scores: Mapping[str, float], n_cells: int, n_positive: int, p_clip: float) -> list[str]:
    return list(
        contradictions(
            scores, n_cells=n_cells, n_positive=n_positive, clip_log_odds=_log_odds(p_clip)
        )
    )


@quick
@given(st.data())
def test_scores_of_a_run_are_consistent(data: st.DataObject) -> None:
    """Even if the manifest's score comes from another batch size, and is slightly off."""
    n_cells = data.draw(st.integers(2, 120))
    rows = st.lists(PROBABILITIES, min_size=n_cells, max_size=n_cells)
    deletion = [data.draw(PROBABILITIES), *data.draw(rows)]
    n_positive = data.draw(st.integers(1, n_cells))
    masked = (data.draw(PROBABILITIES), data.draw(PROBABILITIES))
    scores = _correct(deletion, data.draw(rows), masked, n_positive)
    kept = data.draw(st.sets(st.sampled_from(sorted(scores))))
    for some in (scores, {name: scores[name] for name in kept}):
        for off in (0.0, 0.002, -0.002):
            p_clip = min(max(deletion[0] + off, 0.0), 1.0)
            assert _found(some, n_cells, n_positive, p_clip) == []


# Of 40 cells, 1 % is one, 5 % are two, 10 % are four and 20 % are eight, as many as annotated.
FALLING = [0.9 - 0.02 * cell for cell in range(41)]
SCORES = _correct(FALLING, FALLING[:0:-1], (0.7, 0.3), 8)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"srg": 0.9}, "srg is not the insertion area minus the deletion area"),
        ({"comprehensiveness": 0.3}, "comprehensiveness is not the mean of the ff scores"),
        ({"ff@5": 0.05}, "comprehensiveness is not the mean of the ff scores"),
        ({"ff@annotated": 0.2}, "ff@20 and ff@annotated drop the same cells but differ"),
        ({"ff@annotated": 0.91, "ff@20": 0.91}, "ff@annotated contradicts the score of the clip"),
        ({"ff-in": 0.91}, "ff-in contradicts the score of the clip"),
        ({"ff-in": -0.11}, "ff-in contradicts the score of the clip"),
        ({"ff-out": 0.95}, "ff-out contradicts the score of the clip"),
        ({"sufficiency": -0.2}, "sufficiency contradicts the score of the clip"),
        ({"monotonicity": 0.99}, "monotonicity is not a fraction of 40 steps"),
        ({"ad": 0.3}, "ad contradicts ff-in"),
        ({"ag": 0.1}, "ag contradicts ff-in"),
        ({"ai": 1.0}, "ai contradicts ff-in"),
        ({"fid-in": 0.0}, "fid-in contradicts ff-in"),
        ({"ff-in": -0.05}, "ai contradicts ff-in"),
        ({"ff-in": 0.5}, "fid-in contradicts ff-in"),
    ],
)
def test_a_single_changed_score_is_a_contradiction(changes: dict[str, float], reason: str) -> None:
    assert _found(SCORES, 40, 8, 0.9) == []
    changed = {**SCORES, **changes}
    assert reason in _found(changed, 40, 8, 0.9)


def test_missing_scores_are_not_checked() -> None:
    assert _found({}, 40, 8, 0.9) == []
    without = {name: SCORES[name] for name in SCORES if name != "ff-in"}
    assert _found({**without, "ad": 0.99, "ai": 1.0}, 40, 8, 0.9) == []
    free = {**SCORES, "ff@annotated": 0.2}
    found = contradictions(free, n_cells=40, n_positive=None, clip_log_odds=_log_odds(0.9))
    assert list(found) == [], "without annotated times there is no count of positive cells"
