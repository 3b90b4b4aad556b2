"""LRP against a slow plain implementation, and what it conserves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError
from awb.specs import ExplainerSpec
from awb_plugins.explainers.spectrogram import lrp
from fakes_torch import SmallCnn, TorchModel
from spectrograms import features_of, look, map_of, varied_clip

EPSILON, FLAT = lrp.SPECS
CLIP = varied_clip(4, seed=1)


class _TwoLayers(nn.Module):
    """Dense, ReLU, dense over all features at once."""

    def __init__(self, n_features: int, *, bias: bool, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.inner = nn.Linear(n_features, 9, bias=bias)
            self.outer = nn.Linear(9, 2, bias=bias)
        self.flatten, self.relu = nn.Flatten(), nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        return self.outer(self.relu(self.inner(self.flatten(features))))


def _share(
    relevance: np.ndarray, inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray, epsilon: float
) -> np.ndarray:
    """Hand the relevance of one layer down, unit by unit."""
    found = np.zeros_like(inputs)
    for unit, given in enumerate(relevance):
        total = bias[unit] + sum(weight[unit, i] * inputs[i] for i in range(inputs.size))
        total += epsilon if total >= 0 else -epsilon
        for i in range(inputs.size):
            found[i] += given * weight[unit, i] * inputs[i] / total
    return found


def _layers(net: _TwoLayers, features: Tensor) -> tuple[np.ndarray, ...]:
    def numbers(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
        weight = layer.weight.detach().double().numpy()
        bias = np.zeros(len(weight)) if layer.bias is None else layer.bias.detach().numpy()
        return weight, bias.astype(float)

    (inner, inner_bias), (outer, outer_bias) = numbers(net.inner), numbers(net.outer)
    low = features.double().numpy().ravel()
    return low, inner, inner_bias, np.maximum(inner @ low + inner_bias, 0), outer, outer_bias


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("epsilon", [1e-6, 0.3])
def test_epsilon_equals_the_slow_rule(bias: bool, epsilon: float) -> None:
    net = _TwoLayers(80, bias=bias)
    model = TorchModel(net, "inner")
    low, inner, inner_bias, high, outer, outer_bias = _layers(net, features_of(model, CLIP))
    score = np.array([outer[0] @ high + outer_bias[0], 0.0])
    middle = _share(score, high, outer, outer_bias, epsilon)
    expected = _share(middle, low, inner, inner_bias, epsilon).reshape(20, 4)
    found = map_of(EPSILON, model, CLIP, epsilon=epsilon)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


def test_flat_shares_evenly_at_the_input() -> None:
    net = _TwoLayers(80, bias=True)
    model = TorchModel(net, "inner")
    *_, high, outer, outer_bias = _layers(net, features_of(model, CLIP))
    score = np.array([outer[0] @ high + outer_bias[0], 0.0])
    middle = _share(score, high, outer, outer_bias, 1e-6)
    expected = np.full((20, 4), middle.sum() / 80)
    np.testing.assert_allclose(map_of(FLAT, model, CLIP), expected, rtol=1e-4)


def _slow_convolution_rule(
    relevance: np.ndarray, inputs: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Share the relevance of a 3x3 convolution, padded by one, point by point."""
    channels, height, width = relevance.shape
    padded = np.pad(inputs, ((0, 0), (1, 1), (1, 1)))
    found = np.zeros_like(padded)
    for channel, row, column in np.ndindex(channels, height, width):
        patch = padded[:, row : row + 3, column : column + 3] * weight[channel]
        total = patch.sum()
        if total:
            found[:, row : row + 3, column : column + 3] += (
                relevance[channel, row, column] * patch / total
            )
    return found[:, 1:-1, 1:-1]


def test_the_flat_composite_on_a_convolutional_network_equals_loops() -> None:
    net = SmallCnn(seed=4)
    model = TorchModel(net, "conv2")
    features = features_of(model, CLIP)
    with torch.no_grad():
        first = net.pool(net.relu1(net.conv1(features[:, None])))
        second = net.relu2(net.conv2(first))
        pooled = net.squeeze(second).flatten()
        score = float(net.dense(pooled)[0])
    weight, bias = net.dense.weight[0].detach().numpy(), net.dense.bias[0].item()
    share = pooled.numpy() * weight
    total = share.sum() + bias
    down = score * share / total
    heat = second[0].numpy().astype(float)
    means = heat.mean(axis=(1, 2), keepdims=True)
    spread = np.divide(heat, means * heat[0].size, out=np.zeros_like(heat), where=means > 0)
    relevance = _slow_convolution_rule(
        down[:, None, None] * spread,
        first[0].numpy().astype(float),
        np.maximum(net.conv2.weight.detach().numpy(), 0).astype(float),
    )
    with torch.no_grad():
        before = net.relu1(net.conv1(features[:, None]))[0].numpy().astype(float)
    pairs = before.reshape(4, -1, 2, 4)
    sums = pairs.sum(axis=2, keepdims=True)
    parts = np.divide(pairs, sums, out=np.zeros_like(pairs), where=sums > 0)
    relevance = (parts * relevance[:, :, None]).reshape(before.shape)
    ones = np.ones((1, 20, 4))
    expected = _slow_convolution_rule(relevance, ones, np.ones((4, 1, 3, 3)))[0]
    found = map_of(FLAT, model, CLIP)
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("seed", range(3))
def test_without_biases_relevance_sums_to_the_score(seed: int) -> None:
    model = TorchModel(SmallCnn(bias=False, seed=seed), "conv2")
    score = float(model.scores(np.array(CLIP.waveform)[None])[0, 0])
    found = look(EPSILON, model, CLIP, epsilon=1e-9)[0]
    assert found.relevance.sum() == pytest.approx(score, rel=1e-3)


