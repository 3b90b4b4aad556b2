"""Processes that start with the heavy libraries loaded, for tests of anything but the start.

A command in a process of its own imports torch and the rest anew, and so does each of its workers:
four seconds of processor time for tests that explain three clips. Here a server imports them once
per process of pytest, and forks commands and workers. Whatever tests the start of a process, or
what happens if the main one is killed, starts it as a user does; see `commands`.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from awb.harness.workers import child

AVAILABLE = sys.platform == "linux"
_LOADED = [
    "torch", "scipy.stats", "scipy.optimize", "sklearn.ensemble", "sklearn.linear_model",
    "captum.attr", "soundfile", "platformdirs", "pydantic", "rich.console", "rich.progress",
    "awb.api", "awb.cli", "awb.builtins", "awb.harness.run", "awb.harness.unit.evaluation",
    "awb.leaderboard.boards.construction", "awb_plugins.models", "awb_plugins.explainers",
    "awb_datasets",
]  # fmt: skip


def _as_started(environment: dict[str, str], target: Callable[..., None], *given: Any) -> None:
    """Run in the environment of the process that asked for this one, not of the server."""
    os.environ.clear()
    os.environ.update(environment)
    target(*given)


class _Context:
    """What `awb.harness.workers.child` needs of a context of multiprocessing."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_LOADED)
        self.RawArray, self.Pipe = self._context.RawArray, self._context.Pipe

    def Process(self, target: Any, args: tuple[Any, ...], daemon: bool) -> Any:  # noqa: N802
        given = (dict(os.environ), target, *args)
        return self._context.Process(target=_as_started, args=given, daemon=daemon)


@contextmanager
def warm_workers() -> Iterator[None]:
    """Let workers that this process starts come from the server."""
    context = _Context()
    stand_in = SimpleNamespace(
        get_context=lambda method: context,
        current_process=multiprocessing.current_process,
        parent_process=multiprocessing.parent_process,
    )
    with pytest.MonkeyPatch.context() as patch:
        if AVAILABLE:
            patch.setattr(child, "multiprocessing", stand_in)
        yield


def awb(
    *arguments: str | Path, cwd: Path | None = None, timeout_s: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a process that the server forks."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("stdout", "stderr")]
        words = list(map(str, arguments))
        process = _Context().Process(
            target=_command, args=(words, str(cwd or Path.cwd()), *paths), daemon=False
        )
        process.start()
        process.join(timeout_s)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["awb", *words], timeout_s)
        said = [path.read_text(encoding="utf-8") for path in paths]
    return subprocess.CompletedProcess(words, process.exitcode, *said)


def _command(words: list[str], cwd: str, stdout: Path, stderr: Path) -> None:
    """Be the command: its folder, its output, its exit code; its workers are siblings."""
    os.chdir(cwd)
    for number, path in ((1, stdout), (2, stderr)):
        with path.open("wb") as stream:
            os.dup2(stream.fileno(), number)
    multiprocessing.current_process().daemon = False
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]
    from awb.cli import main

    with warm_workers():
        main(words, prog_name="awb")
