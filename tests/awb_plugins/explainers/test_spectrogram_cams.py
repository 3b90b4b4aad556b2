"""Class activation maps against loops and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate

from awb_plugins.explainers.spectrogram import activation_maps
from fakes_torch import SmallCnn, TorchModel
from spectrograms import features_of, look, map_of, varied_clip

GRAD_CAM, PLUS_PLUS, SCORE_CAM = activation_maps.SPECS
CLIP = varied_clip(8, seed=3)


@pytest.fixture
def model() -> TorchModel:
    return TorchModel(SmallCnn(seed=2), "conv2")


def _maps(net: SmallCnn, features: torch.Tensor) -> torch.Tensor:
    return net.relu2(net.conv2(net.pool(net.relu1(net.conv1(features[:, None])))))


def _from_maps(net: SmallCnn, maps: torch.Tensor) -> torch.Tensor:
    return net.dense(net.flatten(net.squeeze(maps)))[:, 0]


def _finite_differences(net: SmallCnn, maps: torch.Tensor) -> np.ndarray:
    slow = np.zeros(maps.shape[1:])
    for place in np.ndindex(*slow.shape):
        ends = []
        for side in (1e-6, -1e-6):
            moved = maps.clone()
            moved[(0, *place)] += side
            ends.append(float(_from_maps(net, moved)))
        slow[place] = (ends[0] - ends[1]) / 2e-6
    return slow


def _stretched(grid: np.ndarray, features: torch.Tensor) -> np.ndarray:
    wide = interpolate(torch.tensor(grid)[None, None], features.shape[1:], mode="bilinear")
    return np.asarray(wide[0, 0].numpy())


def test_grad_cam_against_finite_differences(model: TorchModel) -> None:
    net = model.back_end.double()
    features = features_of(model, CLIP).double()
    with torch.no_grad():
        maps = _maps(net, features)
        gradients = _finite_differences(net, maps)
    weights = gradients.mean(axis=(1, 2))
    combined = np.tensordot(weights, maps[0].numpy(), axes=1)
    net.float()
    found = map_of(GRAD_CAM, model, CLIP)
    np.testing.assert_allclose(found, _stretched(combined, features), atol=1e-5)
    assert found.min() < 0, "signed by default"
    rectified = map_of(GRAD_CAM, model, CLIP, relu=True)
    np.testing.assert_allclose(rectified, _stretched(np.maximum(combined, 0), features), atol=1e-5)


def test_grad_cam_plus_plus_against_a_loop(model: TorchModel) -> None:
    net = model.back_end.double()
    features = features_of(model, CLIP).double()
    with torch.no_grad():
        maps = _maps(net, features)
        gradients = _finite_differences(net, maps)
    active = np.maximum(maps[0].numpy(), 0.0)
    combined = np.zeros(active.shape[1:])
    for channel in range(len(active)):
        weight, heat = 0.0, active[channel].sum()
        for place in np.ndindex(*combined.shape):
            slope = gradients[channel][place]
            total = 2 * slope**2 + heat * slope**3
            weight += (slope**2 / total if abs(total) > 1e-25 else 0.0) * max(slope, 0.0)
        combined += weight * active[channel]
    net.float()
    found = map_of(PLUS_PLUS, model, CLIP)
    np.testing.assert_allclose(found, _stretched(combined, features), rtol=1e-3, atol=1e-6)
    assert found.min() >= 0, "there is nothing for relu to drop"
    np.testing.assert_array_equal(map_of(PLUS_PLUS, model, CLIP, relu=True), found)


def test_score_cam_against_a_loop(model: TorchModel) -> None:
    net = model.back_end
    features = features_of(model, CLIP)
    with torch.no_grad():
        maps = interpolate(_maps(net, features).clamp(min=0), features.shape[1:], mode="bilinear")[
            0
        ]
        gains, kept = [], []
        for channel in maps:
            if float(channel.max() - channel.min()) < 1e-7:
                continue
            mask = (channel - channel.min()) / (channel.max() - channel.min())
            gains.append(float(net(features * mask)[0, 0] - net(features * 0)[0, 0]))
            kept.append(channel.numpy())
    weights = np.exp(gains) / np.exp(gains).sum()
    expected = np.tensordot(weights, np.array(kept), axes=1)
    explanation, view = look(SCORE_CAM, model, CLIP)
    np.testing.assert_allclose(explanation.time_frequency, expected, atol=1e-5)
    assert view.cost.calls == len(kept) + 5, "three for the cut, the maps, the baseline"


class _Deaf(nn.Module):
    """A network whose convolution never fires."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.relu = nn.ReLU()
        nn.init.constant_(self.conv.weight, 0.0)
        nn.init.constant_(self.conv.bias, -1.0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.relu(self.conv(features[:, None])).mean(dim=(2, 3))


@pytest.mark.parametrize("spec", activation_maps.SPECS)
def test_a_layer_that_never_fires_explains_nothing(spec: object) -> None:
    found = map_of(spec, TorchModel(_Deaf(), "conv"), CLIP)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, 0.0, atol=1e-12)


class _OneDimensional(nn.Module):
    """A network that convolves over time only, bins being channels."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv = nn.Conv1d(4, 3, 5, padding=2)
            self.dense = nn.Linear(3, 2)
        self.relu = nn.ReLU()
        nn.init.constant_(self.dense.weight, 1.0)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = self.relu(self.conv(features.transpose(1, 2))).mean(dim=2)
        return self.dense(hidden)


@pytest.mark.parametrize("spec", activation_maps.SPECS)
def test_convolutions_over_time_only_spread_over_all_bins(spec: object) -> None:
    found = map_of(spec, TorchModel(_OneDimensional(), "conv"), CLIP)  # type: ignore[arg-type]
    assert found.shape == (40, 4)
    assert np.ptp(found, axis=1).max() == 0.0, "bins are told apart by nothing, not by rounding"
    assert np.ptp(found[:, 0]) > 0
