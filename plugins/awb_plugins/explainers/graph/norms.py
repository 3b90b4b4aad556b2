"""Normalizations by statistics of what they are given: layer, group, instance and RMS norms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.tape import Operation, Value

Quotient = Callable[[tuple[Tensor, Tensor], tuple[Tensor, Tensor], Tensor], Tensor]


@dataclass(frozen=True, slots=True)
class Norm:
    """A normalization as rows: each row is centred and divided by its deviation.

    Attributes
    ----------
    rows : tuple of int
        Shape in which the last axis is what statistics are taken over.
    order : tuple of int or None
        Permutation of the axes before the reshape.
    scale : torch.Tensor or float
        What each element is multiplied by in the end, in the shape of the input.
    eps : float
        Added to the variance.
    centred : bool
        Whether the mean is subtracted.
    """

    rows: tuple[int, ...]
    order: tuple[int, ...] | None
    scale: Any
    eps: float
    centred: bool = True

    def to_rows(self, tensor: Tensor) -> Tensor:
        """Lay a tensor out in rows."""
        moved = tensor if self.order is None else tensor.permute(self.order)
        return moved.reshape(self.rows)

    def from_rows(self, rows: Tensor, shape: torch.Size) -> Tensor:
        """Lay rows out as the input is."""
        if self.order is None:
            return rows.reshape(shape)
        moved = rows.reshape([shape[axis] for axis in self.order])
        return moved.permute([self.order.index(axis) for axis in range(len(shape))])


def read(operation: Operation, given: Tensor) -> Norm:
    """Read what a normalization does off its arguments.

    Parameters
    ----------
    operation : Operation
        One of `awb_plugins.explainers.graph.operators.NORMS`.
    given : torch.Tensor
        Its input.

    Returns
    -------
    Norm
        The same in rows.

    Raises
    ------
    NotApplicableError
        If its weights depend on the features.
    """
    arguments = operation.arguments
    if any(isinstance(part, Value) for part in arguments[1:]):
        raise NotApplicableError(f"{operation.name} has weights that depend on the features")
    shape, name = tuple(given.shape), operation.name
    if name in ("native_layer_norm", "rms_norm", "_fused_rms_norm"):
        axes = len(arguments[1])
        rows = (*shape[: len(shape) - axes], -1)
        scale = arguments[2] if len(arguments) > 2 and arguments[2] is not None else 1.0
        eps = arguments[4] if name == "native_layer_norm" else (arguments[3:] or (None,))[0]
        eps = torch.finfo(given.dtype).eps if eps is None else eps
        return Norm(rows, None, scale, eps, centred=name == "native_layer_norm")
    per_channel = arguments[1]
    scale = 1.0
    if per_channel is not None:
        scale = per_channel.reshape(1, -1, *[1] * (len(shape) - 2))
    if name == "native_group_norm":
        return Norm((shape[0], arguments[6], -1), None, scale, arguments[7])
    order = (1, 0, *range(2, len(shape)))
    eps = arguments[7] if name == "native_batch_norm" else arguments[-1]
    return Norm((shape[1], -1), order, scale, eps)


def rescaled(
    operation: Operation, given: tuple[Tensor, Tensor], outward: Tensor, quotient: Quotient
) -> Tensor:
    """Hand DeepLIFT's multipliers back through a normalization, step by step.

    Parameters
    ----------
    operation : Operation
        The normalization.
    given : tuple of two torch.Tensor
        Its input in the two runs.
    outward : torch.Tensor
        Multipliers of its output.
    quotient : callable
        See `awb_plugins.explainers.graph.deeplift.quotient`.

    Returns
    -------
    torch.Tensor
        Multipliers of its input.
    """
    norm = read(operation, given[0])
    rows = [norm.to_rows(tensor) for tensor in given]
    if norm.centred:
        rows = [row - row.mean(-1, keepdim=True) for row in rows]
    spread = [row.square().mean(-1, keepdim=True) + norm.eps for row in rows]
    inverse = (spread[0].rsqrt(), spread[1].rsqrt())
    middle = -0.5 * ((spread[0] + spread[1]) / 2) ** -1.5
    slope = quotient(inverse, (spread[0], spread[1]), middle)
    back = norm.to_rows(outward * norm.scale)
    mean = (rows[0] + rows[1]) / 2
    through_spread = (back * mean).sum(-1, keepdim=True) * slope * 2 * mean / mean.shape[-1]
    found = back * (inverse[0] + inverse[1]) / 2 + through_spread
    if norm.centred:
        found = found - found.mean(-1, keepdim=True)
    return norm.from_rows(found, given[0].shape)
