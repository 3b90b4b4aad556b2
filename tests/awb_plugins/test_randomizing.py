"""Randomized twins: the last layers lose their order, the original loses nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from awb.errors import NotApplicableError, ParameterError
from awb.plugins.discovery import load
from awb.protocols import RandomizableModel, RandomLabelModel
from awb_plugins.models.randomizing import randomized_module
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED

RNG = np.random.default_rng


def _network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 5))


@pytest.mark.parametrize(("share", "changed"), [(0.01, 1), (1 / 3, 1), (0.5, 2), (1.0, 3)])
def test_the_cascade_starts_at_the_scores(share: float, changed: int) -> None:
    network = _network()
    with torch.no_grad():
        network[2].weight.copy_(torch.arange(4.0))
    before = copy.deepcopy(network.state_dict())
    twin = randomized_module(network, share, RNG(0))
    layers = [0, 2, 3]
    different = [not torch.equal(network[layer].weight, twin[layer].weight) for layer in layers]
    assert different == [False] * (3 - changed) + [True] * changed
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert torch.equal(tensor.flatten().sort()[0], twin.state_dict()[name].flatten().sort()[0])


def test_the_same_generator_gives_the_same_twin() -> None:
    network = _network()
    one, two = (randomized_module(network, 1.0, RNG(5)).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_a_share_out_of_range_is_refused(share: float) -> None:
    with pytest.raises(ParameterError, match=r"\(0, 1\]"):
        randomized_module(_network(), share, RNG(0))


def test_a_module_without_weights_is_refused() -> None:
    with pytest.raises(ParameterError, match="no layer"):
        randomized_module(nn.ReLU(), 1.0, RNG(0))


def test_the_embedded_model_has_both_twins() -> None:
    model = SoundscapeCnn(EMBEDDED)
    assert isinstance(model, RandomizableModel)
    assert isinstance(model, RandomLabelModel)
    noise = (0.1 * RNG(0).standard_normal((2, 16000))).astype(np.float32)
    before = model.scores(noise)
    for twin in (model.randomized(1.0, RNG(1)), model.trained_on_random_labels()):
        assert twin.classes == model.classes
        assert np.isfinite(twin.scores(noise)).all()
        assert not np.allclose(twin.scores(noise), before)
    assert np.array_equal(model.scores(noise), before)


@pytest.mark.parametrize("name", ["drums-crnn", "clever-hans-clean", "kws-cnn"])
def test_embedded_models_can_be_randomized(name: str) -> None:
    spec = load().get("model", name).spec
    model = spec.factory(spec.parameters())
    assert isinstance(model, RandomizableModel)
    noise = (0.1 * RNG(0).standard_normal((2, model.sample_rate_hz))).astype(np.float32)
    before = model.scores(noise)
    twin = model.randomized(1.0, RNG(1))
    assert type(twin) is type(model)
    assert not np.allclose(twin.scores(noise), before)
    assert np.array_equal(model.scores(noise), before)
    assert (twin.weights_sha256, bool(model.weights_sha256)) == ("", True)


def test_weights_of_ones_own_have_no_twin_on_random_labels(tmp_path) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(EMBEDDED.read_bytes())
    with pytest.raises(NotApplicableError, match="embedded"):
        SoundscapeCnn(own).trained_on_random_labels()
