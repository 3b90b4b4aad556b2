"""Steps: loops of long work, reported to whoever listens, without a parameter at every call.

Only the outermost loop that has several steps is reported: one bar for all submissions, or, if
there is only one, for its instances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

Step = TypeVar("Step")
Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class _Listener:
    progress: Progress
    busy: bool = False  # whether a loop is being reported


_listener: ContextVar[_Listener | None] = ContextVar("listener", default=None)


@contextmanager
def listening(progress: Progress) -> Iterator[None]:
    """Report the steps of the work inside to a callable ``progress(phase, done, total)``."""
    token = _listener.set(_Listener(progress))
    try:
        yield
    finally:
        _listener.reset(token)


def steps(things: Iterable[Step], phase: str) -> Iterator[Step]:
    """Yield things one by one, and report how many are done.

    Examples
    --------
    >>> with listening(lambda phase, done, total: print(phase, done, "of", total)):
    ...     for letter in steps("ab", "Letters"):
    ...         numbers = list(steps([1, 2], "Numbers"))
    Letters 0 of 2
    Letters 1 of 2
    Letters 2 of 2
    """
    every: Sequence[Step] = list(things)
    listener = _listener.get()
    if listener is None or listener.busy or len(every) < 2:
        yield from every
        return
    listener.busy = True
    try:
        for done, one in enumerate(every):
            listener.progress(phase, done, len(every))
            yield one
        listener.progress(phase, len(every), len(every))
    finally:
        listener.busy = False


def reported(phase: str, done: int, total: int) -> None:
    """Report the progress of work that counts by itself, unless it is a part of a larger loop."""
    listener = _listener.get()
    if listener is not None and not listener.busy:
        listener.progress(phase, done, total)
