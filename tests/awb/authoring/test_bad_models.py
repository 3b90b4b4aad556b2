"""A model that cannot be used is told in one line: what it gave, and what to type."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import awb
import small_data
from awb.errors import AwbError
from commands import awb as command
from fakes_torch import FrameEnergy, SmallCnn

RATE_HZ = 1000
SETTINGS: dict[str, Any] = {
    "sample_rate_hz": RATE_HZ, "classes": ["A", "B"], "output": "logits", "name": "net",
}  # fmt: skip


def statistics(waveforms: Tensor) -> Tensor:
    """Two logits a waveform."""
    return torch.stack([waveforms.mean(1), waveforms.std(1)], dim=1)


class Applied(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, waveforms: Tensor) -> Any:
        return self.function(waveforms)


def _raises(waveforms: Tensor) -> Tensor:
    raise KeyError("lost\nand found")


def _after_a_second(then: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Be right for the second that a model is tried with, and wrong for other lengths."""

    def function(waveforms: Tensor) -> Any:
        return (statistics if waveforms.shape[1] == RATE_HZ else then)(waveforms)

    return function


def _random(waveforms: Any) -> Any:
    return np.random.default_rng().normal(size=(len(waveforms), 2))


def _loudest(waveforms: Any) -> Any:
    level = np.abs(waveforms).mean(axis=1, keepdims=True)
    return np.repeat(9 * level / (level.max() + 1e-6), 2, axis=1) - level.mean()


def _as_loud_as_the_loudest(waveforms: Any) -> Any:
    energy = np.square(waveforms).mean(axis=1, keepdims=True)
    return np.repeat(5 * energy / (energy.max() + 1e-9), 2, axis=1)


AT_ONCE: list[tuple[Callable[[Tensor], Any], str]] = [
    (lambda w: statistics(w) * torch.nan, "gives NaN for 2 of 2 waveforms"),
    (lambda w: w.square().mean(1, keepdim=True).log() + statistics(w) / 0, "gives NaN for"),
    (lambda w: statistics(w).repeat(1, 2), "it has 4 classes, and 2 were named"),
    (lambda w: statistics(w).to(torch.complex64), "gives complex64, expected floats"),
    (lambda w: statistics(w).argmax(1), "gives int64, expected floats"),
    (lambda w: statistics(w) > 0, "gives bool, expected floats"),
    (_raises, "fails on 1 s of audio: KeyError"),
    (lambda w: None, "returns NoneType, expected a tensor"),
    (lambda w: functional.conv1d(w, torch.ones(2, 1, 5)).mean(2), "type channel=True"),
    (lambda w: functional.linear(w.reshape(len(w), 5000), torch.ones(2, 5000)), "window_s=5)"),
    (
        lambda w: functional.linear(w[:, :, None].expand(-1, -1, 2)[:, 0], torch.ones(2, 3)),
        "fails on 1 s",
    ),
    (lambda w: statistics(w) - statistics(w).mean(0), "its neighbours in the batch"),
    (lambda w: statistics(functional.dropout(w)), "two runs on the same waveforms differ"),
    (lambda w: torch.as_tensor(torch.rand(len(w), 2)), "two runs on the same waveforms differ"),
]


@pytest.mark.parametrize(("function", "message"), AT_ONCE)
def test_a_module_is_refused_where_it_is_given(function: Any, message: str) -> None:
    with pytest.raises(AwbError) as caught:
        awb.torch_model(Applied(function), **SETTINGS)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_layouts_are_told_apart() -> None:
    class Wants(nn.Module):
        def __init__(self, ndim: int, last: int) -> None:
            super().__init__()
            self.ndim, self.last = ndim, last

        def forward(self, given: Tensor) -> Tensor:
            if given.ndim != self.ndim or (self.last and given.shape[-1] != self.last):
                raise ValueError("another layout, please")
            return statistics(given.reshape(len(given), -1))

    for ndim, last, settings, told in [
        (2, 0, {"channel": True}, "type channel=False"),
        (3, 0, {}, "type channel=True"),
        (3, 1, {}, "it takes (batch, samples, 1)"),
        (4, 0, {}, "it takes (batch, 1, 1, samples)"),
    ]:
        with pytest.raises(AwbError) as caught:
            awb.torch_model(Wants(ndim, last), **SETTINGS, **settings)
        assert told in str(caught.value)


def test_a_batch_first_mistake_is_told_and_batches_of_one_are_a_way_out() -> None:
    class Confused(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                layer = nn.TransformerEncoderLayer(4, 2, 8)  # takes (time, batch, features)
            self.front, self.layer, self.head = FrameEnergy(), layer, nn.Linear(4, 2)

        def forward(self, waveforms: Tensor) -> Tensor:
            return self.head(self.layer(self.front(waveforms)).mean(1))

    with pytest.raises(AwbError, match=r"batch_first=False.*type batch_size=1"):
        awb.torch_model(Confused(), **SETTINGS)
    model = awb.torch_model(Confused(), batch_size=1, **SETTINGS)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 800)).astype(np.float32)
    alone = np.concatenate([model.scores(noise[row : row + 1]) for row in range(3)])
    assert np.array_equal(model.scores(noise), alone)


