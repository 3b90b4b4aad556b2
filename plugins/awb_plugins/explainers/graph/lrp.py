"""Layer-wise relevance propagation over the operations of one run.

Relevance starts as the target's score and is handed from the outputs of each operation to its
inputs:

- weighted sums, means and batch normalization by the epsilon rule: in proportion to contributions,
  where biases keep their share. A batch normalization after a convolution gives with it what the
  two folded into one would give;
- additions in proportion to the summands; functions of one number hand on all of it, as does what
  only moves numbers about, but for constants that it puts beside them; a maximum to what it picked;
- a product with a gate (a sigmoid, one less it, or a softmax, as the weights of attention) all to
  the other factor, the signal; any other product of two activations to both alike; a ratio to what
  is divided. With the composite ``attention`` there are no gates: relevance goes through the
  weights of attention to queries and keys, too;
- layer, group, instance and RMS norms that are one operation hand on all of it; softmax,
  logsumexp, deviations and lengths by their Taylor expansion at the activations, whose constant
  keeps its share. Of a variance, which is of degree two, that is half.

Where no rule is known, the network is refused, as are complex numbers.

What only scales or shifts features before the first weights hands on all of it.

References
----------
Bach, S., et al. (2015). On pixel-wise explanations for non-linear classifier decisions by
layer-wise relevance propagation. PLOS ONE 10(7). doi:10.1371/journal.pone.0130140 (epsilon and
alpha-beta rules)
Lapuschkin, S., et al. (2019). Unmasking Clever Hans predictors and assessing what machines really
learn. Nature Communications 10. doi:10.1038/s41467-019-08987-4 (flat rule at the input)
Arras, L., et al. (2017). Explaining recurrent neural network predictions in sentiment analysis.
WASSA. arXiv:1706.07206 (gates: the signal takes all)
Ali, A., et al. (2022). XAI for transformers: better explanations through conservative propagation.
ICML. arXiv:2202.07304 (attention weights as constants)
Achtibat, R., et al. (2024). AttnLRP: attention-aware layer-wise relevance propagation for
transformers. ICML. arXiv:2402.05602 (normalization, products)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.operators import (
    ELEMENTWISE,
    MAXIMA,
    NORMS,
    REARRANGING,
    gradients,
    is_complex,
    is_training_norm,
    names,
)
from awb_plugins.explainers.graph.tape import Operation, Tape, Value

Composite = Literal["epsilon", "flat", "attention"]
Shares = dict[int, Tensor]

_CONVOLUTIONS = frozenset({"convolution", "_convolution", "cudnn_convolution"})
_WEIGHTED = _CONVOLUTIONS | {"addmm", "mm", "bmm", "baddbmm", "addmv", "mv", "linear", "matmul"}
_AVERAGES = names(
    "sum mean avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d _adaptive_avg_pool2d"
    " _adaptive_avg_pool3d cumsum upsample_nearest1d upsample_nearest2d upsample_linear1d"
    " upsample_bilinear2d dot einsum lerp col2im"
)
_TAYLOR = names("_softmax _safe_softmax _log_softmax logsumexp linalg_vector_norm var std")
_BATCH_NORMS = frozenset(
    {"native_batch_norm", "_native_batch_norm_legit_no_training", "cudnn_batch_norm"}
)
_GATES = names("sigmoid hardsigmoid _softmax _safe_softmax")
_SAME = 1e-4
"""How far a folded convolution may be from the two operations it stands for."""


@dataclass(frozen=True, slots=True, eq=False)
class Propagated:
    """Relevance of the features, and what did not get there.

    Attributes
    ----------
    relevance : torch.Tensor, shape=(1, frames, bins)
        Relevance of the features.
    score : float
        The target's score: what was to be shared.
    kept : float
        What biases, the constants of expansions, and constants beside activations keep.
    lost : float
        What operations without a constant lost: to the stabilizer, and at units without input.
        It is negative where they gave more than they had.
    seen : mapping of int to torch.Tensor
        Relevance of the tensors on the way that were asked for.
    """

    relevance: Tensor
    score: float
    kept: float
    lost: float
    seen: Mapping[int, Tensor] = field(default_factory=dict)

    def note(self, place: str) -> str:
        """Say where the score went, in a sentence for a board; `place` holds the relevance."""
        return (
            f"of the score's {self.score:.4g} the {place} hold {float(self.relevance.sum()):.4g},"
            f" biases and other constants {self.kept:.4g}, stabilizer and units without input"
            f" {self.lost:.4g}"
        )


def propagate(
    tape: Tape,
    target: int,
    composite: Composite,
    epsilon: float,
    asked: Collection[int] = (),
) -> Propagated:
    """Hand the target's score back to the features.

    Parameters
    ----------
    tape : Tape
        Run on the clip.
    target : int
        Column of the score.
    composite : str
        ``epsilon`` everywhere; ``attention``, the same without gates; or ``flat`` at the first
        weights, alpha-1-beta-0 (z+) in other convolutions, into which batch normalization is
        folded, and epsilon in dense layers.
    epsilon : float
        Stabilizer of the epsilon rule.
    asked : collection of int
        Tensors on the way whose relevance is wanted, by their numbers.

    Returns
    -------
    Propagated
        Relevance and what is missing from it.

    Raises
    ------
    NotApplicableError
        If an operator has no rule, or the relevance is not finite.
    """
    return _Propagation(tape, composite, epsilon).run(target, asked)


class _Propagation:
    """One pass from the score to the features."""

    def __init__(self, tape: Tape, composite: Composite, epsilon: float) -> None:
        self.tape, self.composite, self.epsilon = tape, composite, epsilon
        self.values = dict(enumerate(tape.values))
        self.made = {number: op for op in tape.operations for number in op.outputs}
        self.readers = tape.readers()
        self.raw = self._before_weights()

    def run(self, target: int, asked: Collection[int]) -> Propagated:
        """Go back over the operations."""
        scores = self.values[self.tape.result]
        start = torch.zeros_like(scores)
        start[..., target] = scores[..., target]
        held: Shares = {self.tape.result: start}
        seen: Shares = {}
        kept = lost = 0.0
        for operation in reversed(self.tape.operations):
            seen |= {n: held[n] for n in operation.outputs if n in asked and n in held}
            outward = [held.pop(number, None) for number in operation.outputs]
            if all(part is None for part in outward):
                continue
            shares = self._handed_back(operation, outward)
            missing = sum(float(part.double().sum()) for part in outward if part is not None)
            missing -= sum(float(share.double().sum()) for share in shares.values())
            if self._has_constant(operation):
                kept += missing
            else:
                lost += missing
            for number, share in shares.items():
                held[number] = held[number] + share if number in held else share
        found = held.get(0, torch.zeros_like(self.values[0]))
        if not found.isfinite().all():
            raise NotApplicableError("LRP divides by activations that are too small here")
        return Propagated(found, float(scores[0, target]), kept, lost, seen)

    def _before_weights(self) -> set[int]:
        """List the tensors that no weights have been applied to."""
        raw = {0}
        for operation in self.tape.operations:
            if operation.name not in _WEIGHTED and all(n in raw for n in operation.inputs):
                raw.update(operation.outputs)
        return raw

    def _has_constant(self, operation: Operation) -> bool:
        """Say whether a bias, or the constant of an expansion, may keep relevance."""
        name = operation.name
        if name in _CONVOLUTIONS:
            return operation.arguments[2] is not None and self.composite != "flat"
        return (
            not operation.inputs
            or name in REARRANGING  # which may put constants beside what they move
            or name in _TAYLOR
            or name in _BATCH_NORMS
            or name in ("addmm", "baddbmm", "addmv", "linear", "addcmul")
            or (name in ("add", "sub", "rsub") and len(operation.inputs) == 1)
        )

    def _handed_back(self, operation: Operation, outward: Sequence[Tensor | None]) -> Shares:
        """Apply the rule of an operation."""
        name = operation.name
        if is_complex(operation, self.values):
            raise NotApplicableError("LRP has no rule for complex numbers")
        if not operation.inputs:  # a constant that was written in place
            return {}
        moves = name in REARRANGING and not _adds(operation)
        if moves or (name in MAXIMA and len(operation.inputs) == 1):
            return gradients(operation, self.values, outward)
        first = outward[0]
        if first is None or any(part is not None for part in outward[1:]):
            raise NotApplicableError(f"LRP has no rule for the second output of {name}")
        whole = self._handed_on(operation, first)
        if whole is not None:
            return whole
        rules: list[tuple[Any, Callable[[Operation, Tensor], Shares]]] = [
            (_CONVOLUTIONS, self._convolution),
            (_WEIGHTED, self._weights),
            (_BATCH_NORMS, self._batch_norm),
            (("mul",), self._product),
            (("div",), self._ratio),
            (_AVERAGES | {"add", "sub", "rsub", "addcmul", "index_put"}, self._proportional),
            (("var",), lambda op, part: self._proportional(op, part / 2)),  # it is of degree two
            (_TAYLOR, self._proportional),
            (("maximum", "minimum"), lambda op, part: gradients(op, self.values, [part])),
            (("glu",), self._glu),
        ]
        for covered, rule in rules:
            if name in covered:
                return rule(operation, first)
        raise NotApplicableError(f"LRP has no rule for the operator {name}")

    def _handed_on(self, operation: Operation, outward: Tensor) -> Shares | None:
        """Hand on everything, if that is the rule of the operation."""
        name, inputs = operation.name, operation.inputs
        norm = name in NORMS and (name not in _BATCH_NORMS or is_training_norm(operation))
        scaled = inputs[0] in self.raw and (
            (name in ("add", "sub", "rsub") and len(inputs) == 1) or name in _BATCH_NORMS
        )
        if norm or scaled or (name in ELEMENTWISE and len(inputs) == 1):
            return {inputs[0]: outward.sum_to_size(self.values[inputs[0]].shape)}
        return None

    def _stable(self, outputs: Tensor) -> Tensor:
        """Move numbers away from zero."""
        return outputs + torch.where(outputs >= 0, self.epsilon, -self.epsilon)

    def _proportional(self, operation: Operation, outward: Tensor) -> Shares:
        """Share in proportion to input times derivative: the epsilon rule."""
        outputs = self.values[operation.outputs[0]]
        ratio = torch.where(outward == 0, 0.0, outward / self._stable(outputs))
        rest = [None] * (len(operation.outputs) - 1)
        back = gradients(operation, self.values, [ratio, *rest])
        return {n: torch.where(part == 0, 0.0, self.values[n] * part) for n, part in back.items()}

    def _weights(self, operation: Operation, outward: Tensor) -> Shares:
        """Share a weighted sum; one of two activations is shared by both."""
        added = operation.arguments[:1] if operation.name in ("addmm", "baddbmm", "addmv") else ()
        numbers = dict.fromkeys(_values(operation.arguments[len(added) :]))
        if len(numbers) > 1 or _values(added):
            if numbers.keys() & set(_values(added)):
                raise NotApplicableError("LRP has no rule for a product plus one of its factors")
            signals = [number for number in numbers if not self._is_gate(number)]
            numbers = dict.fromkeys(signals) if len(signals) == 1 else numbers
            shares = self._proportional(operation, outward)
            summand = {number: shares[number] for number in _values(added)}
            return {number: shares[number] / len(numbers) for number in numbers} | summand
        if self.composite == "flat" and operation.inputs[0] in self.raw:
            return self._flat(operation, outward)
        return self._proportional(operation, outward)

    def _convolution(self, operation: Operation, outward: Tensor) -> Shares:
        """Share a convolution: flat at the features, z+ in between, or epsilon."""
        if any(isinstance(part, Value) for part in operation.arguments[1:3]):
            raise NotApplicableError("LRP has no rule for convolution kernels made of activations")
        if self.composite != "flat":
            return self._proportional(operation, outward)
        if operation.inputs[0] in self.raw:
            return self._flat(operation, outward)
        return self._positive(operation, operation.arguments[1], outward)

    def _flat(self, operation: Operation, outward: Tensor) -> Shares:
        """Share evenly among all inputs that a unit sees, whatever they are."""
        number = operation.inputs[0]
        parts = [
            torch.ones_like(part) if isinstance(part, Tensor) else part
            for part in operation.arguments
        ]
        if operation.name in _CONVOLUTIONS:
            parts[2] = None
        elif operation.name in ("addmm", "addmv", "baddbmm"):
            parts[0] = torch.zeros_like(parts[0])
        even = replace(operation, arguments=tuple(parts))
        ones = {number: torch.ones_like(self.values[number])}
        counts = even.call(ones)[0]
        return gradients(even, ones, [outward / self._stable(counts)])

    def _positive(self, operation: Operation, weight: Tensor, outward: Tensor) -> Shares:
        """Share by positive contributions alone, biases left out (alpha-1-beta-0, z+).

        A contribution is positive where activation and weight have the same sign.
        """
        number = operation.inputs[0]
        given = self.values[number]
        halves = [(given.clamp(min=0), weight.clamp(min=0))]
        if (given < 0).any():
            halves.append((given.clamp(max=0), weight.clamp(max=0)))
        calls: list[tuple[Operation, Tensor]] = []
        for part, half in halves:
            parts = [*operation.arguments]
            parts[1], parts[2] = half, None
            calls.append((replace(operation, arguments=tuple(parts)), part))
        outputs = torch.stack([call.call({number: part})[0] for call, part in calls]).sum(0)
        ratio = outward / self._stable(outputs)
        shares = [part * gradients(call, {number: part}, [ratio])[number] for call, part in calls]
        return {number: torch.stack(shares).sum(0)}

    def _batch_norm(self, operation: Operation, outward: Tensor) -> Shares:
        """Share a normalization by fixed statistics; for z+, folded into its convolution."""
        weight = self._folded(operation) if self.composite == "flat" else None
        if weight is None:
            return self._proportional(operation, outward)
        convolution = self.made[operation.inputs[0]]
        if convolution.inputs[0] in self.raw:
            return self._flat(convolution, outward)
        return self._positive(convolution, weight, outward)

    def _folded(self, operation: Operation) -> Tensor | None:
        """Return the weights of the convolution before, with the normalization in them.

        Nothing else may stand between or read the convolution, and the two are to agree.
        """
        number = operation.inputs[0]
        convolution = self.made.get(number)
        if convolution is None or convolution.name not in _CONVOLUTIONS:
            return None
        if len(self.readers[number]) > 1 or convolution.arguments[6]:
            return None
        if any(isinstance(part, Value) for part in convolution.arguments[1:3]):
            return None
        zero = torch.zeros_like(self.values[number])
        shift = operation.call({number: zero})[0]
        scale = operation.call({number: zero + 1})[0] - shift
        axes = [0, *range(2, scale.ndim)]
        per_channel = scale.mean(axes)
        weight = convolution.arguments[1] * per_channel.reshape(
            -1, *[1] * (convolution.arguments[1].ndim - 1)
        )
        parts = [*convolution.arguments]
        parts[1] = weight
        parts[2] = None if parts[2] is None else parts[2] * per_channel
        both = replace(convolution, arguments=tuple(parts)).call(self.values)[0] + shift
        expected = self.values[operation.outputs[0]]
        far = (both - expected).abs().max() > _SAME * expected.abs().max().clamp(min=1.0)
        return None if far else weight

    def _product(self, operation: Operation, outward: Tensor) -> Shares:
        """Give a product with a gate to the signal, any other to both factors alike."""
        numbers = list(dict.fromkeys(operation.inputs))
        if len(numbers) > 1:
            signals = [n for n in numbers if not self._is_gate(n)]
            numbers = signals if len(signals) == 1 else numbers
        part = outward / len(numbers)
        return {number: part.sum_to_size(self.values[number].shape) for number in numbers}

    def _is_gate(self, number: int) -> bool:
        """Say whether a factor is a sigmoid or a softmax, one less it, or one of these moved."""
        if self.composite == "attention":
            return False
        operation = self.made.get(number)
        while operation is not None and (
            operation.name in REARRANGING or operation.name in ("rsub", "sub", "neg")
        ):
            if len(operation.inputs) != 1:
                return False
            operation = self.made.get(operation.inputs[0])
        return operation is not None and operation.name in _GATES

    def _ratio(self, operation: Operation, outward: Tensor) -> Shares:
        """Give a ratio to what is divided."""
        number = next(part.index for part in operation.arguments if isinstance(part, Value))
        return {number: outward.sum_to_size(self.values[number].shape)}

    def _glu(self, operation: Operation, outward: Tensor) -> Shares:
        """Give a gated linear unit to its signal."""
        axis = operation.arguments[1] if len(operation.arguments) > 1 else -1
        return {operation.inputs[0]: torch.cat([outward, torch.zeros_like(outward)], axis)}


def _adds(operation: Operation) -> bool:
    """Say whether an operation that puts values somewhere adds them to what is there."""
    return operation.name == "index_put" and operation.arguments[3:] == (True,)


def _values(parts: Sequence[Any]) -> list[int]:
    """List the numbers of the activations among arguments."""
    return [part.index for part in parts if isinstance(part, Value)]
