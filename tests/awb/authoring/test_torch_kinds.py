"""Torch modules as people have them give the scores of the plain module, or say what to do."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb
from awb.authoring.fingerprints import fingerprint
from awb.authoring.torch_modules.whole import TorchModel
from awb.authoring.weights import tensor_bytes
from awb.errors import AwbError, ParameterError
from awb.protocols import DifferentiableModel
from awb_plugins.explainers.spectrogram import gradients
from fakes_torch import BINS, FrameEnergy, SmallCnn
from spectrograms import look, varied_clip

RATE_HZ = 1000
SETTINGS: dict[str, Any] = {
    "sample_rate_hz": RATE_HZ, "classes": ["A", "B", "C"], "output": "logits", "name": "net",
}  # fmt: skip
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (5, 700)).astype(np.float32)


class Net(nn.Module):
    """A convolution, a batch norm with statistics, dropout, a dense layer and a scalar."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.conv = nn.Conv1d(1, 6, 25, stride=5)
            self.norm = nn.BatchNorm1d(6)
            self.dense = nn.Linear(6, 3)
            with torch.no_grad():
                self.norm.running_mean += 0.05 * torch.randn(6)
                self.norm.running_var *= 0.02
        self.relu, self.dropout = nn.ReLU(inplace=True), nn.Dropout(0.5)
        self.scale = nn.Parameter(torch.tensor(1.5))

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        hidden = self.relu(self.norm(self.conv(waveforms[:, None])))
        return self.dense(self.dropout(hidden).amax(2)) * self.scale


def plain_scores() -> Any:
    """What the plain network computes, without awb."""
    with torch.no_grad():
        return Net().eval()(torch.from_numpy(NOISE)).numpy()


def test_the_networks_of_these_tests_are_not_indifferent() -> None:
    assert np.ptp(plain_scores(), axis=0).min() > 0.05


