"""What all explainers of a spectrogram share: alignment, torch's state, and the model untouched."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError
from awb.protocols import DifferentiableModel
from awb.specs import ExplainerSpec
from awb_plugins.explainers import spectrogram
from fakes import WeightedEnergy, unit_clip
from fakes_torch import FRAME, SmallCnn, TorchModel
from spectrograms import look, map_of, varied_clip

MAPS = [spec for spec in spectrogram.SPECS if DifferentiableModel in spec.needs]
# Not local: patches and cells are longer than a frame, the flat rule spreads over what a unit could
# see, and a class activation map weighs channels, not frames.
WIDE = {"occlusion-tf", "lime-tf", "lrp-flat", "grad-cam", "grad-cam++", "score-cam"}
LOCAL = [spec for spec in MAPS if spec.name not in WIDE]
CLIP = varied_clip(10)


class OneFrame(nn.Module):
    """A network that listens to one frame only, through a convolution of one point."""

    def __init__(self, frame: int) -> None:
        super().__init__()
        self.frame = frame
        self.conv, self.relu = nn.Conv2d(1, 3, 1, bias=False), nn.ReLU()
        self.dense = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.conv.weight.copy_(torch.tensor([1.0, 2.0, 0.5]).reshape(3, 1, 1, 1))
            self.dense.weight.copy_(torch.tensor([[1.0, 0.5, 2.0], [-1.0, -1.0, -1.0]]))

    def forward(self, features: Tensor) -> Tensor:
        hidden = self.relu(self.conv(features[:, None]))
        scores: Tensor = self.dense(hidden[:, :, self.frame].mean(dim=2))
        return scores


@pytest.mark.parametrize("frame", [0, 12, 26, 49])
@pytest.mark.parametrize("spec", LOCAL, ids=lambda spec: spec.name)
def test_the_segment_of_the_only_frame_that_is_heard_wins(spec: ExplainerSpec, frame: int) -> None:
    found, _ = look(spec, TorchModel(OneFrame(frame), "conv"), CLIP)
    segment = frame * FRAME // 100
    assert found.relevance.argmax() == segment
    assert np.flatnonzero(np.abs(found.relevance) > 1e-9).tolist() == [segment]


@pytest.mark.parametrize("spec", MAPS, ids=lambda spec: spec.name)
def test_torch_and_numpy_are_left_as_they_were(spec: ExplainerSpec) -> None:
    model = TorchModel(SmallCnn(), "conv2")
    weights = {name: value.clone() for name, value in model.back_end.state_dict().items()}
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002 - the global stream is what is tested
    expected = torch.rand(3), np.random.random(3)  # noqa: NPY002
    torch.manual_seed(7)
    np.random.seed(7)  # noqa: NPY002
    threads = torch.get_num_threads()
    with torch.no_grad():
        look(spec, model, CLIP)
        assert not torch.is_grad_enabled()
    torch.testing.assert_close(torch.rand(3), expected[0], rtol=0, atol=0)
    np.testing.assert_array_equal(np.random.random(3), expected[1])  # noqa: NPY002
    assert torch.get_num_threads() == threads
    for name, value in model.back_end.state_dict().items():
        torch.testing.assert_close(value, weights[name], rtol=0, atol=0)
    for layer in model.back_end.modules():
        assert not layer._forward_hooks
        assert not layer._forward_pre_hooks
        assert not layer._backward_hooks
    assert all(parameter.grad is None for parameter in model.back_end.parameters())


@pytest.mark.parametrize("spec", MAPS, ids=lambda spec: spec.name)
def test_nothing_depends_on_what_ran_before(spec: ExplainerSpec) -> None:
    torch.manual_seed(1)
    model = TorchModel(SmallCnn(), "conv2")
    first = map_of(spec, model, CLIP, seed=3)
    torch.rand(100)
    for other in MAPS[:3]:
        look(other, model, CLIP)
    np.testing.assert_array_equal(map_of(spec, model, CLIP, seed=3), first)


@pytest.mark.parametrize(
    ("aggregation", "function"),
    [
        ("sum", np.sum),
        ("positive-sum", lambda part: np.maximum(part, 0).sum()),
        ("abs-sum", lambda part: np.abs(part).sum()),
        ("max", np.max),
    ],
)
def test_a_map_becomes_segments_as_it_is_told(aggregation: str, function: Any) -> None:
    spec = next(spec for spec in MAPS if spec.name == "integrated-gradients")
    found, _ = look(spec, TorchModel(SmallCnn(), "conv2"), CLIP, aggregation=aggregation)
    assert found.time_frequency is not None
    per_segment = found.time_frequency.reshape(10, 5, 4)
    expected = [function(part) for part in per_segment]
    np.testing.assert_allclose(found.relevance, expected, atol=1e-9)


@pytest.mark.parametrize("spec", MAPS, ids=lambda spec: spec.name)
def test_a_black_box_is_not_applicable(spec: ExplainerSpec) -> None:
    with pytest.raises(NotApplicableError, match="DifferentiableModel"):
        look(spec, WeightedEnergy(np.ones(10)), unit_clip(10))
