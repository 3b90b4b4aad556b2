"""Selection: what is kept, and what is counted by reason."""

from __future__ import annotations

import json

import numpy as np
import pytest

from awb.data.class_index import ClassIndex
from awb.data.skipped import LOW_SCORE, NO_EVENTS, TOO_LONG, UNHEARD, UNKNOWN_LABEL, Skipped
from awb.harness.selection.manifest import (
    Kept,
    Manifest,
    audio_sha256,
    decide,
    make_instance,
    prepare,
)
from awb.types import Clip, Event


class _Model:
    classes = ("Dog", "Cat", "Vehicle horn, car horn")


def _clip(*events: Event, seconds: float = 10.0, rate_hz: int = 1000) -> Clip:
    rng = np.random.default_rng(0)
    waveform = rng.uniform(-0.5, 0.5, int(seconds * rate_hz)).astype(np.float32)
    return Clip("a", waveform, rate_hz, events)


def _decide(clip: Clip, scores: tuple[float, ...] = (1.0, 1.0, 1.0)) -> list[Kept | Skipped]:
    return list(
        decide(
            clip,
            np.array(scores, dtype=np.float32),
            ClassIndex(_Model()),
            max_event_fraction=0.2,
            min_score=0.0,
        )
    )


def test_events_of_a_target_are_united_before_they_are_measured() -> None:
    [kept] = _decide(_clip(Event(1, 2.5, "Dog"), Event(1.2, 2, "dog"), Event(2.4, 3, "Dog")))
    assert isinstance(kept, Kept)
    assert kept.intervals_s == ((1.0, 3.0),)


def test_exactly_a_fifth_is_kept_and_more_is_not() -> None:
    assert isinstance(_decide(_clip(Event(1, 3, "Dog")))[0], Kept)
    [skipped] = _decide(_clip(Event(1, 2, "Dog"), Event(4, 5.01, "Dog")))
    assert isinstance(skipped, Skipped)
    assert skipped.reason == TOO_LONG


@pytest.mark.parametrize(("offset_s", "is_kept"), [(3.9, True), (4.0, True), (4.1, False)])
def test_an_event_after_the_models_input_is_skipped(offset_s: float, is_kept: bool) -> None:
    clip = _clip(Event(1, 1.5, "Dog"), Event(3.5, offset_s, "Dog"))
    scores = np.array([1.0, 1.0, 1.0], dtype=np.float32)
    [found] = decide(
        clip, scores, ClassIndex(_Model()), max_event_fraction=0.2, min_score=0.0, hears_s=4.0
    )
    assert isinstance(found, Kept) == is_kept
    if isinstance(found, Skipped):
        assert found.reason == UNHEARD
        assert found.detail == "it ends at 4.10 s, the model hears 4 s"


def test_every_reason_is_counted() -> None:
    clip = _clip(
        Event(0, 1, "Dog"), Event(0, 1, "Cat"), Event(3, 9, "car horn"), Event(0, 1, "Dgo")
    )
    found = {one.target: one for one in _decide(clip, (0.5, -0.1, 3.0))}
    assert isinstance(found["Dog"], Kept)
    reasons = {name: one.reason for name, one in found.items() if isinstance(one, Skipped)}
    assert reasons == {"Cat": LOW_SCORE, "car horn": TOO_LONG, "Dgo": UNKNOWN_LABEL}
    assert "Dog" in found["Dgo"].detail  # type: ignore[union-attr]
    [nothing] = _decide(_clip())
    assert isinstance(nothing, Skipped)
    assert nothing.reason == NO_EVENTS


def test_the_manifest_survives_json_and_its_hash_sees_every_decision() -> None:
    kept, skipped = _decide(_clip(Event(1, 2, "Dog"), Event(3, 9, "Cat")))
    manifest = Manifest("d", "m", "w", (kept,), (skipped,))  # type: ignore[arg-type]
    again = Manifest.from_json(json.loads(json.dumps(manifest.to_json())))
    assert again == manifest
    assert again.sha256 == manifest.sha256
    fewer = Manifest("d", "m", "w", (kept,), ())  # type: ignore[arg-type]
    assert fewer.sha256 != manifest.sha256


@pytest.mark.parametrize("to_hz", [800, 1000, 1600, 2205])
def test_clips_are_brought_to_the_models_rate_with_their_events(to_hz: int) -> None:
    clip = _clip(Event(9.0, 10.0, "Dog"), rate_hz=1000)
    ready = prepare(clip, to_hz)
    assert ready.sample_rate_hz == to_hz
    assert abs(ready.duration_s - clip.duration_s) <= 1 / to_hz
    [kept] = _decide(clip)
    assert isinstance(kept, Kept)
    instance = make_instance("d", clip, kept, to_hz)
    assert instance.event_fraction == pytest.approx(0.1, abs=1e-3)


def test_the_hash_of_audio_sees_rate_and_samples() -> None:
    one, other = _clip(), _clip(rate_hz=2000)
    assert audio_sha256(one) == audio_sha256(_clip())
    assert audio_sha256(one) != audio_sha256(other)


def test_events_are_trimmed_to_what_resampling_leaves_of_the_clip() -> None:
    events = (Event(0.05, 0.1004, "Dog"), Event(0.1003, 0.1004, "Dog"), Event(0.0, 0.04, "Owl"))
    clip = Clip("c", np.zeros(1607, np.float32), 16_000, events, ("Dog",), "group")
    ready = prepare(clip, 1000)
    assert (ready.waveform.size, ready.sample_rate_hz) == (100, 1000)
    assert ready.events == (Event(0.05, 0.1, "Dog"), Event(0.0, 0.04, "Owl"))
    assert (ready.id, ready.labels, ready.group) == ("c", ("Dog",), "group")
    assert prepare(clip, 16_000) is clip