def _quietly(make: Callable[..., Any], *given: Any, **settings: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make(*given, **settings)


def _weight_normed(norm: Any) -> nn.Module:
    net = Net()
    _quietly(norm, net.conv)
    _quietly(norm, net.dense)
    net(torch.from_numpy(NOISE)).sum().backward()  # trained: its weight is now a result
    net.norm.load_state_dict(Net().norm.state_dict())  # which training has moved
    return net


def _compiled_inside() -> nn.Module:
    net = Net()
    net.dense = torch.compile(net.dense)  # type: ignore[assignment]
    return net


def _compiled_in_place() -> nn.Module:
    net = Net()
    net.compile()
    return net


def _exported() -> Any:
    shapes = ({0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC},)
    given = (torch.from_numpy(NOISE),)
    return _quietly(torch.export.export, Net().eval(), given, dynamic_shapes=shapes).module()


def _without_gradients() -> nn.Module:
    return Net().requires_grad_(False)


def _traced() -> Any:
    return _quietly(torch.jit.trace, Net().eval(), torch.from_numpy(NOISE))


def _sent(model: TorchModel) -> Any:
    """Send a model to a worker and take it there."""
    return pickle.loads(pickle.dumps(model))  # noqa: S301 - our own


KINDS: dict[str, Callable[[], Any]] = {
    "plain": Net,
    "training": lambda: Net().train(),
    "no gradients": _without_gradients,
    "traced": _traced,
    "scripted": lambda: _quietly(torch.jit.script, Net()),
    "frozen": lambda: _quietly(torch.jit.freeze, _quietly(torch.jit.script, Net().eval())),
    "weight norm": lambda: _weight_normed(nn.utils.weight_norm),
    "parametrized": lambda: _weight_normed(nn.utils.parametrizations.weight_norm),
    "compiled": lambda: torch.compile(Net()),
    "compiled inside": _compiled_inside,
    "compiled in place": _compiled_in_place,
    "double": lambda: Net().double(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_scores_of_the_plain_network(kind: str) -> None:
    module = KINDS[kind]()
    model = awb.torch_model(module, **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=1e-5)
    assert model.version() == awb.torch_model(KINDS[kind](), **SETTINGS).version()
    there = _sent(model)  # to a worker
    np.testing.assert_array_equal(there.scores(NOISE), model.scores(NOISE))
    np.testing.assert_array_equal(copy.deepcopy(model).scores(NOISE), model.scores(NOISE))
    assert model.precision == "float32"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("scripted", [False, True])
def test_half_weights_compute_in_float32_and_stay_as_they_are(
    dtype: torch.dtype, *, scripted: bool
) -> None:
    module: Any = Net().to(dtype)
    expected = copy.deepcopy(module).float().eval()
    model = awb.torch_model(_quietly(torch.jit.script, module) if scripted else module, **SETTINGS)
    with torch.no_grad():
        found = expected(torch.from_numpy(NOISE)).numpy()
    np.testing.assert_allclose(model.scores(NOISE), found, atol=1e-5)
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=0.02)
    assert {one.dtype for one in module.parameters()} == {dtype}
    assert {one.dtype for one in model.module.parameters()} == {torch.float32}


def test_windows_that_are_not_buffers_are_converted_too() -> None:
    class Windowed(Net):
        def __init__(self) -> None:
            super().__init__()
            self.window = torch.linspace(0.5, 1.5, 50, dtype=torch.float64)

        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            frames = waveforms.unflatten(1, (-1, 50)) * self.window
            return super().forward(frames.flatten(1))

    module = Windowed().double()
    model = awb.torch_model(module, **SETTINGS)
    with torch.no_grad():
        expected = module(torch.from_numpy(NOISE).double()).numpy()
    np.testing.assert_allclose(model.scores(NOISE), expected, atol=1e-5)
    assert model.module.window.dtype == torch.float32
    assert module.window.dtype == torch.float64


@pytest.mark.parametrize("inside", [False, True])
def test_exported_networks_score_in_the_mode_that_they_have(*, inside: bool) -> None:
    module = nn.Sequential(nn.Dropout(0.5), _exported()) if inside else _exported()
    model = awb.torch_model(module, **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=1e-5)
    np.testing.assert_array_equal(copy.deepcopy(model).scores(NOISE), model.scores(NOISE))
    assert awb.torch_model(_exported().half(), **SETTINGS).scores(NOISE).shape == (5, 3)


def test_exported_networks_of_one_batch_or_in_training_are_told_in_one_line() -> None:
    second = torch.zeros(2, RATE_HZ)
    training = _quietly(torch.export.export, Net().train(), (second,)).module()
    for exported in (training, _quietly(torch.export.export, Net().eval(), (second,)).module()):
        with pytest.raises(AwbError) as caught:
            awb.torch_model(exported, **SETTINGS)
        assert "\n" not in str(caught.value)


def test_halves_that_were_exported_are_a_split_model() -> None:
    plain = awb.torch_model(
        front_end=FrameEnergy(), back_end=SmallCnn(), **{**SETTINGS, "classes": ["A", "B"]}
    )
    features = torch.rand(2, 40, BINS)
    shapes = ({0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC},)
    exported = torch.export.export(SmallCnn().eval(), (features,), dynamic_shapes=shapes)
    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=exported.module(),
        **{**SETTINGS, "classes": ["A", "B"]},
    )  # fmt: skip
    np.testing.assert_allclose(model.scores(NOISE), plain.scores(NOISE), atol=1e-5)
    soft = {**SETTINGS, "classes": ["A", "B"], "output": "softmax-logits"}
    assert awb.torch_model(front_end=FrameEnergy(), back_end=exported.module(), **soft)


class Dense(nn.Module):
    """A back end of one dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(4, 3)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.dense(features.amax(1))


class Detached(Dense):
    """A back end that leaves torch."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(super().forward(features).detach().numpy())


@pytest.mark.parametrize("leaves", [False, True])
def test_a_back_end_without_gradients_is_not_looked_into(*, leaves: bool) -> None:
    back_end: nn.Module = Detached()
    if not leaves:
        back_end = _quietly(
            torch.ao.quantization.quantize_dynamic, Dense(), {nn.Linear}, dtype=torch.qint8
        )
    model = awb.torch_model(front_end=FrameEnergy(), back_end=back_end, **SETTINGS)
    assert not isinstance(model, DifferentiableModel)
    assert "gives no gradients" in model.notes[0]
    plain = awb.torch_model(front_end=FrameEnergy(), back_end=Dense(), **SETTINGS)
    assert isinstance(plain, DifferentiableModel)


def test_dynamic_quantization_scores() -> None:
    def quantized() -> Any:
        kinds = {nn.Linear}
        return _quietly(
            torch.ao.quantization.quantize_dynamic, Net().eval(), kinds, dtype=torch.qint8
        )

    model = awb.torch_model(quantized(), **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=0.05)
    assert model.version() == awb.torch_model(quantized(), **SETTINGS).version()
    assert model.version() != awb.torch_model(Net(), **SETTINGS).version()
    assert np.array_equal(_sent(model).scores(NOISE), model.scores(NOISE))


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_another_precision_is_computed_in_when_asked_for(precision: str) -> None:
    model = awb.torch_model(Net(), **SETTINGS)
    mixed = model.in_precision(precision)
    assert (mixed.precision, model.precision) == (precision, "float32")
    off = np.abs(mixed.scores(NOISE) - plain_scores())
    assert 0 < off.max() < 0.05
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=1e-5)


