"""Attention with gradients, and relevance through attention, against slow plain versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from awb.errors import NotApplicableError
from awb.intervals import FloatArray, IntArray
from awb_plugins.explainers.attention import gradients, lrp
from awb_plugins.explainers.attention.gradients import flow_through
from awb_plugins.explainers.attention.tokens import spread
from awb_plugins.explainers.graph import lrp as rules
from awb_plugins.explainers.graph.attention import attention_weights, heads_of
from awb_plugins.explainers.graph.tape import record
from fakes_torch import BINS, SmallCnn, TorchModel
from spectrograms import features_of, look, map_of, varied_clip
from transformer import TwoBlocks, attn_lrp

CLIP, SHORT = varied_clip(3), varied_clip(1)
KINDS = pytest.mark.parametrize("class_token", [True, False])


def _slow_gradients(network: TwoBlocks, features: Tensor, target: int) -> list[FloatArray]:
    """Gradient of the score at the attention of every block, by finite differences."""
    found = []
    for block in network.blocks:
        n_tokens = features.shape[1] + (network.token is not None)
        slopes = np.zeros((2, n_tokens, n_tokens))
        for place in np.ndindex(slopes.shape):
            both = [_score(network, features, target, block, place, step) for step in (1e-5, -1e-5)]
            slopes[place] = (both[0] - both[1]) / 2e-5
        found.append(slopes)
    return found


def _score(
    network: TwoBlocks, features: Tensor, target: int, where: nn.Module, place: Any, step: float
) -> float:
    """The score with one weight of attention changed in one block."""
    tokens = network.inside(features) + network.place[:, : features.shape[1]]
    if network.token is not None:
        tokens = torch.cat([network.token, tokens], dim=1)
    for block in network.blocks:
        query, key, value = (
            layer(block.norm(tokens))[0].reshape(tokens.shape[1], 2, -1).transpose(0, 1)
            for layer in (block.query, block.key, block.value)
        )
        weights = torch.softmax(query @ key.transpose(1, 2) / query.shape[-1] ** 0.5, dim=-1)
        if block is where:
            weights[place] += step
        heard = (weights @ value).transpose(0, 1).reshape(1, tokens.shape[1], -1)
        tokens = tokens + block.out(heard)
        tokens = tokens + block.down(torch.relu(block.up(block.other_norm(tokens))))
    read = tokens.mean(dim=1) if network.token is None else tokens[:, 0]
    return float(network.dense(read)[0, target])


def _attention_of(network: TwoBlocks, features: Tensor) -> list[FloatArray]:
    tape = record(network, features)
    return [tape.values[number][0].numpy() for number in attention_weights(tape)]


@KINDS
@torch.no_grad()
def test_attention_gradients_are_chefers(class_token: bool) -> None:
    network = TwoBlocks(class_token=class_token).double()
    model = TorchModel(network, "")
    model.front_end.double()
    features = features_of(model, SHORT).double()
    weights = _attention_of(network, features)
    flow = np.eye(weights[0].shape[-1])
    for one, slope in zip(weights, _slow_gradients(network, features, 0), strict=True):
        seen = np.maximum(one * slope, 0.0).mean(axis=0)
        flow = flow + seen @ flow
    flow -= np.eye(len(flow))
    tokens = flow[0, 1:] if class_token else flow.mean(axis=0)
    found = map_of(gradients.SPEC, TorchModel(network.float(), ""), SHORT)
    np.testing.assert_allclose(found.sum(axis=1), tokens, rtol=1e-3, atol=1e-6)
    assert np.ptp(found, axis=1).max() == pytest.approx(0.0, abs=1e-12)
    assert tokens.max() > 10 * tokens.min()


@KINDS
@pytest.mark.parametrize("target", [0, 1])
def test_attn_lrp_is_that_of_the_paper(class_token: bool, target: int) -> None:
    network = TwoBlocks(class_token=class_token, seed=target).double()
    features = torch.randn((1, 5, BINS), generator=torch.Generator().manual_seed(1)).double()
    tape = record(network, features)
    numbers = attention_weights(tape)
    found = rules.propagate(tape, target, "attention", 1e-9, numbers)
    expected, of_attention = attn_lrp(network, features[0].numpy(), target)
    np.testing.assert_allclose(found.relevance[0].numpy(), expected, rtol=1e-5, atol=1e-7)
    for number, heads in zip(numbers, of_attention, strict=True):
        np.testing.assert_allclose(found.seen[number][0].numpy(), heads, rtol=1e-5, atol=1e-7)
    plain = rules.propagate(tape, target, "epsilon", 1e-9).relevance[0].numpy()
    assert np.abs(plain - expected).max() > 0.01 * np.abs(expected).max()


def test_attn_lrp_weighs_the_gradient_where_it_is_asked_to() -> None:
    network = TwoBlocks(class_token=True).double()
    features = features_of(TorchModel(network.float(), ""), SHORT).double()
    network.double()
    _, of_attention = attn_lrp(network, features[0].numpy(), 0)
    flow = np.eye(features.shape[1] + 1)
    with torch.no_grad():
        slopes = _slow_gradients(network, features, 0)
    for slope, heads in zip(slopes, of_attention, strict=True):
        flow = flow + np.maximum(slope * np.stack(heads), 0.0).mean(axis=0) @ flow
    found = map_of(
        gradients.SPEC, TorchModel(network.float(), ""), SHORT, weighting="relevance"
    ).sum(axis=1)
    scale = flow[0, 1:].max()
    np.testing.assert_allclose(found, flow[0, 1:], rtol=2e-2, atol=1e-3 * scale)


@KINDS
def test_relevance_through_attention_is_accounted_for(class_token: bool) -> None:
    model = TorchModel(TwoBlocks(class_token=class_token), "")
    found, view = look(lrp.SPEC, model, CLIP)
    assert view.cost.calls == 1
    (note,) = found.notes
    score, held, kept, lost = (
        float(word.strip(","))
        for word in (note.split()[3], note.split()[7], note.split()[12], note.split()[-1])
    )
    assert found.relevance.sum() == pytest.approx(held, rel=1e-3)
    assert held + kept + lost == pytest.approx(score, rel=5e-3, abs=1e-2)
    assert abs(lost) < 1e-3


def test_nothing_is_lost_without_biases() -> None:
    network = TwoBlocks(class_token=False, bias=False).double()
    features = torch.randn((1, 6, BINS), generator=torch.Generator().manual_seed(3)).double()
    tape = record(network, features)
    found = rules.propagate(tape, 0, "attention", 1e-9)
    held = float(found.relevance.sum()) + found.kept + found.lost
    assert held == pytest.approx(float(tape.scores[0, 0]), rel=1e-6)
    assert abs(found.lost) < 1e-5 * abs(found.score)
    # all that is kept is kept by the softmax: with equal queries its expansion has no constant
    with torch.no_grad():
        for block in network.blocks:
            block.query.weight.zero_()
    tape = record(network, features)
    found = rules.propagate(tape, 0, "attention", 1e-9)
    assert found.score == pytest.approx(float(tape.scores[0, 0]))
    assert abs(float(found.relevance.sum()) + found.kept - found.score) < 1e-6


@pytest.mark.parametrize("spec", [gradients.SPEC, lrp.SPEC], ids=lambda spec: spec.name)
def test_other_weights_give_other_relevance(spec: Any) -> None:
    maps = [
        map_of(spec, TorchModel(TwoBlocks(class_token=True, seed=seed), ""), CLIP)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(maps[0], maps[1])
    ranks = [np.argsort(np.argsort(one.ravel())) for one in maps]
    assert np.corrcoef(ranks[0], ranks[2])[0, 1] < 0.7


@pytest.mark.parametrize("spec", [gradients.SPEC, lrp.SPEC], ids=lambda spec: spec.name)
def test_a_network_without_attention_is_not_applicable(spec: Any) -> None:
    with pytest.raises(NotApplicableError, match="no self-attention"):
        look(spec, TorchModel(SmallCnn(), "conv2"), CLIP)


class _Coarse(nn.Module):
    """Every token is made of two frames."""

    def __init__(self) -> None:
        super().__init__()
        self.network = TwoBlocks(class_token=False)

    def forward(self, features: Tensor) -> Tensor:
        halves = features[:, : features.shape[1] // 2 * 2].unflatten(1, (-1, 2)).mean(dim=2)
        scores: Tensor = self.network(halves)
        return scores


class _CoarseModel(TorchModel):
    def token_cells(self, n_frames: int, n_bins: int) -> IntArray:
        first = 2 * np.arange(n_frames // 2)
        whole = np.zeros_like(first)
        return np.stack([first, first + 2, whole, whole + n_bins], axis=1)


def test_a_model_says_where_its_tokens_lie() -> None:
    with pytest.raises(NotApplicableError, match="nothing says where its 7 tokens lie"):
        look(gradients.SPEC, TorchModel(_Coarse(), ""), CLIP)
    coarse = map_of(gradients.SPEC, _CoarseModel(_Coarse(), ""), CLIP)
    frames = coarse.sum(axis=1)
    np.testing.assert_allclose(frames[:14:2], frames[1:14:2])
    assert np.ptp(frames) > 0


def test_overlapping_patches_add_up() -> None:
    cells = np.array([[0, 0, 0, 0], [0, 4, 0, 3], [2, 6, 0, 3], [0, 4, 2, 5], [5, 9, 2, 5]])
    values = np.array([9.0, 1.0, 2.0, 3.0, 4.0])
    expected = np.zeros((7, 4))
    for value, (start, end, low, high) in zip(values, cells, strict=True):
        here = [(t, f) for t in range(start, end) for f in range(low, high) if t < 7 and f < 4]
        for point in here:
            expected[point] += value / len(here)
    np.testing.assert_allclose(spread(values, cells, 7, 4), expected, atol=1e-12)
    assert spread(values, cells, 7, 4).sum() == pytest.approx(10.0)


def test_layers_multiply_with_their_residuals() -> None:
    layers = [torch.rand((3, 3), generator=torch.Generator().manual_seed(n)) for n in range(3)]
    identity = torch.eye(3, dtype=torch.float64)
    one, two, three = (identity + layer.double() for layer in layers)
    torch.testing.assert_close(flow_through(layers), three @ two @ one - identity)


Make = Callable[[], Any]


@pytest.mark.parametrize("kind", ["ast", "whisper", "wav2vec2", "hubert", "wavlm"])
def test_tokens_of_checkpoints_lie_where_their_audio_is(kind: str) -> None:
    pytest.importorskip("transformers", reason="needs transformers (extra ast)")
    import awb
    import mini_checkpoints

    model: Any = awb.transformers_model(mini_checkpoints.random_checkpoint(kind), device="cpu")
    rng = np.random.default_rng(0)
    waveform = rng.uniform(-0.5, 0.5, 16_000).astype(np.float32)
    with torch.no_grad():
        features = model.front_end(torch.from_numpy(waveform[np.newaxis]))
    cells = model.token_cells(features.shape[1], features.shape[2])
    layers = list(model.attentions(waveform))
    assert layers[0].shape[-1] == len(cells) == len(model.token_spans_s(waveform.size))
    np.testing.assert_allclose(layers[0].sum(axis=-1), 1.0, atol=1e-5)
    tape = record(model.back_end, features)
    for number, layer in zip(attention_weights(tape), layers, strict=True):
        heads = heads_of(tape.values[number]).numpy()
        if kind == "wavlm":  # transformers tells the mean of its heads
            heads = heads.mean(axis=0, keepdims=True)
        np.testing.assert_allclose(np.broadcast_to(heads, layer.shape), layer, atol=1e-5)
    _changes_there(model, features, cells)


def _changes_there(model: Any, features: Tensor, cells: IntArray) -> None:
    """Change the features of a token: what it gives to attention changes more than others."""
    frames = int(features.shape[1])
    inside = [n for n, (start, end, *_) in enumerate(cells) if 0 < start < end < frames]
    if len(inside) < 3:
        return
    token = inside[len(inside) // 2]
    start, end, low, high = cells[token]
    changed = features.clone()
    here = changed[:, start:end, low:high]
    signs = torch.sign(torch.randn(here.shape, generator=torch.Generator().manual_seed(0)))
    here += 0.5 * features.std() * signs
    given = [_first_tokens(model, one) for one in (features, changed)]
    moved = (given[0] - given[1]).norm(dim=-1)[0]
    assert int(moved[inside].argmax()) == inside.index(token)


def _first_tokens(model: Any, features: Tensor) -> Tensor:
    """What the first block is given."""
    seen: list[Tensor] = []
    names = [name for name, _ in model.back_end.named_modules()]
    module = model.back_end.get_submodule(
        next(n for n in names if n.endswith(("encoder.layers.0", "transformer.layers.0")))
    )
    handle = module.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        model.back_end(features)
    handle.remove()
    return seen[0]
