"""Starting what was asked for, one run or a sweep of them, and taking it up again."""

from __future__ import annotations

from contextlib import AbstractContextManager, chdir, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from awb.errors import AwbError, ParameterError
from awb.harness import run as runner
from awb.harness.config.choice import choose
from awb.harness.config.limits import Limits, make_limits
from awb.harness.config.run_config import RunConfig
from awb.harness.config.settings import RunSettings, Settled
from awb.harness.config.sweeps import Variant, variants
from awb.harness.config.toml_output import settings_toml
from awb.harness.selection.selector import Progress
from awb.harness.storage.run_folder import RUN_FILE, RunFolder, unused_path
from awb.harness.storage.sweep_folder import SweepFolder, is_sweep
from awb.perturbation.cache import ScoreCache
from awb.plugins.discovery import load
from awb.plugins.session import add_file


@dataclass(frozen=True, slots=True)
class Means:
    """Where and how runs compute, the same for all runs of a sweep; no result depends on it.

    Attributes
    ----------
    jobs : int or None
        Worker processes; None for one a processor.
    scheduler : str or None
        A Dask cluster to work on instead.
    cache : ScoreCache or None
        Where scores are kept from run to run; None to compute them all.
    scores : Path or None
        Scores of whole clips.
    limits : Limits
        What a plugin may take.
    isolate : bool
        Whether one job, too, computes in a process that can be stopped.
    """

    jobs: int | None = None
    scheduler: str | None = None
    cache: ScoreCache | None = None
    scores: Path | None = None
    limits: Limits = field(default_factory=Limits)
    isolate: bool = True

    @classmethod
    def of(
        cls,
        settings: RunSettings,
        cache: ScoreCache | None,
        *,
        jobs: int | None = None,
        isolate: bool = True,
    ) -> Means:
        """Read the means among settings."""
        return cls(
            jobs=settings.jobs or jobs,
            scheduler=settings.scheduler,
            cache=cache,
            scores=None if settings.scores is None else Path(settings.scores),
            limits=make_limits(settings.time_limit_s, settings.memory_limit),
            isolate=isolate if settings.isolate is None else settings.isolate,
        )

    def run(self, config: RunConfig, path: Path, progress: Progress) -> RunFolder:
        """Run a configuration into a new folder; see `awb.harness.run.run`."""
        return runner.run(
            config,
            path,
            jobs=self.jobs,
            progress=progress,
            scores=self.scores,
            scheduler=self.scheduler,
            cache=self.cache,
            limits=self.limits,
            isolate=self.isolate,
        )

    def resume(self, path: Path, progress: Progress, *, retry_stopped: bool = False) -> RunFolder:
        """Finish a run; see `awb.harness.run.resume`."""
        return runner.resume(
            path,
            jobs=self.jobs,
            progress=progress,
            scheduler=self.scheduler,
            cache=self.cache,
            limits=self.limits,
            isolate=self.isolate,
            retry_stopped=retry_stopped,
        )


def out_path(settled: Settled) -> Path:
    """Return the folder to write to: the one that was given, or a new one."""
    if settled.settings.out is not None:
        return Path(settled.settings.out)
    name = settled.source.stem if settled.sweep and settled.source is not None else None
    return unused_path(name)


def load_plugins(settings: RunSettings) -> None:
    """Load the plugin files that settings name."""
    for path in settings.plugin:
        add_file(Path(path))


def checked_variants(settled: Settled) -> list[Variant]:
    """List the variants after looking up every name in them, before anything heavy happens."""
    registry, found = load(), variants(settled)
    for one in found:
        try:
            choose(one.config, registry)
        except AwbError as error:
            if not settled.sweep:
                raise
            raise ParameterError(f"variant {one.name}: {error}") from error
    return found


def start(
    settled: Settled, means: Means, path: Path, progress: Progress
) -> RunFolder | SweepFolder:
    """Run what was asked for into a new folder."""
    if not settled.sweep:
        return means.run(settled.settings.config(), path, progress)
    found = checked_variants(settled)
    text = settings_toml(settled.settings, settled.sweep)
    sweep = SweepFolder.create(path, found, text, scores=means.scores)
    _work_through(sweep, means, progress)
    return sweep


def take_up(
    path: Path, means: Means, progress: Progress, *, retry_stopped: bool = False
) -> RunFolder | SweepFolder:
    """Finish a run, or every run of a sweep."""
    if not is_sweep(path):
        return means.resume(path, progress, retry_stopped=retry_stopped)
    sweep = SweepFolder.open(path)
    _work_through(sweep, means, progress, retry_stopped=retry_stopped)
    return sweep


def _work_through(
    sweep: SweepFolder, means: Means, progress: Progress, *, retry_stopped: bool = False
) -> None:
    """Run every variant that is not finished; those that are stay as they are."""
    path, started = sweep.path.resolve(), sweep.started_in
    there: AbstractContextManager[None] = (
        chdir(started) if started is not None and started.is_dir() else nullcontext()
    )
    with there:
        if sweep.scores is not None and sweep.scores.is_file():
            means = replace(means, scores=sweep.scores)
        for number, variant in enumerate(sweep.variants, start=1):
            told = _telling(progress, f"[{number}/{len(sweep.variants)}] {variant.name}")
            folder = path / variant.name
            if (folder / RUN_FILE).is_file():
                means.resume(folder, told, retry_stopped=retry_stopped)
            else:
                means.run(variant.config, folder, told)


def _telling(progress: Progress, name: str) -> Progress:
    return lambda phase, done, total: progress(f"{name}: {phase}", done, total)
