"""Oracles for attention, for what is made audible, and for the rows that know nothing."""

from __future__ import annotations

import numpy as np
import torch

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
    shares = flow[special].mean(dim=0).numpy()
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
