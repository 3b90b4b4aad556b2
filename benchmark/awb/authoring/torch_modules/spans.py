"""Which samples does each value inside a network depend on? Its graph is run on spans.

Conventions
-----------
A value's span is the stretch of samples that it may depend on, as two numbers: its first sample,
and minus its last. The span of what is computed from several values is then the smaller of each
number, and infinity is the span of what depends on nothing. A tensor of values has two tensors of
the same shape, its halves, so that whatever only moves values around (views, padding, framing)
moves their spans likewise. What is not known here depends on everything that it is given: spans may
be longer than need be, never shorter. Row r of the batch has samples from ``r * n_samples`` on.

References
----------
Araujo, A., Norris, W., & Sim, J. (2019). Computing receptive fields of convolutional neural
networks. Distill. https://doi.org/10.23915/distill.00021
Cousot, P., & Cousot, R. (1977). Abstract interpretation. POPL. https://doi.org/10.1145/512950.512973
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from awb.authoring.torch_modules.graphs import name_of
from awb.authoring.torch_modules.span_rules import CONSTANT, Step, cost_of, followed, mapped

Halves = tuple[Any, Any]
"""Both numbers of a span: a tensor each, or a list of tensors for several outputs."""


class SpanInterpreter(fx.Interpreter):
    """Runs a graph, and finds the span of every value on the way.

    Attributes
    ----------
    halves : dict of torch.fx.Node to pair of torch.Tensor
        The spans; None for what does not depend on the waveforms.
    values : dict of torch.fx.Node to tuple
        Shape of every value that is a tensor.
    costs : dict of torch.fx.Node to float
        About how many additions and multiplications each operation takes.
    """

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.halves: dict[fx.Node, Halves | None] = {}
        self.shapes: dict[fx.Node, tuple[int, ...]] = {}
        self.costs: dict[fx.Node, float] = {}

    def run_node(self, n: fx.Node) -> Any:
        """Run an operation, and find the spans of its results."""
        if n.op == "call_function" and n.target is not operator.getitem:
            args, kwargs = self.fetch_args_kwargs_from_env(n)
        else:
            args, kwargs = (), {}
        before = mapped(args, Tensor.detach)  # in another shape, should it be written into
        found = super().run_node(n)
        self.halves[n] = self._span(n, before, kwargs, found)
        if isinstance(found, Tensor):
            self.shapes[n] = tuple(found.shape)
        self.costs[n] = cost_of(n, args, found) if self.halves[n] is not None else 0.0
        return found

    def _span(self, node: fx.Node, args: Any, kwargs: Any, found: Any) -> Halves | None:
        if node.op == "placeholder":
            return _positions(found)
        if node.op != "call_function" or all(
            self.halves[one] is None for one in node.all_input_nodes
        ):
            return None
        if node.target is operator.getitem:
            source, place = node.args
            halves = self.halves[source]  # type: ignore[index]
            return None if halves is None else (halves[0][place], halves[1][place])
        if name_of(node) in CONSTANT:
            return None
        first, last = (self._half(which, node, args, kwargs, found) for which in (0, 1))
        return first, last

    def _half(self, which: int, node: fx.Node, args: Any, kwargs: Any, found: Any) -> Any:
        def half_of(one: fx.Node) -> Any:
            halves = self.halves[one]
            return _Own(one) if halves is None else halves[which]

        spans: Any = fx.node.map_arg((node.args, node.kwargs), half_of)
        half_args, half_kwargs = _paired(spans, (args, kwargs))
        step = Step(node.target, name_of(node), half_args, half_kwargs, args, found)
        return followed(step)


@dataclass(frozen=True, slots=True)
class _Own:
    """A value that does not depend on the waveforms, until its tensor is known."""

    node: fx.Node


def _paired(spans: Any, values: Any) -> Any:
    """Put in what depends on nothing: an infinite span for numbers, indices as they are."""
    if isinstance(spans, _Own):
        if isinstance(values, Tensor) and (values.is_floating_point() or values.is_complex()):
            return torch.full(values.shape, math.inf, dtype=torch.float64)
        return values
    if isinstance(spans, list | tuple):
        pairs = zip(spans, values, strict=True)
        return type(spans)([_paired(one, value) for one, value in pairs])
    if isinstance(spans, dict):
        return {key: _paired(one, values[key]) for key, one in spans.items()}
    return spans


def _positions(waveforms: Tensor) -> Halves:
    samples = torch.arange(waveforms.numel(), dtype=torch.float64).reshape(waveforms.shape)
    return samples, -samples
