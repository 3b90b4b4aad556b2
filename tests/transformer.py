"""A transformer of two blocks, and slow plain versions of what explains it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from awb.intervals import FloatArray
from fakes_torch import BINS

WIDTH, HEADS, EPSILON = 6, 2, 1e-9


class Block(nn.Module):
    """Attention and a dense layer, each after a norm and beside a residual connection."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.other_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.query, self.key, self.value, self.out = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.up, self.down = nn.Linear(WIDTH, 9), nn.Linear(9, WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        parts = [
            layer(self.norm(tokens)).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        ]
        heard = nn.functional.scaled_dot_product_attention(*parts)
        tokens = tokens + self.out(heard.transpose(1, 2).flatten(2))
        return tokens + self.down(torch.relu(self.up(self.other_norm(tokens))))


class TwoBlocks(nn.Module):
    """Frames as tokens, read from a class token or from their mean."""

    def __init__(self, *, class_token: bool, seed: int = 0, bias: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.inside = nn.Linear(BINS, WIDTH)
            self.place = nn.Parameter(torch.randn(1, 64, WIDTH))
            self.token = nn.Parameter(torch.randn(1, 1, WIDTH)) if class_token else None
            self.blocks = nn.ModuleList([Block(), Block()])
            self.dense = nn.Linear(WIDTH, 2)
            for weight in self.parameters():
                nn.init.normal_(weight, std=0.7)
        if not bias:
            with torch.no_grad():
                for name, weight in self.named_parameters():
                    if name.endswith("bias") or name == "place":
                        weight.zero_()

    def forward(self, features: Tensor) -> Tensor:
        tokens = self.inside(features) + self.place[:, : features.shape[1]]
        if self.token is not None:
            tokens = torch.cat([self.token.expand(len(tokens), -1, -1), tokens], dim=1)
        for block in self.blocks:
            tokens = block(tokens)
        scores: Tensor = self.dense(tokens.mean(dim=1) if self.token is None else tokens[:, 0])
        return scores


Weights = dict[str, FloatArray]


def weights_of(module: nn.Module) -> Weights:
    """Weights as plain arrays."""
    return {name: one.detach().double().numpy() for name, one in module.named_parameters()}


def stable(values: FloatArray) -> FloatArray:
    return values + np.where(values >= 0, EPSILON, -EPSILON)


def _dense(weights: Weights, name: str, given: FloatArray) -> FloatArray:
    return given @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _norm(weights: Weights, name: str, given: FloatArray) -> FloatArray:
    centred = given - given.mean(axis=-1, keepdims=True)
    spread = np.sqrt(given.var(axis=-1, keepdims=True) + 1e-5)
    return centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def _softmax(given: FloatArray) -> FloatArray:
    odds = np.exp(given - given.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def run_block(weights: Weights, tokens: FloatArray) -> dict[str, Any]:
    """Compute a block, and keep everything on the way."""
    seen: dict[str, Any] = {"tokens": tokens, "normed": _norm(weights, "norm", tokens)}
    size = WIDTH // HEADS
    for name in ("query", "key", "value"):
        seen[name] = _dense(weights, name, seen["normed"])
    seen["logits"], seen["attention"], seen["heard"] = [], [], np.zeros_like(tokens)
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        logits = seen["query"][:, part] @ seen["key"][:, part].T / np.sqrt(size)
        seen["logits"].append(logits)
        seen["attention"].append(_softmax(logits))
        seen["heard"][:, part] = seen["attention"][-1] @ seen["value"][:, part]
    seen["out"] = _dense(weights, "out", seen["heard"])
    seen["middle"] = tokens + seen["out"]
    seen["other"] = _norm(weights, "other_norm", seen["middle"])
    seen["up"] = np.maximum(_dense(weights, "up", seen["other"]), 0.0)
    seen["down"] = _dense(weights, "down", seen["up"])
    seen["result"] = seen["middle"] + seen["down"]
    return seen


def _dense_back(
    weights: Weights, name: str, given: FloatArray, relevance: FloatArray
) -> FloatArray:
    """Epsilon rule of a dense layer, product by product."""
    weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
    found = np.zeros_like(given)
    for row in range(len(given)):
        for unit in range(len(weight)):
            products = given[row] * weight[unit]
            total = stable(products.sum() + bias[unit])
            found[row] += products / total * relevance[row, unit]
    return found


def _product_back(
    one: FloatArray, other: FloatArray, relevance: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Half of each summand of ``one @ other`` to either factor."""
    first, second = np.zeros_like(one), np.zeros_like(other)
    total = stable(one @ other)
    for row in range(one.shape[0]):
        for column in range(other.shape[1]):
            share = one[row] * other[:, column] / total[row, column] * relevance[row, column] / 2
            first[row] += share
            second[:, column] += share
    return first, second


def block_back(
    weights: Weights, seen: dict[str, Any], relevance: FloatArray
) -> tuple[FloatArray, list[FloatArray]]:
    """AttnLRP of a block: relevance of its tokens, and of the attention of each head."""
    whole = relevance / stable(seen["result"])
    through = _dense_back(weights, "down", seen["up"], whole * seen["down"])
    through = _dense_back(weights, "up", seen["other"], through)
    middle = whole * seen["middle"] + through  # activation and norm hand on everything
    whole = middle / stable(seen["middle"])
    heard = _dense_back(weights, "out", seen["heard"], whole * seen["out"])
    back = {name: np.zeros_like(seen["tokens"]) for name in ("query", "key", "value")}
    size, of_attention = WIDTH // HEADS, []
    for head in range(HEADS):
        part = slice(head * size, (head + 1) * size)
        attention, logits = seen["attention"][head], seen["logits"][head]
        held, back["value"][:, part] = _product_back(
            attention, seen["value"][:, part], heard[:, part]
        )
        of_attention.append(held)
        for row in range(len(logits)):  # Taylor expansion of the softmax, its constant left out
            held_row = held[row] - attention[row] * held[row].sum()
            asked, key = _product_back(
                seen["query"][row : row + 1, part] / np.sqrt(size),
                seen["key"][:, part].T,
                (logits[row] * held_row)[np.newaxis],
            )
            back["query"][row, part] += asked[0]
            back["key"][:, part] += key.T
    normed = sum(_dense_back(weights, name, seen["normed"], part) for name, part in back.items())
    return whole * seen["tokens"] + normed, of_attention


def attn_lrp(
    network: TwoBlocks, features: FloatArray, target: int
) -> tuple[FloatArray, list[list[FloatArray]]]:
    """Relevance of the features ``(frames, bins)``, and of the attention of each block."""
    top = weights_of(network)
    blocks = [weights_of(block) for block in network.blocks]
    inside = _dense(top, "inside", features)
    frames = inside + top["place"][0, : len(features)]
    tokens = frames if network.token is None else np.concatenate([top["token"][0], frames])
    seen = []
    for weights in blocks:
        seen.append(run_block(weights, tokens))
        tokens = seen[-1]["result"]
    read = tokens.mean(axis=0, keepdims=True) if network.token is None else tokens[:1]
    relevance = np.zeros((1, 2))
    relevance[0, target] = _dense(top, "dense", read)[0, target]
    relevance = _dense_back(top, "dense", read, relevance)
    held = np.zeros_like(tokens)
    if network.token is None:
        held = tokens / len(tokens) / stable(read) * relevance
    else:
        held[:1] = relevance
    of_attention = []
    for weights, part in zip(blocks[::-1], seen[::-1], strict=True):
        held, attention = block_back(weights, part, held)
        of_attention.insert(0, attention)
    held = held[len(held) - len(features) :]
    return _dense_back(top, "inside", features, held / stable(frames) * inside), of_attention
