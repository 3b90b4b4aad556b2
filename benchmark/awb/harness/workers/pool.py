"""Open an executor: this process, worker processes, or a cluster."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from awb.harness.config.limits import Limits
from awb.harness.workers.executor import Executor, InProcess
from awb.harness.workers.processes import Processes


def open_executor(
    jobs: int,
    scheduler: str | None = None,
    *,
    limits: Limits | None = None,
    isolate: bool = False,
) -> AbstractContextManager[Executor]:
    """Open an executor.

    Parameters
    ----------
    jobs : int
        Worker processes. Of no meaning with a scheduler.
    scheduler : str or None
        A Dask cluster, see `awb.harness.workers.cluster.open_cluster`; None for this machine alone.
    limits : Limits or None
        What a plugin may take, where it does not run in this process; None for the defaults.
    isolate : bool
        Whether a single job, too, gets a process of its own, which can be ended.

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
        from awb.harness.workers.cluster import open_cluster

        return open_cluster(scheduler, limits or Limits())
    return nullcontext(InProcess()) if jobs == 1 and not isolate else Processes(jobs, limits)
