"""Small modules around a stranger's network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Literal

from torch import Tensor, nn

from awb.errors import ParameterError

Pooling = Literal["mean", "max"]
"""How rows of many frames become one: their mean, or their largest value class by class."""


class AddChannel(nn.Module):
    """Waveforms ``(batch, samples)`` to ``(batch, 1, samples)``."""

    def forward(self, waveforms: Tensor) -> Tensor:
        """Add a channel."""
        return waveforms[:, None]


class Pick(nn.Module):
    """Take one tensor out of a dict, a tuple, a dataclass or what transformers returns.

    Parameters
    ----------
    key : str or int
        Its name, or its place.
    """

    def __init__(self, key: str | int) -> None:
        super().__init__()
        self._key = key

    def forward(self, found: Any) -> Tensor:
        """Pick it."""
        if isinstance(found, Mapping) or isinstance(self._key, int):
            tensor: Tensor = found[self._key]
        else:
            tensor = getattr(found, self._key)
        return tensor


class Pool(nn.Module):
    """Values of frames to one row per waveform.

    Parameters
    ----------
    axis : int
        That of the frames.
    pooling : str
        ``mean`` or ``max``.
    """

    def __init__(self, axis: int, pooling: Pooling) -> None:
        super().__init__()
        self._axis, self._pooling = axis, pooling

    def forward(self, values: Tensor) -> Tensor:
        """Pool values ``(batch, frames, classes)`` or ``(batch, classes, frames)``."""
        return values.amax(self._axis) if self._pooling == "max" else values.mean(self._axis)


def _entries(found: Any) -> Iterator[tuple[str | int, Tensor]]:
    """List the tensors that a network returns together, by name or place."""
    if isinstance(found, Mapping):
        pairs: Any = found.items()
    elif is_dataclass(found):
        pairs = ((one.name, getattr(found, one.name)) for one in fields(found))
    elif hasattr(found, "_asdict"):  # a named tuple
        pairs = found._asdict().items()
    elif isinstance(found, tuple | list):
        pairs = enumerate(found)
    else:
        pairs = ()
    return ((key, value) for key, value in pairs if isinstance(value, Tensor))


def picking(found: Any, pick: str | int | None, n_classes: int, name: str) -> Pick | None:
    """Find which of the tensors that a network returns has its scores.

    Parameters
    ----------
    found : object
        What the network returned for a batch.
    pick : str, int or None
        Name or place, as given; None to find the only one whose last axis is the classes.
    n_classes : int
        Number of classes.
    name : str
        Name of the model, for messages.

    Returns
    -------
    Pick or None
        None where the network returns a tensor.

    Raises
    ------
    ParameterError
        If there is no such tensor, or several could be meant.
    """
    if isinstance(found, Tensor):
        if pick is not None:
            raise ParameterError(f"model {name}: the module returns one tensor; leave out pick=")
        return None
    entries = dict(_entries(found))
    listed = ", ".join(f"{key!r} {tuple(one.shape)}" for key, one in entries.items())
    kind = type(found).__name__
    if not entries:
        raise ParameterError(
            f"model {name}: the module returns {kind}, expected a tensor (batch, classes); wrap it"
            " in a module that picks it out"
        )
    if pick is not None:
        if pick not in entries:
            raise ParameterError(f"model {name}: the {kind} has no {pick!r}. It has: {listed}")
        return Pick(pick)
    fitting = [
        [key for key, one in entries.items() if fits(tuple(one.shape))]
        for fits in (lambda shape: shape[1:] == (n_classes,), lambda shape: n_classes in shape[1:])
    ]
    found_keys = next((keys for keys in fitting if keys), list(entries))
    if len(found_keys) == 1:
        return Pick(found_keys[0])
    raise ParameterError(
        f"model {name}: the module returns a {kind} of {listed}; type which has the scores:"
        f" pick={found_keys[0]!r}"
    )


def pooled(
    values: Tensor, longer: Tensor, pooling: Pooling | None, n_classes: int, name: str
) -> Pool | None:
    """Find the axis of frames in what a network gives.

    Parameters
    ----------
    values, longer : torch.Tensor
        What it gives for waveforms, and for longer ones.
    pooling : str or None
        As given.
    n_classes : int
        Number of classes.
    name : str
        Name of the model, for messages.

    Returns
    -------
    Pool or None
        None where the network gives one row per waveform.

    Raises
    ------
    ParameterError
        If there are frames and nobody said what to make of them, or there are none to pool, or
        either axis could be that of the frames.
    """
    if pooling not in (None, "mean", "max"):
        raise ParameterError(f"model {name}: pooling must be 'mean' or 'max': {pooling!r}")
    shape = tuple(values.shape)
    framewise = values.ndim == 3 and n_classes in shape[1:]
    if not framewise:
        if pooling is not None:
            raise ParameterError(
                f"model {name}: pooling={pooling!r} is for values of frames, expected shape"
                f" ({shape[0]}, frames, {n_classes}), got {shape}; leave out pooling="
            )
        return None
    axis = 1 if shape[2] == n_classes else 2
    if shape[1] == shape[2]:
        grows = [place for place in (1, 2) if longer.shape[place] != shape[place]]
        if len(grows) != 1:
            raise ParameterError(
                f"model {name} gives shape {shape} for {shape[0]} waveforms, and"
                f" {tuple(longer.shape)} for twice their length: awb cannot tell its frames from"
                f" its {n_classes} classes; wrap it in a module that pools the frames and gives"
                " (batch, classes)"
            )
        [axis] = grows
    if pooling is None:
        raise ParameterError(
            f"model {name} gives shape {shape} for {shape[0]} waveforms: {n_classes} classes for"
            f" each of {shape[axis]} frames; type pooling='mean' or 'max' to make one row of them"
        )
    return Pool(axis, pooling)
