"""Oracles for LRP: rules by hand, input times gradient, and what is kept."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.baselines import twin_of
from matrix.cams import parts
from matrix.cases import Case, WrongError, case_of, varied
from matrix.gradients import map_of, same
from matrix.relevance import at_features, positive_parts
from networks.base import Network, without_biases
from networks.pooled import Panns
from networks.shipped import Shipped

KEPT = 0.02
"""Share of the score that may be lost to stabilizers on the way."""


def _gradient_times_input(case: Case) -> FloatArray:
    """Epsilon rule of a piecewise linear network, at the inputs of its first weighted layer."""
    network = getattr(case.network, "network", None)
    found = case.gradient(case.features) * case.features
    if isinstance(network, Panns):  # its features are standardized first, which is not a layer
        norm = network.bn0
        scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
        shift = norm.bias.detach() - scale * norm.running_mean
        found = case.gradient(case.features) / scale * (scale * case.features + shift)
    return found[0].numpy()


def bare_case(case: Case) -> Case:
    """The same clip before a copy of the network without biases."""
    if isinstance(case.spec, Network):
        bare = case_of(case.spec, lambda *_: case.waveform, without_biases(case.spec.network()))
    else:
        model = copy.copy(case.spec.model())  # which is kept for others
        model.back_end = without_biases(model.back_end)
        full_s = getattr(case.spec, "full_s", 0.0)  # padding adds to the scores by itself
        clip = varied(model.sample_rate_hz, full_s) if full_s else case.waveform
        bare = Case(model, copy.deepcopy(model.back_end).double(), clip, case.spec)
    bare.__dict__["target"] = case.target
    return bare


def handed_on(bare: Case) -> float:
    """What a network without biases hands on: its score, or a log-sum-exp's as it weighs.

    A log-sum-exp, over time or classes, is more than the mean that it weighs: the rest is nobody's.
    """
    if isinstance(bare.spec, Shipped):
        spec = replace(bare.spec, maps="head")  # which gives what is pooled, or compared
        at_logits = replace(bare, spec=spec)
        at_logits.__dict__["target"] = bare.target
        logits, gradient = parts(at_logits)
    elif getattr(bare.spec, "output", "") == "softmax-logits":
        logits, gradient = parts(bare)
    else:
        return float(bare.score(bare.features))
    return float((logits * gradient).sum())


def conserves(case: Case, reference: str) -> str:
    """Demand that nothing is lost in a copy of the network without biases."""
    bare = bare_case(case)
    settings = "" if reference.startswith("captum:") else ":epsilon=1e-9"  # it absorbs what is weak
    total, score = float(map_of(bare.ask(reference + settings)).sum()), handed_on(bare)
    if not abs(total - score) <= KEPT * abs(score) + 1e-4:
        raise WrongError(f"without biases it sums to {total:.5g} for a score of {score:.5g}")
    return "conservation"


_ACCOUNT = re.compile(r"score's (\S+) the \w+ hold (\S+), .* (\S+), .* (\S+)$")


def accounts(case: Case, found: Explanation, *, places: float = 1.0, stretch: float = 0.0) -> None:
    """Demand that a map sums to what its note says, and that the note accounts for the score.

    Parameters
    ----------
    case : Case
        The network and its clip.
    found : Explanation
        The explanation.
    places : float
        How many places the relevance was given to, for each point of the map.
    stretch : float
        By what part of its sum stretching may have changed the map.
    """
    told = [match for note in found.notes if (match := _ACCOUNT.search(note))]
    if len(told) != 1:
        raise WrongError("no note says where the score went")
    score, held, kept, lost = (float(number) for number in told[0].groups())
    digits = 1e-3 * max(map(abs, (score, held, kept, lost))) + 1e-6  # four are told
    pairs = {
        "the map": (float(map_of(found).sum()) * places, held, stretch * abs(held)),
        "the score": (float(case.score(case.features)), score, 0.0),
        "the parts": (held + kept + lost, score, 0.0),
    }
    for what, (one, other, more) in pairs.items():
        if not abs(one - other) <= digits + more:
            raise WrongError(f"{what}: {one:.5g}, where its note says {other:.5g}")


def _as_own_rules(case: Case, found: Explanation) -> None:
    """Demand that captum's map is that of awb's rules, which share no code with it."""
    same(map_of(found), map_of(case.ask("lrp-epsilon:epsilon=1e-9")), share=0.01, what="captum")


def lrp_epsilon(case: Case, found: Explanation, reference: str = "lrp-epsilon") -> str:
    relevance = map_of(found)
    spec = case.spec
    if isinstance(spec, Network) and spec.piecewise_linear and spec.output == "logits":
        same(relevance, _gradient_times_input(case), share=5e-3, what="input times gradient")
        return "plain"
    expected = at_features(case, "epsilon")
    if expected is not None:
        same(relevance, expected, share=5e-3, what="rules by hand")
        return "plain"
    if reference == "lrp-epsilon":
        accounts(case, found)
    else:
        _as_own_rules(case, found)
    return conserves(case, reference)


def attn_lrp(case: Case, found: Explanation) -> str:
    accounts(case, found)
    expected = at_features(case, "attention")
    if expected is None:
        return "accounts"
    same(map_of(found), expected, share=5e-3, what="rules by hand")
    return "plain"


def lrp_flat(case: Case, found: Explanation) -> str:
    layers = _in_line(case)
    expected = at_features(case, "flat") if layers is None else _flat_by_hand(layers, case)
    if expected is None:
        accounts(case, found)
        return conserves(case, "lrp-flat")
    same(map_of(found), expected, share=5e-3, what="rules by hand")
    return "plain"


def _in_line(case: Case) -> list[nn.Module] | None:
    """The layers of a twin that is a chain, batch norms folded; None for other networks."""
    twin = twin_of(case)
    leaves = [one for one in twin.modules() if not [*one.children()]] if twin is not None else []
    known = (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.ReLU, nn.Tanh, nn.MaxPool2d, nn.AvgPool2d,
             nn.AdaptiveAvgPool2d, nn.Flatten, nn.Dropout)  # fmt: skip
    if not leaves or not all(isinstance(one, known) for one in leaves):
        return None
    with torch.no_grad():
        values = case.features[:, None]
        for layer in leaves:
            try:
                values = layer(values)
            except (RuntimeError, IndexError):
                return None
        if not torch.allclose(values, case.network(case.features)):
            return None
    return _folded(leaves)


def _folded(leaves: list[nn.Module]) -> list[nn.Module] | None:
    found: list[nn.Module] = []
    for layer in leaves:
        if isinstance(layer, nn.BatchNorm2d):
            if not found or not isinstance(found[-1], nn.Conv2d):
                return None
            conv = copy.deepcopy(found[-1])
            scale = layer.weight / (layer.running_var + layer.eps).sqrt()
            with torch.no_grad():
                conv.weight *= scale[:, None, None, None]
                conv.bias.copy_(layer.bias + scale * (conv.bias - layer.running_mean))
            found[-1] = conv
        elif not isinstance(layer, nn.Dropout):
            found.append(layer)
    return found


def _flat_by_hand(layers: list[nn.Module], case: Case) -> FloatArray:
    """Flat rule at the first layer, z-plus in convolutions, epsilon in the rest; in loops."""
    values = [case.features[:, None]]
    with torch.no_grad():
        for layer in layers:
            values.append(layer(values[-1]))
    relevance = torch.zeros_like(values[-1])
    relevance[0, case.target] = values[-1][0, case.target]
    weighted = next(one for one in layers if isinstance(one, nn.Conv2d | nn.Linear))
    for layer, inputs in reversed(list(zip(layers, values, strict=False))):
        relevance = _down(layer, inputs, relevance, first=layer is weighted)
    return relevance[0, 0].numpy()


def _down(layer: nn.Module, inputs: Tensor, relevance: Tensor, *, first: bool) -> Tensor:
    """Hand the relevance of a layer's outputs to its inputs."""
    if isinstance(layer, nn.ReLU | nn.Tanh):
        return relevance
    changed: Callable[[Tensor], Tensor] = layer
    if first:
        changed = copy.deepcopy(layer)
        with torch.no_grad():
            changed.weight.fill_(1.0)
            changed.bias.zero_()
        inputs = torch.ones_like(inputs)
    elif isinstance(layer, nn.Conv2d):
        changed = partial(
            positive_parts, weight=layer.weight, stride=layer.stride, padding=layer.padding,
            dilation=layer.dilation, groups=layer.groups,
        )  # fmt: skip
    return _in_proportion(changed, inputs, relevance)


def _in_proportion(layer: Callable[[Tensor], Tensor], inputs: Tensor, relevance: Tensor) -> Tensor:
    given = inputs.clone().requires_grad_()
    with torch.enable_grad():
        outputs = layer(given)
    safe = torch.where(outputs.abs() > 1e-12, outputs, 1.0)
    parts = torch.where(outputs.abs() > 1e-12, relevance / safe, 0.0).detach()
    (back,) = torch.autograd.grad((outputs * parts).sum(), given)
    return (given * back).detach()
