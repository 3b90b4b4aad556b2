"""The baselines: what chance, ties, loudness and the labels score."""

from __future__ import annotations

import numpy as np

from awb.maskers import zeros
from awb.perturbation import Perturber
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Clip, Instance
from awb_datasets.soundscapes import SPEC
from awb_plugins.explainers import baselines
from awb_plugins.models.soundscape_cnn import SPEC as CNN
from fakes import CELL, RATE_HZ, WeightedEnergy, instance_of, perturber_for, unit_clip
from games import relevance

RANDOM, CONSTANT, ENERGY, KEEP_NEARLY_ALL, ORACLE = baselines.SPECS


def test_they_are_marked_and_only_the_oracle_sees_labels() -> None:
    assert all(spec.baseline for spec in baselines.SPECS)
    assert [spec.name for spec in baselines.SPECS if spec.sees_labels] == ["oracle"]


def test_they_ask_the_model_nothing() -> None:
    view = perturber_for(WeightedEnergy(np.ones(7)), unit_clip(7)).view()
    for spec in baselines.SPECS:
        spec.factory(spec.parameters())(view, instance_of(unit_clip(7)), np.random.default_rng(0))
    assert view.cost.calls == 0


def test_random_is_the_stream_and_constant_is_constant() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(7)), unit_clip(7))
    one, same = relevance(RANDOM, perturber, seed=1), relevance(RANDOM, perturber, seed=1)
    np.testing.assert_array_equal(one, same)
    assert (relevance(RANDOM, perturber, seed=2) != one).all()
    assert np.ptp(relevance(CONSTANT, perturber)) == 0


def test_keep_nearly_all_drops_the_quietest_segment() -> None:
    clip = unit_clip(4)
    louder = clip.waveform * np.repeat([1.0, 0.5, 0.1, 0.2], CELL).astype(np.float32)
    for waveform, quietest in ((louder, {2}), (clip.waveform, {0, 1, 2, 3})):
        one = type(clip)("c", waveform, RATE_HZ)
        perturber = perturber_for(WeightedEnergy(np.ones(4)), one)
        rows = [
            KEEP_NEARLY_ALL.factory(KEEP_NEARLY_ALL.parameters())(
                perturber, instance_of(one), np.random.default_rng(seed)
            )
            for seed in range(30)
        ]
        assert {int(row.argmin()) for row in rows} == quietest
        assert all(sorted(row.tolist()) == [0.0, 1.0, 1.0, 1.0] for row in rows)


def test_energy_is_the_root_mean_square_of_each_segment() -> None:
    clip = unit_clip(4)
    waveform = clip.waveform * np.repeat([1.0, 0.5, 0.0, 0.2], CELL).astype(np.float32)
    louder = type(clip)("c", waveform[:-50], RATE_HZ)
    perturber = perturber_for(WeightedEnergy(np.ones(4)), louder)
    found = ENERGY.factory(ENERGY.parameters())(
        perturber, instance_of(louder), np.random.default_rng(0)
    )
    np.testing.assert_allclose(found, [0.5, 0.25, 0.0, 0.1], rtol=1e-6)


def test_oracle_is_the_coverage_of_the_labels() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(5)), unit_clip(5))
    explainer = ORACLE.factory(ORACLE.parameters())
    found = explainer(perturber, instance_of(unit_clip(5)), np.random.default_rng(0))
    np.testing.assert_array_equal(found, [1.0, 0.0, 0.0, 0.0, 0.0])


def test_longer_segments_take_the_mean_of_their_cells() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(5)), unit_clip(5), segment_s=0.2)
    explainer = ORACLE.factory(ORACLE.parameters())
    found = explainer(perturber, instance_of(unit_clip(5)), np.random.default_rng(0))
    np.testing.assert_allclose(found, [0.5, 0.0, 0.0, 0.0], atol=1e-12)


def test_on_a_spectrogram_they_have_maps_and_the_oracles_is_the_boxes() -> None:
    dataset = SPEC.factory(SPEC.parameters(clips=2))
    model = CNN.factory(CNN.parameters())
    clip = dataset.load("test-0-0001")
    event = clip.events[0]
    index = list(model.classes).index(event.label)
    instance = Instance("s", clip, event.label, index, np.array([[event.onset_s, event.offset_s]]))
    segments = Segments(clip.waveform.size, clip.sample_rate_hz)
    perturber = Perturber(model, instance, segments, zeros, RandomKey((0,)))
    found = {
        spec.name: spec.factory(spec.parameters())(perturber, instance, np.random.default_rng(1))
        for spec in baselines.SPECS
    }
    np.testing.assert_array_equal(
        found["random"].relevance, np.random.default_rng(1).standard_normal(segments.n)
    )
    frames, bins = model.features(clip.waveform[np.newaxis]).shape[1:]
    assert all(one.time_frequency.shape == (frames, bins) for one in found.values())
    kept = found["keep-nearly-all"].time_frequency
    assert kept.min() == 0.0
    assert kept.sum() == kept.size - 1
    assert kept.argmin() == found["energy"].time_frequency.argmin()
    rows, columns = np.nonzero(found["oracle"].time_frequency)
    times_s, hz = model.frame_centers_s(frames)[rows], model.bin_centers_hz(bins)[columns]
    assert event.onset_s - 0.01 < times_s.min() < times_s.max() < event.offset_s + 0.01
    assert event.low_hz - 60 < hz.min() < hz.max() < event.high_hz + 200
    assert perturber.cost.calls == 0


def test_the_map_of_energy_is_loud_where_and_when_a_tone_is() -> None:
    model = CNN.factory(CNN.parameters())
    times_s = np.arange(32_000) / 16_000
    waveform = (0.4 * np.sin(2 * np.pi * 1000 * times_s) * (times_s < 1.0)).astype(np.float32)
    instance = Instance("s", Clip("tone", waveform, 16_000), "Beep", 0, np.array([[0.0, 1.0]]))
    segments = Segments(waveform.size, 16_000)
    perturber = Perturber(model, instance, segments, zeros, RandomKey((0,)))
    explained = ENERGY.factory(ENERGY.parameters())(perturber, instance, np.random.default_rng(0))
    loud = explained.time_frequency
    hz, frame_s = model.bin_centers_hz(loud.shape[1]), model.frame_centers_s(len(loud))
    assert (np.abs(hz[loud[frame_s < 0.95].argmax(axis=1)] - 1000) < 40).all()
    assert loud[frame_s > 1.05].max() < 1e-6 * loud.max()
