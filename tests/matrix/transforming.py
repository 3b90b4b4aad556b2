"""Oracles for attention, for what is made audible, and for the rows that know nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.cases import BURST, Case, WrongError
from matrix.gradients import map_of, same


def attention_rollout(case: Case, found: Explanation) -> str:
    """Multiply the attention that transformers itself gives, in loops."""
    network, extractor = case.spec.network(), case.spec.extractor()
    given = extractor(case.waveform, sampling_rate=16_000, return_tensors="pt")
    with torch.no_grad():
        attentions = network(**given, output_attentions=True).attentions
    flow = None
    for layer in attentions:
        fused = layer[0].double().mean(dim=0)
        mixed = 0.5 * fused + 0.5 * torch.eye(len(fused), dtype=torch.float64)
        flow = mixed if flow is None else mixed @ flow
    spans = case.model.token_spans_s(case.waveform.size)
    special = np.isnan(spans).any(axis=1)
    readers = special if special.any() else np.ones(len(spans), dtype=bool)
    shares = flow[readers].mean(dim=0).numpy()
    expected = np.zeros(found.relevance.size)
    for share, (start, end) in zip(shares, spans, strict=True):
        if not end > start:  # a token of no audio, or of padding
            continue
        for segment in range(expected.size):
            low, high = segment / 10, (segment + 1) / 10
            if segment == expected.size - 1:
                high = np.inf
            inside = max(min(end, high) - max(start, low), 0.0)
            expected[segment] += share * inside / (end - start)
    same(found.relevance, expected, what="rollout by hand")
    return "plain"


@contextmanager
def _attending() -> Iterator[list[Tensor]]:
    """Spell attention out where it is computed, and keep its weights."""
    met: list[Tensor] = []
    plain = torch.softmax

    def softmax(given: Tensor, dim: int = -1, **settings: Any) -> Tensor:
        found = plain(given, dim)
        if found.ndim > 2 and found.shape[-1] == found.shape[-2] > 1:
            met.append(found)
        return found

    def attend(query: Tensor, key: Tensor, value: Tensor, mask: Any = None, *rest: Any,
               attn_mask: Any = None, scale: Any = None, **settings: Any) -> Tensor:  # fmt: skip
        mask = attn_mask if mask is None else mask
        logits = query @ key.transpose(-2, -1) * (scale or query.shape[-1] ** -0.5)
        return softmax(logits if mask is None else logits + mask) @ value

    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with (
            patch.object(functional, "scaled_dot_product_attention", attend),
            patch.object(functional, "softmax", softmax),
            patch.object(torch, "softmax", softmax),
        ):
            yield met
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def attention_gradients(case: Case, found: Explanation) -> str:
    """Weigh attention that autograd differentiates, and put tokens where frames changed them."""
    given = case.features.clone().requires_grad_()
    with torch.enable_grad(), _attending() as met:
        score = case.network(given)[0, case.target]
    flow, readers = None, None
    for weights, slope in zip(met, torch.autograd.grad(score, met), strict=True):
        size = weights.shape[-1]
        heads = (weights * slope).detach().reshape(-1, size, size).clamp(min=0).mean(dim=0)
        readers = slope.reshape(-1, size, size).abs().amax(dim=(0, 2))
        own = torch.eye(size, dtype=torch.float64)
        flow = own + heads if flow is None else flow + heads @ flow
    if flow is None or readers is None:
        raise WrongError("a value of a network in which no attention was met")
    read = readers > 1e-6 * readers.max()
    tokens = (flow - torch.eye(len(flow)))[read].mean(dim=0).numpy()
    expected = _over_time(case, tokens)
    same(map_of(found).sum(axis=1), expected, share=5e-3, what="attention by hand")
    return "plain"


def _over_time(case: Case, tokens: FloatArray) -> FloatArray:
    """Share tokens among frames, plainly; where tokens are frames, the first may be of a class."""
    shape = case.features.shape[1:]
    cells = getattr(case.model, "token_cells", None)
    if cells is None:
        return tokens[len(tokens) - shape[0] :]
    frames = np.zeros(shape[0])
    for value, (start, end, low, high) in zip(tokens, cells(*shape), strict=True):
        inside = range(max(start, 0), min(end, shape[0]))
        if len(inside) and high > low:
            frames[list(inside)] += value / len(inside)
    return frames


def listen(case: Case, found: Explanation) -> str:
    """The mask keeps the top 30 % of what integrated gradients find positive."""
    steps = (torch.arange(32, dtype=torch.float64) + 0.5) / 32
    change = case.features - case.nothing
    line = case.nothing + steps[:, None, None] * change
    wanted = (case.gradient(line).mean(dim=0) * change[0]).clamp(min=0).numpy()
    mask = map_of(found) > 0.5
    size = max(1, round(0.3 * mask.size))
    top = np.zeros(mask.size, dtype=bool)
    top[np.argsort(wanted.ravel())[::-1][:size]] = True
    top &= wanted.ravel() > 0
    if (mask.ravel() != top).mean() > 0.05:
        raise WrongError(f"{(mask.ravel() != top).mean():.2f} of the mask differs")
    return "plain"


def null(name: str, case: Case, found: Explanation) -> str:
    """Rows that know nothing of the model."""
    relevance = np.asarray(found.relevance)
    if name == "energy":
        cut = case.waveform.astype(float).reshape(relevance.size, -1)
        if not (np.argsort(relevance) == np.argsort(np.square(cut).mean(axis=1))).all():
            raise WrongError("it does not rank like the energy")
    elif name == "constant" and np.ptp(relevance) > 0:
        raise WrongError("it is not constant")
    elif name == "random" and np.unique(relevance).size < relevance.size:
        raise WrongError("it has ties")
    elif name == "oracle" and relevance.argmax() != BURST:
        raise WrongError("it does not know the labels")
    return "plain"
