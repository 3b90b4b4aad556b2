"""Hits, misses and false alarms: who is selected, and what is left out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

import awb
from awb.data.class_index import ClassIndex
from awb.data.instance_kinds import FALSE_ALARMS, HITS, MISSES, InstanceKind
from awb.data.skipped import HEARD, NEVER_LABELLED, NO_EVENTS, RELATED, Skipped
from awb.errors import RunError
from awb.harness.config.run_config import make_config
from awb.harness.selection.false_alarms import FalseAlarms
from awb.harness.selection.manifest import Kept, Manifest, audio_sha256, decide
from awb.types import Clip, Event


class _Model:
    classes = ("Dog", "Cat", "Animal", "Vehicle horn, car horn", "Speech")
    mids = ("/m/dog", "/m/cat", "/m/animal", "/m/horn", "/m/speech")


DOG, CAT, ANIMAL, HORN, SPEECH = range(5)


def _clip(*events: Event, clip_id: str = "a", labels: tuple[str, ...] = ()) -> Clip:
    waveform = np.random.default_rng(0).uniform(-0.5, 0.5, 10_000).astype(np.float32)
    return Clip(clip_id, waveform, 1000, events, labels)


def _scores(*heard: int) -> np.ndarray:
    scores = np.full(5, -2.0, dtype=np.float32)
    scores[list(heard)] = 1.5
    return scores


def _alarms(relatives: dict[str, tuple[str, ...]] | None = None) -> FalseAlarms:
    def related(label: str) -> Iterable[str]:
        return (relatives or {}).get(label, ())

    return FalseAlarms(ClassIndex(_Model()), 0.0, related)


def _decided(kind: InstanceKind, scores: np.ndarray) -> list[Kept | Skipped]:
    clip = _clip(Event(1, 2, "Dog"))
    return list(
        decide(
            clip,
            scores,
            ClassIndex(_Model()),
            max_event_fraction=0.2,
            min_score=0.0,
            kind=kind,
        )
    )


def test_a_target_is_a_hit_or_a_miss() -> None:
    for scores, kept_as in ((_scores(DOG), HITS), (_scores(), MISSES)):
        for kind in (HITS, MISSES):
            [found] = _decided(kind, scores)
            assert isinstance(found, Kept) == (kind == kept_as)
    [heard] = _decided(MISSES, _scores(DOG))
    assert isinstance(heard, Skipped)
    assert heard.reason == HEARD


def test_a_false_alarm_is_heard_and_labelled_only_elsewhere() -> None:
    alarms = _alarms()
    first = _clip(Event(1, 2, "Dog"), Event(4, 5, "car horn"))
    found = [*alarms.decide(first, _scores(DOG, CAT, HORN, SPEECH))]
    found += alarms.decide(_clip(Event(0, 1, "Cat"), clip_id="b"), _scores(CAT, HORN))
    kept = [one for one in alarms.known(found) if isinstance(one, Kept)]
    assert [(one.clip_id, one.target) for one in kept] == [
        ("a", "Cat"),
        ("b", "Vehicle horn, car horn"),
    ], "Dog and the horn of clip a are labelled, under AudioSet's synonym too"
    assert kept[0].others == (("Dog", 1, 2), ("car horn", 4, 5))
    assert kept[0].intervals_s == ()
    assert kept[0].duration_s == 10.0
    skipped = [one for one in alarms.known(found) if isinstance(one, Skipped)]
    assert [(one.target, one.reason) for one in skipped] == [("Speech", NEVER_LABELLED)]


def test_a_class_is_known_from_the_events_of_a_clip_alone() -> None:
    alarms = _alarms()
    assert alarms.learn(_clip(Event(1, 2, "Dog"), labels=("Cat",))) == {DOG, CAT}
    assert alarms.knows(DOG)
    assert not alarms.knows(CAT), "its label has no times"


def test_relatives_and_weak_labels_are_no_false_alarms() -> None:
    alarms = _alarms({"/m/dog": ("/m/animal",)})
    clip = _clip(Event(1, 2, "Dog", "/m/dog"), labels=("Cat",))
    found = [*alarms.decide(clip, _scores(DOG, CAT, ANIMAL))]
    found += alarms.decide(_clip(Event(0, 1, "Animal"), clip_id="b"), _scores())
    assert [(one.target, one.reason) for one in found if isinstance(one, Skipped)] == [
        ("Animal", RELATED)
    ]
    assert not [one for one in found if isinstance(one, Kept)]


def test_a_clip_without_events_tells_nothing() -> None:
    [found] = _alarms().decide(_clip(labels=("Dog",)), _scores(CAT))
    assert isinstance(found, Skipped)
    assert found.reason == NO_EVENTS


def test_manifests_of_hits_are_written_as_before_and_others_name_their_kind() -> None:
    kept = Kept("a", "Dog", 0, ((1.0, 2.0),), 1.5, "hash")
    manifest = Manifest("d", "m", "", (kept,), ())
    plain = manifest.to_json()
    assert plain.keys() == {"dataset", "model", "weights_sha256", "kept", "skipped", "fingerprint"}
    assert plain["kept"][0].keys() == {
        "clip_id", "target", "class_index", "intervals_s", "score", "audio_sha256",
    }  # fmt: skip
    alarm = Kept("a", "Cat", 1, (), 1.5, "hash", (("Dog", 1.0, 2.0),), 10.0)
    other = Manifest("d", "m", "", (alarm,), (), kind=FALSE_ALARMS)
    assert Manifest.from_json(other.to_json()) == other
    assert other.to_json()["kind"] == FALSE_ALARMS
    assert other.sha256 != Manifest("d", "m", "", (alarm,), ()).sha256


def test_the_audio_of_a_false_alarm_is_hashed() -> None:
    clip = _clip(Event(1, 2, "Dog"))
    [found] = _alarms().decide(clip, _scores(CAT))
    assert isinstance(found, Kept)
    assert found.audio_sha256 == audio_sha256(clip)


def test_the_kind_is_a_setting_and_hits_are_the_default() -> None:
    assert make_config().instances == HITS
    with pytest.raises(awb.errors.ParameterError, match="'hits', 'false-alarms' or 'misses'"):
        make_config(instances="alarms")


def _run(path: Path, kind: InstanceKind, min_score: float | None = None) -> object:
    return awb.run(
        datasets="soundscapes:clips=2",
        explainers="naive",
        metrics="roc-auc,deletion-area",
        instances=kind,
        min_score=min_score,
        max_event_fraction=1.0,
        out=path,
        cache="off",
    )


def test_no_instance_of_a_kind_is_one_sentence(tmp_path: Path) -> None:
    sentence = r"^no misses: the model hears every labelled target"
    with pytest.raises(RunError, match=sentence) as told:
        _run(tmp_path / "run", MISSES, min_score=-1000.0)
    assert "\n" not in str(told.value)
    with pytest.raises(RunError, match=r"^no false alarms"):
        _run(tmp_path / "other", FALSE_ALARMS, min_score=1000.0)
