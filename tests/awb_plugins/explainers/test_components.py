"""Components of the sound: they add up, they separate, and their values are what games say."""

from __future__ import annotations

import numpy as np
import pytest

from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import AudioArray, Clip, Explanation
from awb_plugins.explainers.components import SPECS, audio_lime, part_shap
from awb_plugins.explainers.components.separation import (
    Kind,
    components_of,
    harmonic_percussive,
    soft_masks,
)
from awb_plugins.explainers.segmentwise.coalitions import all_coalitions
from fakes import CELL, WeightedEnergy, instance_of, perturber_for, unit_clip
from games import exact_shapley

RATE_HZ = 8000


def _explain(
    spec: ExplainerSpec, perturber: Perturber, clip: Clip, **settings: object
) -> Explanation:
    explainer = spec.factory(spec.parameters(**settings))
    found = explainer(perturber, instance_of(clip).blind(), np.random.default_rng(0))
    assert isinstance(found, Explanation)
    return found.check_length(perturber.n_segments)


def _tone_and_clicks(seconds: float = 1.0) -> tuple[AudioArray, AudioArray]:
    time = np.arange(round(seconds * RATE_HZ))
    tone = 0.3 * np.sin(2 * np.pi * 440 * time / RATE_HZ)
    clicks = np.where(time % 2000 < 3, 0.6, 0.0)
    return tone.astype(np.float32), clicks.astype(np.float32)


@pytest.mark.parametrize("n_samples", [1, 3, 40, 8000])
@pytest.mark.parametrize("kind", ["nmf", "hpss", "bands", "clip"])
def test_components_are_the_clip_when_all_are_kept(kind: Kind, n_samples: int) -> None:
    waveform = np.random.default_rng(0).uniform(-1, 1, n_samples).astype(np.float32)
    for clip in (waveform, np.zeros_like(waveform)):
        found = components_of(clip, RATE_HZ, kind, 4, seed=0)
        np.testing.assert_allclose(found.sum(axis=0), clip, atol=1e-12)
        assert np.isfinite(found).all()


def test_masks_of_harmonic_and_percussive_parts_are_those_of_librosa() -> None:
    decompose = pytest.importorskip("librosa.decompose", reason="needs librosa (extra ser)")
    magnitudes = np.abs(np.random.default_rng(1).standard_normal((129, 60)))
    magnitudes[:, 20] *= 9
    expected = decompose.hpss(magnitudes, mask=True, kernel_size=31, power=2.0)
    np.testing.assert_allclose(harmonic_percussive(magnitudes), expected, atol=1e-6)


def test_a_tone_is_harmonic_and_clicks_are_percussive() -> None:
    tone, clicks = _tone_and_clicks()
    harmonic, percussive = components_of(tone + clicks, RATE_HZ, "hpss", 2, seed=0)
    assert np.corrcoef(harmonic, tone)[0, 1] > 0.95
    assert np.corrcoef(percussive, clicks)[0, 1] > 0.9


def test_factors_tell_two_tones_apart() -> None:
    time = np.arange(2 * RATE_HZ)
    low = 0.3 * np.sin(2 * np.pi * 300 * time / RATE_HZ) * (time < RATE_HZ)
    high = 0.3 * np.sin(2 * np.pi * 2000 * time / RATE_HZ) * (time >= RATE_HZ)
    found = components_of((low + high).astype(np.float32), RATE_HZ, "nmf", 2, seed=0)
    alike = np.abs(np.corrcoef([low, high, *found])[:2, 2:])
    assert sorted(alike.max(axis=1) > 0.98) == [True, True]
    assert alike.argmax(axis=1).tolist() in ([0, 1], [1, 0])


def test_soft_masks_sum_to_one_where_nothing_is_heard() -> None:
    strengths = np.array([[1.0, 0.0], [3.0, 0.0]])
    np.testing.assert_allclose(soft_masks(strengths), [[0.25, 0.5], [0.75, 0.5]])


