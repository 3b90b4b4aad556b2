"""Executors: where tasks run; results come back as they finish, few tasks are under way."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from awb.errors import WorkerDiedError
from awb.harness.worker import start_worker

Task = TypeVar("Task")
Result = TypeVar("Result")

ATTEMPTS = 3
"""Workers that one task may take down before it is given up."""


class Executor(Protocol):
    """Runs a function over tasks, each in a warm worker."""

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish, in any order.

        A task whose worker dies is tried again elsewhere; one that takes down `ATTEMPTS` workers
        comes back with a `WorkerDiedError`.
        """
        ...


class InProcess:
    """Run tasks one after another in this process."""

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) in order."""
        for task in tasks:
            try:
                yield task, function(task)
            except Exception as error:  # noqa: BLE001 - the plugin boundary: the caller reports it
                yield task, error


def given_up(attempts: int) -> WorkerDiedError:
    """Make the reason of a task that takes its workers down."""
    return WorkerDiedError(
        f"its worker process died, {attempts} times in {attempts} attempts (out of memory, or a"
        " plugin that crashes)"
    )


@dataclass(slots=True, eq=False)
class _Job:
    """A task under way, and how many workers it has taken down."""

    task: Any
    deaths: int = 0


class _Lane:
    """One worker process with its own queue, so that a death tells which task it happened in."""

    _DEPTH = 2  # one that runs, one that waits: no worker is idle between two

    def __init__(self) -> None:
        self._pool = _new_pool()
        self._pending: deque[tuple[Future[Any], _Job]] = deque()

    @property
    def futures(self) -> list[Future[Any]]:
        """What is under way here."""
        return [future for future, _ in self._pending]

    @property
    def room(self) -> int:
        """How many more tasks this lane takes."""
        return self._DEPTH - len(self._pending)

    def submit(self, function: Callable[[Any], Any], job: _Job) -> None:
        """Queue a task; a worker that died while it was idle is replaced."""
        try:
            future = self._pool.submit(function, job.task)
        except BrokenProcessPool:
            self._replace()
            future = self._pool.submit(function, job.task)
        self._pending.append((future, job))

    def collect(self, function: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
        """Yield what has finished, and begin anew with the rest if the worker has died."""
        while self._pending and self._pending[0][0].done():
            future, job = self._pending[0]
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                yield from self._after_death(function)
                return
            self._pending.popleft()
            if error is not None and not isinstance(error, Exception):
                raise error
            yield job.task, error if error is not None else future.result()

    def _after_death(self, function: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
        """Blame the first task in the queue: it was the one that ran."""
        jobs = [job for _, job in self._pending]
        self._pending.clear()
        self._replace()
        jobs[0].deaths += 1
        if jobs[0].deaths >= ATTEMPTS:
            lost = jobs.pop(0)
            yield lost.task, given_up(lost.deaths)
        for job in jobs:
            self.submit(function, job)

    def _replace(self) -> None:
        self.close()
        self._pool = _new_pool()

    def close(self) -> None:
        """End the worker; what it has begun is lost."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _new_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker,
        initargs=(str(Path.cwd()),),
    )


class Processes(AbstractContextManager["Processes"]):
    """Run tasks in worker processes of this machine.

    Parameters
    ----------
    jobs : int
        Their number; a worker starts with its first task.
    """

    def __init__(self, jobs: int) -> None:
        self._lanes = [_Lane() for _ in range(jobs)]

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish.

        Tasks are drawn lazily, so that memory does not grow with their number.
        """
        source = iter(tasks)
        while True:
            while (lane := max(self._lanes, key=lambda one: one.room)).room:
                task = next(source, None)
                if task is None:
                    break
                lane.submit(function, _Job(task))
            futures = [future for lane in self._lanes for future in lane.futures]
            if not futures:
                return
            wait(futures, return_when=FIRST_COMPLETED)
            for lane in self._lanes:
                yield from lane.collect(function)

    def __exit__(self, *_: object) -> None:
        """End the workers."""
        for lane in self._lanes:
            lane.close()


def open_executor(jobs: int, scheduler: str | None = None) -> AbstractContextManager[Executor]:
    """Open an executor.

    Parameters
    ----------
    jobs : int
        Worker processes; 1 runs everything in this process. Of no meaning with a scheduler.
    scheduler : str or None
        A Dask cluster, see `awb.harness.cluster.open_cluster`; None for this machine alone.

    Returns
    -------
    context manager of Executor
        Workers end when it is left.

    Raises
    ------
    AwbError
        If the cluster cannot be reached.
    """
    if scheduler is not None:
        from awb.harness.cluster import open_cluster

        return open_cluster(scheduler)
    return nullcontext(InProcess()) if jobs == 1 else Processes(jobs)
