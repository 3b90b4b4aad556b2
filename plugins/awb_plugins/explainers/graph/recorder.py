"""A dispatch mode that writes operations down, and follows what is written in place.

An in-place operator becomes its functional twin that gives a new value. What it wrote is remembered
by storage, so that every other view of that storage gets the new contents when it is read next.
Constants are kept as they were when they were read: one that is written into later is copied first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from awb.errors import NotApplicableError

_ALIASES = {"detach", "alias", "lift_fresh"}
_FACTORIES = {
    *("zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full"),
    *("new_empty", "new_empty_strided"),
}
_SHAPE_ONLY = {"transpose_", "t_", "squeeze_", "unsqueeze_", "swapaxes_", "swapdims_"}


class Recorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Writes down every operation that depends on the features.

    Parameters
    ----------
    features : torch.Tensor
        The features; number 0.
    """

    def __init__(self, features: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.features = features
        self.values: list[Tensor] = []
        self.calls: Counter[str] = Counter()
        self._log: list[tuple[Any, tuple[Any, Any], tuple[int, ...], str]] = []
        self._running: list[str] = []
        self._known: dict[int, tuple[Tensor, int, int]] = {}  # id: tensor, number, writes seen
        self._sharing: dict[int, list[int]] = {}  # storage: numbers whose tensors live there
        self._writes: dict[int, list[tuple[int, Tensor]]] = {}  # storage: what was written where
        self._constants: dict[int, list[_Constant]] = {}  # storage: those that were read from it
        self._register(features)

    def enter(self, module: str) -> None:
        """Note that a module starts."""
        self._running.append(module)
        self.calls[module] += 1

    def leave(self) -> None:
        """Note that the innermost module ends."""
        self._running.pop()

    def operations(self, value: Callable[[int], Any]) -> Iterator[tuple[Any, Any, Any, Any, str]]:
        """Yield function, arguments, keywords, outputs and module of what was written down."""
        for function, parts, outputs, module in self._log:
            plain = mapped(parts, lambda part: part.tensor, _Constant)
            numbered = mapped(plain, lambda part: value(part.index), _Number)
            yield function, *numbered, outputs, module

    def index_of(self, tensor: Tensor) -> int | None:
        """Return the number of a tensor; None if it does not depend on the features."""
        storage = _storage(tensor)
        writes = self._writes.get(storage, [])
        known = self._known.get(id(tensor))
        seen = known[2] if known else 0
        if len(writes) > seen:
            return self._updated(tensor, known[1] if known else None, writes[seen:])
        return known[1] if known else None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        """Run an operation and write it down."""
        kwargs = kwargs or {}
        given = leaves((args, kwargs), Tensor)
        numbers = {id(tensor): self.index_of(tensor) for tensor in given}
        name = func._schema.name.removeprefix("aten::")
        written = _written(func, args, kwargs)
        followed = any(_storage(tensor) in self._writes for tensor in written)
        if name in _FACTORIES or not (
            followed or any(number is not None for number in numbers.values())
        ):
            self._preserve(written)
            return func(*args, **kwargs)

        def numbered(tensor: Tensor) -> Any:
            number = numbers[id(tensor)]
            return self._constant(tensor) if number is None else _Number(number)

        parts = mapped((args, kwargs), numbered, Tensor)
        self._preserve(written)
        if func._schema.is_mutable:
            return self._in_place(func, args, kwargs, parts)
        found = func(*args, **kwargs)
        if name in _ALIASES and isinstance(found, Tensor):
            self._register(found, numbers[id(args[0])])
            return found
        self._write_down(func, parts, tuple(map(self._register, leaves(found, Tensor))))
        return found

    def _constant(self, tensor: Tensor) -> _Constant:
        """Keep a constant, to be copied should it be written into."""
        found = _Constant(tensor)
        self._constants.setdefault(_storage(tensor), []).append(found)
        return found

    def _preserve(self, written: list[Tensor]) -> None:
        """Copy the constants that were read from what is about to be written into."""
        for tensor in written:
            for constant in self._constants.pop(_storage(tensor), []):
                constant.tensor = constant.tensor.clone()

    def _in_place(self, func: Any, args: Any, kwargs: Any, parts: Any) -> Any:
        """Run an in-place operation; write its functional twin down."""
        name = func._schema.name.removeprefix("aten::")
        twin = _functional(func)
        target, storage = args[0], _storage(args[0])
        for number in self._sharing.pop(storage, []):
            self.values[number] = self.values[number].clone()
        if id(target) in self._known or isinstance(parts[0][0], _Number):
            old = parts
        else:
            old = ((target.clone(), *parts[0][1:]), parts[1])
        found = func(*args, **kwargs)
        if name not in _SHAPE_ONLY:
            self._writes.setdefault(storage, []).append((-1, target))
        number = self._register(target)
        if name not in _SHAPE_ONLY:
            self._writes[storage][-1] = (number, torch.ops.aten.alias(target))
        if name == "copy_":  # torch has no derivative for its twin
            old = _as_choice(old, target)
            twin = torch.ops.aten.where.self
        self._write_down(twin, old, (number,))
        return found

    def _write_down(self, func: Any, parts: Any, outputs: tuple[int, ...]) -> None:
        self._log.append((func, parts, outputs, self._running[-1] if self._running else ""))

    def _register(self, tensor: Tensor, number: int | None = None) -> int:
        """Give a tensor a number, or another name to one that has it."""
        storage = _storage(tensor)
        if number is None:
            number = len(self.values)
            self.values.append(tensor)
            self._sharing.setdefault(storage, []).append(number)
        self._known[id(tensor)] = (tensor, number, len(self._writes.get(storage, [])))
        return number

    def _updated(
        self, tensor: Tensor, number: int | None, writes: list[tuple[int, Tensor]]
    ) -> int | None:
        """Bring a view up to date with what was written through other views of its storage."""
        shown = _extent(tensor)
        near = [(written, view) for written, view in writes if _meet(_extent(view), shown)]
        cells = _cells(tensor).flatten() if near else torch.empty(0)
        sorted_cells, order = cells.sort()
        for written, view in near:
            places = _cells(view).flatten()
            taken = torch.isin(places, cells).nonzero().flatten()
            if not taken.numel():
                continue
            if (sorted_cells.diff() == 0).any():
                raise NotApplicableError(
                    "it writes in place into what overlaps itself, which cannot be followed"
                )
            at = order[torch.searchsorted(sorted_cells, places[taken])]
            number = self._scattered(tensor, number, written, taken, at)
        if number is not None:
            self._register(tensor, number)
        return number

    def _scattered(
        self, tensor: Tensor, number: int | None, written: int, taken: Tensor, at: Tensor
    ) -> int:
        """Write down that some cells of a tensor take some of the values of another."""
        aten = torch.ops.aten
        part = self._step(aten.reshape.default, _Number(written), [-1])
        part = self._step(aten.index.Tensor, part, [taken])
        if number is None:
            whole: Any = tensor.detach().clone().reshape(-1)
        else:
            whole = self._step(aten.reshape.default, _Number(number), [-1])
        mixed = self._step(aten.index_put.default, whole, [at], part)
        return self._step(aten.reshape.default, mixed, list(tensor.shape)).index

    def _step(self, func: Any, *arguments: Any) -> _Number:
        """Compute an operation of our own on values, and write it down."""
        values = (self.values[a.index] if isinstance(a, _Number) else a for a in arguments)
        self.values.append(func(*values).clone())
        number = len(self.values) - 1
        self._write_down(func, (arguments, {}), (number,))
        return _Number(number)


def leaves(part: Any, kind: type | tuple[type, ...] = object) -> list[Any]:
    """List what is of a kind in nested lists, tuples and dicts, in order."""
    if isinstance(part, list | tuple):
        return [leaf for inner in part for leaf in leaves(inner, kind)]
    if isinstance(part, dict):
        return [leaf for inner in part.values() for leaf in leaves(inner, kind)]
    return [part] if isinstance(part, kind) else []


def mapped(part: Any, function: Callable[[Any], Any], kind: type) -> Any:
    """Replace what is of a kind in nested lists, tuples and dicts."""
    if isinstance(part, kind):
        return function(part)
    if isinstance(part, list | tuple):
        return type(part)([mapped(inner, function, kind) for inner in part])
    if isinstance(part, dict):
        return {name: mapped(inner, function, kind) for name, inner in part.items()}
    return part


class _Constant:
    """A tensor that does not depend on the features, as it was when it was read."""

    __slots__ = ("tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class _Number:
    """The number of a tensor, before the tape has its own word for it."""

    __slots__ = ("index",)

    def __init__(self, index: int) -> None:
        self.index = index


def _functional(func: Any) -> Any:
    """Return the operator that gives what another one writes in place."""
    name = func._schema.name.removeprefix("aten::")
    twins = getattr(torch.ops.aten, name.removesuffix("_"), None)
    if name.endswith("_") and twins is not None:
        for overload in (func._overloadname, "int", "dim"):
            if overload in twins.overloads():
                return getattr(twins, overload)
    raise NotApplicableError(f"it writes into a tensor by {name}, which cannot be followed")


def _written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """List the tensors that a call writes into."""
    if not func._schema.is_mutable:
        return []
    described = func._schema.arguments
    named = {one.name: one for one in described}
    pairs = [*zip(described, args, strict=False), *((named[key], kwargs[key]) for key in kwargs)]
    return [
        tensor
        for one, given in pairs
        if one.alias_info is not None and one.alias_info.is_write
        for tensor in leaves(given, Tensor)
    ]


def _as_choice(parts: Any, target: Tensor) -> Any:
    """Spell a copy as a choice between what was there and what is written, always the latter."""
    never = torch.zeros(target.shape, dtype=torch.bool, device=target.device)
    return (never, *parts[0][:2]), {}


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _extent(tensor: Tensor) -> tuple[int, int]:
    """Return the first and the last cell of a storage that a tensor shows."""
    reach = sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True))
    first = int(tensor.storage_offset())
    return first, first + int(reach)


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _cells(tensor: Tensor) -> Tensor:
    """Number the cells of a storage that a tensor shows, in the shape of the tensor."""
    cells = torch.full(tensor.shape, int(tensor.storage_offset()), dtype=torch.long)
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        along = [1] * tensor.ndim
        along[axis] = size
        cells = cells + (torch.arange(size) * stride).reshape(along)
    return cells
