"""Networks that write in place: maps as of the same function that does not, or a refusal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from awb.errors import NotApplicableError
from awb.specs import ExplainerSpec
from awb_plugins.explainers import spectrogram
from awb_plugins.explainers.captum_adapter import SPEC as CAPTUM
from awb_plugins.explainers.graph import backprop, deeplift, lrp
from awb_plugins.explainers.graph.tape import record
from fakes_torch import TorchModel
from networks_torch import SameFunction, seeded
from spectrograms import look, map_of, varied_clip

CLIP = varied_clip(8)
OWN = {spec.name: spec for spec in spectrogram.SPECS}


class _Standardized(nn.Module):
    """Standardizes its features; in place, it writes into what it is given."""

    def __init__(self, *, in_place: bool) -> None:
        super().__init__()
        self.conv, self.dense, self.in_place = nn.Conv2d(1, 6, 3), nn.Linear(6, 2), in_place

    def forward(self, features: Tensor) -> Tensor:
        if self.in_place:
            features -= 0.4
            features /= 0.5
        else:
            features = (features - 0.4) / 0.5
        scores: Tensor = self.dense(functional.relu(self.conv(features[:, None])).mean(dim=(2, 3)))
        return scores


INSIDE = [
    *((OWN[name], {}) for name in OWN if name not in ("attention-rollout", "listen")),
    (CAPTUM, {"method": "Occlusion:on=features"}),
    (CAPTUM, {"method": "IntegratedGradients"}),
    (CAPTUM, {"method": "LayerDeepLift"}),
    (CAPTUM, {"method": "LayerGradCam:layer=conv"}),
]


@pytest.mark.parametrize(("spec", "settings"), INSIDE)
def test_a_back_end_may_write_into_its_features(
    spec: ExplainerSpec, settings: dict[str, Any]
) -> None:
    found, expected = (
        look(spec, TorchModel(seeded(lambda one=one: _Standardized(in_place=one)), "conv"), CLIP,
             **settings)
        for one in (True, False)
    )  # fmt: skip
    assert np.abs(expected[0].time_frequency).max() > 1e-6
    np.testing.assert_allclose(found[0].time_frequency, expected[0].time_frequency, atol=1e-6)
    assert found[1].cost.calls == expected[1].cost.calls


@pytest.mark.parametrize(
    ("spec", "settings"),
    [
        (OWN["grad-cam"], {"target_layer": "conv2"}),
        (OWN["grad-cam++"], {"target_layer": "conv2"}),
        (OWN["score-cam"], {"target_layer": "conv2"}),
        *(
            (CAPTUM, {"method": f"{method}:layer=conv2"})
            for method in (
                *("LayerGradCam", "LayerGradientXActivation", "LayerIntegratedGradients"),
                *("LayerConductance", "InternalInfluence", "LayerDeepLift", "LayerLRP"),
                *("LayerFeatureAblation", "LayerGradientShap"),
            )
        ),
    ],
)
def test_what_follows_a_layer_may_write_into_its_maps(
    spec: ExplainerSpec, settings: dict[str, Any]
) -> None:
    found, expected = (
        map_of(spec, TorchModel(seeded(lambda one=one: SameFunction(one)), "conv2"), CLIP,
               **settings)
        for one in ("inplace", "each")
    )  # fmt: skip
    assert np.abs(expected).max() > 1e-6
    np.testing.assert_allclose(found, expected, atol=1e-6)


class _Steps(nn.Module):
    """A dense layer and what is done with it step by step; in place, or not."""

    def __init__(self, *, in_place: bool) -> None:
        super().__init__()
        self.inner, self.dense, self.in_place = nn.Linear(4, 4), nn.Linear(4, 2), in_place

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.steps(torch.relu(self.inner(features)))
        scores: Tensor = self.dense(hidden.mean(dim=1))
        return scores

    def steps(self, hidden: Tensor) -> Tensor:
        raise NotImplementedError


class _Scaled(_Steps):
    def steps(self, hidden: Tensor) -> Tensor:
        scale = torch.ones(1)
        for _ in range(3):
            hidden = hidden * scale
            scale = scale.mul_(0.5) if self.in_place else scale * 0.5
        return hidden


class _Remembered(_Steps):
    def steps(self, hidden: Tensor) -> Tensor:
        state, found = torch.ones(1, 4), torch.zeros(1, 4)
        for frame in hidden.unbind(dim=1):
            found = found + frame * state
            fresh = torch.tanh(frame)
            state = state.copy_(fresh) if self.in_place else fresh
        return found[:, None]


class _Emptied(_Steps):
    def steps(self, hidden: Tensor) -> Tensor:
        if self.in_place:
            hidden[:, 2:5].zero_()
            hidden[:, 7].fill_(0.3)
            return hidden
        parts = [hidden[:, :2], hidden[:, 2:5] * 0, hidden[:, 5:7], hidden[:, 7:8] * 0 + 0.3]
        return torch.cat([*parts, hidden[:, 8:]], dim=1)


class _Refilled(_Steps):
    def steps(self, hidden: Tensor) -> Tensor:
        if not self.in_place:
            both = [torch.stack([hidden, torch.full_like(hidden, one)]) for one in (0.0, 2.0)]
            return torch.softmax(both[0], 0)[0] + 3 * torch.softmax(both[1], 0)[0]
        buffer = hidden.new_zeros(2, *hidden.shape)
        beside = buffer[1]
        buffer[0] = hidden
        first = torch.softmax(buffer * 1.0, 0)[0]
        beside.fill_(2.0)
        return first + 3 * torch.softmax(buffer * 1.0, 0)[0]


def _features(seed: int = 0) -> Tensor:
    return torch.randn((1, 12, 4), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", [_Scaled, _Remembered, _Emptied, _Refilled])
def test_operations_are_those_of_the_same_function_without_writing(kind: type[_Steps]) -> None:
    clip, nothing, found = _features(), _features(1) * 0.1, []
    for in_place in (True, False):
        network = seeded(lambda in_place=in_place: kind(in_place=in_place))
        tape = record(network, clip)
        with torch.no_grad():
            torch.testing.assert_close(tape.scores, network(clip.clone()))
        found.append(
            [
                backprop.gradient(tape, 0),
                backprop.gradient(tape, 0, "guided"),
                deeplift.multipliers(tape, record(network, nothing), 0),
                *(lrp.propagate(tape, 0, one, 1e-6).relevance for one in ("epsilon", "flat")),
            ]
        )
    given = clip.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network(given)[0, 0], given)  # which writes nowhere
    torch.testing.assert_close(found[0][0], expected, atol=1e-6, rtol=1e-4)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-3)


class _IntoOut(_Steps):
    def steps(self, hidden: Tensor) -> Tensor:
        found = torch.empty_like(hidden)
        torch.mul(hidden, 2, out=found)
        return found


@pytest.mark.parametrize("name", ["saliency", "integrated-gradients", "smoothgrad"])
@pytest.mark.parametrize(
    ("kind", "why"), [(_Scaled, "in place what its gradient needs"), (_IntoOut, "out=")]
)
def test_what_torch_cannot_follow_is_refused(kind: type[_Steps], why: str, name: str) -> None:
    model = TorchModel(seeded(lambda: kind(in_place=True)), "")
    with pytest.raises(NotApplicableError, match=f"no gradient: it writes .*{why}"):
        map_of(OWN[name], model, CLIP)


def test_constants_beside_activations_keep_their_share() -> None:
    network = seeded(lambda: _Refilled(in_place=True)).double()
    found = lrp.propagate(record(network, _features().double()), 0, "epsilon", 1e-9)
    assert found.lost == pytest.approx(0, abs=1e-6)
    total = float(found.relevance.sum()) + found.kept
    assert total == pytest.approx(found.score, rel=1e-6)
