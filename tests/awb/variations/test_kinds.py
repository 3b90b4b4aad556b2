"""Variations change what they are meant to change, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.segments import Segments
from awb.types import Clip, Event, Instance
from awb.variations import (
    AnotherGain,
    AnotherSeed,
    AnotherTarget,
    Background,
    FaintNoise,
    RandomLabels,
    RandomWeights,
    Rolled,
    Variation,
    rolled_cells,
)
from fakes import RATE_HZ, WeightedEnergy, unit_clip

RNG = np.random.default_rng


def _instance(n_cells: int, *spans: tuple[float, float]) -> Instance:
    noise = RNG(1).uniform(-0.5, 0.5, n_cells * 100).astype(np.float32)
    events = tuple(Event(onset, offset, "Target") for onset, offset in spans)
    clip = Clip("clip", noise, RATE_HZ, events)
    return Instance("fake", clip, "Target", 0, np.array(spans).reshape(-1, 2))


def _segments(instance: Instance) -> Segments:
    return Segments(instance.clip.waveform.size, RATE_HZ)


def test_the_plain_variation_and_another_seed_leave_clip_and_model_alone() -> None:
    instance, model = _instance(5, (0.1, 0.2)), WeightedEnergy(np.ones(5))
    for variation in (Variation(), AnotherSeed()):
        assert variation.of_instance(instance, _segments(instance), RNG(0)) is instance
        assert variation.of_model(model, RNG(0)) is model
    assert AnotherSeed().reseeds
    assert not Variation().reseeds


def test_equal_variations_are_interchangeable() -> None:
    assert Rolled(0.25) == Rolled(0.25)
    assert len({FaintNoise(40, 0), FaintNoise(40, 1), FaintNoise(40, 0), AnotherSeed()}) == 3


@pytest.mark.parametrize(("part", "shift"), [(0.5, 5), (0.3, 3), (0.9, 9)])
def test_rolling_moves_audio_and_events_together(part: float, shift: int) -> None:
    instance = _instance(10, (0.1, 0.25), (0.8, 0.95))
    segments = _segments(instance)
    assert rolled_cells(segments, part) == shift
    rolled = Rolled(part).of_instance(instance, segments, RNG(0))
    cells, moved = (one.clip.waveform.reshape(10, 100) for one in (instance, rolled))
    assert np.array_equal(np.roll(cells, shift, axis=0), moved)
    expected = np.roll(segments.coverage(instance.intervals_s), shift)
    assert segments.coverage(rolled.intervals_s) == pytest.approx(expected)
    assert (rolled.intervals_s[:, 1] > rolled.intervals_s[:, 0]).all()
    assert np.diff(rolled.intervals_s).sum() == pytest.approx(0.3)


def test_an_event_that_is_rolled_over_the_end_becomes_two() -> None:
    instance = _instance(10, (0.3, 0.7))
    rolled = Rolled(0.5).of_instance(instance, _segments(instance), RNG(0))
    assert rolled.intervals_s == pytest.approx(np.array([[0.0, 0.2], [0.8, 1.0]]))


def test_a_clip_with_a_shorter_last_segment_cannot_be_rolled() -> None:
    with pytest.raises(UndefinedScoreError, match="not a whole number of segments"):
        rolled_cells(Segments(1050, RATE_HZ), 0.5)
    with pytest.raises(UndefinedScoreError, match="1 segments cannot be rolled"):
        rolled_cells(Segments(100, RATE_HZ), 0.5)


def test_the_gain_is_in_decibels() -> None:
    instance = _instance(5, (0.1, 0.2))
    quieter = AnotherGain(-20.0).of_instance(instance, _segments(instance), RNG(0))
    assert quieter.clip.waveform == pytest.approx(instance.clip.waveform / 10, rel=1e-6)
    assert np.array_equal(quieter.intervals_s, instance.intervals_s)


@pytest.mark.parametrize("variation", [FaintNoise(snr_db=20.0), Background("white", 20.0)])
def test_noise_has_the_requested_snr(variation: Variation) -> None:
    instance = _instance(50, (0.1, 0.2))
    noisy = variation.of_instance(instance, _segments(instance), RNG(0))
    noise = noisy.clip.waveform.astype(float) - instance.clip.waveform
    clean = instance.clip.waveform.astype(float)
    assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(20.0, abs=0.05)


def test_noise_on_a_silent_clip_is_undefined() -> None:
    clip = Clip("silent", np.zeros(500, np.float32), RATE_HZ)
    instance = Instance("fake", clip, "Target", 0, np.empty((0, 2)))
    with pytest.raises(UndefinedScoreError, match="silent"):
        FaintNoise().of_instance(instance, _segments(instance), RNG(0))


def test_models_without_a_twin_are_not_applicable() -> None:
    model = WeightedEnergy(np.ones(5))
    with pytest.raises(NotApplicableError, match="cannot be randomized"):
        RandomWeights().of_model(model, RNG(0))
    with pytest.raises(NotApplicableError, match="random labels"):
        RandomLabels().of_model(model, RNG(0))


class _Twins(WeightedEnergy):
    """A model with both twins, which record how they were requested."""

    def randomized(self, share: float, rng: np.random.Generator) -> WeightedEnergy:
        return WeightedEnergy(rng.random(5), share)

    def trained_on_random_labels(self) -> WeightedEnergy:
        return WeightedEnergy(np.zeros(5), 7.0)


def test_twins_are_those_of_the_model() -> None:
    model = _Twins(np.ones(5))
    randomized = RandomWeights(0.25).of_model(model, RNG(3))
    assert isinstance(randomized, WeightedEnergy)
    assert randomized.offset == 0.25
    assert np.array_equal(randomized.weights, RNG(3).random(5))
    relabelled = RandomLabels().of_model(model, RNG(3))
    assert isinstance(relabelled, WeightedEnergy)
    assert relabelled.offset == 7.0


def test_variations_do_not_change_their_input() -> None:
    clip = unit_clip(10)
    before = clip.waveform.copy()
    instance = Instance("fake", clip, "Target", 0, np.array([[0.0, 0.1]]))
    for variation in (Rolled(), AnotherGain(), FaintNoise(), Background("room")):
        variation.of_instance(instance, _segments(instance), RNG(0))
    assert np.array_equal(clip.waveform, before)


class _Kennel:
    """A model whose fifth class has a name of several synonyms."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Cat", "Cow", "Horse", "Vehicle horn, car horn, honking")


