"""Whether captum's methods that hook or rewrite modules are right on a network that has more.

They see modules. What a network computes by functions they take for its gradient, or miss. So each
is held against what the same rule gives on the operations that really ran, or against its law.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from awb.errors import NotApplicableError
from awb_plugins.explainers.captum_adapter.reading import Method
from awb_plugins.explainers.spectrogram.hearing import Heard

if TYPE_CHECKING:
    import torch

    from awb_plugins.explainers.graph.backprop import Change

_DEEPLIFT = ("DeepLift", "DeepLiftShap")
_CHANGED: Mapping[str, Change] = {"GuidedBackprop": "guided", "Deconvolution": "deconvolution"}
_SAME = 0.01
_QUADRATURE = 0.02
LRP_EPSILON = 1e-9
"""captum's own stabilizer."""


def check_modules(method: Method, heard: Heard) -> None:
    """Refuse networks whose modules a method cannot change, or cannot tell apart.

    Parameters
    ----------
    method : Method
        Any method; only those that change modules are checked.
    heard : Heard
        Clip and model.

    Raises
    ------
    NotApplicableError
        If the method changes modules and those are TorchScript's; or if its rule is DeepLIFT's and
        a module without children is run more than once.
    """
    if method.name not in (*_DEEPLIFT, "LRP", *_CHANGED):
        return
    from torch.jit import ScriptModule

    if any(isinstance(module, ScriptModule) for module in heard.model.back_end.modules()):
        raise NotApplicableError(
            f"captum:{method.name} changes modules, and those of TorchScript cannot be changed"
        )
    if method.name not in _DEEPLIFT:
        return
    modules = dict(heard.model.back_end.named_modules())
    for name, times in heard.tape().calls.items():
        if times > 1 and next(modules[name].children(), None) is None:
            raise NotApplicableError(
                f"captum:{method.name} needs a module for every use, and {name!r} runs {times}"
                f" times; type {_own(method)}"
            )


def has_sum(method: Method) -> bool:
    """Say whether a method's map, times the change of the inputs, sums to the score's rise."""
    return method.name in (*_DEEPLIFT, "IntegratedGradients")


def check_sum(method: Method, heard: Heard, found: torch.Tensor, baselines: torch.Tensor) -> None:
    """Refuse a map that does not sum to the rise of the score.

    Parameters
    ----------
    method : Method
        A method of which `has_sum` is true.
    heard : Heard
        Clip and model.
    found : torch.Tensor, shape=(1, frames, bins)
        captum's map of the features, multiplied by the inputs.
    baselines : torch.Tensor, shape=(n, frames, bins)
        What the clip was compared with.

    Raises
    ------
    NotApplicableError
        If it does not: by more than a quadrature may miss it, or, for DeepLIFT, than rounding.
    """
    from awb_plugins.explainers.graph import laws

    total, size = float(found.double().sum()), float(found.double().abs().sum())
    rise = heard.rise_over(baselines)
    if method.name in _DEEPLIFT:
        part, why = laws.TOLERANCE, "the network computes what it has no rule for"
        advice = _own(method)
    else:
        part, why = _QUADRATURE, "it needs more steps, or has none that suffice"
        advice = "n_steps="
    if not abs(total - rise) <= laws.allowed(rise, size, part):
        raise NotApplicableError(
            f"captum:{method.name} sums to {total:.4g} here, not to the score's rise of"
            f" {rise:.4g}: {why}; type {advice}"
        )


def check_rule(method: Method, heard: Heard, found: torch.Tensor) -> None:
    """Refuse a map that is not what the method's own rule gives on the operations that ran.

    Parameters
    ----------
    method : Method
        Any method; only LRP and those that change ReLUs are checked.
    heard : Heard
        Clip and model.
    found : torch.Tensor, shape=(1, frames, bins)
        captum's map of the features.

    Raises
    ------
    NotApplicableError
        If they differ by more than a hundredth of the largest relevance, or an operation has no
        rule.
    """
    from awb_plugins.explainers.graph import backprop, lrp

    if method.name in _CHANGED:
        expected = backprop.gradient(heard.tape(), heard.target, _CHANGED[method.name])
    elif method.name == "LRP":
        expected = lrp.propagate(heard.tape(), heard.target, "epsilon", LRP_EPSILON).relevance
    else:
        return
    apart, largest = float((found - expected).abs().max()), float(expected.abs().max())
    if not apart <= _SAME * largest:
        raise NotApplicableError(
            f"captum:{method.name} does not see all that this network computes: its map is up to"
            f" {apart / max(largest, 1e-30):.0%} off the largest relevance;"
            f" type {_own(method)}"
        )


def _own(method: Method) -> str:
    """Name the explainer of ours that follows operations."""
    if method.name == "LRP":
        return "lrp-epsilon"
    if method.name in _CHANGED:
        return "guided-backprop"
    return "deep-shap" if "Shap" in method.name else "deeplift"
