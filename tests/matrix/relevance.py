"""LRP as input times a gradient: every function of a network is replaced by one whose gradient is
the rule, in double precision. Nothing of awb is used.

A function that hands on all becomes its input times a constant; a gate becomes a constant; two
factors that share become half of each with the other constant. Weighted sums are what they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from awb.intervals import FloatArray
from matrix.cams import parts, stretched
from matrix.cases import Case
from networks.base import Network

_MOST_PARTS = 3e7
_EPSILON = 1e-6
"""What `lrp-epsilon` and `lrp-flat` add unless told otherwise."""
Composite = Literal["epsilon", "flat", "attention"]

_WEIGHTED = {"conv1d", "conv2d", "linear"}
_GATES = {"sigmoid", "softmax", "hardsigmoid"}
_WHOLE = {
    *("relu", "relu_", "relu6", "gelu", "silu", "elu", "leaky_relu", "tanh", "sigmoid", "softplus"),
    *("hardswish", "hardsigmoid", "hardtanh", "log", "exp", "abs", "clamp", "clamp_min", "log1p"),
    *("layer_norm", "group_norm", "instance_norm", "sqrt", "pow", "maximum_zero"),
}
_MOVES = {
    *("view", "reshape", "transpose", "permute", "unsqueeze", "squeeze", "expand", "flatten"),
    *("__getitem__", "chunk", "contiguous", "expand_as", "unbind", "repeat", "flip", "clone"),
    *("cat", "concat", "stack", "pad", "roll", "unfold", "split", "movedim", "unflatten"),
}
_SUMS = {
    *("mean", "sum", "avg_pool1d", "avg_pool2d", "adaptive_avg_pool1d", "adaptive_avg_pool2d"),
    *("add", "__add__", "__radd__", "add_", "__iadd__", "sub", "__sub__", "__rsub__", "neg"),
    *("softmax", "log_softmax", "logsumexp", "dropout", "cumsum", "interpolate", "batch_norm"),
    *("max_pool1d", "max_pool2d", "adaptive_max_pool1d", "adaptive_max_pool2d", "max", "amax"),
    *("conv1d", "conv2d", "linear", "boolean_dispatch", "fn"),
}
_PRODUCTS = {"mul", "__mul__", "__rmul__", "matmul", "bmm", "__matmul__", "mul_", "__imul__"}
_RATIOS = {"div", "__truediv__", "truediv"}


class _UnknownError(Exception):
    """A function without a rule here."""


def positive_parts(
    inputs: Tensor, *, weight: Tensor, stride: Any, padding: Any, dilation: Any, groups: int
) -> Tensor:
    """Sum the positive contributions of a convolution: each product by itself, in a list."""
    one_axis = weight.ndim == 3
    if one_axis:
        inputs, weight = inputs[:, :, None], weight[:, :, None]
    stride, padding, dilation = (
        _pair(given, first) if one_axis else _pair(given)
        for given, first in ((stride, 1), (padding, 0), (dilation, 1))
    )
    kernel = weight.shape[2:]
    sizes = [
        (size + 2 * pad - step * (width - 1) - 1) // hop + 1
        for size, pad, step, width, hop in zip(
            inputs.shape[2:], padding, dilation, kernel, stride, strict=True
        )
    ]
    found = []
    per_group = len(weight) // groups
    for number, some in enumerate(inputs.chunk(groups, dim=1)):
        patches = functional.unfold(some, kernel, dilation, padding, stride)
        rows = weight[number * per_group : (number + 1) * per_group].flatten(1)
        if patches.numel() * len(rows) > _MOST_PARTS:
            raise _UnknownError("too large")
        products = rows[None, :, :, None] * patches[:, None]
        found.append(products.clamp(min=0).sum(dim=2))
    together = torch.cat(found, dim=1).reshape(len(inputs), -1, *sizes)
    return together[:, :, 0] if one_axis else together


def _pair(size: Any, first: int | None = None) -> tuple[int, ...]:
    """Spell a size out for two axes, the first of which may have been added."""
    sizes = (size, size) if isinstance(size, int) else tuple(size)
    return sizes if first is None else (first, sizes[0])


def _times_constant(given: Tensor, wanted: Tensor, epsilon: float = 0.0) -> Tensor:
    """Write a value as another times a constant, which then gets all of its relevance.

    With an epsilon it gets less, as from a sum with a stabilizer.
    """
    below = given + torch.where(given >= 0, epsilon, -epsilon)
    ratio = torch.where(below == 0, 0.0, wanted / torch.where(below == 0, 1.0, below)).detach()
    product = given * ratio
    return product + (wanted - product).detach()


class Rules(TorchFunctionMode):
    """Replaces functions of tensors that need a gradient."""

    def __init__(
        self, composite: Composite, epsilon: float = _EPSILON, readers: dict[int, int] | None = None
    ) -> None:
        super().__init__()
        self.composite, self.epsilon = composite, epsilon
        self.met: dict[int, int] = {}
        """Convolutions in order, and how often each was read."""
        self._readers = readers or {}
        self._raw: set[int] = set()
        self._gates: set[int] = set()
        self._convolved: dict[int, int] = {}
        self._alive: list[Tensor] = []

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "").removeprefix("_")
        name = getattr(func, "__name__", "") if name.endswith("__") else name
        given = [one for one in _tensors((args, kwargs)) if one.requires_grad]
        before = given[0].clone() if given else None  # it may be written into
        found = func(*args, **kwargs)
        if not given or not any(one.requires_grad for one in _tensors(found)):
            return found
        found = self._ruled(name, func, args, kwargs, given, before, found)
        for one in _tensors(found):
            self._alive.append(one)
            self._tag(name, given, one)
        return found

    def start(self, features: Tensor) -> Tensor:
        """Give features, which no weights have been applied to."""
        self._raw.add(id(features))
        self._alive.append(features)
        return features

    def _tag(self, name: str, given: list[Tensor], found: Tensor) -> None:
        if name not in _WEIGHTED and all(id(one) in self._raw for one in given):
            self._raw.add(id(found))
        moved = name in (*_MOVES, "__rsub__", "rsub", "neg") or (name == "__sub__")
        if name in _GATES or (moved and len(given) == 1 and id(given[0]) in self._gates):
            self._gates.add(id(found))
        if name.startswith("conv"):
            self._convolved[id(found)] = len(self.met)
            self.met[len(self.met)] = 0

    def _ruled(
        self, name: str, func: Any, args: Any, kwargs: Any, given: list[Tensor], before: Any,
        found: Any,
    ) -> Any:  # fmt: skip
        for one in given:
            if id(one) in self._convolved:
                self.met[self._convolved[id(one)]] += 1
        raw = all(id(one) in self._raw for one in given)
        if name in _PRODUCTS and len(given) > 1:
            return self._product(func, args, given)
        if name in _RATIOS and len(given) == 2:
            return func(args[0], args[1].detach(), **kwargs)
        if name == "glu":
            signal, gate = args[0].chunk(2, *([kwargs["dim"]] if kwargs else args[1:] or [-1]))
            return signal * torch.sigmoid(gate).detach()
        shifts = name in ("__add__", "__sub__", "__radd__", "add", "sub") and len(given) == 1
        if name in _WHOLE or (raw and (shifts or name == "batch_norm")):
            return _times_constant(before, found)
        if self.composite == "flat" and name in _WEIGHTED:
            return self._weights(name, func, args, kwargs, found, raw=raw)
        if self.composite == "flat" and name == "batch_norm" and self._folds(given[0]):
            return _times_constant(before, found)
        if name in _SUMS and isinstance(found, Tensor):
            return _times_constant(found, found.detach(), self.epsilon)
        if name in (*_SUMS, *_MOVES, *_PRODUCTS, *_RATIOS):
            return found
        raise _UnknownError(name)

    def _folds(self, given: Tensor) -> bool:
        """Say whether a norm is the only reader of a convolution."""
        number = self._convolved.get(id(given))
        return number is not None and self._readers.get(number, 1) == 1

    def _product(self, func: Any, args: Any, given: list[Tensor]) -> Tensor:
        one, other = args[:2]
        gates = [id(part) in self._gates for part in (one, other)]
        if self.composite == "attention":
            gates = [False, False]
        if gates == [True, False]:
            return func(one.detach(), other)
        if gates == [False, True]:
            return func(one, other.detach())
        return (func(one, other.detach()) + func(one.detach(), other)) / 2

    def _weights(
        self, name: str, func: Any, args: Any, kwargs: Any, found: Tensor, *, raw: bool
    ) -> Tensor:
        inputs, weight, rest = args[0], args[1], args[3:]
        if raw:  # every input counts as one
            if (inputs == 0).any():
                raise _UnknownError("a feature that is zero")
            ones = inputs / inputs.detach()
            counts = func(ones, torch.ones_like(weight), None, *rest)
            return _times_constant(counts, found, self.epsilon)
        if name == "linear":
            return _times_constant(found, found.detach(), self.epsilon)
        settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
        settings |= dict(zip(settings, rest, strict=False))
        settings |= {key: value for key, value in kwargs.items() if key in settings}
        total = positive_parts(inputs, weight=weight, **settings)
        return _times_constant(total, found, self.epsilon)


def _tensors(part: Any) -> Iterator[Tensor]:
    if isinstance(part, Tensor):
        yield part
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _tensors(one)
    elif isinstance(part, dict):
        yield from _tensors(list(part.values()))


def _fits(case: Case) -> bool:
    return isinstance(case.spec, Network) and case.spec.output == "logits"


def at_features(case: Case, composite: Composite) -> FloatArray | None:
    """Relevance of the features; None where a function of the network has no rule here."""
    if not _fits(case):
        return None
    case.network.requires_grad_(False)  # then whatever needs a gradient depends on the features
    given = case.features.clone().requires_grad_()
    readers: dict[int, int] = {}
    try:
        for _ in range(2):  # the second time it is known who reads what
            with torch.enable_grad(), Rules(composite, readers=readers) as rules:
                score = case.network(rules.start(given))[:, case.target].sum()
            readers = rules.met
    except _UnknownError:
        return None
    (gradient,) = torch.autograd.grad(score, given)
    return (gradient * given).detach()[0].numpy()


def at_maps(case: Case) -> FloatArray | None:
    """Relevance of the maps by the epsilon rule of captum, stretched over the features; or None."""
    if not _fits(case):
        return None
    case.network.requires_grad_(False)
    try:
        with Rules("epsilon", epsilon=1e-9):
            maps, gradient = parts(case)
    except _UnknownError:
        return None
    found: FloatArray = stretched((maps * gradient).sum(dim=1, keepdim=True), case)[0].numpy()
    return found
