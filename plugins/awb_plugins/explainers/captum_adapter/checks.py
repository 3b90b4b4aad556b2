"""Whether captum's methods that hook or rewrite modules are right on a network that has more.

They see modules. What a network computes by functions they take for its gradient, or miss. So each
is held against what the same rule gives on the operations that really ran, or against its law.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from awb.errors import NotApplicableError
from awb_plugins.explainers.captum_adapter.reading import Method
from awb_plugins.explainers.spectrogram.hearing import Heard

if TYPE_CHECKING:
    import torch

_DEEPLIFT = ("DeepLift", "DeepLiftShap")
_CHANGED = {"GuidedBackprop": "guided", "Deconvolution": "deconvolution"}
_SAME = 0.01
LRP_EPSILON = 1e-9
"""captum's own stabilizer."""


def check_modules(method: Method, heard: Heard) -> None:
    """Refuse networks whose modules captum's rules cannot tell apart.

    Parameters
    ----------
    method : Method
        Any method.
    heard : Heard
        Clip and model.

    Raises
    ------
    NotApplicableError
        If the rule is DeepLIFT's, and a module without children is run more than once.
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


def check_map(
    method: Method, heard: Heard, found: torch.Tensor, baselines: torch.Tensor | None
) -> None:
    """Refuse a map that is not what the method's own rule gives on the operations that ran.

    Parameters
    ----------
    method : Method
        A method whose rule is one of modules; of others nothing is asked.
    heard : Heard
        Clip and model.
    found : torch.Tensor, shape=(1, frames, bins)
        captum's map of the features.
    baselines : torch.Tensor, shape=(n, frames, bins), or None
        What it was compared with.

    Raises
    ------
    NotApplicableError
        If they differ, or if the map does not sum to the rise of the score.
    """
    from awb_plugins.explainers.graph import backprop, laws, lrp

    if method.name in _DEEPLIFT and baselines is not None:
        total, size = float(found.double().sum()), float(found.double().abs().sum())
        rise = heard.rise_over(baselines)
        if not abs(total - rise) <= laws.allowed(rise, size):
            raise NotApplicableError(
                f"captum:{method.name} sums to {total:.4g} here, not to the score's rise of"
                f" {rise:.4g}: the network computes what it has no rule for; type {_own(method)}"
            )
    if method.name == "IntegratedGradients" and baselines is not None:
        total, size = float(found.double().sum()), float(found.double().abs().sum())
        rise = heard.rise_over(baselines)
        if not abs(total - rise) <= laws.allowed(rise, size, 2 * _SAME):
            raise NotApplicableError(
                f"captum:{method.name} sums to {total:.4g} here, not to the score's rise of"
                f" {rise:.4g}: it needs more steps, or has none that suffice; type n_steps="
            )
    expected: Any = None
    if method.name in _CHANGED:
        expected = backprop.gradient(heard.tape(), heard.target, _CHANGED[method.name])  # type: ignore[arg-type]
    elif method.name == "LRP":
        expected = lrp.propagate(heard.tape(), heard.target, "epsilon", LRP_EPSILON).relevance
    if expected is None:
        return
    apart = float((found - expected).abs().max())
    if not apart <= _SAME * float(expected.abs().max()):
        raise NotApplicableError(
            f"captum:{method.name} does not see all that this network computes: its map is up to"
            f" {apart / max(float(expected.abs().max()), 1e-30):.0%} off the largest relevance;"
            f" type {_own(method)}"
        )


def is_checked(method: Method) -> bool:
    """Say whether a method is one that `check_map` looks at."""
    sums = method.name == "IntegratedGradients" and method.making.get("multiply_by_inputs", True)
    return sums or method.name in (*_DEEPLIFT, "LRP") or method.name in _CHANGED


def _own(method: Method) -> str:
    """Name the explainer of ours that follows operations."""
    if method.name == "LRP":
        return "lrp-epsilon"
    if method.name in _CHANGED:
        return "guided-backprop"
    return "deep-shap" if "Shap" in method.name else "deeplift"
