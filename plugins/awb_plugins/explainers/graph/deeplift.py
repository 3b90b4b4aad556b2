"""DeepLIFT's rescale rule over the operations of two runs, the clip's and a baseline's.

Every operation hands the difference of its outputs back to its inputs, so that the differences of
the features, each times its multiplier, sum to that of the scores, on any graph:

- sums, products and everything between by the derivative half way, which is exact for them: a
  product hands back the difference of each factor times the mean of the other;
- a function of one number by the quotient of the two differences;
- a maximum by what the larger of the two runs picked;
- normalizations, softmax and logsumexp by these, step by step.

References
----------
Shrikumar, A., Greenside, P., & Kundaje, A. (2017). Learning important features through propagating
activation differences. ICML. arXiv:1704.02685
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph import norms
from awb_plugins.explainers.graph.operators import (
    ELEMENTWISE,
    LINEAR,
    MAXIMA,
    NORMS,
    REARRANGING,
    gradients,
    is_complex,
    is_training_norm,
)
from awb_plugins.explainers.graph.tape import Operation, Tape, Value

_NEAR = 1e-6
"""Differences below this part of the numbers are rounding: there the derivative is taken."""

Pair = tuple[Tensor, Tensor]


def multipliers(clip: Tape, baseline: Tape, target: int) -> Tensor:
    """Find the multiplier of every feature.

    Parameters
    ----------
    clip, baseline : Tape
        The two runs.
    target : int
        Column of the score.

    Returns
    -------
    torch.Tensor, shape=(1, frames, bins)
        By how much the score rises for each unit by which a feature differs.

    Raises
    ------
    NotApplicableError
        If the two runs are not the same operations, decide differently, or an operator has no rule.
    """
    if not clip.same_operations(baseline):
        raise NotApplicableError("the network computes something else for the baseline")
    held: dict[int, Tensor] = {clip.result: torch.zeros_like(clip.values[clip.result])}
    held[clip.result][..., target] = 1.0
    for operation in reversed(clip.operations):
        outward = [held.pop(number, None) for number in operation.outputs]
        if not operation.inputs or all(part is None for part in outward):
            continue  # a constant that was written in place has no inputs
        pairs = {n: (clip.values[n], baseline.values[n]) for n in operation.inputs}
        pairs |= {n: (clip.values[n], baseline.values[n]) for n in operation.outputs}
        for number, found in _handed_back(operation, pairs, outward).items():
            held[number] = held[number] + found if number in held else found
    return held.get(0, torch.zeros_like(clip.values[0]))


def _handed_back(
    operation: Operation, pairs: Mapping[int, Pair], outward: Sequence[Tensor | None]
) -> dict[int, Tensor]:
    """Hand the multipliers of the outputs of one operation back to its inputs."""
    name = operation.name
    if is_complex(operation, {number: clip for number, (clip, _) in pairs.items()}):
        raise NotApplicableError("DeepLIFT has no rule for complex numbers")
    _refuse_decisions(operation, pairs)
    floating = [n for n in dict.fromkeys(operation.inputs) if pairs[n][0].is_floating_point()]
    first = outward[0]
    if first is not None and floating:
        if name in NORMS and (is_training_norm(operation) or "batch_norm" not in name):
            return {floating[0]: norms.rescaled(operation, pairs[floating[0]], first, quotient)}
        if name in MAXIMA and len(floating) == 1:
            return {floating[0]: _maximum(operation, pairs, first)}
        if name in ("maximum", "minimum"):
            return _larger(operation, pairs, first)
        if name in ("_softmax", "_safe_softmax", "softmax"):
            axis = operation.arguments[1]
            return {floating[0]: _softmax(pairs[floating[0]], axis, first)}
        if name in ("_log_softmax", "log_softmax", "logsumexp"):
            return {floating[0]: _logarithmic(operation, pairs[floating[0]], first)}
        if name == "linalg_vector_norm" and operation.arguments[1:2] in ((), (2,)):
            return {floating[0]: _length(operation, pairs, first)}
        if name == "glu":
            return {floating[0]: _glu(operation, pairs[floating[0]], first)}
        if name in ELEMENTWISE and len(floating) == 1 and len(operation.inputs) == 1:
            return {floating[0]: first * _slope(operation, pairs)}
    if name == "div" and len(operation.inputs) > 1:
        return _divided(operation, pairs, first)
    if name in REARRANGING or _polynomial(operation):
        middle = {
            n: (pairs[n][0] + pairs[n][1]) / 2 if n in floating else pairs[n][0]
            for n in operation.inputs
        }
        return gradients(operation, middle, outward)
    raise NotApplicableError(f"DeepLIFT has no rule for the operator {name}")


def _polynomial(operation: Operation) -> bool:
    """Say whether outputs are polynomials of the inputs of degree two at most."""
    name = operation.name
    if name in ("var", "var_mean"):
        return name == "var"
    if name == "addcmul":  # a third factor would make it cubic; the summand is none
        return len(operation.inputs) < 3 or isinstance(operation.arguments[0], Value)
    if name == "div":
        return len(operation.inputs) == 1 and isinstance(operation.arguments[0], Value)
    return name in LINEAR and not is_training_norm(operation)


def _refuse_decisions(operation: Operation, pairs: Mapping[int, Pair]) -> None:
    """Refuse what picks other elements, or another branch, for the clip than for the baseline."""
    for number in operation.inputs:
        one, other = pairs[number]
        if not one.is_floating_point() and not torch.equal(one, other):
            raise NotApplicableError(
                f"{operation.name} decides otherwise for the clip than for the baseline"
            )


def quotient(one: Pair, other: Pair, derivative: Tensor) -> Tensor:
    """Divide the difference of one pair by that of another, or take a derivative where it is nil.

    Parameters
    ----------
    one, other : tuple of two torch.Tensor
        Outputs and inputs of a function of one number, in the two runs.
    derivative : torch.Tensor
        Its derivative half way.

    Returns
    -------
    torch.Tensor
        The slope of the line between the two runs.
    """
    rise, run = one[0] - one[1], other[0] - other[1]
    near = run.abs() <= _NEAR * (other[0].abs() + other[1].abs()) + 1e-30
    return torch.where(near, derivative, rise / torch.where(near, torch.ones_like(run), run))


def _slope(operation: Operation, pairs: Mapping[int, Pair]) -> Tensor:
    """Return the quotient of differences of a function of one number."""
    given = pairs[operation.inputs[0]]
    middle = {operation.inputs[0]: (given[0] + given[1]) / 2}
    shape = pairs[operation.outputs[0]][0]
    outward = [torch.ones_like(shape), *[None] * (len(operation.outputs) - 1)]
    derivative = gradients(operation, middle, outward).get(operation.inputs[0])
    derivative = torch.zeros_like(given[0]) if derivative is None else derivative
    return quotient(pairs[operation.outputs[0]], given, derivative)


def _maximum(operation: Operation, pairs: Mapping[int, Pair], outward: Tensor) -> Tensor:
    """Hand back through a maximum, to what the run with the larger one picked."""
    given, (high, low) = pairs[operation.inputs[0]], pairs[operation.outputs[0]]
    sign = -1.0 if operation.name in ("min", "amin") else 1.0
    rise, found = high - low, torch.zeros_like(given[0])
    for run, chosen in ((0, sign * rise >= 0), (1, sign * rise < 0)):
        share: list[Tensor | None] = [torch.where(chosen, outward * rise, 0.0)]
        share += [None] * (len(operation.outputs) - 1)
        at = {operation.inputs[0]: given[run]}
        found = found + gradients(operation, at, share).get(operation.inputs[0], 0.0)
    run_ = given[0] - given[1]
    plain = gradients(
        operation,
        {operation.inputs[0]: given[0]},
        [torch.where(rise == 0, outward, 0.0), *[None] * (len(operation.outputs) - 1)],
    ).get(operation.inputs[0], 0.0)
    return plain + torch.where(run_ == 0, 0.0, found / torch.where(run_ == 0, 1.0, run_))


def _larger(operation: Operation, pairs: Mapping[int, Pair], outward: Tensor) -> dict[int, Tensor]:
    """Hand back through ``max(a, b) = (a + b + |a - b|) / 2``, and a minimum alike."""
    sign = 1.0 if operation.name == "maximum" else -1.0
    sides: list[Any] = [
        pairs[part.index] if isinstance(part, Value) else (part, part)
        for part in operation.arguments
    ]
    apart = (sides[0][0] - sides[1][0], sides[0][1] - sides[1][1])
    slope = sign * quotient(
        (apart[0].abs(), apart[1].abs()), apart, torch.sign(apart[0] + apart[1])
    )
    found: dict[int, Tensor] = {}
    for part, part_sign in zip(operation.arguments, (1.0, -1.0), strict=True):
        if isinstance(part, Value):
            share = outward * (1.0 + part_sign * slope) / 2
            share = share.sum_to_size(pairs[part.index][0].shape)
            found[part.index] = found.get(part.index, 0.0) + share
    return found


def _divided(
    operation: Operation, pairs: Mapping[int, Pair], outward: Tensor | None
) -> dict[int, Tensor]:
    """Hand back through a product with a reciprocal."""
    if operation.keywords.get("rounding_mode") or outward is None:
        raise NotApplicableError("DeepLIFT has no rule for a division that rounds")
    above, below = (
        pairs[part.index] if isinstance(part, Value) else (part, part)
        for part in operation.arguments[:2]
    )
    inverse = (1.0 / below[0], 1.0 / below[1])
    middle = -4.0 / (below[0] + below[1]) ** 2
    down = quotient(inverse, below, middle) * (above[0] + above[1]) / 2
    found: dict[int, Tensor] = {}
    for part, slope in zip(
        operation.arguments[:2], ((inverse[0] + inverse[1]) / 2, down), strict=True
    ):
        if isinstance(part, Value):
            share = (outward * slope).sum_to_size(pairs[part.index][0].shape)
            found[part.index] = found[part.index] + share if part.index in found else share
    return found


def _exponentials(given: Pair, axis: Any) -> tuple[Pair, Tensor]:
    """Return exponentials less the common maximum of both runs, and the slopes to them."""
    top = torch.maximum(given[0].amax(axis, keepdim=True), given[1].amax(axis, keepdim=True))
    top = torch.where(top.isfinite(), top, torch.zeros_like(top))
    raised = ((given[0] - top).exp(), (given[1] - top).exp())
    slopes = quotient(raised, given, ((given[0] + given[1]) / 2 - top).exp())
    return raised, torch.where(slopes.isfinite(), slopes, torch.zeros_like(slopes))


def _softmax(given: Pair, axis: int, outward: Tensor) -> Tensor:
    """Hand back through exponentials over their sum."""
    raised, slopes = _exponentials(given, axis)
    sums = (raised[0].sum(axis, keepdim=True), raised[1].sum(axis, keepdim=True))
    mean_inverse = (1 / sums[0] + 1 / sums[1]) / 2
    inverse_slope = -1 / (sums[0] * sums[1])
    through_sum = (outward * (raised[0] + raised[1]) / 2).sum(axis, keepdim=True) * inverse_slope
    return (outward * mean_inverse + through_sum) * slopes


def _logarithmic(operation: Operation, given: Pair, outward: Tensor) -> Tensor:
    """Hand back through the logarithm of a sum of exponentials."""
    axis = operation.arguments[1]
    raised, slopes = _exponentials(given, axis)
    sums = (raised[0].sum(axis, keepdim=True), raised[1].sum(axis, keepdim=True))
    logs = (sums[0].log(), sums[1].log())
    slope = quotient(logs, sums, 2 / (sums[0] + sums[1]))
    if operation.name == "logsumexp":
        kept = operation.arguments[2:3] == (True,) or operation.keywords.get("keepdim")
        whole = outward if kept else _unsqueezed(outward, axis, given[0].ndim)
        return whole * slope * slopes
    return outward - outward.sum(axis, keepdim=True) * slope * slopes


def _length(operation: Operation, pairs: Mapping[int, Pair], outward: Tensor) -> Tensor:
    """Hand back through the root of a sum of squares."""
    given, lengths = pairs[operation.inputs[0]], pairs[operation.outputs[0]]
    squares = (lengths[0] ** 2, lengths[1] ** 2)
    sums = (lengths[0] + lengths[1]).clamp(min=torch.finfo(given[0].dtype).tiny)
    share = outward * quotient(lengths, squares, 1 / sums)
    arguments = operation.arguments
    if not (len(arguments) > 3 and arguments[3]) and lengths[0].ndim:
        share = _unsqueezed(share, arguments[2] if len(arguments) > 2 else [], given[0].ndim)
    return share * (given[0] + given[1])


def _unsqueezed(tensor: Tensor, axes: Any, dimensions: int) -> Tensor:
    """Put back the axes that a reduction took away."""
    listed = [axes] if isinstance(axes, int) else list(axes) or list(range(dimensions))
    for axis in sorted(axis % dimensions for axis in listed):
        tensor = tensor.unsqueeze(axis)
    return tensor


def _glu(operation: Operation, given: Pair, outward: Tensor) -> Tensor:
    """Hand back through one half times the sigmoid of the other."""
    axis = operation.arguments[1] if len(operation.arguments) > 1 else -1
    (signal, gate), (signal_0, gate_0) = given[0].chunk(2, axis), given[1].chunk(2, axis)
    opened = (gate.sigmoid(), gate_0.sigmoid())
    middle = ((gate + gate_0) / 2).sigmoid()
    slope = quotient(opened, (gate, gate_0), middle * (1 - middle))
    to_signal = outward * (opened[0] + opened[1]) / 2
    return torch.cat([to_signal, outward * (signal + signal_0) / 2 * slope], axis)
