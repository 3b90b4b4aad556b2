"""Known pitfalls on the way from events in seconds to a score."""

from __future__ import annotations

import numpy as np
import pytest

from awb.errors import UndefinedScoreError
from awb.metrics import (
    ScoredClip,
    average_precision,
    complexity,
    event_margin,
    event_recall,
    pointing_game,
    psds,
    roc_auc,
    sparseness,
)
from awb.segments import Segments, labels_from_coverage

RATE_HZ = 16000
TEN_SECONDS = Segments(n_samples=10 * RATE_HZ, sample_rate_hz=RATE_HZ)


@pytest.mark.parametrize("onset_s", [0.0, 4.5, 9.0], ids=["start", "middle", "end"])
def test_a_constant_is_at_chance_wherever_the_event_is(onset_s: float) -> None:
    labels = labels_from_coverage(TEN_SECONDS.coverage([[onset_s, onset_s + 1.0]]))
    for value in (0.0, 1.0, 0.1):
        flat = np.full(100, value)
        assert roc_auc(flat, labels) == 0.5
        assert average_precision(flat, labels) == pytest.approx(0.1)
        assert pointing_game(flat, labels) == pytest.approx(0.1)


@pytest.mark.parametrize("onset_s", [0.0, 3.0, 9.0])
def test_a_reversed_oracle_is_below_chance(onset_s: float) -> None:
    labels = labels_from_coverage(TEN_SECONDS.coverage([[onset_s, onset_s + 1.0]]))
    oracle = (labels == 1).astype(float)
    assert roc_auc(oracle, labels) == 1.0
    assert roc_auc(oracle[::-1], labels) < 0.5


def test_two_touching_events_cover_a_segment_together() -> None:
    labels = labels_from_coverage(TEN_SECONDS.coverage([[1.0, 1.25], [1.25, 1.5]]))
    assert labels[10:15].tolist() == [1] * 5
    overlapping = labels_from_coverage(TEN_SECONDS.coverage([[1.0, 1.3], [1.2, 1.5]]))
    assert overlapping.tolist() == labels.tolist()


@pytest.mark.parametrize("rate_hz", [8000, 16000, 22050, 32000, 44100, 48000])
def test_an_event_on_segment_boundaries_keeps_its_neighbours(rate_hz: int) -> None:
    segments = Segments(n_samples=101 * rate_hz, sample_rate_hz=rate_hz)
    for k in range(1, 1000):
        labels = labels_from_coverage(segments.coverage([[k * 0.1, (k + 1) * 0.1]]))
        assert labels[k - 1 : k + 2].tolist() == [0, 1, 0], k
        assert (labels == -1).sum() == 0


def test_the_shorter_last_segment_counts_by_its_own_length() -> None:
    segments = Segments(n_samples=16400, sample_rate_hz=RATE_HZ)  # ten segments and a quarter
    labels = labels_from_coverage(segments.coverage([[1.0, 1.025]]))
    assert segments.n_cells == 11
    assert labels.tolist() == [0] * 10 + [1]
    assert roc_auc(np.arange(11), labels) == 1.0


def test_an_event_shorter_than_a_segment_has_no_positive_but_an_event_score() -> None:
    coverage = TEN_SECONDS.coverage([[2.02, 2.05]])
    relevance = np.zeros(100)
    relevance[20] = 1
    with pytest.raises(UndefinedScoreError, match="inside the events"):
        roc_auc(relevance, labels_from_coverage(coverage))
    strict = labels_from_coverage(coverage, positive=0.25)
    assert roc_auc(relevance, strict) == 1.0
    assert event_margin(relevance, coverage[None]) == 1.0
    assert event_recall(relevance, coverage[None], k=1) == 1.0


def test_one_segment() -> None:
    segments = Segments(n_samples=800, sample_rate_hz=RATE_HZ)
    labels = labels_from_coverage(segments.coverage([[0.0, 0.05]]))
    with pytest.raises(UndefinedScoreError, match="outside"):
        roc_auc([1.0], labels)
    assert sparseness([1.0]) == complexity([1.0]) == 0.0
    assert psds([ScoredClip(np.ones(1), np.array([0.0, 0.05]), np.array([[0.0, 0.05]]))]) == 1.0


def test_a_full_and_an_empty_event() -> None:
    for intervals_s in ([[0.0, 10.0]], np.empty((0, 2))):
        labels = labels_from_coverage(TEN_SECONDS.coverage(intervals_s))
        with pytest.raises(UndefinedScoreError):
            roc_auc(np.arange(100), labels)
