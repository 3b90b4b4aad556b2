"""Worker processes on this machine: each gets one task at a time, is watched, and can be killed."""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from awb.activity import MODEL, At, WorkerDiedError
from awb.errors import PluginError
from awb.harness.config.limits import (
    FROM_OUTSIDE,
    Limits,
    how_it_ended,
    signal_name,
    too_large,
    too_long,
)
from awb.harness.workers.child import CUT_OFF, Child, Failure
from awb.harness.workers.executor import ATTEMPTS, Apart, Result, Task, unchanged

_LOOK_EVERY_S = 0.25
_END_S = 1.0
"""A process whose connection is closed has ended, or will within this time."""
_CUT_OFF = "it closed files that are not its own, among them its connection to awb"


_NOT_BELOW_MAIN = (
    "It did not even start: a script must call awb.run below if __name__ == '__main__':"
)

Watcher = Callable[[At], None]
"""Is told, a few times a second, what a worker is doing."""


@dataclass(slots=True, eq=False)
class _Job:
    """A pending task, and how many of its workers were killed from outside."""

    task: Any
    deaths: int = 0


class _Lane:
    """One worker process, with its current and its next task."""

    _DEPTH = 2  # one task runs, one waits, so that the worker is never idle

    def __init__(self, limits: Limits, watcher: Watcher | None = None) -> None:
        self._limits = limits
        self._watcher = watcher
        self._child: Child | None = None
        self._ready = self._busy = False
        self._watched_s = 0.0
        self._jobs: deque[_Job] = deque()

    @property
    def room(self) -> int:
        """Number of further tasks that this lane accepts."""
        return self._DEPTH - len(self._jobs)

    @property
    def is_busy(self) -> bool:
        """Whether it has a task."""
        return bool(self._jobs)

    @property
    def signs(self) -> list[Any]:
        """Objects to wait for: something to read, or the end of the process."""
        if self._child is None or not self._jobs:
            return []
        return [self._child.connection, self._child.process.sentinel]

    def submit(self, job: _Job) -> None:
        """Queue a task; the first one starts the worker."""
        self._jobs.append(job)

    def look(self, work: _Work) -> Iterator[tuple[Any, Any]]:
        """Yield new results and errors, and keep the worker busy."""
        if not self._jobs:
            return
        if self._child is None:
            self._child, self._ready, self._busy = Child(), False, False
        try:
            alive = self._child.process.is_alive()  # before poll: it may answer and then end
            if self._child.connection.poll():
                yield from self._hear(self._child.connection.recv_bytes())
            elif not alive:
                yield from self._after_death()
            elif self._busy:
                yield from self._watch(self._child)
        except (EOFError, OSError):
            yield from self._after_death()
        yield from self._send(work)

    def _hear(self, content: bytes) -> Iterator[tuple[Any, Any]]:
        if self._busy:
            job, answer = self._jobs.popleft(), pickle.loads(content)  # noqa: S301 - our own worker
            self._busy = False
            yield job.task, answer.error if isinstance(answer, Failure) else answer
        self._ready = True

    def _send(self, work: _Work) -> Iterator[tuple[Any, Any]]:
        while self._jobs and self._child is not None and self._ready and not self._busy:
            job = self._jobs[0]
            job.task = work.revise(job.task)
            try:
                self._child.send(work.function, work.sent(job.task))
                self._busy = True
            except PluginError as error:
                yield self._jobs.popleft().task, error

    def _watch(self, child: Child) -> Iterator[tuple[Any, Any]]:
        """End the worker if a plugin in it has exceeded a limit."""
        now_s = time.monotonic()
        if now_s - self._watched_s < _LOOK_EVERY_S:
            return
        self._watched_s = now_s
        at, most_bytes = child.at, self._limits.most_bytes()
        if self._watcher is not None:
            self._watcher(at)
        late = at.exceeds(self._limits.time_s, now_s)
        if child.memory_bytes() > most_bytes:
            error = WorkerDiedError(too_large(most_bytes), at.call or MODEL)
        elif late is not None:
            error = WorkerDiedError(too_long(self._limits), late)
        else:
            return
        self.close()
        yield self._jobs.popleft().task, error

    def _after_death(self) -> Iterator[tuple[Any, Any]]:
        """Retry the task if the worker may have been killed from outside, else report the end."""
        if self._child is None:
            return
        at, was_ready, was_busy, job = self._child.at, self._ready, self._busy, self._jobs[0]
        self._child.process.join(timeout=_END_S)
        exit_code = self._child.process.exitcode
        cut_off = exit_code in (None, CUT_OFF)
        exit_code = self._child.end()
        self._child = None
        reason, call = how_it_ended(exit_code), MODEL if at.in_model else at.call
        if was_ready and not was_busy:
            return
        if cut_off:
            reason, call = _CUT_OFF, at.call or MODEL
        elif not was_ready:
            reason, call = f"{reason}. {_NOT_BELOW_MAIN}", None
        elif signal_name(exit_code) in FROM_OUTSIDE:
            job.deaths += 1
            if job.deaths < ATTEMPTS:
                return
            reason, call = f"{reason}, {ATTEMPTS} times", at.call or MODEL
        self._jobs.popleft()
        yield job.task, WorkerDiedError(reason, call)

    def close(self) -> None:
        """End the worker; its current task is lost."""
        if self._child is not None:
            self._child.end()
            self._child = None


