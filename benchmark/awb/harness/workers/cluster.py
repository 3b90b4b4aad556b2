"""The same tasks on a Dask cluster: workers anywhere, results in a single store.

A task contains its clip, so workers need no shared filesystem. Plugins are sent by name, so workers
need the same plugins installed. Models stay loaded in a worker from one task to the next.

References
----------
Rocklin, M. (2015). Dask: Parallel computation with blocked algorithms and task scheduling.
Proceedings of the 14th Python in Science Conference.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from awb.activity import WorkerDiedError
from awb.errors import MissingExtraError, ParameterError, RunError
from awb.harness.config.limits import Limits
from awb.harness.config.machine import machine
from awb.harness.workers.executor import ATTEMPTS, Apart, Executor
from awb.harness.workers.processes import Processes

Task = TypeVar("Task")
Result = TypeVar("Result")

_LOCAL = re.compile(r"local:([1-9]\d*)\Z")
_SECONDS_TO_CONNECT = 10
_COMPUTED_AGAIN = ("lost", "pending")
"""States of a finished task whose worker died, or left, before its result was fetched."""
_ONE_AT_A_TIME = threading.Lock()


_guards: dict[Limits, Processes] = {}


def in_turn(
    function: Callable[[Task], Result],
    task: Task,
    limits: Limits,
    apart: Apart[Task, Any, Result] | None = None,
) -> Result:
    """Run a task in a child of this worker, one at a time even if the worker has several threads.

    The child lives on, with its models loaded, until a plugin exceeds a limit or crashes; the
    worker itself runs no plugin code and survives.
    """
    with _ONE_AT_A_TIME:
        if limits not in _guards:
            for other in _guards.values():
                other.close()
            _guards.clear()
            _guards[limits] = Processes(1, limits)
        [(_, result)] = _guards[limits].map(function, [task], apart=apart)
    if isinstance(result, Exception):
        raise result
    return result


class Cluster:
    """Run tasks on the workers of a Dask scheduler."""

    def __init__(self, client: Any, limits: Limits) -> None:
        self._client = client
        self._limits = limits

    def map(
        self,
        function: Callable[[Task], Result],
        tasks: Iterable[Task],
        revise: Callable[[Task], Task] | None = None,  # noqa: ARG002 - nothing is drawn ahead
        apart: Apart[Task, Any, Result] | None = None,
    ) -> Iterator[tuple[Task, Result | Exception]]:
        """Yield (task, result or exception) as they finish.

        Each worker has at most one pending task, so that its death is attributed to the right task;
        workers may join and leave at any time.
        """
        from distributed import as_completed

        source = iter(tasks)
        pending: dict[str, tuple[Any, Task]] = {}
        finished = as_completed(loop=self._client.loop)
        while True:
            for _ in range(self._workers() - len(pending)):
                task = next(source, None)
                if task is None:
                    break
                given = function, task, self._limits, apart
                future = self._client.submit(in_turn, *given, pure=False)
                pending[future.key] = future, task
                finished.add(future)
            if not pending:
                return
            future = next(finished)
            if future.status in _COMPUTED_AGAIN:
                finished.add(future)
                continue
            _, task = pending.pop(future.key)
            yield task, _outcome(future)

    def machines(self) -> list[dict[str, Any]]:
        """Ask every worker where it is; one that dies meanwhile gives no answer."""
        return list(self._client.run(machine, on_error="ignore").values())

    def _workers(self) -> int:
        """Count the workers, but at least one, so that a task waits for the first to join."""
        return max(1, len(self._client.nthreads()))


def _outcome(future: Any) -> Any:
    """Return a future's result or error."""
    from distributed import KilledWorker

    if future.status not in ("finished", "error"):
        raise RunError(
            "the connection to the Dask scheduler is lost. Finished units are stored; type: awb"
            " resume with the run's folder"
        )
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, KilledWorker):
        deaths = int(getattr(error, "allowed_failures", ATTEMPTS - 1)) + 1
        return WorkerDiedError(f"its Dask worker died, {deaths} times in {deaths} attempts")
    if not isinstance(error, Exception):
        raise error
    return error


def open_cluster(scheduler: str, limits: Limits) -> AbstractContextManager[Executor]:
    """Connect to a Dask cluster, or start one on this machine."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "--scheduler needs dask and distributed. Type: python -m pip install"
            ' "audio-where-benchmark[cluster]"'
        ) from error
    local = _LOCAL.match(scheduler)
    if local is None and scheduler.startswith("local"):
        raise ParameterError(
            f"cannot parse {scheduler!r}: expected local:N with a number of workers, or an address"
            " like tcp://host:8786"
        )
    return _started(int(local[1]), limits) if local else _connected(scheduler, limits)


@contextmanager
def _started(n_workers: int, limits: Limits) -> Iterator[Executor]:
    """Start a local cluster of single-threaded processes."""
    import dask
    from distributed import Client, LocalCluster

    with ExitStack() as stack:
        settings = {"distributed.scheduler.allowed-failures": ATTEMPTS - 1}
        stack.enter_context(dask.config.set(settings))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=n_workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )
        )
        yield Cluster(stack.enter_context(Client(cluster)), limits)


@contextmanager
def _connected(address: str, limits: Limits) -> Iterator[Executor]:
    """Connect to a running scheduler."""
    from distributed import Client

    path = Path(address)
    is_file = path.suffix == ".json"
    if is_file and not path.is_file():
        raise RunError(f"scheduler file {address} does not exist. First type: dask scheduler")
    target = {"scheduler_file": address} if is_file else {"address": address}
    try:
        client = Client(**target, timeout=_SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise RunError(
            f"no Dask scheduler answers at {address} ({type(error).__name__}). Start one with:"
            " dask scheduler"
        ) from error
    with client:
        yield Cluster(client, limits)