def test_dropout_baked_into_a_trace_is_told() -> None:
    class Dropping(Applied):
        def forward(self, waveforms: Tensor) -> Any:
            return self.function(functional.dropout(waveforms, training=self.training))

    noise = torch.rand(2, RATE_HZ)
    traced = torch.jit.trace(Dropping(statistics).train(), noise, check_trace=False)
    with pytest.raises(AwbError, match=r"traced before \.eval\(\)"):
        awb.torch_model(traced, **SETTINGS)


@pytest.mark.parametrize(
    ("then", "message"),
    [
        (lambda w: statistics(w) * torch.nan, "gives NaN for 3 of 3 waveforms"),
        (lambda w: statistics(w)[:, :1], "it has 1 classes, and 2 were named (on 0.8 s of audio)"),
        (lambda w: statistics(w)[:, None].repeat(1, 5, 1), "gives shape (3, 5, 2)"),
        (_raises, "fails on 0.8 s of audio: KeyError"),
    ],
)
def test_what_goes_wrong_at_another_length_is_told_there(then: Any, message: str) -> None:
    waveforms = np.zeros((3, 800), dtype=np.float32)
    module = awb.torch_model(Applied(_after_a_second(then)), **SETTINGS)
    function = _after_a_second(then)
    called = awb.callable_model(
        lambda given: function(torch.from_numpy(given)), RATE_HZ, ["A", "B"],
        output="logits", name="net",
    )  # fmt: skip
    for model, told in ((module, message), (called, message.partition(" (on")[0])):
        with pytest.raises(AwbError) as caught:
            model.scores(waveforms)
        assert told in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda w: 1 / 0, "fails on 1 s of audio: ZeroDivisionError: division by zero"),
        (lambda w: [[1.0], [1.0, 2.0]], "gives no array of numbers"),
        (lambda w: None, "gives object, expected floats"),
        (lambda w: np.ones((len(w), 2), dtype=complex), "gives complex128, expected floats"),
        (lambda w: np.full((len(w), 2), np.nan), "gives NaN for 2 of 2"),
        (lambda w: (np.zeros((2, 2)), np.zeros((2, 5))), "gives no array of numbers"),
        (lambda w: torch.ones(len(w), 2, dtype=torch.int64), "gives int64, expected floats"),
        (_random, "two runs on the same waveforms differ. Does the function draw random"),
        (_loudest, "its neighbours in the batch. Does the function divide by a mean or a maximum"),
        (_as_loud_as_the_loudest, "its neighbours in the batch"),
    ],
)
def test_a_function_is_refused_where_it_is_given(function: Any, message: str) -> None:
    with pytest.raises(AwbError) as caught:
        awb.callable_model(function, RATE_HZ, ["A", "B"], output="logits", name="f")
    assert message in str(caught.value)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), True])
def test_a_threshold_is_a_number(threshold: Any) -> None:
    with pytest.raises(AwbError, match="decision_threshold must be finite log-odds"):
        awb.torch_model(SmallCnn(), decision_threshold=threshold, **SETTINGS)


PLUGIN = """
import numpy as np
import torch
import awb

SETTINGS = dict(sample_rate_hz=16_000, classes=["Loud", "Quiet"], output="logits")

class Broken(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind

    def forward(self, waveforms):
        found = torch.stack([waveforms.std(1), -waveforms.std(1)], dim=1)
        if self.kind == "classes":
            return found[:, :1]
        if waveforms.shape[1] == 16_000:
            return found
        if self.kind == "raising":
            raise RuntimeError("two lines\\nof trouble")
        return found * torch.nan if self.kind == "nan" else found[:, None].repeat(1, 3, 1)

def make(kind):
    @awb.model(f"broken-{kind}", citation="nobody")
    def broken():
        return awb.torch_model(Broken(kind), **SETTINGS)

for kind in ("classes", "raising", "nan", "shape"):
    make(kind)
"""


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("classes", "it has 1 classes, and 2 were named"),
        ("raising", "fails on 3 s of audio: RuntimeError: two lines of trouble"),
        ("nan", "gives NaN for 1 of 1 waveforms"),
        ("shape", "gives shape (1, 3, 2) for 1 waveforms, expected (1, 2)"),
    ],
)
def test_the_command_line_says_it_in_one_line(kind: str, message: str, tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 2)
    plugin = tmp_path / "broken.py"
    plugin.write_text(PLUGIN, encoding="utf-8")
    common = ("--plugin", plugin, "--model", f"broken-{kind}", "--explainers", "naive")
    ran = command(
        "run", *common, "--dataset", f"folder:{data}", "--samples", "20", "--out",
        tmp_path / "run", "--jobs", "1",
    )  # fmt: skip
    explained = command(
        "explain", data / "audio" / "clip-0.wav", *common, "--no-open", "--out",
        tmp_path / "page.html",
    )  # fmt: skip
    for done in (ran, explained):
        assert done.returncode == 2, done.stderr
        [line] = [one for one in done.stderr.splitlines() if one.startswith("awb: ")]
        assert message in line
        assert "Traceback" not in done.stderr
