"""Gradient explainers: captum directly and through our door, and what captum promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from captum import attr

from awb.specs import ExplainerSpec
from awb_plugins.explainers.spectrogram import against_baseline, gradients
from awb_plugins.explainers.spectrogram.background import quiet_audio
from fakes import perturber_for
from fakes_torch import SmallCnn, TorchModel
from spectrograms import features_of, look, map_of, varied_clip

SALIENCY, INPUT_X_GRADIENT, SMOOTHGRAD, GUIDED = gradients.SPECS
INTEGRATED, DEEPLIFT, GRADIENT_SHAP, DEEP_SHAP = against_baseline.SPECS
CLIP = varied_clip(8)


@pytest.fixture
def model() -> TorchModel:
    return TorchModel(SmallCnn(), "conv2")


def _silence(features: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(features)


Direct = Callable[[torch.nn.Module, torch.Tensor], torch.Tensor]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("spec", "direct"),
    [
        (SALIENCY, lambda net, x: attr.Saliency(net).attribute(x, target=0)),
        (INPUT_X_GRADIENT, lambda net, x: attr.InputXGradient(net).attribute(x, target=0)),
        (GUIDED, lambda net, x: attr.GuidedBackprop(net).attribute(x, target=0)),
        (DEEPLIFT, lambda net, x: attr.DeepLift(net).attribute(x, _silence(x), target=0)),
        (
            INTEGRATED,
            lambda net, x: attr.IntegratedGradients(net).attribute(
                x, _silence(x), target=0, n_steps=256
            ),
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_the_door_changes_nothing(model: TorchModel, spec: ExplainerSpec, direct: Direct) -> None:
    features = features_of(model, CLIP).requires_grad_()
    expected = direct(model.back_end, features)[0].detach().numpy()
    settings = {"steps": 256} if spec is INTEGRATED else {}
    np.testing.assert_allclose(
        map_of(spec, model, CLIP, **settings), expected, rtol=1e-5, atol=1e-9
    )


def test_gradients_are_finite_differences(model: TorchModel) -> None:
    net = model.back_end.double()
    features = features_of(model, CLIP).double()
    slow = np.zeros(features.shape[1:])
    step = 1e-6
    for frame, band in np.ndindex(*slow.shape):
        ends = []
        for side in (step, -step):
            moved = features.clone()
            moved[0, frame, band] += side
            ends.append(net(moved)[0, 0].item())
        slow[frame, band] = (ends[0] - ends[1]) / (2 * step)
    net.float()
    np.testing.assert_allclose(map_of(SALIENCY, model, CLIP), np.abs(slow), atol=1e-5)
    shifted = map_of(INPUT_X_GRADIENT, model, CLIP, baseline="mean")
    mean = features[0].mean(dim=0).numpy()
    np.testing.assert_allclose(shifted, slow * (features[0].numpy() - mean), atol=1e-5)


@pytest.mark.parametrize("baseline", ["dropped", "mean"])
@pytest.mark.parametrize("spec", [INTEGRATED, DEEPLIFT])
def test_differences_from_a_baseline_sum_to_that_of_the_scores(
    model: TorchModel, spec: ExplainerSpec, baseline: str
) -> None:
    features = features_of(model, CLIP)
    nothing = _silence(features) if baseline == "dropped" else features.mean(1, keepdim=True)
    with torch.no_grad():
        rise = model.back_end(features) - model.back_end(nothing.expand_as(features))
    explanation, _ = look(spec, model, CLIP, baseline=baseline)
    assert explanation.relevance.sum() == pytest.approx(float(rise[0, 0]), abs=2e-3)


def test_what_is_dropped_is_what_the_masker_says(model: TorchModel) -> None:
    perturber = perturber_for(model, CLIP)
    explanation, _ = look(INTEGRATED, model, CLIP)
    total = perturber.clip_score() - perturber.dropped_score()
    assert explanation.relevance.sum() == pytest.approx(total, abs=2e-3)


def test_smoothgrad_is_the_mean_of_gradients_at_noisy_copies(model: TorchModel) -> None:
    many = map_of(SMOOTHGRAD, model, CLIP, samples=2000, noise=0.3)
    features = features_of(model, CLIP)
    spread = float(features.max() - features.min())
    noisy = features + 0.3 * spread * torch.randn(
        (2000, *features.shape[1:]), generator=torch.Generator().manual_seed(1)
    )
    noisy.requires_grad_()
    (slow,) = torch.autograd.grad(model.back_end(noisy)[:, 0].sum(), noisy)
    expected = slow.mean(dim=0).numpy()
    assert np.corrcoef(many.ravel(), expected.ravel())[0, 1] > 0.99


@pytest.mark.parametrize("spec", [GRADIENT_SHAP, DEEP_SHAP])
def test_quiet_baselines_give_nearly_the_rise_over_quiet_audio(
    model: TorchModel, spec: ExplainerSpec
) -> None:
    explanation, _ = look(spec, model, CLIP)
    perturber = perturber_for(model, CLIP)
    total = perturber.clip_score() - perturber.dropped_score()
    assert explanation.relevance.sum() == pytest.approx(total, rel=0.15, abs=0.02)


@pytest.mark.filterwarnings("ignore")
def test_deep_shap_is_the_mean_of_deeplift_over_the_baselines(model: TorchModel) -> None:
    rng = np.random.default_rng(0)
    rng.integers(2**31)  # the harness seeds torch first
    quiet = quiet_audio(np.zeros(800, dtype=np.float32), 3, rng)
    features = features_of(model, CLIP)
    maps = []
    for waveform in quiet:
        with torch.no_grad():
            nothing = model.front_end(torch.tensor(waveform[None]))
        maps.append(attr.DeepLift(model.back_end).attribute(features, nothing, target=0)[0])
    expected = torch.stack(maps).mean(dim=0).detach().numpy()
    found = map_of(DEEP_SHAP, model, CLIP, baselines=3)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_quiet_audio_is_quiet_and_starts_with_the_fill() -> None:
    fill = np.full(5000, 0.25, dtype=np.float32)
    quiet = quiet_audio(fill, 9, np.random.default_rng(0))
    np.testing.assert_array_equal(quiet[0], fill)
    levels = 20 * np.log10(quiet[1:].std(axis=1))
    assert levels.min() > -81
    assert levels.max() < -39


@pytest.mark.parametrize(
    ("spec", "settings", "calls"),
    [
        (SALIENCY, {}, 1),
        (INPUT_X_GRADIENT, {}, 1),
        (GUIDED, {}, 1),
        (SMOOTHGRAD, {"samples": 7}, 7),
        (INTEGRATED, {"steps": 256}, 258),
        (DEEPLIFT, {}, 4),
        (GRADIENT_SHAP, {"samples": 6}, 15),
        (DEEP_SHAP, {"baselines": 5}, 12),
    ],
)
def test_calls_are_counted(
    model: TorchModel, spec: ExplainerSpec, settings: dict[str, Any], calls: int
) -> None:
    assert look(spec, model, CLIP, **settings)[1].cost.calls == calls


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["dropped", "silence", "median", "mean", "zero"])
@pytest.mark.parametrize("spec", [INTEGRATED, DEEPLIFT], ids=lambda spec: spec.name)
def test_every_baseline_is_captums_and_complete(
    model: TorchModel, spec: ExplainerSpec, kind: str
) -> None:
    features = features_of(model, CLIP)
    nothing = {
        "median": features.quantile(0.5, dim=1, interpolation="lower", keepdim=True),
        "mean": features.sum(dim=1, keepdim=True) / features.shape[1],
    }.get(kind, torch.zeros_like(features)).expand_as(features)  # fmt: skip
    settings: dict[str, Any] = {"baseline": kind}
    if spec is INTEGRATED:
        settings["steps"] = 256
        direct = attr.IntegratedGradients(model.back_end).attribute(
            features, nothing, target=0, n_steps=256
        )
    else:
        direct = attr.DeepLift(model.back_end).attribute(features, nothing, target=0)
    found = map_of(spec, model, CLIP, **settings)
    np.testing.assert_allclose(found, direct[0].detach().numpy(), rtol=1e-4, atol=1e-6)
    with torch.no_grad():
        rise = float((model.back_end(features) - model.back_end(nothing))[0, 0])
    assert found.sum() == pytest.approx(rise, rel=0.02, abs=1e-3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("spec", [INTEGRATED, DEEPLIFT, DEEP_SHAP], ids=lambda spec: spec.name)
def test_scenes_are_the_clip_in_pieces_and_what_they_give_is_averaged(
    model: TorchModel, spec: ExplainerSpec
) -> None:
    clip = varied_clip(16)
    heard: list[torch.Tensor] = []
    settings = {"baseline": "scenes", "baselines": 3}
    explanation, view = look(spec, model, clip, **settings)
    handle = model.back_end.register_forward_pre_hook(lambda _, given: heard.append(given[0]))
    look(spec, model, clip, **settings)
    handle.remove()
    features = features_of(model, clip)
    mine = features[0].sort(dim=0).values
    seen = {
        tuple(one.flatten().tolist()): one
        for batch in heard
        for one in batch.detach()
        if torch.allclose(one.sort(dim=0).values, mine) and not torch.equal(one, features[0])
    }
    assert len(seen) == 3 or spec is not INTEGRATED
    if spec is INTEGRATED:  # of which the baselines are asked for their scores
        piece = round(0.5 / 0.1) * 5
        for one in seen.values():
            starts = [features[0, at : at + piece] for at in range(0, features.shape[1], piece)]
            assert any(torch.equal(one[: len(part)], part) for part in starts)
        with torch.no_grad():
            there = [float(model.back_end(one[None])[0, 0]) for one in seen.values()]
            rise = float(model.back_end(features)[0, 0]) - float(np.mean(there))
        assert explanation.relevance.sum() == pytest.approx(rise, rel=0.05, abs=5e-3)
    assert any("sums to" in note for note in explanation.notes)
    assert view.cost.calls > 4
