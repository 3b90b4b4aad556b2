"""Oracles for CAMs: the network cut in two where they should look, no hooks."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.cases import Case, Scored, WrongError
from matrix.gradients import Guided, backward_with, map_of, same


def parts(case: Case, features: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Maps of the clip, or of other features, and the gradient of the score at them."""
    given = case.features if features is None else features
    network = case.network.network if isinstance(case.network, Scored) else None
    if not hasattr(network, "body"):
        return _at_module(case, given)
    with torch.no_grad():
        maps = network.body(given)
    maps.requires_grad_()
    with torch.enable_grad():
        tail = Scored(torch.nn.Identity(), case.network.output)
        score = tail(network.head(maps * 1.0))[:, case.target].sum()
    (gradient,) = torch.autograd.grad(score, maps)
    return maps.detach(), gradient


def _at_module(case: Case, features: Tensor) -> tuple[Tensor, Tensor]:
    """Of a network that is not cut in two: what comes out of the module that is said to be it."""
    name = getattr(case.spec, "maps", "")
    if not name:
        raise WrongError("there is no one place that a CAM could look at")
    caught: list[Tensor] = []

    def replace(module: torch.nn.Module, inputs: object, output: Any) -> Any:
        several = isinstance(output, tuple)
        caught.append((output[0] if several else output).detach().clone().requires_grad_())
        return (caught[0] * 1.0, *output[1:]) if several else caught[0] * 1.0

    handle = case.network.get_submodule(name).register_forward_hook(replace)
    try:
        with torch.enable_grad():
            score = case.network(features)[:, case.target].sum()
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(score, caught[0])
    return as_maps(case, caught[0].detach()), as_maps(case, gradient)


def as_maps(case: Case, found: Tensor) -> Tensor:
    """Lay tokens out in time and bands; maps are as they are."""
    lay_out = getattr(case.spec, "as_maps", None)
    laid: Tensor = found if lay_out is None else lay_out(found, case.features.shape[1])
    return laid


def stretched(maps: Tensor, case: Case) -> Tensor:
    """Stretch ``(1, channels, frames[, bins])`` over the features, bilinearly."""
    grid = maps if maps.ndim == 4 else maps[..., None]
    found: Tensor = torch.nn.functional.interpolate(
        grid, tuple(case.features.shape[1:]), mode="bilinear", align_corners=False
    )
    return found[0] if len(maps) == 1 else found[:, 0]


def _over_places(values: Tensor) -> Tensor:
    return values.flatten(2).sum(dim=2).reshape(*values.shape[:2], *[1] * (values.ndim - 2))


def guided_grad_cam(case: Case, found: Explanation) -> str:
    maps, gradient = parts(case)
    weights = _over_places(gradient) / maps[0, 0].numel()
    heat = (weights * maps).sum(dim=1, keepdim=True).clamp(min=0)
    grid = heat if heat.ndim == 4 else heat[..., None]
    spread = torch.nn.functional.interpolate(grid, tuple(case.features.shape[1:]))[0, 0]
    expected = spread.numpy() * backward_with(case, Guided.apply)
    same(map_of(found), expected, what="by hand")
    return "plain"


def grad_cam(case: Case, found: Explanation) -> str:
    maps, gradient = parts(case)
    places = maps[0, 0].numel()
    weights = _over_places(gradient) / places
    expected = stretched((weights * maps).sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected, what="by hand")
    return "plain"


def grad_cam_plus_plus(case: Case, found: Explanation) -> str:
    maps, gradient = parts(case)
    active = maps.clamp(min=0)
    below = 2 * gradient**2 + _over_places(active) * gradient**3
    share = torch.where(below != 0, gradient**2 / below, 0.0)
    weights = _over_places(share * gradient.clamp(min=0))
    expected = stretched((weights * active).sum(dim=1, keepdim=True), case)[0]
    same(map_of(found), expected, what="by hand")
    return "plain"


def score_cam(case: Case, found: Explanation) -> str:
    maps, _ = parts(case)
    channels = stretched(maps.clamp(min=0), case)
    kept, gains = [], []
    for one in channels:
        low, high = one.min(), one.max()
        if high - low <= 1e-7:
            continue
        mask = (one - low) / (high - low)
        seen = case.nothing + mask * (case.features - case.nothing)
        kept.append(one)
        gains.append(case.score(seen) - case.score(case.nothing))
    weights = torch.softmax(torch.cat(gains), dim=0)
    expected: FloatArray = sum(
        float(weight) * one.numpy() for weight, one in zip(weights, kept, strict=True)
    )
    same(map_of(found), expected, what="by hand")
    return "plain"
