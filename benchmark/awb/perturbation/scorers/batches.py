"""Batches that fit the memory: halved until they do, and at their end where nothing changes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from awb.errors import ParameterError, one_line
from awb.protocols import AudioModel

Result = TypeVar("Result")
Rows = npt.NDArray[Any]

_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "failed to allocate memory",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether a library ran out of memory, on the host or on a device.

    Examples
    --------
    >>> is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"))
    True
    >>> is_out_of_memory(RuntimeError("shapes do not match"))
    False
    """
    text = one_line(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or any(words in text for words in _WORDS)
    )


def release_memory() -> None:
    """Give back what torch keeps for later on the GPU, so that a smaller batch finds room."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


ENOUGH_AGREE = 32
"""Numbers that must be the same, bit for bit, before a smaller batch is relied on."""


@dataclass(slots=True, eq=False)
class SmallerBatches:
    """Which smaller batches of a model give the same bits as full ones, as far as was tried.

    A model whose `smallest_batch` is N says that from N rows on a row's numbers are the same in a
    batch of any size. Each size is computed both ways until enough numbers have agreed.

    Attributes
    ----------
    least : int
        The model's `smallest_batch`.
    agreed : dict of int to int
        How many numbers agreed in batches of a size; -1 where one did not.
    """

    least: int
    agreed: dict[int, int] = field(default_factory=dict)

    def size_for(self, n_rows: int, size: int) -> int:
        """Return the smallest half, quarter, ... of a size that holds the rows and may be used."""
        most = max(n_rows, self.least)
        half = size
        while half % 2 == 0 and half // 2 >= most:
            half //= 2
        return size if self.agreed.get(half, 0) < 0 else half

    def compute(self, rows: Rows, compute: Callable[[Rows, int], Result], size: int) -> Result:
        """Compute rows that do not fill a batch, in a smaller one if that changes no bit."""
        half = self.size_for(len(rows), size)
        if half == size:
            return compute(rows, size)
        found = compute(rows, half)
        if self.agreed.get(half, 0) >= ENOUGH_AGREE:
            return found
        full = compute(rows, size)
        same = np.array_equal(np.asarray(found), np.asarray(full))
        self.agreed[half] = self.agreed.get(half, 0) + int(np.asarray(full).size) if same else -1
        return full


_TRIED: WeakKeyDictionary[AudioModel, dict[tuple[str, int], SmallerBatches]] = WeakKeyDictionary()


def smaller_batches(model: AudioModel, method: str, n_samples: int) -> SmallerBatches | None:
    """Return what is known of a method's smaller batches, for clips of a length."""
    least = getattr(model, "smallest_batch", None)
    if least is None:
        return None
    try:
        known = _TRIED.setdefault(model, {})
    except TypeError:  # the model cannot be remembered
        known = {}
    return known.setdefault((method, n_samples), SmallerBatches(int(least)))


class Batches:
    """Computes rows in batches of one size, which is halved where memory runs out.

    The rows that are left for the last batch may have a smaller one, see `SmallerBatches`.
    """

    def __init__(self, size: int, smaller: SmallerBatches | None = None) -> None:
        self.size = size
        self._smaller = smaller

    def over(self, rows: Rows, compute: Callable[[Rows, int], Result]) -> Iterator[Result]:
        """Yield what `compute(rows that are left, size)` gives for the first `size` of them."""
        start = 0
        while start < len(rows):
            found, self.size = fitting(partial(self._one, rows[start:], compute), self.size)
            yield found
            start += self.size

    def _one(self, rows: Rows, compute: Callable[[Rows, int], Result], size: int) -> Result:
        if self._smaller is None or len(rows) >= size:
            return compute(rows, size)
        return self._smaller.compute(rows, compute, size)


def fitting(compute: Callable[[int], Result], size: int) -> tuple[Result, int]:
    """Compute a batch, halving it until it fits the memory."""
    while True:
        try:
            return compute(size), size
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if size == 1:
                raise ParameterError(
                    "a single clip does not fit the memory; type --device cpu, or cut the clips"
                ) from error
        size //= 2
        release_memory()