class ToneAndClicks:
    """A model whose score is any function of which two waveforms and halves it hears."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")

    def __init__(self, sources: list[AudioArray]) -> None:
        self.sources = np.stack(sources).astype(np.float64)

    def scores(self, waveforms: AudioArray) -> np.ndarray:
        found = []
        for waveform in waveforms:
            level = np.linalg.lstsq(self.sources.T, waveform, rcond=None)[0]
            found.append(3 * level[0] * level[1] - level[0])
        return np.stack([found, np.negative(found)], axis=1).astype(np.float32)


def test_values_of_whole_components_are_shapley_values() -> None:
    tone, clicks = _tone_and_clicks()
    sources = list(components_of(tone + clicks, RATE_HZ, "hpss", 2, seed=0))
    model = ToneAndClicks(sources)
    clip = Clip("both", tone + clicks, RATE_HZ)
    perturber = perturber_for(model, clip)
    found = _explain(part_shap.SPEC, perturber, clip, window_s=0.0)
    expected = exact_shapley(lambda kept: 3.0 * kept[0] * kept[1] - kept[0], 2)
    assert found.notes == ("harmonic +0.50, percussive +1.50",)
    parts = perturber.parts(np.stack(sources))
    shares = parts.over_time(expected, perturber.segments.edges_samples)
    np.testing.assert_allclose(found.relevance, shares, atol=1e-4)


def test_coefficients_are_those_of_a_weighted_ridge_over_all_coalitions() -> None:
    clip = unit_clip(6)
    model = WeightedEnergy(np.array([0.0, 8.0, 0.0, 4.0, 0.0, 0.0]))
    perturber = perturber_for(model, clip)
    settings = {"components": "clip", "window_s": 0.1, "samples": 64}
    found = _explain(audio_lime.SPEC, perturber, clip, **settings)
    kept = (~all_coalitions(6)).astype(float)
    weights = np.exp(-0.5 * ((1 - np.sqrt(kept.mean(axis=1))) / 0.25) ** 2)
    scores = kept @ np.array([0.0, 2.0, 0.0, 1.0, 0.0, 0.0])
    middle = np.average(kept, axis=0, weights=weights)
    centred = kept - middle
    gram = (weights[:, None] * centred).T @ centred + np.eye(6)
    right = (weights[:, None] * centred).T @ (scores - np.average(scores, weights=weights))
    np.testing.assert_allclose(found.relevance, np.linalg.solve(gram, right), atol=1e-5)


def test_stretches_of_one_cell_are_kernel_shap_on_segments() -> None:
    model = WeightedEnergy(np.array([0.0, 8.0, 0.0, -4.0, 0.0]))
    perturber = perturber_for(model, unit_clip(5))
    found = _explain(part_shap.SPEC, perturber, unit_clip(5), components="clip", window_s=0.1)
    np.testing.assert_allclose(found.relevance, [0, 2, 0, -1, 0], atol=1e-5)


@pytest.mark.parametrize("components", ["hpss", "nmf", "bands", "clip"])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_the_sum_is_that_of_the_parts_and_the_cost_is_as_stated(
    spec: ExplainerSpec, components: str
) -> None:
    clip = unit_clip(10)
    perturber = perturber_for(WeightedEnergy(np.arange(10.0)), clip)
    settings = {"components": components, "window_s": 0.3, "samples": 10}
    views = perturber.view(), perturber.view()
    found, again = (_explain(spec, view, clip, **settings) for view in views)
    np.testing.assert_array_equal(found.relevance, again.relevance)
    assert found.relevance.size == clip.waveform.size // CELL
    assert views[0].cost.calls == views[1].cost.calls == (12 if spec is part_shap.SPEC else 10)
    assert views[1].cost.forwards == 0
    if spec is part_shap.SPEC:
        rise = perturber.clip_score() - perturber.dropped_score()
        assert found.relevance.sum() == pytest.approx(rise, abs=1e-4)
