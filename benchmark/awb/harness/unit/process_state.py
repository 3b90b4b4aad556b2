"""Global state of the process, restored after every plugin, so that plugins do not interfere.

Restored are the global random generators, numpy's handling of floating-point errors, warnings,
environment variables, the current folder, standard output, the recursion limit, and torch's
settings. Not restored are patched modules, signal handlers, threads and files. What a plugin prints
goes to stderr, since stdout is for boards; and a copy of the process that it forks ends where the
plugin does.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

_Setting = tuple[Callable[[], Any], Callable[[Any], Any]]


def _put_environment(before: dict[bytes, bytes] | dict[str, str]) -> None:
    environment: Any = getattr(os, "environb", os.environ)
    environment.clear()
    environment.update(before)


def _put_warnings(before: list[Any]) -> None:
    warnings.resetwarnings()
    warnings.filters[:] = before  # type: ignore[index]


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - a tenth of the time of Path.cwd
    except OSError:
        return ""


def _put_folder(before: str) -> None:
    with suppress(OSError):
        os.chdir(before)


def _streams() -> tuple[Any, Any]:
    return sys.stdout, sys.stderr


def _put_streams(before: tuple[Any, Any]) -> None:
    sys.stdout, sys.stderr = before


_SETTINGS: list[_Setting] = [
    (np.geterr, lambda before: np.seterr(**before)),
    (lambda: getattr(os, "environb", os.environ).copy(), _put_environment),
    (lambda: list(warnings.filters), _put_warnings),
    (_folder, _put_folder),
    (_streams, _put_streams),
    (sys.getrecursionlimit, sys.setrecursionlimit),
]


def _torch_settings() -> list[_Setting]:
    """List torch's global settings, if it is loaded."""
    torch: Any = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_default_device"):
        return []
    return [
        (torch.get_num_threads, torch.set_num_threads),
        (torch.get_default_dtype, torch.set_default_dtype),
        (torch.get_default_device, torch.set_default_device),
        (torch.is_grad_enabled, torch.set_grad_enabled),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision),
    ]


@contextmanager
def untouched() -> Iterator[None]:
    """Restore global state on exit, also after an exception."""

    settings = [*_SETTINGS, *_torch_settings()]
    values = [get() for get, _ in settings]
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    torch: Any = sys.modules.get("torch")
    torch_state = torch.get_rng_state() if torch else None
    process = os.getpid()
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        if os.getpid() != process:
            os._exit(1)
        for (get, put), value in zip(settings, values, strict=True):
            if get() != value:
                put(value)
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
        if torch:
            torch.set_rng_state(torch_state)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute in one thread, so that results do not depend on the number of workers."""
    with _controller(len(sys.modules)).limit(limits=1):
        torch = _torch()
        before = torch.get_num_threads() if torch else 0
        if torch:
            torch.set_num_threads(1)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _controller(n_modules: int) -> ThreadpoolController:  # noqa: ARG001 - the key of the cache
    """Find the libraries that have threads, again whenever a module was imported."""
    return ThreadpoolController()


def _torch() -> Any:
    return sys.modules.get("torch")
