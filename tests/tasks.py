"""Tasks for executors: importable, so that workers find them by name."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path

from awb.activity import PluginCall, at_work

CRASHES: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(3),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "segfault": lambda: ctypes.string_at(0),
}


def work(task: str | int) -> str:
    """Crash if the task is the name of a crash, fail if it is negative, else say who did it."""
    if isinstance(task, str):
        CRASHES[task]()
    elif task < 0:
        raise ValueError(f"{task} is negative")
    return f"{task} by {os.getpid()}"


def beyond(number: int) -> int:
    """Return what the first half of a task is about."""
    return number + 100


def with_the_first(task: int, first: str) -> str | tuple[int, str]:
    """Return what the second half is about; that of 4 is a crash."""
    return "segfault" if task == 4 else (task, first)


def both(halves: tuple[int, str] | str) -> str:
    """Say what the first half of a task was and who does the second."""
    return work(halves) if isinstance(halves, str) else f"{halves[1]}, {work(halves[0])}"


def crash_once(marker: Path) -> str:
    """Crash unless a file is there, and make it; so it is the next worker that finishes."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "finished"


class OddError(Exception):
    """An error that cannot be unpickled: it needs two arguments and stores none."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__((one, two))


def raise_it(name: str) -> object:
    """Raise, or return, objects that cannot be pickled."""
    if name == "interrupt":
        raise KeyboardInterrupt
    if name == "unpicklable":
        return lambda: None
    raise OddError(1, 2)


def hang_as(call: tuple[str, str]) -> str:
    """Hang as a plugin, unless it has no name."""
    kind, label = call
    with at_work(PluginCall(kind, label)):
        while label:
            pass
    return "finished"


def lock_of_bars(_: int) -> str:
    """Say what kind of lock a bar of a library takes."""
    from tqdm import tqdm

    with tqdm.get_lock():
        return type(tqdm.get_lock()).__name__
