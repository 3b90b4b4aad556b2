"""Where a network's maps are: cut in two at the last place where it knows time and place apart.

A CAM looks at what comes out of the last convolutions: after norms, activations, gates and
residual additions, before anything is pooled. All of the score must come through that place. It is
found from what the network computes, whether modules or functions compute it: among the calls that
every path from the features to the scores goes through, the last whose maps have the resolution of
the last convolution before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from awb.errors import NotApplicableError, ParameterError, did_you_mean

_CONVOLUTIONS = {torch.conv1d, torch.conv2d}
_MOVE, _OFF = 0.1, 1e-4
_ADVICE = "; target_layer=NAME says which module of the back end to look at"


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A network in two parts.

    Attributes
    ----------
    body, head : torch.nn.Module
        Features ``(n, frames, bins)`` to maps, and maps to scores.
    lay_out : callable
        Turns maps into ``(n, channels, frames)`` or ``(n, channels, frames, bins)``.
    """

    body: nn.Module
    head: nn.Module
    lay_out: Callable[[Tensor], Tensor]

    @property
    def network(self) -> nn.Module:
        """Both parts; the body is its first module."""
        return nn.Sequential(self.body, self.head)

    def maps_and_gradient(self, features: Tensor, target: int) -> tuple[Tensor, Tensor]:
        """Return the maps of a clip and the gradient of its score at them, both laid out."""
        with torch.no_grad():
            maps = self.body(features)
        given = maps.detach().clone().requires_grad_()
        with torch.enable_grad():
            score = self.head(given)[:, target].sum()
        (gradient,) = torch.autograd.grad(score, given)
        return self.lay_out(maps), self.lay_out(gradient)


class _Watcher(TorchFunctionMode):
    """Numbers the calls that depend on the features, and what each depends on."""

    def __init__(self, features: Tensor) -> None:
        super().__init__()
        self.features = features
        self.calls: list[tuple[Any, Tensor | None, frozenset[int], int | None]] = []
        self.versions: dict[int, int] = {}  # call: how often its tensor had been written into
        self._node: dict[int, int] = {}
        self._written: dict[int, int] = {}  # memory: the last call that wrote into it
        self._alive: list[Any] = []

    def node(self, tensor: Any) -> int | None:
        """Return the call that gave a tensor, or last wrote into its memory.

        It is -1 for the features, and None for what is constant.
        """
        given = -1 if tensor is self.features else self._node.get(id(tensor))
        written = self._written.get(_memory(tensor)) if self._written else None
        return max((one for one in (given, written) if one is not None), default=None)

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [*_tensors((args, kwargs))]
        given = {self.node(one) for one in tensors} - {None}
        before = [_version(one) for one in tensors]
        found = func(*args, **kwargs)
        if given:
            self._note(func, found, args, given)
        for one, version in zip(tensors, before, strict=True):
            if given and _version(one) != version:  # other views of the same memory changed, too
                self._alive.append(one)
                self._written[_memory(one)] = len(self.calls) - 1
        return found

    def _note(self, func: Any, found: Any, args: Any, given: set[Any]) -> None:
        outputs = [*_tensors(found)]
        if func is Tensor.__setitem__:
            outputs = [args[0]]
        if not outputs:
            return
        number = len(self.calls)
        above = [self.calls[one] for one in given if one >= 0]
        convolutions = [one[3] for one in above if one[3] is not None]
        only = outputs[0] if len(outputs) == 1 and outputs[0] is found else None
        if func in _CONVOLUTIONS and only is not None and only.shape[2] > 1:
            convolutions = [number]
        through = frozenset.intersection(
            *(self.calls[one][2] if one >= 0 else frozenset() for one in given)
        )
        last = max(convolutions, default=None)
        if only is not None:
            self.versions[number] = _version(only)
        self.calls.append((func, only, through | {number}, last))
        for output in outputs:
            self._alive.append(output)
            self._node[id(output)] = number


class _Substitute(TorchFunctionMode):
    """Returns a tensor of ours in the place of what one of the calls gives."""

    def __init__(self, features: Tensor, number: int, maps: Tensor | None) -> None:
        super().__init__()
        self._watcher, self._number, self._maps = _Watcher(features), number, maps
        self.found: Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        watcher = self._watcher
        before = len(watcher.calls)
        found = watcher.__torch_function__(func, types, args, kwargs)
        if before != self._number or len(watcher.calls) == before:
            return found
        self.found = found.clone()  # what follows may write into it
        if self._maps is None:
            return found
        watcher._alive.append(self._maps)
        watcher._node[id(self._maps)] = before
        return self._maps


