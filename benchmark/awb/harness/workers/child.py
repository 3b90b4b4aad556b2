"""One worker process: given tasks one by one, looked at from outside, and ended with all it began.

It writes what it is at into memory that both processes see, so that the last word is there however
the process ends, and so that saying it costs about a microsecond.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any

from awb import activity
from awb.activity import At, PluginCall, WorkerDiedError
from awb.errors import PluginError

READY = b"ready"
_HEAD = struct.Struct("<dd?H")
_SLOT = 4096
_FIRST_TO_GO = "500"
"""Where memory runs out, Linux ends the process with the highest number: not the run."""


class Sheet:
    """What a process is at, in shared memory."""

    SIZE = 1 + 2 * _SLOT

    def __init__(self, memory: Any) -> None:
        self._memory = memoryview(memory).cast("B")

    def write(self, at: At) -> None:
        """Note what this process is at."""
        text = _packed(at.call)
        count = (self._memory[0] + 1) % 256
        start = 1 + count % 2 * _SLOT
        content = _HEAD.pack(at.used_s, at.since_s, at.in_model, len(text)) + text
        self._memory[start : start + len(content)] = content
        self._memory[0] = count

    def read(self) -> At:
        """Read what the other process is at."""
        while True:
            count = self._memory[0]
            start = 1 + count % 2 * _SLOT
            content = bytes(self._memory[start : start + _SLOT])
            if self._memory[0] == count:
                break
        used_s, since_s, in_model, length = _HEAD.unpack_from(content)
        text = content[_HEAD.size : _HEAD.size + length]
        call = PluginCall(*json.loads(text)) if text else None
        return At(call, used_s, since_s, in_model)


@lru_cache(maxsize=4096)
def _packed(call: PluginCall | None) -> bytes:
    """Write a call down; nobody, where the names are too long for the sheet."""
    if call is None:
        return b""
    text = json.dumps([call.kind, call.label, call.of]).encode()
    return text if len(text) <= _SLOT - _HEAD.size else b""


class Child:
    """A worker process."""

    def __init__(self) -> None:
        ours = multiprocessing.current_process()
        if ours.daemon:  # a Dask worker is; what it starts here ends with it, see `start_worker`
            ours.daemon = False
        context = multiprocessing.get_context("spawn")
        memory = context.RawArray("B", Sheet.SIZE)
        self.connection, theirs = context.Pipe()
        self._sheet = Sheet(memory)
        self.process = context.Process(
            target=_serve, args=(theirs, memory, str(Path.cwd())), daemon=True
        )
        self.process.start()
        theirs.close()

    def send(self, function: Callable[[Any], Any], task: Any) -> None:
        """Give it a task; it must have said that it is ready."""
        try:
            content = ForkingPickler.dumps((function, task))
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            raise PluginError(f"a task cannot travel to a worker process: {text}") from error
        with suppress(OSError):  # it is dead; its sentinel will say so
            self.connection.send_bytes(content)

    @property
    def at(self) -> At:
        """What it is at."""
        return self._sheet.read()

    def memory_bytes(self) -> float:
        """Return the memory that it holds, in bytes; 0 once it has ended."""
        import psutil

        try:
            return float(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0.0

    def end(self) -> int | None:
        """End it and whatever it has started, and say how it ended: its exit code."""
        self.process.join(timeout=0)
        pid = self.process.pid
        if pid is not None and hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode


def _follow_parent(cwd: str) -> None:
    """Work where the main process does, and end when it is gone, however it went."""
    os.chdir(cwd)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with what plugins have started
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(connection: Connection, memory: Any, cwd: str) -> None:
    """Work in the child: take a task, send back what came of it."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that it can be ended together with what plugins start
    multiprocessing.current_process().daemon = False  # plugins may start processes
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    _follow_parent(cwd)
    connection.send_bytes(READY)
    while True:
        try:
            content = connection.recv_bytes()
        except EOFError:
            return
        activity.tell(Sheet(memory).write)
        connection.send_bytes(_answer(content))


def _answer(content: bytes) -> bytes:
    """Do a task; whatever it raises is an answer, too, even what no plugin should raise."""
    try:
        function, task = pickle.loads(content)  # noqa: S301 - from the process that started this
        result = function(task)
    except Exception as error:  # noqa: BLE001 - the plugin boundary: the caller reports it
        return _packed_error(error)
    except BaseException as error:  # noqa: BLE001 - a plugin that says sys.exit() or worse
        text = f"it raised {type(error).__name__}"
        return _packed_error(WorkerDiedError(text, activity.present()))
    try:
        return pickle.dumps(result)
    except Exception as error:  # noqa: BLE001 - whatever pickle makes of a foreign object
        return _packed_error(PluginError(f"what it returned cannot travel: {error}"))


def _packed_error(error: Exception) -> bytes:
    """Pack an error, as text where it cannot be unpacked again."""
    try:
        content = pickle.dumps(Failure(error))
        pickle.loads(content)  # noqa: S301 - what was pickled just here
    except Exception:  # noqa: BLE001 - whatever a foreign exception does
        return pickle.dumps(Failure(PluginError(f"{type(error).__name__}: {error}")))
    return content


class Failure:
    """An exception that a task raised, apart from results that happen to be exceptions."""

    def __init__(self, error: Exception) -> None:
        self.error = error
