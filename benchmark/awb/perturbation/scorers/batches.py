"""Batches that fit the memory: halved until they do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy.typing as npt

from awb.errors import ParameterError, one_line

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


class Batches:
    """Computes rows in batches of one size, which is halved where memory runs out."""

    def __init__(self, size: int) -> None:
        self.size = size

    def over(self, rows: Rows, compute: Callable[[Rows, int], Result]) -> Iterator[Result]:
        """Yield what `compute(rows that are left, size)` gives for the first `size` of them."""
        start = 0
        while start < len(rows):
            found, self.size = fitting(partial(compute, rows[start:]), self.size)
            yield found
            start += self.size


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