def test_the_flat_composite_conserves_where_units_have_positive_inputs() -> None:
    net = SmallCnn(bias=False, seed=0)
    with torch.no_grad():
        for layer in (net.conv1, net.conv2, net.dense):
            layer.weight.abs_()
    model = TorchModel(net, "conv2")
    score = float(model.scores(np.array(CLIP.waveform)[None])[0, 0])
    assert look(FLAT, model, CLIP)[0].relevance.sum() == pytest.approx(score, rel=1e-3)


class _Normalized(nn.Module):
    """A `SmallCnn` whose features are standardized, and normalized after the convolution."""

    def __init__(self, *, fold: bool) -> None:
        super().__init__()
        inner = SmallCnn(bias=True, seed=1)
        self.conv1, self.conv2, self.dense = inner.conv1, inner.conv2, inner.dense
        self.relu1, self.relu2, self.flatten = nn.ReLU(inplace=True), nn.ReLU(), nn.Flatten()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        norm = nn.BatchNorm2d(4)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(norm.weight, 0.5, 2.0)
            nn.init.normal_(norm.bias)
        self.norm: nn.Module = norm
        if fold:
            self.conv1 = nn.utils.fuse_conv_bn_eval(self.conv1.eval(), norm.eval())
            self.norm = nn.Identity()
        self.register_buffer("scale", torch.linspace(0.5, 4.0, 4))

    def forward(self, features: Tensor) -> Tensor:
        scaled = (features - 0.3) * self.scale
        hidden = self.relu1(self.norm(self.conv1(scaled[:, None].transpose(2, 3))))
        return self.dense(self.flatten(self.squeeze(self.relu2(self.conv2(hidden)))))


@pytest.mark.parametrize("spec", lrp.SPECS)
def test_normalizations_are_folded_and_the_model_is_left_alone(spec: object) -> None:
    model = TorchModel(_Normalized(fold=False), "conv2")
    before = {name: value.clone() for name, value in model.back_end.state_dict().items()}
    plain = TorchModel(_Normalized(fold=True), "conv2")
    np.testing.assert_allclose(
        map_of(spec, model, CLIP),  # type: ignore[arg-type]
        map_of(spec, plain, CLIP),  # type: ignore[arg-type]
        atol=1e-5,
    )
    for name, value in model.back_end.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert model.back_end.relu1.inplace
    assert not any(hasattr(layer, "rule") for layer in model.back_end.modules())


class _Scaled(nn.Module):
    """A network that standardizes and turns its features before its first layer."""

    def __init__(self) -> None:
        super().__init__()
        self.net = SmallCnn(bias=False, seed=3)
        self.register_buffer("scale", torch.linspace(0.5, 4.0, 4))

    def forward(self, features: Tensor) -> Tensor:
        return self.net((features * self.scale).flip(2))


def test_a_fixed_scaling_before_the_first_layer_does_not_scale_relevance() -> None:
    model = TorchModel(_Scaled(), "net.conv2")
    score = float(model.scores(np.array(CLIP.waveform)[None])[0, 0])
    found = look(EPSILON, model, CLIP, epsilon=1e-9)[0]
    assert found.relevance.sum() == pytest.approx(score, rel=1e-3)


class _Sorted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(4, 2)

    def forward(self, features: Tensor) -> Tensor:
        return self.dense(features).sort(dim=1)[0].mean(dim=1)


class _Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense, self.last = nn.Linear(4, 4, bias=False), nn.Linear(4, 2, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        return self.last(self.dense(self.dense(features))).mean(dim=1)


@pytest.mark.parametrize("spec", lrp.SPECS)
def test_operators_without_a_rule_are_not_applicable(spec: ExplainerSpec) -> None:
    with pytest.raises(NotApplicableError, match="no rule for the operator sort"):
        look(spec, TorchModel(_Sorted(), "dense"), CLIP)


def test_a_layer_that_is_used_twice_is_two_operations() -> None:
    model = TorchModel(_Twice(), "dense")
    score = float(model.scores(np.array(CLIP.waveform)[None])[0, 0])
    found = look(EPSILON, model, CLIP, epsilon=1e-9)[0]
    assert found.relevance.sum() == pytest.approx(score, rel=1e-3)
    assert f"of the score's {score:.4g}" in found.notes[0]


@pytest.mark.parametrize("spec", lrp.SPECS)
def test_calls_are_counted(spec: ExplainerSpec) -> None:
    view = look(spec, TorchModel(SmallCnn(), "conv2"), CLIP)[1]
    assert view.cost.calls == 1
    assert "one call" in spec.cost