def test_what_a_network_keeps_can_be_differentiated_through_later() -> None:
    class Lazy(SmallCnn):
        """Makes a gain when it is first called, as modules make windows and positions."""

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            if not hasattr(self, "gain"):
                self.gain = torch.ones(features.shape[2])
            return super().forward(features * self.gain)

    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=Lazy(), **{**SETTINGS, "classes": ["A", "B"]}
    )
    assert np.ptp(look(gradients.SPECS[0], model, varied_clip(6))[0].relevance) > 0


Named = namedtuple("Named", ["logits", "hidden"])


@dataclass
class Record:
    """As a forward returns it."""

    loss: Any
    scores: torch.Tensor


def _model_output(found: torch.Tensor) -> Any:
    from transformers.modeling_outputs import SequenceClassifierOutput

    return SequenceClassifierOutput(logits=found, hidden_states=(found[:, None],))


class Returns(nn.Module):
    """A network whose forward returns more than its scores."""

    def __init__(self, wrap: Callable[[torch.Tensor], Any]) -> None:
        super().__init__()
        self.net, self.wrap = Net(), wrap

    def forward(self, waveforms: torch.Tensor) -> Any:
        return self.wrap(self.net(waveforms))


@pytest.mark.parametrize(
    ("wrap", "pick"),
    [
        (lambda found: {"logits": found, "embedding": found.repeat(1, 9)}, None),
        (lambda found: {"frames": found[:, None].repeat(1, 4, 1), "clip": found}, None),
        (lambda found: {"one": found - 1, "two": found}, "two"),
        (lambda found: (found, found.repeat(1, 5)), None),
        (lambda found: [found + 3, found], 1),
        (lambda found: Named(found, found[:, :2]), None),
        (lambda found: Record(None, found), None),
        (_model_output, None),
    ],
)
def test_scores_are_found_among_what_a_forward_returns(wrap: Any, pick: Any) -> None:
    model = awb.torch_model(Returns(wrap), pick=pick, **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), plain_scores(), atol=1e-5)