@dataclass(frozen=True, slots=True)
class _Work:
    """The function to run on tasks, and the one that revises them just before."""

    function: Callable[[Any], Any]
    revise: Callable[[Any], Any]
    sent: Callable[[Any], Any] = unchanged  # what the process gets of a task


_LANES_TO_A_SECOND = 4
"""Workers that one process for second halves keeps up with, as these are short."""


class Processes(AbstractContextManager["Processes"]):
    """Run tasks in worker processes of this machine."""

    def __init__(
        self, jobs: int, limits: Limits | None = None, watcher: Watcher | None = None
    ) -> None:
        some = limits or Limits()
        self._lanes = [_Lane(some, watcher) for _ in range(jobs)]
        seconds = range(-(-jobs // _LANES_TO_A_SECOND))
        self._seconds = [_Lane(some, watcher) for _ in seconds]

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] = unchanged,
        apart: Apart[Task, Any, Result] | None = None,
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish.

        Tasks are drawn lazily, so that memory does not grow with their number. Second halves have
        workers of their own, which start when there is one.
        """
        source = iter(tasks)
        while True:
            self._draw(source)
            if not any(lane.is_busy for lane in [*self._lanes, *self._seconds]):
                return
            if apart is None:
                for lane in self._lanes:
                    yield from lane.look(_Work(function, revise))
            else:
                yield from self._halves(apart, revise)
            signs = [sign for lane in [*self._lanes, *self._seconds] for sign in lane.signs]
            if signs:
                wait(signs, timeout=_LOOK_EVERY_S)

    def machines(self) -> list[dict[str, Any]]:
        """Return none: the processes are on this machine."""
        return []

    def _draw(self, source: Iterator[Any]) -> None:
        """Give tasks to the workers that have room, unless second halves pile up."""
        if any(lane.room < 0 for lane in self._seconds):
            return
        while (lane := max(self._lanes, key=lambda one: one.room)).room:
            task = next(source, None)
            if task is None:
                break
            lane.submit(_Job(task))

    def _halves(
        self, apart: Apart[Any, Any, Any], revise: Callable[[Any], Any]
    ) -> Iterator[tuple[Any, Any]]:
        """Yield new results of second halves and errors of either, and keep the workers busy."""
        for lane in self._lanes:
            for task, result in lane.look(_Work(apart.first, revise, apart.first_task)):
                if isinstance(result, Exception):
                    yield task, result
                else:
                    free = max(self._seconds, key=lambda one: one.room)
                    free.submit(_Job((task, result)))
        second = _Work(
            apart.second,
            lambda pair: (revise(pair[0]), pair[1]),
            lambda pair: apart.second_task(*pair),
        )
        for lane in self._seconds:
            for (task, _), result in lane.look(second):
                yield task, result

    def close(self) -> None:
        """End the workers; their current tasks are lost."""
        for lane in [*self._lanes, *self._seconds]:
            lane.close()

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        self.close()
