"""Where and how a run computes, shared by all runs of a sweep; results do not depend on it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from awb.errors import ParameterError
from awb.harness.config.limits import Limits, make_limits
from awb.harness.config.settings import RunSettings
from awb.perturbation.cache import ScoreCache


@dataclass(frozen=True, slots=True)
class Resources:
    """Processes, cache and limits of a run."""

    jobs: int | None = None  # worker processes; None: one per processor
    scheduler: str | None = None  # of a Dask cluster to use instead
    cache: ScoreCache | None = None  # of scores across runs; None: compute them all
    scores: Path | None = None  # of whole clips, by `awb data scores`; None: a file in the folder
    limits: Limits = field(default_factory=Limits)
    isolate: bool = False  # use a process that can be stopped even for a single job

    @classmethod
    def of(
        cls,
        settings: RunSettings,
        cache: ScoreCache | None,
        *,
        jobs: int | None = None,
        isolate: bool = False,
    ) -> Resources:
        """Read resources from settings; `jobs` and `isolate` are the defaults."""
        if settings.scores is not None and not Path(settings.scores).is_file():
            raise ParameterError(
                f"scores: there is no file {settings.scores}. Type awb data scores DATASET"
                f" --out {settings.scores} to make it"
            )
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
