"""Open an executor: this process, worker processes, or a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from awb.harness.config.limits import Limits
from awb.harness.workers.executor import Executor, InProcess
from awb.harness.workers.processes import Processes, Watcher


def open_executor(
    jobs: int,
    scheduler: str | None = None,
    *,
    limits: Limits | None = None,
    isolate: bool = False,
    watcher: Watcher | None = None,
) -> AbstractContextManager[Executor]:
    """Open an executor; a watcher is told what worker processes of this machine are doing."""
    if scheduler is not None:
        from awb.harness.workers.cluster import open_cluster

        return open_cluster(scheduler, limits or Limits())
    if jobs == 1 and not isolate:
        return nullcontext(InProcess())
    return Processes(jobs, limits, watcher)
