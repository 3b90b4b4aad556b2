"""Attention rollout against a loop over paths."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest

from awb.errors import NotApplicableError
from awb.intervals import FloatArray
from awb.protocols import AttentionModel, ScoreArray
from awb.types import AudioArray
from awb_plugins.explainers.attention.rollout import SPEC, rollout
from fakes import WeightedEnergy, unit_clip
from spectrograms import look


def _attention(layers: int, heads: int, tokens: int, seed: int = 0) -> np.ndarray:
    raw = np.random.default_rng(seed).random((layers, heads, tokens, tokens)) ** 3
    return (raw / raw.sum(axis=-1, keepdims=True)).astype(np.float32)


class Listener(WeightedEnergy):
    """Two class tokens, then tokens of 200 ms every 100 ms in two bands; three layers."""

    def __init__(self) -> None:
        super().__init__(np.ones(10))
        self.attention = _attention(3, 2, 20)

    def attentions(self, waveform: AudioArray) -> Iterator[ScoreArray]:
        yield from self.attention

    def token_spans_s(self, n_samples: int) -> FloatArray:
        starts = 0.1 * np.arange(9)
        spans = np.stack([starts, starts + 0.2], axis=1)
        return np.concatenate([np.full((2, 2), np.nan), spans, spans])


def _paths(layers: np.ndarray, readers: list[int], target: int) -> float:
    """Sum over all paths from the readers of the last layer down to an input token."""
    total = 0.0
    tokens = range(layers.shape[-1])
    for reader in readers:
        for middle in product(tokens, repeat=len(layers) - 1):
            route = (reader, *middle, target)
            steps = zip(layers[::-1], route, route[1:], strict=False)
            total += float(np.prod([layer[a, b] for layer, a, b in steps]))
    return total / len(readers)


def test_rollout_sums_over_paths() -> None:
    attention = _attention(3, 2, 5, seed=1)
    layers = 0.5 * attention.mean(axis=1) + 0.5 * np.eye(5)
    flow = rollout(attention, fusion="mean", residual=0.5)
    for token in range(5):
        assert flow[1, token] == pytest.approx(_paths(layers, [1], token), abs=1e-6)
    np.testing.assert_allclose(flow.sum(axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("fusion", ["mean", "max", "min"])
def test_rows_sum_to_one_however_heads_are_fused(fusion: str) -> None:
    flow = rollout(_attention(4, 3, 6), fusion=fusion, residual=0.3)  # type: ignore[arg-type]
    np.testing.assert_allclose(flow.sum(axis=1), 1.0, atol=1e-6)


def test_the_class_tokens_shares_are_spread_over_time() -> None:
    model = Listener()
    assert isinstance(model, AttentionModel)
    flow = rollout(model.attention, fusion="mean", residual=0.5)[:2].mean(axis=0)
    both = flow[2:11] + flow[11:]
    expected = np.zeros(10)
    for token, share in enumerate(both):
        expected[token : token + 2] += share / 2
    found, view = look(SPEC, model, unit_clip(10))
    np.testing.assert_allclose(found.relevance, expected, atol=1e-6)
    assert view.cost.calls == 1


def test_a_model_without_attention_is_not_applicable() -> None:
    with pytest.raises(NotApplicableError, match="AttentionModel"):
        look(SPEC, WeightedEnergy(np.ones(10)), unit_clip(10))
