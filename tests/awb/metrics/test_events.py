"""Event margin, event recall and PSDS."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import ScoredClip, event_margin, event_recall, psds
from awb.metrics.detection import area_under_steps
from golden import slow_localization as slow
from golden.strategies import Labelled, quick, relevances, with_events


@quick
@given(with_events())
def test_slow_margin_agrees(case: Labelled) -> None:
    relevance, coverage = case
    expected = slow.event_margin(relevance.tolist(), coverage.tolist())
    if expected is None:
        with pytest.raises(UndefinedScoreError):
            event_margin(relevance, coverage)
    else:
        score = event_margin(relevance, coverage)
        assert score == pytest.approx(expected)
        assert -1 <= score <= 1
        assert event_margin(4 * relevance, coverage) == pytest.approx(score)


@quick
@given(with_events(largest=10), st.integers(1, 12))
def test_slow_recall_agrees(case: Labelled, k: int) -> None:
    relevance, coverage = case
    expected = slow.event_recall(relevance.tolist(), coverage.tolist(), k)
    assert event_recall(relevance, coverage, k=k) == pytest.approx(expected)


@quick
@given(with_events(), st.integers(1, 8))
def test_recall_grows_with_k(case: Labelled, k: int) -> None:
    relevance, coverage = case
    smaller = event_recall(relevance, coverage, k=k)
    assert event_recall(relevance, coverage, k=k + 1) >= smaller - 1e-12
    assert event_recall(relevance, coverage, k=relevance.size) == 1.0


def test_the_margin_requires_every_event() -> None:
    coverage = [[1, 0, 0, 0], [0, 0, 1, 0]]
    assert event_margin([1.0, 0.0, 1.0, 0.0], coverage) == 1.0
    assert event_margin([1.0, 0.2, 0.1, 0.0], coverage) == pytest.approx(-0.1)
    assert event_margin([0.0, 1.0, 0.0, 1.0], coverage) == -1.0


def test_negative_relevance_does_not_add_to_the_margin() -> None:
    assert event_margin([1.0, -50.0], [[1, 0]]) == 1.0
    assert event_margin([-50.0, 1.0], [[1, 0]]) == -1.0


def test_an_event_shorter_than_a_cell_has_its_cell() -> None:
    coverage = [[0.0, 0.01, 0.0]]
    assert event_margin([0.0, 2.0, 1.0], coverage) == 0.5
    assert event_recall([0.0, 2.0, 1.0], coverage, k=1) == 1.0


@pytest.mark.parametrize(
    ("relevance", "coverage", "reason"),
    [
        ([1.0, 2.0], np.empty((0, 2)), "no event"),
        ([1.0, 2.0], [[1, 1]], "outside"),
        ([0.0, -2.0], [[1, 0]], "positive"),
        ([1.0, 2.0], [[1, 0], [0, 0]], "outside the clip"),
    ],
)
def test_a_margin_may_be_undefined(relevance, coverage, reason: str) -> None:
    with pytest.raises(UndefinedScoreError, match=reason):
        event_margin(relevance, coverage)


def test_bad_coverage_is_refused() -> None:
    with pytest.raises(ParameterError, match="one row per event"):
        event_margin([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(ParameterError, match="2 cells"):
        event_margin([1.0, 2.0], [[1.0, 0.0, 0.0]])
    with pytest.raises(ParameterError, match=r"\[0, 1\]"):
        event_recall([1.0, 2.0], [[1.0, 1.5]], k=1)
    with pytest.raises(ParameterError, match="one segment"):
        event_recall([1.0, 2.0], [[1.0, 0.0]], k=0)


@st.composite
def scored_clips(draw: st.DrawFn) -> ScoredClip:
    n = draw(st.integers(1, 25))
    edges_s = np.arange(n + 1) / 10
    last = n * 4
    marks = draw(st.lists(st.integers(0, last), min_size=2, max_size=6, unique=True))
    marks = sorted(marks)[: len(marks) // 2 * 2]
    intervals = np.array(marks).reshape(-1, 2) / 40
    return ScoredClip(draw(relevances(n)), edges_s, intervals)


@quick
@given(
    scored_clips(),
    st.sampled_from([0.1, 0.5, 0.7, 1.0]),
    st.sampled_from([0.1, 0.5, 1.0]),
    st.sampled_from([100.0, 3600.0]),
)
def test_slow_psds_agrees(clip: ScoredClip, dtc: float, gtc: float, limit: float) -> None:
    score = psds([clip], dtc=dtc, gtc=gtc, max_false_alarms_per_hour=limit)
    expected = slow.psds(
        clip.relevance.tolist(), clip.edges_s.tolist(), clip.intervals_s.tolist(), dtc, gtc, limit
    )
    assert score == pytest.approx(expected, abs=1e-9)
    assert 0 <= score <= 1 + 1e-12


@quick
@given(scored_clips())
def test_psds_depends_on_order_only(clip: ScoredClip) -> None:
    stretched = ScoredClip(7 * clip.relevance - 3, clip.edges_s, clip.intervals_s)
    assert psds([stretched]) == psds([clip])


@quick
@given(scored_clips())
def test_a_duplicated_clip_does_not_change_the_score(clip: ScoredClip) -> None:
    assert psds([clip, clip]) == pytest.approx(psds([clip]))


def test_psds_separates_the_baselines() -> None:
    n = 100
    edges_s, intervals = np.arange(n + 1) / 10, np.array([[2.0, 3.0], [8.5, 9.0]])
    inside = np.zeros(n)
    inside[20:30] = inside[85:90] = 1
    rng = np.random.default_rng(0)
    assert psds([ScoredClip(inside, edges_s, intervals)]) == 1.0
    assert psds([ScoredClip(inside[::-1].copy(), edges_s, intervals)]) == 0.0
    assert psds([ScoredClip(np.ones(n), edges_s, intervals)]) == 0.0
    assert psds([ScoredClip(rng.random(n), edges_s, intervals)]) < 0.1


def test_touching_intervals_are_one_event() -> None:
    clip = ScoredClip(np.ones(4), np.arange(5.0), np.array([[1.0, 2.0], [2.0, 3.0]]))
    assert clip.intervals_s.tolist() == [[1.0, 3.0]]


def test_bad_detection_input_is_refused() -> None:
    with pytest.raises(ParameterError, match="3 ascending edges"):
        ScoredClip(np.ones(2), np.arange(2.0), np.empty((0, 2)))
    with pytest.raises(ParameterError, match="end after it starts"):
        ScoredClip(np.ones(2), np.arange(3.0), np.array([[1.0, 1.0]]))
    clip = ScoredClip(np.ones(2), np.arange(3.0), np.empty((0, 2)))
    with pytest.raises(UndefinedScoreError, match="no event"):
        psds([clip])
    for settings in (
        {"dtc": 0.0},
        {"dtc": 1.1},
        {"gtc": 0.0},
        {"gtc": 1.1},
        {"max_false_alarms_per_hour": 0.0},
    ):
        with pytest.raises(ParameterError, match="psds needs"):
            psds([clip], **settings)
    with pytest.raises(ParameterError, match="psds needs"):
        psds([])


def test_the_staircase_never_falls() -> None:
    assert area_under_steps([0.0, 2.0, 1.0], [0.5, 0.2, 1.0], limit=2.0) == 1.5
    assert area_under_steps([5.0], [1.0], limit=2.0) == 0.0
