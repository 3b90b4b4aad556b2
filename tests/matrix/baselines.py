"""Oracles for differences from a baseline: their sums, and the same function in modules."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from captum import attr
from torch import Tensor, nn

from awb.intervals import FloatArray
from awb.types import Explanation
from matrix.cases import Case, Scored, WrongError
from matrix.gradients import map_of, same, within_chance

GAP = 0.02
"""Share of the rise by which a sum may miss it: a quadrature of 32 steps."""


def twin_of(case: Case) -> nn.Module | None:
    """The same function in modules, in double precision, or None."""
    spec = case.spec
    if getattr(spec, "twin", None) is None:
        return None
    twin = spec.twin(spec.network()).double().eval()
    for module in twin.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    with torch.no_grad():
        torch.testing.assert_close(
            Scored(twin, spec.output)(case.features), case.network(case.features)
        )
    return twin if spec.output == "logits" else None


def picks(twin: nn.Module) -> bool:
    """Say whether a network takes maxima, of which DeepLIFT's paper does not say who shares."""
    kinds = (nn.MaxPool1d, nn.MaxPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d)
    return any(isinstance(module, kinds) for module in twin.modules())


def completes(found: FloatArray, rise: float, *, gap: float = GAP) -> None:
    """Demand that a map sums to the rise of the score."""
    total = float(found.sum())
    if not abs(total - rise) <= gap * abs(rise) + 1e-4:
        raise WrongError(f"sums to {total:.5g} where the score rises by {rise:.5g}")


def integrated_gradients(case: Case, found: Explanation) -> str:
    told = any("sums to" in note for note in found.notes)
    completes(map_of(found), case.rise, gap=0.1 if told else GAP)
    steps = (torch.arange(200, dtype=torch.float64) + 0.5) / 200
    change = case.features - case.nothing
    line = case.nothing + steps[:, None, None] * change
    expected = (case.gradient(line).mean(dim=0) * change[0]).numpy()
    if abs(expected.sum() - case.rise) < GAP * abs(case.rise):
        same(map_of(found), expected, share=0.1, what="200 steps")
    return "completeness"


def _captum_deeplift(twin: nn.Module, case: Case, nothing: Tensor) -> FloatArray:
    """captum's DeepLIFT on a copy of a twin."""
    method: Any = attr.DeepLift(copy.deepcopy(twin))
    found = method.attribute(case.features.clone(), nothing.clone(), target=case.target)
    return found[0].detach().numpy()


def _deeplift(case: Case, nothing: Tensor, found: FloatArray) -> str:
    rises = case.score(case.features) - case.score(nothing)
    completes(found, float(rises.mean()), gap=2e-3)
    twin = twin_of(case)
    if twin is None or picks(twin):
        return "completeness"
    maps = [_captum_deeplift(twin, case, one[None]) for one in nothing]
    for one, rise in zip(maps, rises, strict=True):
        if abs(one.sum() - float(rise)) > 1e-3 * abs(float(rise)) + 1e-6:
            return "completeness"  # captum itself has no rule for something here
    same(found, np.mean(maps, axis=0), share=5e-3, what="captum on the twin")
    return "twin"


def deeplift(case: Case, found: Explanation) -> str:
    return _deeplift(case, case.nothing, map_of(found))


def quiet_heard(case: Case) -> Tensor:
    """The baselines that an explainer drew, as its front end heard them."""
    several = [one for one in case.heard if len(one) > 1]
    if len(several) != 1 or several[0].abs().max() > 0.1 or several[0][0].abs().max() > 0:
        raise WrongError("its baselines are not silence and quiet noise")
    return case.features_of(several[0].numpy())


def deep_shap(case: Case, found: Explanation) -> str:
    return _deeplift(case, quiet_heard(case), map_of(found))


def gradient_shap(case: Case, found: Explanation, samples: int = 32) -> str:
    quiet = quiet_heard(case)
    generator = torch.Generator().manual_seed(5)
    chosen = quiet[torch.randint(len(quiet), (case.draws,), generator=generator)]
    shares = torch.rand((case.draws, 1, 1), generator=generator, dtype=torch.float64)
    change = case.features - chosen
    draws = case.gradient(chosen + shares * change) * change
    return within_chance(map_of(found), draws, samples)