class _AtCall:
    """A place in a network: what its call number so-and-so gives."""

    def __init__(self, number: int) -> None:
        self._number = number

    @contextmanager
    def put(self, network: nn.Module, features: Tensor, maps: Tensor | None) -> Iterator[list[Any]]:
        """Put maps there while the network runs; without maps, collect those that are there."""
        caught: list[Any] = []
        with _Substitute(features, self._number, maps) as mode:
            yield caught
        caught.append(mode.found)


class _AtModule:
    """A place in a network: what a module gives."""

    def __init__(self, name: str) -> None:
        self._name = name

    @contextmanager
    def put(self, network: nn.Module, features: Tensor, maps: Tensor | None) -> Iterator[list[Any]]:
        """Put maps there while the network runs; without maps, collect those that are there."""
        caught: list[Any] = []

        def after(module: Any, inputs: Any, output: Any) -> Any:
            given = output[0] if isinstance(output, tuple) else output
            caught.append(given.clone() if isinstance(given, Tensor) else given)
            if maps is None:
                return None
            return (maps, *output[1:]) if isinstance(output, tuple) else maps

        handle = network.get_submodule(self._name).register_forward_hook(after)
        try:
            yield caught
        finally:
            handle.remove()
        if len(caught) != 1:
            raise NotApplicableError(f"layer {self._name} is used {len(caught)} times")


class _Body(nn.Module):
    def __init__(self, network: nn.Module, place: Any) -> None:
        super().__init__()
        self.network, self._place = network, place

    def forward(self, features: Tensor) -> Tensor:
        with self._place.put(self.network, features, None) as caught:
            self.network(features)
        maps: Tensor = caught[0]
        return maps


class _Head(nn.Module):
    def __init__(self, network: nn.Module, place: Any, features: Tensor) -> None:
        super().__init__()
        self.network, self._place, self._features = network, place, features

    def forward(self, maps: Tensor) -> Tensor:
        repeated = self._features.expand(len(maps), -1, -1)
        # a copy that is no leaf: what follows may write into it
        with self._place.put(self.network, repeated, maps * 1.0):
            scores: Tensor = self.network(repeated)
        return scores


def cut(network: nn.Module, features: Tensor, layer: str = "") -> Cut:
    """Cut a network in two where a CAM should look.

    Parameters
    ----------
    network : torch.nn.Module
        Features to scores.
    features : torch.Tensor, shape=(1, frames, bins)
        Features of one clip.
    layer : str
        Name of the module whose output is looked at; empty for the place that is found.

    Returns
    -------
    Cut
        Both parts; together they give the network's scores.

    Raises
    ------
    ParameterError
        If there is no such module.
    NotApplicableError
        If there is no place that all of the score comes through.
    """
    if not layer:
        return _checked(network, features, *_found(network, features))
    names = dict(network.named_modules())
    if layer not in names:
        raise ParameterError(f"the back end has no layer {layer!r}.{did_you_mean(layer, names)}")
    place = _AtModule(layer)
    with torch.no_grad(), place.put(network, features, None) as caught:
        scores = network(features)
    return _checked(network, features, place, caught[0], scores)


def _found(network: nn.Module, features: Tensor) -> tuple[_AtCall, Tensor, Tensor]:
    """Find the last call with maps of the resolution of a convolution, on every path.

    Returns the place, the maps there, and the scores.
    """
    given = features.detach().clone()
    with torch.no_grad(), _Watcher(given) as watcher:
        scores = network(given)
    end = watcher.node(scores)
    if end is None or end < 0:
        raise NotApplicableError(f"its operations cannot be followed{_ADVICE}")
    if all(last is None for *_, last in watcher.calls):
        raise NotApplicableError("the model has no convolution to look at")
    for number in sorted(watcher.calls[end][2], reverse=True):
        _, maps, _, last = watcher.calls[number]
        resolution = watcher.calls[last][1] if last is not None else None
        if maps is not None and resolution is not None and maps.shape[2:] == resolution.shape[2:]:
            place = _AtCall(number)
            if _version(maps) != watcher.versions[number]:  # written into since
                maps = _Body(network, place)(features).detach()
            return place, maps, scores
    raise NotApplicableError(
        f"its convolutions lie on several ways to the scores, none of them on all{_ADVICE}"
    )


