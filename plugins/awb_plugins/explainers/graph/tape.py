"""What a network computed: a tape of the operations of one run, whether modules or functions.

A tape is recorded while the network itself runs, below autograd, so that it is what happened:
shared and in-place activations, functions, recurrent cells and attention are operations like any
other. Nothing is traced ahead, so nothing can go stale.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch._dynamo  # a dispatch mode needs it; in the first run it would take seconds
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from awb.errors import NotApplicableError
from awb_plugins.explainers.graph.recorder import Recorder, leaves, mapped


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor that depends on the features, by its number on the tape."""

    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One call of an ATen operator.

    Attributes
    ----------
    function : torch._ops.OpOverload
        The operator; in-place ones are told as their functional twins.
    arguments, keywords : tuple and dict
        What it was given, with a `Value` for each tensor that depends on the features.
    outputs : tuple of int
        Numbers of the tensors that it gave.
    module : str
        Innermost module that was running, as ``named_modules`` has it.
    """

    function: Any
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    outputs: tuple[int, ...]
    module: str

    @property
    def name(self) -> str:
        """Name of the operator without its overload, such as ``convolution``."""
        return str(self.function._schema.name).removeprefix("aten::")

    @property
    def inputs(self) -> tuple[int, ...]:
        """Numbers of the tensors that depend on the features, in order, repeats included."""
        return tuple(leaf.index for leaf in leaves((self.arguments, self.keywords), Value))

    def call(self, inputs: Mapping[int, Tensor]) -> list[Tensor]:
        """Compute the outputs from other inputs, by their numbers."""
        parts = (self.arguments, self.keywords)
        positional, named = mapped(parts, lambda value: inputs[value.index], Value)
        return leaves(self.function(*positional, **named), Tensor)


@dataclass(frozen=True, slots=True, eq=False)
class Tape:
    """The operations of one run, in order.

    Attributes
    ----------
    operations : tuple of Operation
        Those that depend on the features.
    values : tuple of torch.Tensor
        Their tensors; the first is the features.
    result : int
        Number of what the network returned, ``(1, classes)``.
    calls : mapping of str to int
        How often each module was called, by its name.
    """

    operations: tuple[Operation, ...]
    values: tuple[Tensor, ...]
    result: int
    calls: Mapping[str, int]

    @property
    def scores(self) -> Tensor:
        """What the network returned."""
        return self.values[self.result]

    def same_operations(self, other: Tape) -> bool:
        """Say whether another run did the same, on other numbers."""
        return (
            self.result == other.result
            and len(self.operations) == len(other.operations)
            and all(map(_same, self.operations, other.operations))
        )

    def readers(self) -> dict[int, list[Operation]]:
        """List the operations that read each tensor, by its number."""
        found: dict[int, list[Operation]] = {}
        for operation in self.operations:
            for index in dict.fromkeys(operation.inputs):
                found.setdefault(index, []).append(operation)
        return found


def record(network: nn.Module, features: Tensor) -> Tape:
    """Run a network on one clip and write down what it computes.

    Parameters
    ----------
    network : torch.nn.Module
        Features to scores, in evaluation mode; hooks on itself are not called.
    features : torch.Tensor, shape=(1, frames, bins)
        Features of one clip.

    Returns
    -------
    Tape
        Its operations, with the tensors that they gave.

    Raises
    ------
    NotApplicableError
        If the scores do not depend on the features by operations of torch, or if a tensor is
        written in place in a way that cannot be followed.
    """
    recorder = Recorder(features.detach().clone())
    with torch.no_grad(), _plain_kernels(network), _named(network, recorder), recorder:
        scores = network.forward(recorder.features)
    index = recorder.index_of(scores) if isinstance(scores, Tensor) else None
    if index is None:
        raise NotApplicableError(
            "its scores do not come from its features by operations of torch that can be followed"
        )
    operations = tuple(Operation(*parts) for parts in recorder.operations(Value))
    return Tape(operations, tuple(recorder.values), index, recorder.calls)


def _same(one: Operation, other: Operation) -> bool:
    """Compare two operations; tensors that do not depend on the features are not compared."""
    mine = leaves((one.arguments, one.keywords))
    theirs = leaves((other.arguments, other.keywords))
    return (
        one.function is other.function
        and one.outputs == other.outputs
        and len(mine) == len(theirs)
        and all(
            a is b
            or (isinstance(a, (Tensor, torch.ScriptObject)) and type(a) is type(b))
            or (type(a) is type(b) and a == b)
            for a, b in zip(mine, theirs, strict=True)
        )
    )


@contextmanager
def _plain_kernels(network: nn.Module) -> Iterator[None]:
    """Switch off kernels that compute a whole layer at once."""
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with ExitStack() as stack:
            stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            if any(isinstance(module, nn.LSTM) for module in network.modules()):
                stack.enter_context(torch.backends.mkldnn.flags(enabled=False))
            if any(isinstance(module, nn.RNNBase) for module in network.modules()):
                stack.enter_context(torch.backends.cudnn.flags(enabled=False))
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _named(network: nn.Module, recorder: Recorder) -> Iterator[None]:
    """Tell the recorder which module is running."""
    handles = []
    for name, module in network.named_modules():
        if not name or isinstance(module, torch.jit.ScriptModule):  # which takes no hooks
            continue
        handles += [
            module.register_forward_pre_hook(lambda *_, name=name: recorder.enter(name)),
            module.register_forward_hook(lambda *_: recorder.leave(), always_call=True),
        ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