@pytest.mark.parametrize(
    ("wrap", "pick", "message"),
    [
        (lambda found: {"a": found, "b": found}, None, "type which has the scores: pick='a'"),
        (lambda found: (found, found), None, "type which has the scores: pick=0"),
        (lambda found: {"a": found}, "b", "the dict has no 'b'. It has: 'a' (2, 3)"),
        (lambda found: found, "a", "leave out pick="),
        (lambda found: {"a": 3}, None, "returns dict, expected a tensor"),
    ],
)
def test_what_could_be_meant_twice_is_asked_for(wrap: Any, pick: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        awb.torch_model(Returns(wrap), pick=pick, **SETTINGS)
    assert message in str(caught.value)


class Frames(nn.Module):
    """Logits of each frame, with time first or last."""

    def __init__(self, *, last: bool = False, hop: int = 100) -> None:
        super().__init__()
        self.last, self.hop = last, hop

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        usable = waveforms[:, : waveforms.shape[1] // self.hop * self.hop]
        frames = usable.unflatten(1, (-1, self.hop))
        values = torch.stack([frames.mean(2), frames.amax(2), frames.std(2)], dim=2)
        return values.transpose(1, 2) if self.last else values


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("hop", [100, 333])  # 333: three frames in a second, as many as classes
@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_values_of_frames_are_pooled_as_asked(pooling: Any, hop: int, *, last: bool) -> None:
    with pytest.raises(ParameterError, match="pooling='mean' or 'max'"):
        awb.torch_model(Frames(last=last, hop=hop), **SETTINGS)
    model = awb.torch_model(Frames(last=last, hop=hop), pooling=pooling, **SETTINGS)
    frames = Frames(hop=hop)(torch.from_numpy(NOISE)).numpy()
    expected = frames.mean(1) if pooling == "mean" else frames.max(1)
    np.testing.assert_allclose(model.scores(NOISE), expected, atol=1e-6)


@pytest.mark.parametrize("last", [False, True])
def test_a_fixed_number_of_frames_as_many_as_classes_is_refused(*, last: bool) -> None:
    class Fixed(Frames):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            values = Frames()(waveforms)
            frames = nn.functional.adaptive_avg_pool1d(values.transpose(1, 2), 3)
            return frames if self.last else frames.transpose(1, 2)

    with pytest.raises(ParameterError, match="cannot tell its frames from its 3 classes; wrap it"):
        awb.torch_model(Fixed(last=last), pooling="mean", **SETTINGS)


def test_the_back_end_of_a_split_model_picks_and_pools_too() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv1d(4, 2, 3, padding=1)

        def forward(self, features: torch.Tensor) -> Any:
            return {"frames": self.conv(features.transpose(1, 2)), "loss": torch.zeros(())}

    model = awb.torch_model(
        front_end=FrameEnergy(), back_end=Both().half(), pooling="max",
        **{**SETTINGS, "classes": ["A", "B"], "output": "softmax-logits"},
    )  # fmt: skip
    with torch.no_grad():
        found = model.back_end(model.front_end(torch.from_numpy(NOISE))).numpy()  # type: ignore[attr-defined]
    np.testing.assert_allclose(found, model.scores(NOISE), atol=1e-5)
    assert model.back_end.get_submodule(model.last_convolution).out_channels == 2  # type: ignore[attr-defined]


def test_the_version_follows_settings_and_scripted_code() -> None:
    one = awb.torch_model(Net(), **SETTINGS).version()
    other = awb.torch_model(Net(), **{**SETTINGS, "output": "softmax-logits"}).version()
    strict = awb.torch_model(Net(), decision_threshold=1.0, **SETTINGS).version()
    assert len({one, other, strict}) == 3

    class Doubled(Net):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            hidden = self.relu(self.norm(self.conv(waveforms[:, None])))
            return 2 * self.dense(self.dropout(hidden).mean(2)) * self.scale

    pair = [
        _quietly(torch.jit.trace, net.eval(), torch.from_numpy(NOISE)) for net in (Net(), Doubled())
    ]
    assert fingerprint(pair[0]) != fingerprint(pair[1])


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor(3),
        torch.tensor(2.5, dtype=torch.bfloat16),
        torch.zeros(0, 3),
        torch.arange(6.0).reshape(2, 3).T,
        torch.tensor([True, False]),
        torch.tensor([1 + 2j]),
        torch.tensor([1 + 2j]).conj(),
        torch.eye(3).to_sparse(),
        torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    ],
)
def test_all_tensors_have_bytes(tensor: torch.Tensor) -> None:
    dense = tensor.dequantize() if tensor.is_quantized else tensor.to_dense()
    same = dense.resolve_conj().clone(memory_format=torch.contiguous_format)
    assert tensor_bytes(tensor) == tensor_bytes(same)
    if tensor.numel():
        assert tensor_bytes(tensor) != tensor_bytes(torch.zeros_like(same))


def test_a_split_model_of_compiled_halves_is_that_of_the_halves() -> None:
    plain = {"front_end": FrameEnergy(), "back_end": SmallCnn()}
    compiled = {key: torch.compile(one) for key, one in plain.items()}
    settings = {**SETTINGS, "classes": ["A", "B"]}
    one, other = awb.torch_model(**compiled, **settings), awb.torch_model(**plain, **settings)
    assert np.array_equal(one.scores(NOISE), other.scores(NOISE))
    assert isinstance(one, TorchModel)
