"""The data types: what they refuse, and that they are immutable."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb.errors import AudioError, LabelError, ParameterError, RelevanceError
from awb.types import Clip, Cost, Event, Explanation, Instance
from golden.strategies import quick

RATE_HZ = 1000


def _clip(events: tuple[Event, ...] = (), n: int = 2000) -> Clip:
    return Clip("a-clip", np.zeros(n, dtype=np.float32), RATE_HZ, events)


def _instance(intervals_s) -> Instance:
    events = tuple(Event(a, b, "Dog", "/m/0bt9lr") for a, b in intervals_s)
    return Instance("folder", _clip(events), "Dog", 3, np.array(intervals_s))


@pytest.mark.parametrize(
    ("onset_s", "offset_s", "label", "reason"),
    [
        (1.0, 0.5, "Dog", "swap the columns"),
        (1.0, 1.0, "Dog", "not after onset"),
        (-0.1, 1.0, "Dog", "before the start"),
        (float("nan"), 1.0, "Dog", "finite"),
        (0.0, float("inf"), "Dog", "finite"),
        (0.0, 1.0, " ", "needs a label"),
    ],
)
def test_bad_events_are_refused(onset_s: float, offset_s: float, label: str, reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        Event(onset_s, offset_s, label)


@pytest.mark.parametrize(
    ("waveform", "reason"),
    [
        (np.zeros(0, dtype=np.float32), "empty"),
        (np.zeros((2, 5), dtype=np.float32), r"shape \(2, 5\)"),
        (np.zeros(5), "float64"),
        (np.array([0, np.nan, 0], dtype=np.float32), "NaN"),
        (np.array([0, np.inf], dtype=np.float32), "NaN or infinite"),
        (np.array([0, -np.inf], dtype=np.float32), "NaN or infinite"),
        (np.array([0, 1.5], dtype=np.float32), "1.5"),
        (np.array([0, -1.5], dtype=np.float32), "1.5"),
    ],
)
def test_bad_audio_is_refused(waveform: np.ndarray, reason: str) -> None:
    with pytest.raises(AudioError, match=reason):
        Clip("a-clip", waveform, RATE_HZ)


@pytest.mark.parametrize(
    ("band", "reason"),
    [
        ((100.0, None), "high_hz is missing"),
        ((None, 100.0), "low_hz is missing"),
        ((-1.0, 100.0), "negative"),
        ((100.0, 100.0), "not above low_hz"),
        ((100.0, float("inf")), "finite"),
        ((float("nan"), 5.0), "finite"),
    ],
)
def test_bad_frequencies_are_refused(band: tuple[float | None, float | None], reason: str) -> None:
    with pytest.raises(LabelError, match=reason):
        Event(0.0, 1.0, "Dog", None, *band)


def test_frequencies_are_optional() -> None:
    assert Event(0.0, 1.0, "Dog").band_hz is None
    assert Event(0.0, 1.0, "Dog", None, 0.0, 80.0).band_hz == (0.0, 80.0)


def test_a_clip_names_itself_in_its_errors() -> None:
    with pytest.raises(AudioError, match="a-clip"):
        Clip("a-clip", np.zeros(0, dtype=np.float32), RATE_HZ)
    with pytest.raises(AudioError, match="rate"):
        Clip("a-clip", np.zeros(5, dtype=np.float32), 0)
    with pytest.raises(LabelError, match=r"a-clip: event 'Dog' ends at 2\.1 s"):
        _clip((Event(1.0, 2.1, "Dog"),))


def test_an_event_may_end_within_half_a_sample_of_the_clip() -> None:
    assert _clip((Event(1.0, 2.0004, "Dog"),)).duration_s == 2.0
    with pytest.raises(LabelError, match="after the clip's end"):
        _clip((Event(1.0, 2.001, "Dog"),))


def test_types_are_immutable() -> None:
    instance = _instance([[0.0, 0.5]])
    explanation = Explanation(np.ones(3), np.ones((2, 2)))
    arrays = (
        instance.clip.waveform,
        instance.intervals_s,
        explanation.relevance,
        explanation.time_frequency,
    )
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
    for noun in (instance, instance.clip, explanation, Cost()):
        field = dataclasses.fields(noun)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(noun, field, None)


def test_an_explanation_copies_its_array() -> None:
    relevance, grid = np.zeros(3), np.zeros((2, 2))
    explanation = Explanation(relevance, grid)
    relevance[0] = grid[0, 0] = 9
    assert explanation.relevance.tolist() == [0, 0, 0]
    assert explanation.time_frequency is not None
    assert not explanation.time_frequency.any()
    assert relevance.flags.writeable


@pytest.mark.parametrize(
    ("relevance", "reason"),
    [
        ([[1.0]], "one dimension"),
        (3.0, "one dimension"),
        ([1.0, np.nan, np.inf], "2 NaN or infinite of 3"),
        (["a"], "not an array of numbers"),
        ([[1.0], [1.0, 2.0]], "not an array of numbers"),
        (None, "."),
    ],
)
def test_bad_relevance_is_refused(relevance, reason: str) -> None:
    with pytest.raises(RelevanceError, match=reason):
        Explanation(relevance)


@pytest.mark.parametrize(
    ("grid", "reason"),
    [
        (np.ones(3), "two dimensions"),
        (np.array([[np.nan]]), "NaN or infinite"),
        ("map", "not an array of numbers"),
    ],
)
def test_bad_maps_are_refused(grid, reason: str) -> None:
    with pytest.raises(RelevanceError, match=reason):
        Explanation(np.ones(3), grid)


def test_relevance_must_fit_the_segments() -> None:
    explanation = Explanation(np.ones(3))
    assert explanation.check_length(3) is explanation
    with pytest.raises(RelevanceError, match="3 values for 4 segments"):
        explanation.check_length(4)


@quick
@given(
    st.lists(st.tuples(st.integers(0, 150), st.integers(1, 50)), max_size=6).map(
        lambda pairs: [[a / 100, (a + n) / 100] for a, n in pairs]
    )
)
def test_the_event_fraction_counts_overlaps_once(intervals_s: list[list[float]]) -> None:
    inside = np.zeros(200, dtype=bool)
    for onset, offset in intervals_s:
        inside[round(onset * 100) : round(offset * 100)] = True
    instance = Instance("folder", _clip(), "Dog", 0, np.array(intervals_s).reshape(-1, 2))
    assert instance.event_fraction == pytest.approx(inside.mean())


def test_a_blind_instance_has_no_labels() -> None:
    instance = _instance([[0.0, 0.5], [0.4, 0.9]])
    blind = instance.blind()
    assert blind.clip.events == ()
    assert blind.intervals_s.shape == (0, 2)
    assert blind.event_fraction == 0
    assert (blind.name, blind.class_index) == (instance.name, 3) == ("a-clip / Dog", 3)
    assert blind.clip.waveform.base is not None
    assert instance.intervals_s.tolist() == [[0.0, 0.9]]


def test_a_negative_class_index_is_refused() -> None:
    with pytest.raises(ParameterError, match="negative"):
        Instance("folder", _clip(), "Dog", -1, np.empty((0, 2)))
