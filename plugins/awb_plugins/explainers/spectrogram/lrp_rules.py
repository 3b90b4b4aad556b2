"""Preparing a network for captum's LRP: normalizations, the epsilon rule, and the input.

Everything here works on a copy of the network, since captum writes rules and weights into it.

References
----------
Bach, S., et al. (2015). On pixel-wise explanations for non-linear classifier decisions by
layer-wise relevance propagation. PLOS ONE 10(7). doi:10.1371/journal.pone.0130140 (epsilon rule)
Montavon, G., et al. (2019). Layer-wise relevance propagation: an overview. LNCS 11700.
doi:10.1007/978-3-030-28954-6_10 (normalizations folded into the layer before)
"""

from __future__ import annotations

from typing import Any

import torch
from captum.attr._core.lrp import SUPPORTED_NON_LINEAR_LAYERS
from captum.attr._utils.lrp_rules import EpsilonRule, IdentityRule, PropagationRule
from torch import nn

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.tape import Tape, record

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_NORMALIZATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_LINEAR_OR_PICKING = (
    *(nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d),
    *(nn.Flatten, nn.Unflatten),
)
_ELEMENTWISE = (
    nn.LeakyReLU,
    *(nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Softplus, nn.Hardswish),
)
_NOTHING = (nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity)


def layers_in_order(network: nn.Module, features: torch.Tensor) -> list[tuple[str, nn.Module]]:
    """List the layers without children in the order in which they are used.

    Parameters
    ----------
    network : torch.nn.Module
        The network.
    features : torch.Tensor, shape=(1, frames, bins)
        What it is run on.

    Returns
    -------
    list of (str, torch.nn.Module)
        Names and layers; a layer that is used twice is listed twice.
    """
    used: list[tuple[str, nn.Module]] = []
    handles = [
        layer.register_forward_hook(
            lambda module, inputs, outputs, name=name: used.append((name, module))
        )
        for name, layer in network.named_modules()
        if next(layer.children(), None) is None
    ]
    try:
        with torch.no_grad():
            network(features)
    finally:
        for handle in handles:
            handle.remove()
    return used


def _foldable(tape: Tape) -> list[tuple[str, str]]:
    """List pairs of modules, each run once, of which the second alone reads what the first gives.

    Nothing is between them: the same tensor that one gave is what the other was given.
    """
    readers = tape.readers()
    made = {number: operation for operation in tape.operations for number in operation.outputs}
    found = []
    for operation in tape.operations:
        before = made.get(operation.inputs[0]) if operation.inputs else None
        if before is None or len(readers[operation.inputs[0]]) > 1:
            continue
        names = (before.module, operation.module)
        if names[0] != names[1] and all(tape.calls.get(name) == 1 for name in names):
            found.append(names)
    return found


def first_weights(network: nn.Module, features: torch.Tensor) -> nn.Module:
    """Return the first layer with weights that a network runs."""
    used = (layer for _, layer in layers_in_order(network, features))
    return next(layer for layer in used if isinstance(layer, (*_CONVOLUTIONS, nn.Linear)))


def fold_normalizations(network: nn.Module, features: torch.Tensor) -> None:
    """Fold every batch normalization into the convolution or dense layer right before it.

    Layers that do nothing become dropout of nothing, which captum's hooks can handle.

    Parameters
    ----------
    network : torch.nn.Module
        The network, in evaluation mode; it is changed, its function is not.
    features : torch.Tensor, shape=(1, frames, bins)
        What it is run on to find the order of its layers.
    """
    modules = dict(network.named_modules())
    for first_name, second_name in _foldable(record(network, features)):
        first, second = modules[first_name], modules[second_name]
        if not isinstance(second, _NORMALIZATIONS) or second.running_mean is None:
            continue
        if isinstance(first, _CONVOLUTIONS):
            network.set_submodule(first_name, nn.utils.fuse_conv_bn_eval(first, second))
        elif isinstance(first, nn.Linear):
            network.set_submodule(first_name, nn.utils.fuse_linear_bn_eval(first, second))
        else:
            continue
        network.set_submodule(second_name, nn.Identity())
    for name, layer in list(network.named_modules()):
        if isinstance(layer, _NOTHING):
            # captum would hang two hooks on one tensor if a layer handed its input on as it is
            network.set_submodule(name, nn.Dropout(0.0).eval())


def set_rules(network: nn.Module, features: torch.Tensor, epsilon: float) -> None:
    """Give every layer the epsilon rule, or the rule of what it computes.

    Parameters
    ----------
    network : torch.nn.Module
        The network; it is changed.
    features : torch.Tensor, shape=(1, frames, bins)
        What it is run on to find the layers that it uses.
    epsilon : float
        Stabilizer of the epsilon rule.

    Raises
    ------
    NotApplicableError
        If a layer is of a type for which there is no rule, or used more than once.

    Notes
    -----
    A layer of a model's own may ask for the epsilon rule with ``proportional_relevance = True``.
    """
    order = layers_in_order(network, features)
    weighted = [name for name, layer in order if isinstance(layer, (*_CONVOLUTIONS, nn.Linear))]
    if not weighted or len({*weighted}) < len(weighted):
        raise NotApplicableError("LRP needs layers with weights, each used once")
    leaves: list[Any] = [layer for layer in network.modules() if not [*layer.children()]]
    for layer in leaves:
        rule = _rule(layer, epsilon)
        if rule is not None:
            layer.rule = rule
        if hasattr(layer, "inplace"):
            layer.inplace = False


def _rule(layer: nn.Module, epsilon: float) -> PropagationRule | None:
    """Return a layer's rule; None where captum knows what to do."""
    if isinstance(layer, (*_CONVOLUTIONS, nn.Linear, *_NORMALIZATIONS)):
        return EpsilonRule(epsilon)
    if isinstance(layer, _LINEAR_OR_PICKING) or getattr(layer, "proportional_relevance", False):
        return EpsilonRule()
    if isinstance(layer, _ELEMENTWISE):
        return IdentityRule()
    if type(layer) in SUPPORTED_NON_LINEAR_LAYERS:
        return None
    raise NotApplicableError(f"LRP has no rule for a layer of type {type(layer).__name__}")


def undo_scaling(
    relevance: torch.Tensor, network: nn.Module, first: nn.Module, features: torch.Tensor
) -> torch.Tensor:
    """Take out what a fixed scaling before the first layer did to the relevance.

    Relevance travels as a gradient, so a network that standardizes its features multiplies it by
    the scale on the way out, though each feature is still one input of the first layer.

    Parameters
    ----------
    relevance : torch.Tensor, shape=(1, frames, bins)
        Relevance as it came out.
    network : torch.nn.Module
        The network as it was, without rules.
    first : torch.nn.Module
        Its first layer with weights.
    features : torch.Tensor, shape=(1, frames, bins)
        What it was run on.

    Returns
    -------
    torch.Tensor, shape=(1, frames, bins)
        Relevance of the inputs of the first layer, laid out as the features are.
    """
    caught: list[torch.Tensor] = []
    handle = first.register_forward_pre_hook(lambda module, inputs: caught.append(inputs[0]))
    given = features.clone().requires_grad_()
    try:
        network(given)
    finally:
        handle.remove()
    (scale,) = torch.autograd.grad(caught[0].sum(), given, allow_unused=True)
    if scale is None:
        return relevance
    copies = caught[0].numel() / given.numel()
    return torch.where(scale != 0, relevance / torch.where(scale != 0, scale, 1.0) * copies, 0.0)
