"""Rules on recorded operations: complete on any graph, and the same for every spelling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from captum import attr
from torch import Tensor, nn
from torch.nn import functional

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph import backprop, deeplift, lrp
from awb_plugins.explainers.graph.tape import Tape, record
from networks_torch import (
    FUNCTIONAL,
    Gated,
    PannsLike,
    Recurrent,
    SameFunction,
    Transformer,
    seeded,
)

Make = Callable[[], nn.Module]
SPELLINGS = ["each", "shared", "inplace", "fresh", "functional"]


def _features(seed: int = 0, *, like: float = 1.0, frames: int = 12) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return like * torch.randn((1, frames, 4), generator=generator)


def _deeplift(network: nn.Module, clip: Tensor, baseline: Tensor, target: int = 0) -> Tensor:
    slopes = deeplift.multipliers(record(network, clip), record(network, baseline), target)
    return slopes * (clip - baseline)


def _replayed(tape: Tape) -> dict[int, Tensor]:
    """Compute a tape again from the features alone."""
    values = {0: tape.values[0]}
    for operation in tape.operations:
        values |= dict(zip(operation.outputs, operation.call(values), strict=True))
    return values


@pytest.mark.parametrize("make", FUNCTIONAL)
def test_a_tape_is_what_the_network_computed(make: Make) -> None:
    network, features = seeded(make), _features()
    before = features.clone()
    tape = record(network, features)
    with torch.no_grad():
        expected = network(features.clone())
        values = _replayed(tape)
    torch.testing.assert_close(tape.scores, expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(features, before)
    for number, value in values.items():
        torch.testing.assert_close(value, tape.values[number], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("make", FUNCTIONAL[:-1])  # autograd refuses to write into chunks
def test_gradients_over_the_tape_are_those_of_autograd(make: Make) -> None:
    network, features = seeded(make), _features(1)
    given = features.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network(given * 1.0)[0, 1], given)
    found = backprop.gradient(record(network, features), 1)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", FUNCTIONAL)
@pytest.mark.parametrize("seed", range(3))
def test_deeplift_sums_to_the_rise(make: Make, seed: int) -> None:
    network = seeded(make, seed).double()
    clip, baseline = _features(seed).double(), _features(seed + 9, like=0.1).double()
    with torch.no_grad():
        rise = float((network(clip.clone()) - network(baseline.clone()))[0, 0])
    total = float(_deeplift(network, clip, baseline).sum())
    assert total == pytest.approx(rise, rel=1e-9, abs=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_deeplift_of_modules_is_captums() -> None:
    def make() -> nn.Module:
        layers = [nn.Conv1d(4, 6, 3), nn.BatchNorm1d(6), nn.ReLU(), nn.AvgPool1d(2)]
        layers += [nn.Conv1d(6, 6, 2), nn.Sigmoid(), nn.Flatten(), nn.Linear(18, 8), nn.ELU()]
        return nn.Sequential(*layers, nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 4), nn.Softplus())

    network = seeded(make).double()
    clip, baseline = (
        _features(seed, frames=11).double().transpose(1, 2).contiguous() for seed in (2, 3)
    )
    expected = attr.DeepLift(network).attribute(clip, baseline, target=1)
    found = _deeplift(network, clip, baseline, 1)
    torch.testing.assert_close(found, expected.detach(), atol=1e-12, rtol=1e-9)


@pytest.mark.parametrize("spelling", SPELLINGS[1:])
def test_every_spelling_gives_the_same(spelling: str) -> None:
    maps = {}
    for one in ("each", spelling):
        network, clip, nothing = seeded(lambda one=one: SameFunction(one)), _features(), None
        nothing, tape = torch.zeros_like(clip), record(network, clip)
        maps[one] = [
            _deeplift(network, clip, nothing),
            lrp.propagate(tape, 0, "epsilon", 1e-6).relevance,
            lrp.propagate(tape, 0, "flat", 1e-6).relevance,
            backprop.gradient(tape, 0, "guided"),
        ]
    for found, expected in zip(maps[spelling], maps["each"], strict=True):
        torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("change", ["guided", "deconvolution"])
def test_what_relu_changes_is_captums(change: str) -> None:
    network, clip = seeded(lambda: SameFunction("each")), _features(4)
    kind = {"guided": attr.GuidedBackprop, "deconvolution": attr.Deconvolution}[change]
    expected = kind(network).attribute(clip.clone(), target=1)
    found = backprop.gradient(record(network, clip), 1, change)  # type: ignore[arg-type]
    torch.testing.assert_close(found, expected.detach(), atol=1e-7, rtol=1e-4)


@pytest.mark.parametrize(
    "cut",
    [
        lambda given: torch.maximum(given, torch.zeros(1)),
        lambda given: torch.maximum(torch.zeros(1), given),
        lambda given: given.clamp(min=torch.tensor(0.0)),
        lambda given: given.clamp(min=0),
        functional.relu6,
    ],
)
@pytest.mark.parametrize("change", ["guided", "deconvolution"])
def test_a_relu_is_one_however_it_is_spelled(
    cut: Callable[[Tensor], Tensor], change: backprop.Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, clip = seeded(lambda: SameFunction("functional")), _features(4)
    expected = backprop.gradient(record(network, clip), 1, change)
    monkeypatch.setattr(functional, "relu", cut)
    found = backprop.gradient(record(network, clip), 1, change)
    torch.testing.assert_close(found, expected)
    assert expected.any()


@pytest.mark.parametrize(
    "other", [lambda given: torch.maximum(given, -given), lambda given: given.clamp(min=-1.0)]
)
def test_what_cuts_elsewhere_is_no_relu(
    other: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functional, "relu", other)
    with pytest.raises(NotApplicableError, match="no ReLU"):
        backprop.gradient(
            record(seeded(lambda: SameFunction("functional")), _features()), 0, "guided"
        )


@pytest.mark.parametrize("make", [Transformer, Recurrent, Gated])
def test_guided_backprop_wants_a_relu(make: Make) -> None:
    with pytest.raises(NotApplicableError, match="no ReLU"):
        backprop.gradient(record(seeded(make), _features()), 0, "guided")


def test_products_share_by_the_mean_of_the_other_factor() -> None:
    class Product(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return (features[..., 0] * features[..., 1]).sum(dim=1, keepdim=True)

    clip, baseline = _features(0), _features(1)
    found = _deeplift(Product(), clip, baseline)[0]
    (a, b), (a0, b0) = ((x[0, :, 0], x[0, :, 1]) for x in (clip, baseline))
    torch.testing.assert_close(found[:, 0], (a - a0) * (b + b0) / 2)
    torch.testing.assert_close(found[:, 1], (b - b0) * (a + a0) / 2)


def test_a_maximum_goes_to_what_the_larger_run_picked() -> None:
    class Largest(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return features.flatten(1).amax(dim=1, keepdim=True)

    clip, baseline = torch.zeros(1, 3, 4), torch.zeros(1, 3, 4)
    clip[0, 1, 2], baseline[0, 0, 3] = 5.0, 2.0
    for run, other, place, share in (
        (clip, baseline, (1, 2), 3.0),
        (baseline, clip, (1, 2), -3.0),
    ):
        expected = torch.zeros(3, 4)
        expected[place] = share
        torch.testing.assert_close(_deeplift(Largest(), run, other)[0], expected)


class _Branches(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return (features.mean(1) if features.sum() > 1 else features.amax(1))[:, :2]


class _Sorted(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features.sort(dim=1)[0][:, :3].mean(dim=(1, 2), keepdim=True)[..., 0]


class _Numpy(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return torch.from_numpy(features.numpy().mean(axis=1))


@pytest.mark.parametrize(
    ("network", "reason"),
    [(_Branches(), "something else"), (_Sorted(), "sort"), (_Numpy(), "cannot|can be followed")],
)
def test_what_has_no_rule_is_refused(network: nn.Module, reason: str) -> None:
    with pytest.raises(NotApplicableError, match=reason):
        _deeplift(network, _features() + 1, _features(1, like=0.01))


class _TwoWays(nn.Module):
    """Convolution, then either ReLU and norm, or the norm at once; one reader or two."""

    def __init__(self, order: str) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 5, 3, padding=1), nn.BatchNorm2d(5)
        self.last, self.dense, self.order = nn.Conv2d(5, 5, 3), nn.Linear(5, 2), order

    def forward(self, features: Tensor) -> Tensor:
        first = self.conv(features[:, None])
        if self.order == "relu between":
            hidden = self.norm(nn.functional.relu(first))
        elif self.order == "two readers":
            hidden = self.norm(first) + first
        else:
            hidden = self.norm(first)
        scores: Tensor = self.dense(
            nn.functional.relu(self.last(nn.functional.relu(hidden))).mean(dim=(2, 3))
        )
        return scores


class _Spectra(nn.Module):
    """Spectra over time, by one of torch's functions that give complex numbers."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.inner, self.dense, self.kind = nn.Linear(4, 4), nn.Linear(4, 2), kind

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.inner(features))
        if self.kind == "fft":
            spectra = torch.fft.rfft(hidden, dim=1).abs()
        elif self.kind == "stft":
            window = torch.hann_window(8)
            rows = hidden.transpose(1, 2).flatten(0, 1)
            spectra = torch.stft(rows, 8, 4, window=window, return_complex=True).abs()
            spectra = spectra.flatten(1).unflatten(0, (-1, 4)).transpose(1, 2)
        else:
            pairs = torch.view_as_complex(hidden.unflatten(2, (2, 2)).contiguous())
            spectra = torch.view_as_real(pairs * (2 + 1j)).flatten(2).square()
        scores: Tensor = self.dense(spectra.mean(dim=1))
        return scores


