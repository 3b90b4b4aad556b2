"""Where and how a run computes, the same for all runs of a sweep; no result depends on it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from awb.harness.config.limits import Limits, make_limits
from awb.harness.config.settings import RunSettings
from awb.perturbation.cache import ScoreCache


@dataclass(frozen=True, slots=True)
class Resources:
    """What a run may use.

    Attributes
    ----------
    jobs : int or None
        Worker processes; None for one per processor.
    scheduler : str or None
        A Dask cluster to compute on instead, see `awb.harness.workers.cluster.open_cluster`.
    cache : ScoreCache or None
        Where scores are kept from run to run; None to compute them all.
    scores : Path or None
        Scores of whole clips from ``awb data scores``; None for a file in the run folder.
    limits : Limits
        What a plugin may take before it is stopped, with `isolate`.
    isolate : bool
        Whether a single job, too, computes in a process that can be stopped.
    """

    jobs: int | None = None
    scheduler: str | None = None
    cache: ScoreCache | None = None
    scores: Path | None = None
    limits: Limits = field(default_factory=Limits)
    isolate: bool = False

    @classmethod
    def of(
        cls,
        settings: RunSettings,
        cache: ScoreCache | None,
        *,
        jobs: int | None = None,
        isolate: bool = False,
    ) -> Resources:
        """Read them from settings; `jobs` and `isolate` hold where the settings do not say."""
        return cls(
            jobs=settings.jobs or jobs,
            scheduler=settings.scheduler,
            cache=cache,
            scores=None if settings.scores is None else Path(settings.scores),
            limits=make_limits(settings.time_limit_s, settings.memory_limit),
            isolate=isolate if settings.isolate is None else settings.isolate,
        )

    @property
    def workers(self) -> int:
        """Number of worker processes on this machine."""
        return self.jobs or default_jobs()


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