def _checked(network: nn.Module, features: Tensor, place: Any, maps: Any, scores: Tensor) -> Cut:
    """Make both parts, and demand that they are the network."""
    if not isinstance(maps, Tensor) or maps.ndim not in (3, 4):
        shape = tuple(getattr(maps, "shape", ()))
        raise ParameterError(
            f"the layer gives {shape}, expected maps of shape (1, channels, frames, bins) or"
            " (1, channels, frames)"
        )
    body, head = _Body(network, place), _Head(network, place, features.detach())
    given = maps.detach().clone().requires_grad_()
    with torch.enable_grad():
        again = head(given)
    off = float((again - scores).detach().abs().max())
    reads = again.requires_grad and torch.autograd.grad(again.sum(), given, allow_unused=True)[0]
    if reads is None or reads is False or not off <= _OFF * (1.0 + float(scores.abs().max())):
        raise NotApplicableError(f"the network cannot be cut where a CAM would look{_ADVICE}")
    return Cut(body, head, _layout(body, features, maps))


def _layout(body: nn.Module, features: Tensor, maps: Tensor) -> Callable[[Tensor], Tensor]:
    """Find which axis of the maps is time: that which grows with the clip.

    For a network that takes one length only, it is where the middle of a change moves with the
    change.
    """
    grows = None if maps.ndim == 3 else _growing_axis(body, features, maps)
    if maps.ndim == 3 or grows == 2:
        return lambda found: found
    if grows == 3:
        return lambda found: found.transpose(2, 3)
    middles, moved = [], 0.0
    half = features.shape[1] // 2
    size = float(features.std()) or 1.0  # a silent clip does not vary
    bump = size * torch.linspace(1.0, -0.5, features.shape[2], device=features.device)
    with torch.no_grad():
        for part in (slice(0, half), slice(half, None)):
            changed = features.clone()
            changed[:, part] = changed[:, part].roll(1, dims=2) * 0.9 + bump
            change = (body(changed) - maps).abs().sum(dim=(0, 1))
            moved += float(change.sum())
            middles.append([_middle(change.sum(dim=axis)) for axis in (1, 0)])
    if moved == 0:  # maps that never change say nothing, whichever way they are laid
        return lambda found: found
    (time_first, bins_first) = (late - early for early, late in zip(*middles, strict=True))
    if max(time_first, bins_first) < _MOVE and min(maps.shape[2:]) > 1:
        raise NotApplicableError(f"its maps do not tell one time from another{_ADVICE}")
    if bins_first > time_first:
        return lambda found: found.transpose(2, 3)
    return lambda found: found


def _growing_axis(body: nn.Module, features: Tensor, maps: Tensor) -> int | None:
    """Return the axis of the maps that grows with the clip; None where none or both do."""
    try:
        with torch.no_grad():
            longer = body(features.repeat(1, 2, 1))
    except RuntimeError:  # one length only
        return None
    grown = [axis for axis in (2, 3) if longer.shape[axis] > maps.shape[axis]]
    return grown[0] if len(grown) == 1 else None


def _middle(change: Tensor) -> float:
    """Return the middle of what changed along an axis, from 0 to 1."""
    if len(change) < 2 or not float(change.sum()) > 0:
        return 0.0
    place = torch.linspace(0, 1, len(change), device=change.device)
    return float((change * place).sum() / change.sum())


def _memory(tensor: Tensor) -> int:
    """Tell the memory of a tensor from that of others."""
    return int(tensor.untyped_storage()._cdata)


def _version(tensor: Tensor) -> int:
    """Count how often a tensor was written into."""
    return 0 if tensor.is_inference() else tensor._version


def _tensors(part: Any) -> Iterator[Tensor]:
    """Go through the tensors in nested lists, tuples and dicts."""
    if isinstance(part, Tensor):
        yield part
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _tensors(one)
    elif isinstance(part, dict):
        for one in part.values():
            yield from _tensors(one)