@pytest.mark.parametrize("kind", ["fft", "stft", "view"])
def test_complex_numbers_have_gradients_but_no_rule(kind: str) -> None:
    network, clip = seeded(lambda: _Spectra(kind)), _features()
    given = clip.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network(given)[0, 1], given)
    tape = record(network, clip)
    torch.testing.assert_close(backprop.gradient(tape, 1), expected, atol=1e-6, rtol=1e-4)
    with pytest.raises(NotApplicableError, match="DeepLIFT has no rule for complex numbers"):
        _deeplift(network, clip, _features(1))
    with pytest.raises(NotApplicableError, match="LRP has no rule for complex numbers"):
        lrp.propagate(tape, 0, "epsilon", 1e-6)


class _Chain(nn.Module):
    """Two convolutions with an activation that is negative, too, between them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 5, 3), nn.Conv1d(5, 2, 3)

    def forward(self, features: Tensor) -> Tensor:
        hidden = torch.tanh(self.first(features.transpose(1, 2)))
        scores: Tensor = self.second(hidden)[..., 0]
        return scores


def test_positive_contributions_are_products_above_zero() -> None:
    """z+ by hand: of each product of an activation and a weight, what is positive."""
    network, features = seeded(_Chain).double(), _features(frames=5).double()
    with torch.no_grad():
        hidden = torch.tanh(network.first(features.transpose(1, 2)))[0]
        score = float(network(features)[0, 1])
        products = (hidden * network.second.weight[1]).clamp(min=0)
    assert (hidden < 0).any()
    shares = products / products.sum() * score
    expected = torch.zeros(5, 4, dtype=torch.double)
    for place in range(3):  # the flat rule spreads each over the twelve features that it sees
        expected[place : place + 3] += shares[:, place].sum() / 12
    found = lrp.propagate(record(network, features), 1, "flat", 1e-12).relevance[0]
    torch.testing.assert_close(found, expected)


def test_what_adds_in_place_shares() -> None:
    class Added(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            row = features[:, 0].clone()
            row.index_put_(
                (torch.tensor([0]), torch.tensor([1])), features[0, 1, :1], accumulate=True
            )
            return row

    features = _features(2).abs()
    found = lrp.propagate(record(Added(), features), 1, "epsilon", 1e-9)
    expected = torch.zeros(12, 4)
    expected[0, 1], expected[1, 0] = features[0, 0, 1], features[0, 1, 0]
    torch.testing.assert_close(found.relevance[0], expected)
    assert found.kept == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("order", ["at once", "relu between", "two readers"])
def test_lrp_conserves_but_for_what_biases_keep(order: str) -> None:
    network = seeded(lambda: _TwoWays(order)).double()
    found = lrp.propagate(record(network, _features().double()), 0, "epsilon", 1e-12)
    total = float(found.relevance.sum())
    assert total + found.kept == pytest.approx(found.score, rel=1e-6)
    assert abs(found.lost) < 1e-6


def test_a_folded_norm_gives_what_the_epsilon_rule_gives_on_one_layer() -> None:
    network, features = seeded(lambda: _TwoWays("at once")).double(), _features().double()
    one = seeded(lambda: _TwoWays("at once")).double()
    one.conv = nn.utils.fuse_conv_bn_eval(one.conv, one.norm)
    one.norm = nn.Identity()
    for composite in ("epsilon", "flat"):
        found, expected = (
            lrp.propagate(record(net, features), 1, composite, 1e-12).relevance  # type: ignore[arg-type]
            for net in (network, one)
        )
        torch.testing.assert_close(found, expected, atol=1e-9, rtol=1e-6)


def test_softmax_of_attention_has_the_taylor_rule() -> None:
    class Attention(nn.Module):
        def forward(self, features: Tensor) -> Tensor:
            return torch.softmax(features[..., 0], dim=-1)

    features = _features(3)
    logits = features[0, :, 0].double().numpy()
    chances = np.exp(logits) / np.exp(logits).sum()
    given = np.zeros_like(chances)
    given[2] = chances[2]
    expected = logits * (given - chances * given.sum())
    found = lrp.propagate(record(Attention(), features), 2, "epsilon", 1e-9).relevance
    np.testing.assert_allclose(found[0, :, 0].numpy(), expected, atol=1e-6)


def test_a_gate_gets_nothing_and_two_activations_share_alike() -> None:
    class Product(nn.Module):
        def __init__(self, gate: bool) -> None:
            super().__init__()
            self.gate = gate

        def forward(self, features: Tensor) -> Tensor:
            other = torch.sigmoid(features[..., 1]) if self.gate else features[..., 1]
            return (features[..., 0] * other).sum(dim=1, keepdim=True)

    features = _features(5)
    a, b = features[0, :, 0], features[0, :, 1]
    gated, shared = (
        lrp.propagate(record(Product(gate), features), 0, "epsilon", 1e-9).relevance[0]
        for gate in (True, False)
    )
    torch.testing.assert_close(gated[:, 0], a * torch.sigmoid(b), atol=1e-5, rtol=1e-4)
    assert not gated[:, 1].any()
    torch.testing.assert_close(shared[:, 0], a * b / 2, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(shared[:, 1], a * b / 2, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("make", FUNCTIONAL)
def test_lrp_is_finite_and_accounts_for_the_score(make: Make) -> None:
    found = lrp.propagate(record(seeded(make).double(), _features().double()), 0, "epsilon", 1e-6)
    total = float(found.relevance.sum()) + found.kept + found.lost
    assert total == pytest.approx(found.score, rel=1e-6)


def test_operations_know_their_module() -> None:
    tape = record(seeded(PannsLike), _features())
    assert {"conv", "norm", "dense"} <= {operation.module for operation in tape.operations}
    assert tape.calls == {"conv": 1, "norm": 1, "dense": 1}


def test_scripted_and_traced_networks_are_followed() -> None:
    network, clip, nothing = seeded(PannsLike), _features(), _features(1, like=0.1)
    expected = _deeplift(network, clip, nothing)
    for other in (torch.jit.script(network), torch.jit.trace(network, clip)):
        torch.testing.assert_close(_deeplift(other, clip, nothing), expected)


def test_quantized_operators_are_refused_by_name() -> None:
    make = torch.ao.quantization.quantize_dynamic
    network = make(seeded(Transformer), {nn.Linear}, dtype=torch.qint8)
    with pytest.raises(NotApplicableError, match="quantized"):
        _deeplift(network, _features(), _features(1))
