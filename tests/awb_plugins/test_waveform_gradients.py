"""Networks that hear waveforms are open to gradients: finite differences, completeness, places."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch

import mini_audioset
from awb.conformance.capabilities import differentiable, tensors
from awb.maskers import Masker, noise, zeros
from awb.perturbation import Perturber
from awb.protocols import DifferentiableModel, TensorModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb.types import AudioArray, Clip, Instance
from awb_plugins.explainers.spectrogram import against_baseline, gradients
from awb_plugins.models.transformers_any import SPEC
from awb_plugins.models.transformers_any.parameters import TransformersParameters
from awb_plugins.models.wav2vec2.model import Wav2Vec2
from mini_checkpoints import random_checkpoint

RATE_HZ = 16_000
KINDS = ("wav2vec2", "hubert", "wavlm", "data2vec", "masked")

pytestmark = pytest.mark.usefixtures("one_thread")


def made(kind: str) -> Wav2Vec2:
    folder = mini_audioset.tiny_wav2vec2() if kind == "masked" else random_checkpoint(kind)
    found = SPEC.factory(TransformersParameters(checkpoint=str(folder), device="cpu"))
    assert isinstance(found, Wav2Vec2)
    return found


def clip(seconds: float = 1.0) -> AudioArray:
    rng = np.random.default_rng(3)
    noise = rng.normal(0.02, 0.1, round(seconds * RATE_HZ))
    noise[: noise.size // 3] *= 0.1
    return noise.astype(np.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_the_two_halves_make_up_the_whole(kind: str) -> None:
    model = made(kind)
    assert isinstance(model, DifferentiableModel)
    assert isinstance(model, TensorModel)
    waveforms = np.stack([clip(), 3 * clip()[::-1]])
    differentiable(model, waveforms)
    tensors(model, waveforms)
    short = clip(0.02)[np.newaxis]
    features = model.front_end(torch.tensor(short))
    assert features.shape == (1, 320, 1)
    with torch.no_grad():
        np.testing.assert_allclose(model.back_end(features).numpy(), model.scores(short), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("place", ["features", "samples"])
def test_gradients_are_those_of_finite_differences(kind: str, place: str) -> None:
    model = made(kind)
    front_end, back_end = deepcopy(model.front_end).double(), deepcopy(model.back_end).double()

    def score(at: torch.Tensor) -> torch.Tensor:
        return back_end(at if place == "features" else front_end(at))[0, 1]

    given = torch.tensor(clip(0.3)[np.newaxis]).double()
    point = front_end(given).detach() if place == "features" else given
    point.requires_grad_(True)
    (gradient,) = torch.autograd.grad(score(point), point)
    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        step = torch.randn(point.shape, generator=generator, dtype=torch.float64)
        size = 1e-5 / float(step.norm())
        with torch.no_grad():
            rise = (score(point + size * step) - score(point - size * step)) / (2 * size)
        expected = float((gradient * step).sum())
        assert expected != 0
        assert float(rise) == pytest.approx(expected, rel=1e-4, abs=1e-7)


def explained(
    model: Any, specs: list[ExplainerSpec], name: str, masker: Masker = zeros, **given: Any
) -> Any:
    """Explain a second of audio; return the explanation and the perturber."""
    spec = next(spec for spec in specs if spec.name == name)
    explainer = spec.factory(spec.parameters.model_validate(given))
    instance = Instance("test", Clip("noise", clip(), RATE_HZ), "B", 1, np.array([[0.1, 0.2]]))
    segments = Segments(RATE_HZ, RATE_HZ)
    perturber = Perturber(model, instance, segments, masker, RandomKey((0,)))
    return explainer(perturber, instance, np.random.default_rng(0)), perturber


@pytest.mark.parametrize("kind", KINDS)
def test_integrated_gradients_sum_to_the_rise(kind: str) -> None:
    """From noise: group normalization makes a cliff of the way out of silence."""
    model = made(kind)
    specs = against_baseline.SPECS
    found, perturber = explained(model, specs, "integrated-gradients", noise(), steps=64)
    rise = perturber.clip_score() - perturber.dropped_score()
    assert abs(rise) > 1e-4
    assert found.relevance.sum() == pytest.approx(rise, rel=1e-2)


def test_integrated_gradients_sum_to_the_rise_from_silence() -> None:
    found, perturber = explained(made("masked"), against_baseline.SPECS, "integrated-gradients")
    rise = perturber.clip_score() - perturber.dropped_score()
    assert found.relevance.sum() == pytest.approx(rise, rel=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_a_segment_gets_the_gradients_of_its_own_samples(kind: str) -> None:
    model = made(kind)
    found, _ = explained(model, gradients.SPECS, "saliency")
    features = model.front_end(torch.tensor(clip()[np.newaxis])).detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(model.back_end(features)[0, 1], features)
    by_hand = gradient.abs().numpy().astype(np.float64).reshape(10, 1600).sum(axis=1)
    np.testing.assert_allclose(found.relevance, by_hand, rtol=1e-4)


def test_without_normalization_features_are_the_waveform(tmp_path: Path) -> None:
    from transformers import Wav2Vec2FeatureExtractor

    folder = random_checkpoint("hubert")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    Wav2Vec2FeatureExtractor(do_normalize=False).save_pretrained(tmp_path)
    model = SPEC.factory(TransformersParameters(checkpoint=str(tmp_path), device="cpu"))
    assert isinstance(model, Wav2Vec2)
    given = torch.tensor(clip()[np.newaxis])
    assert torch.equal(model.front_end(given)[..., 0], given)
    assert model.frame_centers_s(3).tolist() == [0.5 / RATE_HZ, 1.5 / RATE_HZ, 2.5 / RATE_HZ]
