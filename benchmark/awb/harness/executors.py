"""Executors: where tasks run; results come back as they finish, few tasks are under way."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol, TypeVar

from awb.errors import RunError
from awb.harness.worker import start_worker

Task = TypeVar("Task")
Result = TypeVar("Result")


class Executor(Protocol):
    """Runs a function over tasks, each in a warm worker."""

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish, in any order."""
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


class Processes:
    """Run tasks in worker processes.

    Parameters
    ----------
    pool : ProcessPoolExecutor
        Workers.
    jobs : int
        Their number.
    """

    def __init__(self, pool: ProcessPoolExecutor, jobs: int) -> None:
        self._pool = pool
        self._limit = 2 * jobs

    def map(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish.

        Tasks are drawn lazily, so that memory does not grow with their number.

        Raises
        ------
        RunError
            If a worker process died.
        """
        pending: dict[Future[Any], Task] = {}
        source = iter(tasks)
        while True:
            while len(pending) < self._limit:
                task = next(source, None)
                if task is None:
                    break
                pending[self._pool.submit(function, task)] = task
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                task = pending.pop(future)
                error = future.exception()
                if isinstance(error, BrokenProcessPool):
                    raise RunError(
                        "a worker process died (out of memory, or a plugin that crashed it)."
                        " What was finished is stored; type: awb resume with the run's folder"
                    )
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield task, error if error is not None else future.result()


def open_executor(jobs: int) -> AbstractContextManager[Executor]:
    """Open an executor.

    Parameters
    ----------
    jobs : int
        Worker processes; 1 runs everything in this process.

    Returns
    -------
    context manager of Executor
        Workers end when it is left.
    """
    if jobs == 1:
        return nullcontext(InProcess())
    return _Pool(jobs)


class _Pool(AbstractContextManager["Executor"]):
    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool = ProcessPoolExecutor(
            jobs,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(str(Path.cwd()),),
        )

    def __enter__(self) -> Executor:
        return Processes(self._pool, self._jobs)

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
