"""Gradients over the operations of one run, with what guided backprop and deconvolution change.

References
----------
Springenberg, J. T., et al. (2014). Striving for simplicity: the all convolutional net.
arXiv:1412.6806 (guided backpropagation)
Zeiler, M. D., & Fergus, R. (2014). Visualizing and understanding convolutional networks. ECCV.
doi:10.1007/978-3-319-10590-1_53 (deconvolution)
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.operators import gradients
from awb_plugins.explainers.graph.tape import Operation, Tape

Change = Literal["none", "guided", "deconvolution"]


def is_relu(operation: Operation) -> bool:
    """Say whether an operation is a ReLU: it cuts off what is negative, however it is spelled.

    Parameters
    ----------
    operation : Operation
        Any operation.

    Returns
    -------
    bool
        True for a ReLU, a ReLU6, and a clamp or threshold from zero upwards.
    """
    least = operation.arguments[1] if len(operation.arguments) > 1 else None
    if operation.name in ("hardtanh", "clamp", "clamp_min", "threshold"):
        least = operation.keywords.get("min", least)
        return isinstance(least, int | float) and least == 0
    return operation.name in ("relu", "relu6")


def gradient(tape: Tape, target: int, change: Change = "none", at: int = 0) -> Tensor:
    """Find the gradient of the score.

    Parameters
    ----------
    tape : Tape
        Run on the clip.
    target : int
        Column of the score.
    change : str
        ``guided``: what is negative is dropped behind every ReLU, which also passes on only where
        it was open; ``deconvolution``: what is negative is dropped, wherever it was open.
    at : int
        Number of the tensor, the features unless told.

    Returns
    -------
    torch.Tensor
        The gradient, in the shape of that tensor.

    Raises
    ------
    NotApplicableError
        If a ReLU is required and there is none, or an operator has no derivative.
    """
    if change != "none" and not any(map(is_relu, tape.operations)):
        raise NotApplicableError("the network has no ReLU, which is all that this method changes")
    values = dict(enumerate(tape.values))
    held: dict[int, Tensor] = {tape.result: torch.zeros_like(tape.scores)}
    held[tape.result][..., target] = 1.0
    for operation in reversed(tape.operations):
        outward = [None if n == at else held.pop(n, None) for n in operation.outputs]
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
            found = {n: reached[0].clamp(min=0) for n in operation.inputs}
        for number, part in found.items():
            held[number] = held[number] + part if number in held else part
    return held.get(at, torch.zeros_like(tape.values[at]))
