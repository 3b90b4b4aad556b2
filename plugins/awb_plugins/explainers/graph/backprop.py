"""Gradients over the operations of one run, with what guided backprop and deconvolution change.

References
----------
Springenberg, J. T., et al. (2014). Striving for simplicity: the all convolutional net.
arXiv:1412.6806 (guided backpropagation)
Zeiler, M. D., & Fergus, R. (2014). Visualizing and understanding convolutional networks. ECCV.
doi:10.1007/978-3-319-10590-1_53 (deconvolution)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.operators import gradients, names
from awb_plugins.explainers.graph.tape import Operation, Tape, Value

Change = Literal["none", "guided", "deconvolution"]


_CLAMPS = names("hardtanh clamp clamp_min threshold maximum fmax")


def is_relu(operation: Operation) -> bool:
    """Say whether an operation is one that cuts off what is negative.

    Parameters
    ----------
    operation : Operation
        Any operation.

    Returns
    -------
    bool
        True for a ReLU, a ReLU6, a clamp or threshold from zero upwards, and the maximum of
        activations and zero. What takes several operations is none: ``where(x > 0, x, 0)``,
        ``x * (x > 0)``.
    """
    if operation.name not in _CLAMPS:
        return operation.name in ("relu", "relu6")
    if len(operation.inputs) != 1:
        return False
    least = operation.keywords.get("min", [*operation.arguments, None][1])
    if isinstance(least, Value):  # a maximum of zero and activations, in this order
        least = operation.arguments[0]
    if isinstance(least, Tensor):
        return not least.any()
    return isinstance(least, int | float) and least == 0


def gradient(tape: Tape, target: int, change: Change = "none") -> Tensor:
    """Find the gradient of the score at the features.

    Parameters
    ----------
    tape : Tape
        Run on the clip.
    target : int
        Column of the score.
    change : str
        ``guided``: what is negative is dropped behind every ReLU, which also passes on only where
        it was open; ``deconvolution``: what is negative is dropped, wherever it was open.

    Returns
    -------
    torch.Tensor, shape=(1, frames, bins)
        The gradient.

    Raises
    ------
    NotApplicableError
        If a ReLU is required and there is none, or an operator has no derivative.
    """
    if change != "none" and not any(map(is_relu, tape.operations)):
        raise NotApplicableError("the network has no ReLU, which is all that this method changes")
    found = _handed_back(tape, target, change)
    return found.get(0, torch.zeros_like(tape.values[0]))


def gradients_at(tape: Tape, target: int, numbers: Collection[int]) -> list[Tensor]:
    """Find the gradient of the score at tensors on the way.

    Parameters
    ----------
    tape : Tape
        Run on the clip.
    target : int
        Column of the score.
    numbers : collection of int
        Which tensors, by their numbers on the tape.

    Returns
    -------
    list of torch.Tensor
        The gradient at each, zeros where the score does not depend on it.

    Raises
    ------
    NotApplicableError
        If an operator has no derivative.
    """
    found = _handed_back(tape, target, "none", kept=numbers)
    return [found.get(number, torch.zeros_like(tape.values[number])) for number in numbers]


def _handed_back(
    tape: Tape, target: int, change: Change, kept: Collection[int] = ()
) -> dict[int, Tensor]:
    """Go back over the operations; return what the features and the kept tensors hold."""
    values = dict(enumerate(tape.values))
    held: dict[int, Tensor] = {tape.result: torch.zeros_like(tape.scores)}
    held[tape.result][..., target] = 1.0
    seen: dict[int, Tensor] = {}
    for operation in reversed(tape.operations):
        seen |= {n: held[n] for n in operation.outputs if n in kept and n in held}
        outward = [held.pop(number, None) for number in operation.outputs]
        reached = [part for part in outward if part is not None]
        if not reached:
            continue
        if change == "none" or not is_relu(operation):
            found = gradients(operation, values, outward)
        elif change == "guided":
            found = {
                n: part.clamp(min=0) for n, part in gradients(operation, values, outward).items()
            }
        else:
            passed = reached[0].clamp(min=0)
            found = {n: passed.sum_to_size(values[n].shape) for n in operation.inputs}
        for number, part in found.items():
            held[number] = held[number] + part if number in held else part
    return seen | held
