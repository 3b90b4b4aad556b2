"""Oracles for captum's methods of layers: captum on the network cut in two, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from captum import attr
from torch import Tensor, nn

from awb.types import Explanation
from matrix.baselines import twin_of
from matrix.cams import stretched
from matrix.cases import Case, Scored, WrongError
from matrix.gradients import map_of, same
from networks.base import Network


class _Part(nn.Module):
    """The body or the head of a network."""

    def __init__(self, network: nn.Module, name: str) -> None:
        super().__init__()
        self.network, self.name = network, name

    def forward(self, values: Tensor) -> Tensor:
        found: Tensor = getattr(self.network, self.name)(values)
        return found


def cut(case: Case, network: nn.Module) -> nn.Sequential:
    """A network in two parts, its maps between them."""
    if not hasattr(network, "body"):
        raise WrongError("there is nothing that a method of layers could look at")
    end = Scored(nn.Identity(), case.spec.output)
    return nn.Sequential(_Part(network, "body"), _Part(network, "head"), end).double().eval()


def _author(case: Case) -> nn.Module:
    if not isinstance(case.spec, Network):
        raise WrongError("there is nothing that a method of layers could look at")
    network: Any = case.network
    found: nn.Module = network.network
    return found


def by_captum(
    case: Case,
    found: Explanation,
    *,
    method: str,
    arguments: Callable[[Case], dict[str, Any]] = lambda case: {},
) -> str:
    """Ask captum itself of the body of the network."""
    halves = cut(case, _author(case))
    maps = getattr(attr, method)(halves, halves[0]).attribute(
        case.features.clone(), target=case.target, **arguments(case)
    )
    expected = stretched(maps.detach().sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected.numpy(), share=5e-3, what="captum on two halves")
    return "captum"


def _line(case: Case) -> dict[str, Any]:
    return {"baselines": case.nothing.clone(), "n_steps": 50, "internal_batch_size": 10}


def layer_lrp(case: Case, found: Explanation) -> str:
    """Input times gradient at the maps of a network that is piecewise linear."""
    if not getattr(case.spec, "piecewise_linear", False) or case.spec.output != "logits":
        raise WrongError("no oracle for LRP of a layer here")
    halves = cut(case, _author(case))
    maps = halves[0](case.features).detach().requires_grad_()
    with torch.enable_grad():
        score = halves[2](halves[1](maps * 1.0))[:, case.target].sum()
    (gradient,) = torch.autograd.grad(score, maps)
    expected = stretched((gradient * maps).detach().sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected.numpy(), share=5e-3, what="input times gradient at the maps")
    return "plain"


def layer_deeplift(case: Case, found: Explanation, *, several: bool) -> str:
    """captum on the two halves of the twin."""
    from matrix.baselines import quiet_heard

    twin = twin_of(case)
    if twin is None:
        raise WrongError("no oracle for DeepLIFT of a layer here")
    halves, maps = cut(case, twin), []
    for one in quiet_heard(case) if several else case.nothing:
        method = attr.LayerDeepLift(halves, halves[0])
        maps.append(
            method.attribute(case.features.clone(), one[None].clone(), target=case.target)
        )
    mean = torch.cat(maps).detach().mean(dim=0, keepdim=True).sum(dim=1, keepdim=True)
    same(map_of(found), stretched(mean, case)[0].numpy(), share=5e-3, what="captum on the twin")
    return "twin"


def layer_ablation(case: Case, found: Explanation) -> str:
    """How much the score falls when a moment of the maps is zero, over its channels and bins."""
    halves = cut(case, _author(case))
    with torch.no_grad():
        maps = halves[0](case.features)
        falls = torch.zeros_like(maps)
        for moment in range(maps.shape[2]):
            without = maps.clone()
            without[:, :, moment] = 0.0
            score = halves[2](halves[1](without))[0, case.target]
            fall = case.score(case.features)[0] - score
            falls[:, :, moment] = fall / maps[:, :, moment].numel()
    expected = stretched(falls.sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected.numpy(), share=5e-3, what="loops")
    return "plain"


ORACLES: dict[str, Callable[[Case, Explanation], str]] = {
    "captum:LayerGradCam": partial(by_captum, method="LayerGradCam"),
    "captum:LayerGradientXActivation": partial(by_captum, method="LayerGradientXActivation"),
    "captum:LayerIntegratedGradients": partial(
        by_captum, method="LayerIntegratedGradients", arguments=_line
    ),
    "captum:LayerConductance": partial(by_captum, method="LayerConductance", arguments=_line),
    "captum:InternalInfluence": partial(by_captum, method="InternalInfluence", arguments=_line),
    "captum:LayerDeepLift": partial(layer_deeplift, several=False),
    "captum:LayerDeepLiftShap": partial(layer_deeplift, several=True),
    "captum:LayerFeatureAblation": layer_ablation,
    "captum:LayerLRP": layer_lrp,
}
