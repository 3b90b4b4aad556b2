"""Oracles for captum's methods of layers: captum on the network cut in two, in double precision."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from captum import attr
from torch import Tensor, nn

from awb.types import Explanation
from matrix.baselines import picks, quiet_heard, twin_of
from matrix.cams import as_maps, grad_cam, parts, stretched
from matrix.cases import Case, Scored, WrongError
from matrix.conservation import accounts, bare_case, handed_on
from matrix.gradients import map_of, same, within_chance
from matrix.relevance import at_maps
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
    end = Scored(nn.Identity(), case.spec.output)
    return nn.Sequential(_Part(network, "body"), _Part(network, "head"), end).double().eval()


def split(case: Case) -> tuple[nn.Sequential, nn.Module]:
    """A network, and the module of it from which the maps come."""
    author = getattr(case.network, "network", None)
    if hasattr(author, "body") and isinstance(case.spec, Network):
        halves = cut(case, author)
        return halves, halves[0]
    name = getattr(case.spec, "maps", "")
    if not name:
        raise WrongError("there is no one place that a method of layers could look at")
    body, head = _Tokens(case, name), _Tokens(case, name, head=True)
    return nn.Sequential(body, head), body


class _Tokens(nn.Module):
    """A network up to a module's first output, or from there on."""

    def __init__(self, case: Case, name: str, *, head: bool = False) -> None:
        super().__init__()
        self.network, self.name, self.head = case.network, name, head
        self.features = case.features

    def forward(self, values: Tensor) -> Tensor:
        caught: list[Tensor] = []

        def hook(module: nn.Module, inputs: Any, output: Any) -> Any:
            several = isinstance(output, tuple)
            caught.append(output[0] if several else output)
            if not self.head:
                return None
            return (values, *output[1:]) if several else values

        handle = self.network.get_submodule(self.name).register_forward_hook(hook)
        try:
            repeated = self.features.expand(len(values), -1, -1) if self.head else values
            scores: Tensor = self.network(repeated)
        finally:
            handle.remove()
        return scores if self.head else caught[0]


def by_captum(
    case: Case,
    found: Explanation,
    *,
    method: str,
    arguments: Callable[[Case], dict[str, Any]] = lambda case: {},
) -> str:
    """Ask captum itself of the body of the network."""
    if method == "LayerGradCam":  # captum takes the second axis for channels, also of tokens
        return grad_cam(case, found)
    raw = getattr(attr, method)(*split(case)).attribute(
        case.features.clone(), target=case.target, **arguments(case)
    )
    maps = as_maps(case, (raw[0] if isinstance(raw, tuple) else raw).detach())
    expected = stretched(maps.sum(dim=1, keepdim=True), case)[0]
    size = 0.01 * float(maps.abs().sum(dim=1).max())  # channels may cancel out, behind a layer norm
    same(map_of(found), expected.numpy(), share=5e-3, what="captum at the maps", size=size)
    return "captum"


def _line(case: Case) -> dict[str, Any]:
    return {"baselines": case.nothing.clone(), "n_steps": 50, "internal_batch_size": 10}


_STRETCH = 0.15
"""By what part of its sum stretching may change a map."""


def _places(case: Case) -> float:
    """How many places of the maps there are for each point of the features."""
    return parts(case)[0][0, 0].numel() / case.features[0].numel()


def sums_at_maps(case: Case, found: Explanation, expected: float) -> None:
    """Demand a sum of the maps, as far as stretching them leaves it alone."""
    total = float(map_of(found).sum()) * _places(case)
    if not abs(total - expected) <= _STRETCH * abs(expected) + 1e-3:
        raise WrongError(f"its maps sum to about {total:.4g}, not {expected:.4g}")


def layer_lrp(case: Case, found: Explanation) -> str:
    """Input times gradient at the maps of a network that is piecewise linear; else rules by hand.

    Where a function has no rule by hand: what its note says, and conservation without biases.
    """
    spec = case.spec
    if not getattr(spec, "piecewise_linear", False) or spec.output != "logits":
        by_hand = at_maps(case)
        if by_hand is not None:
            same(map_of(found), by_hand, share=5e-3, what="rules by hand")
            return "plain"
        accounts(case, found, places=_places(case), stretch=_STRETCH)
        bare = bare_case(case)
        sums_at_maps(bare, bare.ask("captum:LayerLRP"), handed_on(bare))
        return "conservation"
    maps, gradient = parts(case)
    expected = stretched((gradient * maps).sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected.numpy(), share=5e-3, what="input times gradient at the maps")
    return "plain"


def layer_deeplift(case: Case, found: Explanation, *, several: bool) -> str:
    """captum on the two halves of the twin; without one, the sum."""
    baselines = quiet_heard(case) if several else case.nothing
    twin = twin_of(case)
    rise = float((case.score(case.features) - case.score(baselines)).mean())
    if twin is None or picks(twin) or not hasattr(twin, "body"):
        sums_at_maps(case, found, rise)
        return "completeness"
    halves = cut(case, twin)
    try:
        maps = [_differences(halves, case, one[None]) for one in baselines]
    except RuntimeError:  # captum does not follow this head
        sums_at_maps(case, found, rise)
        return "completeness"
    mean = torch.cat(maps).mean(dim=0, keepdim=True).sum(dim=1, keepdim=True)
    same(map_of(found), stretched(mean, case)[0].numpy(), share=5e-3, what="captum on the twin")
    return "twin"


def _differences(halves: nn.Sequential, case: Case, nothing: Tensor) -> Tensor:
    """captum's DeepLIFT of the head, between the maps of the clip and those of a baseline."""
    with torch.no_grad():
        maps, others = halves[0](case.features), halves[0](nothing)
    found: Tensor = attr.DeepLift(halves[1:]).attribute(maps, others, target=case.target)
    return found.detach()


def layer_gradient_shap(case: Case, found: Explanation) -> str:
    """The expectation at the maps: draws of baselines and of points between."""
    quiet = quiet_heard(case)
    generator = torch.Generator().manual_seed(5)
    chosen = quiet[torch.randint(len(quiet), (case.draws // 2,), generator=generator)]
    shares = torch.rand((len(chosen), 1, 1), generator=generator, dtype=torch.float64)
    gradient = parts(case, chosen + shares * (case.features - chosen))[1]
    change = parts(case)[0] - parts(case, chosen)[0]
    draws = stretched((gradient * change).sum(dim=1, keepdim=True), case)
    return within_chance(map_of(found), draws, 5)


def layer_ablation(case: Case, found: Explanation) -> str:
    """How much the score falls when a moment of the maps is zero, over its channels and bins."""
    network, body = split(case)
    with torch.no_grad():
        raw = body(case.features)
    places = as_maps(case, torch.arange(raw.numel()).reshape(raw.shape))
    falls = torch.zeros(places.shape, dtype=torch.float64)
    for moment in range(places.shape[2]):
        without = raw.flatten().clone()
        without[places[:, :, moment].flatten()] = 0.0
        with torch.no_grad():
            score = network[1:](without.reshape(raw.shape))[0, case.target]
        fall = case.score(case.features)[0] - score
        falls[:, :, moment] = fall / places[:, :, moment].numel()
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
    "captum:LayerGradientShap": layer_gradient_shap,
    "captum:LayerLRP": layer_lrp,
}
