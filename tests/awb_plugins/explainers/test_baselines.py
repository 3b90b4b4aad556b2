"""The baselines: what chance, ties, loudness and the labels score."""

from __future__ import annotations

import numpy as np

from awb_plugins.explainers import baselines
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
