"""Facts of instances: levels of clips that were made to have them, overlaps, what is lacking."""

from __future__ import annotations

import numpy as np
import pytest

from awb.data.class_index import ClassIndex
from awb.harness.selection.instance_facts import instance_facts
from awb.harness.selection.manifest import Kept
from awb.harness.unit.warm_plugins import ModelFacts
from awb.types import Clip, Event

RATE_HZ = 1000
CLASSES = ClassIndex(ModelFacts(RATE_HZ, ("Dog, bark", "Cat"), ("/m/dog", "/m/cat"), ""))


def _clip(
    levels: list[float], *events: Event, group: str = "", labels: tuple[str, ...] = ()
) -> Clip:
    """One second of a square wave per level, so that the mean square is the level squared."""
    signs = np.resize([1.0, -1.0], RATE_HZ)
    waveform = np.concatenate([level * signs for level in levels]).astype(np.float32)
    return Clip("c", waveform, RATE_HZ, events, labels, group)


def _kept(*intervals_s: tuple[float, float]) -> Kept:
    return Kept("c", "Dog", 0, intervals_s, 1.0, "")


def test_the_level_is_that_of_the_events_against_the_rest() -> None:
    clip = _clip([0.05, 0.5, 0.05], Event(1, 2, "Dog"))
    facts = instance_facts(clip, _kept((1, 2)), CLASSES)
    assert facts["snr_db"] == pytest.approx(20.0, abs=1e-4)
    assert facts["clip_s"] == 3.0
    assert facts["overlap_s"] == 0.0


def test_several_events_and_several_levels_outside_are_averaged_as_power() -> None:
    clip = _clip([0.2, 0.4, 0.1, 0.6], Event(0, 1, "Dog"), Event(2, 3, "Dog"))
    facts = instance_facts(clip, _kept((0, 1), (2, 3)), CLASSES)
    expected = 10 * np.log10((0.2**2 + 0.1**2) / (0.4**2 + 0.6**2))
    assert facts["snr_db"] == pytest.approx(expected, abs=1e-4)


def test_digital_silence_has_a_finite_level() -> None:
    assert instance_facts(_clip([0.0, 1.0]), _kept((1, 2)), CLASSES)["snr_db"] == pytest.approx(100)
    assert instance_facts(_clip([0.0, 0.0]), _kept((1, 2)), CLASSES)["snr_db"] == 0.0


def test_only_other_classes_overlap_however_the_own_one_is_spelled() -> None:
    own = Event(1, 2, "Dog"), Event(1.5, 3, "bark"), Event(2, 3, "?", "/m/dog")
    kept = _kept((1, 3))
    assert instance_facts(_clip([0.1] * 4, *own), kept, CLASSES)["overlap_s"] == 0.0
    others = Event(0, 1.25, "Cat"), Event(2.5, 4, "Cat"), Event(2.75, 3.5, "unknown to the model")
    facts = instance_facts(_clip([0.1] * 4, *own, *others), kept, CLASSES)
    assert facts["overlap_s"] == pytest.approx(0.75)


def test_touching_is_no_overlap() -> None:
    clip = _clip([0.1] * 3, Event(1, 2, "Dog"), Event(2, 3, "Cat"), Event(0, 1, "Cat"))
    assert instance_facts(clip, _kept((1, 2)), CLASSES)["overlap_s"] == pytest.approx(0.0, abs=1e-9)


def test_without_times_only_the_clip_is_known() -> None:
    clip = _clip([0.1, 0.2], labels=("Dog",), group="speaker 7")
    assert instance_facts(clip, _kept(), CLASSES) == {"clip_s": 2.0, "group": "speaker 7"}


def test_an_event_as_long_as_the_clip_has_no_level() -> None:
    facts = instance_facts(_clip([0.5, 0.5]), _kept((0, 2)), CLASSES)
    assert facts == {"clip_s": 2.0, "overlap_s": 0.0}
