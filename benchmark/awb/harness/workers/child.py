"""One worker process: it gets tasks one by one, is observed, and is killed with its children.

It records its current activity in shared memory, so that the last state is available however the
process ends, and an update takes only about a microsecond.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import signal
import struct
import sys
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
from awb.errors import PluginError, described, one_line

READY = b"ready"
CUT_OFF = 113
"""Exit code of a worker whose connection to awb was closed by a plugin."""
_HEAD = struct.Struct("<dd?H")
_SLOT = 4096
_FIRST_TO_GO = "500"
"""If memory runs out, Linux kills the process with the highest score: a worker, not the run."""


class Sheet:
    """The current activity of a process, in shared memory."""

    SIZE = 1 + 2 * _SLOT

    def __init__(self, memory: Any) -> None:
        self._memory = memoryview(memory).cast("B")

    def write(self, at: At) -> None:
        """Record the activity of this process."""
        text = _packed(at.call)
        count = (self._memory[0] + 1) % 256
        start = 1 + count % 2 * _SLOT
        content = _HEAD.pack(at.used_s, at.since_s, at.in_model, len(text)) + text
        self._memory[start : start + len(content)] = content
        self._memory[0] = count

    def read(self) -> At:
        """Read the activity of the other process."""
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
    """Serialize a call; empty if the names do not fit into a slot."""
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
        """Send a task; the process must have reported that it is ready."""
        try:
            content = ForkingPickler.dumps((function, task))
        except Exception as error:
            raise PluginError(
                f"a task cannot be pickled for a worker process: {described(error)}"
            ) from error
        with suppress(OSError):  # it is dead, as its sentinel will show
            self.connection.send_bytes(content)

    @property
    def at(self) -> At:
        """Its current activity."""
        return self._sheet.read()

    def memory_bytes(self) -> float:
        """Return its resident memory in bytes; 0 once it has ended."""
        import psutil

        try:
            return float(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0.0

    def end(self) -> int | None:
        """Kill it and the processes that it has started, and return its exit code."""
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
    """Work in the folder of the main process, and exit when that process ends for any reason."""
    os.chdir(cwd)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)  # with processes that plugins have started
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _serve(connection: Connection, memory: Any, cwd: str) -> None:
    """Receive tasks in the child, and send back their results."""
    if hasattr(os, "setsid"):
        os.setsid()  # so that it can be killed together with processes of plugins
    multiprocessing.current_process().daemon = False  # plugins may start processes
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, encoding="ascii")
    _follow_parent(cwd)
    os.dup2(2, 1)  # stdout is for boards; what plugins print goes to stderr
    del sys.argv[1:]  # of the main process, where datasets are named
    _keep_bars_from_locking()
    connection.send_bytes(READY)
    while True:
        try:
            content = connection.recv_bytes()
        except EOFError:
            return
        activity.tell(_watchful(Sheet(memory), connection))
        connection.send_bytes(_answer(content))


def _keep_bars_from_locking() -> None:
    """Give bars of libraries a lock of this process; theirs is a semaphore that outlives a kill."""
    from tqdm import tqdm

    tqdm.set_lock(threading.RLock())


def _watchful(sheet: Sheet, connection: Connection) -> Callable[[At], None]:
    """Record activities, and end this process if a plugin has closed its connection to awb.

    Whoever did that is the activity that was recorded last.
    """
    ours = os.fstat(connection.fileno())

    def write(at: At) -> None:
        try:
            now = os.fstat(connection.fileno())
        except OSError:
            os._exit(CUT_OFF)
        if (now.st_dev, now.st_ino) != (ours.st_dev, ours.st_ino):
            os._exit(CUT_OFF)
        sheet.write(at)

    return write


def _answer(content: bytes) -> bytes:
    """Run a task; anything it raises is returned, including SystemExit and the like."""
    try:
        function, task = pickle.loads(content)  # noqa: S301 - from the process that started this
        result = function(task)
    except Exception as error:  # noqa: BLE001 - the plugin boundary: the caller reports it
        return _packed_error(error)
    except BaseException as error:  # noqa: BLE001 - a plugin that calls sys.exit() or worse
        text = f"it raised {one_line(type(error).__name__, 80)}"
        return _packed_error(WorkerDiedError(text, activity.present()))
    try:
        return pickle.dumps(result)
    except Exception as error:  # noqa: BLE001 - whatever pickle makes of a foreign object
        return _packed_error(PluginError(f"its result cannot be pickled: {described(error)}"))


def _packed_error(error: Exception) -> bytes:
    """Pickle an error, as text if it cannot be unpickled."""
    try:
        content = pickle.dumps(Failure(error))
        pickle.loads(content)  # noqa: S301 - pickled on the line above
    except Exception:  # noqa: BLE001 - whatever a foreign exception does
        return pickle.dumps(Failure(PluginError(described(error))))
    return content


class Failure:
    """An exception that a task raised, as opposed to a result that happens to be an exception."""

    def __init__(self, error: Exception) -> None:
        self.error = error