def _scene() -> Instance:
    instance = _instance(10, (0.1, 0.2))
    others = (Event(0.5, 0.7, "car horn"), Event(0.8, 0.9, "Car_Horn"), Event(0.3, 0.4, "Comet"))
    clip = Clip("clip", instance.clip.waveform, RATE_HZ, instance.clip.events + others)
    return Instance("fake", clip, "Target", 0, instance.intervals_s)


def test_another_labelled_target_comes_with_its_events() -> None:
    other = AnotherTarget("labelled").of_target(_scene(), _Kennel(), RNG(0))  # type: ignore[arg-type]
    assert (other.target, other.class_index) == ("Vehicle horn, car horn, honking", 4)
    assert other.intervals_s.tolist() == [[0.5, 0.7], [0.8, 0.9]]


def test_a_random_target_is_any_other_class() -> None:
    scene, model = _scene(), _Kennel()
    drawn = [AnotherTarget().of_target(scene, model, RNG(seed)) for seed in range(60)]  # type: ignore[arg-type]
    assert {one.class_index for one in drawn} == {1, 2, 3, 4}
    assert all(one.target == model.classes[one.class_index] for one in drawn)
    assert all(bool(one.intervals_s.size) == (one.class_index == 4) for one in drawn)
    again = AnotherTarget().of_target(scene, model, RNG(3))  # type: ignore[arg-type]
    assert again.class_index == drawn[3].class_index


def test_without_another_class_there_is_no_other_target() -> None:
    class Single(_Kennel):
        classes = ("Target",)

    for other, reason in (("labelled", "no other labelled sound"), ("random", "no other class")):
        with pytest.raises(UndefinedScoreError, match=reason):
            AnotherTarget(other).of_target(_scene(), Single(), RNG(0))  # type: ignore[arg-type]
    alone = _instance(10, (0.1, 0.2))
    with pytest.raises(UndefinedScoreError, match="no other labelled sound"):
        AnotherTarget("labelled").of_target(alone, _Kennel(), RNG(0))  # type: ignore[arg-type]
