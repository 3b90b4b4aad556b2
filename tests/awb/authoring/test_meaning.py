"""What a classifier's numbers mean is found, said or asked for, and never guessed in silence."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import awb
from awb.authoring.outputs import Output, to_log_odds
from awb.authoring.outputs.layers import LogOdds
from awb.authoring.torch_meaning import last_operation
from awb.errors import ParameterError, PluginError

RATE_HZ = 1000
SETTINGS: dict[str, Any] = {"sample_rate_hz": RATE_HZ, "classes": ["A", "B", "C"], "name": "net"}
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, (4, 700)).astype(np.float32)


class Logits(nn.Module):
    """A dense layer on three statistics, and what `then` makes of it."""

    def __init__(self, then: Any = None) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            self.dense = nn.Linear(3, 3)
        self.then = then

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        level = waveforms.square().mean(1).sqrt()
        known = torch.stack([waveforms.mean(1), level, waveforms.abs().amax(1)], dim=1)
        values = 3 * self.dense(known)
        return values if self.then is None else self.then(values)


def logits() -> Any:
    with torch.no_grad():
        return Logits()(torch.from_numpy(NOISE)).numpy().astype(np.float64)


def softmax_log_odds(values: Any) -> Any:
    odds = np.exp(values)
    return np.log(odds / (odds.sum(axis=1, keepdims=True) - odds))


FOUND = [
    (nn.Softmax(dim=1), softmax_log_odds),
    (lambda values: values.softmax(-1), softmax_log_odds),
    (lambda values: functional.softmax(values, dim=1).clamp(1e-6, 1.0), softmax_log_odds),
    (lambda values: values.log_softmax(1), softmax_log_odds),
    (lambda values: values.log_softmax(1).exp(), softmax_log_odds),
    (lambda values: torch.log(values.softmax(1)), softmax_log_odds),
    (lambda values: values - values.logsumexp(1, keepdim=True), softmax_log_odds),
    (lambda values: values.exp() / values.exp().sum(1, keepdim=True), softmax_log_odds),
    (nn.Sigmoid(), lambda values: values),
    (lambda values: torch.sigmoid(values[:, :, None]).squeeze(2), lambda values: values),
    (functional.logsigmoid, lambda values: values),
    (lambda values: torch.logit(torch.sigmoid(values)), lambda values: values),
]


@pytest.mark.parametrize(("then", "log_odds"), FOUND)
@pytest.mark.parametrize("traced", [False, True])
def test_it_is_found_from_the_last_operation(then: Any, log_odds: Any, *, traced: bool) -> None:
    module: Any = Logits(then).eval()
    if traced:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = torch.jit.trace(module, torch.from_numpy(NOISE))
    model = awb.torch_model(module, **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), log_odds(logits()), atol=2e-4)
    assert model.notes == ()


def test_a_dense_layer_does_not_tell_and_the_board_does() -> None:
    model = awb.torch_model(Logits(), **SETTINGS)
    np.testing.assert_allclose(model.scores(NOISE), logits(), atol=1e-5)
    [note] = model.notes
    assert "a linear layer" in note
    assert "output='softmax-logits'" in note
    assert awb.torch_model(Logits(), output="logits", **SETTINGS).notes == ()
    single = awb.torch_model(nn.Sequential(Logits(), nn.Linear(3, 1)), sample_rate_hz=RATE_HZ,
                             classes=["Only"])  # fmt: skip
    assert single.notes == ()  # a softmax over one class would be certain


@pytest.mark.parametrize(
    "then",
    [
        functional.relu,
        lambda values: torch.tanh(values) / 2 + 0.5,
        lambda values: values.sigmoid() * values.softmax(1),
        lambda values: -values.abs(),
    ],
)
def test_what_nobody_can_tell_is_asked_for(then: Any) -> None:
    with pytest.raises(ParameterError, match="awb cannot tell what its output means"):
        awb.torch_model(Logits(then), **SETTINGS)
    assert awb.torch_model(Logits(then), output="logits", **SETTINGS).notes == ()


@pytest.mark.parametrize(
    ("then", "output", "right"),
    [
        (nn.Sigmoid(), "logits", "probabilities"),
        (nn.Sigmoid(), "softmax-logits", "probabilities"),
        (nn.Softmax(dim=1), "logits", "probabilities"),
        (nn.Softmax(dim=1), "log-probabilities", "probabilities"),
        (nn.LogSoftmax(dim=1), "logits", "log-probabilities"),
        (functional.logsigmoid, "logits", "log-probabilities"),
    ],
)
def test_what_contradicts_the_last_operation_is_refused(then: Any, output: Any, right: str) -> None:
    with pytest.raises((ParameterError, PluginError)) as caught:
        awb.torch_model(Logits(then), output=output, **SETTINGS)
    assert f"did you mean output='{right}'" in str(caught.value) or "not log-probabilities" in str(
        caught.value
    )


@pytest.mark.parametrize("output", [None, "log-probabilities"])
def test_log_probabilities_of_a_sigmoid_that_sum_to_one_stay_those_of_a_sigmoid(
    output: Any,
) -> None:
    class Loudness(nn.Module):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            loud = (waveforms.abs().amax(1, keepdim=True) > 0.9).float()
            values = torch.tensor([[12.0, -12.0, -12.0]]) + loud * torch.tensor([-10.0, 14.0, 15.0])
            return functional.logsigmoid(values)

    model = awb.torch_model(Loudness(), output=output, **SETTINGS)
    loud = np.ones((1, RATE_HZ), dtype=np.float32)
    np.testing.assert_allclose(model.scores(loud), [[2.0, 2.0, 3.0]], atol=1e-4)


def test_a_single_log_probability_is_no_softmax() -> None:
    def background(waveforms: Any) -> Any:
        sure = np.where(np.abs(waveforms).max(axis=1) > 0.9, 0.3, 0.99999)
        return np.log(sure)[:, np.newaxis]

    model = awb.callable_model(background, RATE_HZ, ["Only"], output="log-probabilities")
    loud = np.ones((1, RATE_HZ), dtype=np.float32)
    np.testing.assert_allclose(model.scores(loud), np.log([[0.3 / 0.7]]), atol=1e-5)


def test_the_largest_log_probabilities_of_frames_are_no_softmax() -> None:
    def surest(values: torch.Tensor) -> torch.Tensor:
        frames = torch.stack([values * 0 + torch.tensor([20.0, 0.0, 0.0])] * 4, dim=1)
        return frames.log_softmax(2).amax(1)

    found = last_operation(lambda: surest(torch.zeros(2, 3)))
    assert (found.kind, found.exclusive) == ("log-probabilities", False)


GROUPS = torch.tensor([[1.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])


class Statistics(nn.Module):
    """Logits of frames, and what `then` makes of them."""

    def __init__(self, n: int, then: Any) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.dense, self.attention = nn.Linear(50, n), nn.Linear(50, 1)
        self.then = then

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        frames = 4 * waveforms.unfold(1, 50, 50).abs()
        return self.then(self.dense(frames), self.attention(frames).softmax(1))


def test_probabilities_that_are_summed_by_a_matrix_are_probabilities() -> None:
    module = Statistics(4, lambda values, _: values.mean(1).softmax(1) @ GROUPS)
    model = awb.torch_model(module, **SETTINGS)
    with torch.no_grad():
        expected = torch.logit(module(torch.from_numpy(NOISE))).numpy()
    np.testing.assert_allclose(model.scores(NOISE), expected, atol=1e-4)
    with pytest.raises(ParameterError, match="did you mean output='probabilities'"):
        awb.torch_model(module, output="logits", **SETTINGS)


@pytest.mark.parametrize("n", [1, 3])
def test_attention_over_probabilities_is_asked_about(n: int) -> None:
    settings = {**SETTINGS, "classes": ["A", "B", "C"][:n]}
    module = Statistics(n, lambda values, w: torch.bmm(w.mT, values.sigmoid())[:, 0])
    with pytest.raises(ParameterError, match=r"a linear layer of probabilities.*'probabilities'"):
        awb.torch_model(module, **settings)
    model = awb.torch_model(module, output="probabilities", **settings)
    with torch.no_grad():
        expected = torch.logit(module(torch.from_numpy(NOISE))).numpy()
    np.testing.assert_allclose(model.scores(NOISE), expected, atol=1e-4)
    logits = Statistics(3, lambda values, w: torch.bmm(w.mT, 9 * values)[:, 0])
    assert "a linear layer" in awb.torch_model(logits, **SETTINGS).notes[0]


def test_a_sigmoid_inside_a_network_is_not_its_last_operation() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.logits, self.head = Logits(torch.sigmoid), nn.Linear(3, 3)

        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            return self.head(self.logits(waveforms))

    module = Gated()
    found = last_operation(lambda: module(torch.from_numpy(NOISE)))
    assert (found.kind, found.operation) == ("logits", "a linear layer")


def test_functions_are_tried_and_watched_too() -> None:
    def settled(function: Any, **given: Any) -> Any:
        return awb.callable_model(function, RATE_HZ, ["A", "B", "C"], name="f", **given)

    def numbers(then: Any) -> Any:
        return lambda waveforms: Logits(then)(torch.from_numpy(waveforms)).detach()

    odds = settled(numbers(nn.Softmax(dim=1)))
    np.testing.assert_allclose(odds.scores(NOISE), softmax_log_odds(logits()), atol=2e-4)
    assert odds.notes == ()
    logs = settled(lambda waveforms: numbers(nn.LogSoftmax(dim=1))(waveforms).numpy())
    np.testing.assert_allclose(logs.scores(NOISE), softmax_log_odds(logits()), atol=2e-4)
    unsure = settled(lambda waveforms: numbers(torch.sigmoid)(waveforms).numpy())
    np.testing.assert_allclose(unsure.scores(NOISE), logits(), atol=2e-4)
    assert "output='probabilities' confirms it" in unsure.notes[0]
    with pytest.raises(ParameterError, match="awb cannot tell"):
        settled(lambda waveforms: numbers(None)(waveforms).numpy())
    half = settled(lambda waveforms: numbers(None)(waveforms).bfloat16(), output="logits")
    np.testing.assert_allclose(half.scores(NOISE), logits(), rtol=0.01)


def test_log_probabilities_near_one_keep_their_resolution() -> None:
    values = np.array([[0.0, -30.0, -40.0]])
    model = awb.torch_model(Logits(lambda _: torch.tensor(values).log_softmax(1).float()),
                            batch_size=1, output="log-probabilities", **SETTINGS)  # fmt: skip
    found = model.scores(NOISE[:1])
    np.testing.assert_allclose(found, softmax_log_odds_exact(values), rtol=1e-5)
    assert found.max() > 16.2  # beyond what a probability in float32 could say


def softmax_log_odds_exact(values: Any) -> Any:
    """Without the probability, which is 1 in double precision, too."""
    [row] = values.tolist()
    return [
        [one - math.log(sum(math.exp(two) for k, two in enumerate(row) if k != place))
         for place, one in enumerate(row)]
    ]  # fmt: skip


def test_independent_log_probabilities_are_those_of_a_sigmoid() -> None:
    values = np.array([[-20.0, -0.5, 0.0, 4.0]])
    logs = -np.log1p(np.exp(-values))
    np.testing.assert_allclose(to_log_odds(logs, "log-probabilities"), values, atol=1e-6)
    assert to_log_odds(np.array([[0.0]]), "log-probabilities")[0, 0] == pytest.approx(16.118, 1e-4)


@pytest.mark.parametrize(
    ("output", "values"),
    [
        ("logits", [[-3.0, 0.5, 40.0]]),
        ("softmax-logits", [[-3.0, 0.5, 2.0], [0.0, -30.0, -40.0]]),
        ("probabilities", [[0.0, 0.3, 0.99]]),
        ("log-probabilities", [[-30.0, -0.3, 0.0]]),
    ],
)
def test_the_layer_gives_the_log_odds_of_the_function(output: Output, values: Any) -> None:
    found = LogOdds(output)(torch.tensor(values))
    np.testing.assert_allclose(found, to_log_odds(np.array(values), output), rtol=1e-6, atol=1e-6)


def test_a_softmax_of_one_class_is_refused() -> None:
    with pytest.raises(ParameterError, match="two classes at least"):
        LogOdds()(torch.zeros(2, 1))
