"""Starting and resuming a run or a sweep."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, chdir, nullcontext
from dataclasses import replace
from pathlib import Path

from awb.errors import AwbError, ParameterError
from awb.harness.config.choice import choose
from awb.harness.config.resources import Resources
from awb.harness.config.settings import RunSettings, Settled
from awb.harness.config.shadows import with_shadows
from awb.harness.config.sweeps import Variant, variants
from awb.harness.config.toml_output import settings_toml
from awb.harness.planning.forecast import MINUTE_S, Forecast, Forecaster
from awb.harness.planning.timed import Bench, Timed, nothing_said
from awb.harness.run import opened, resume, run
from awb.harness.selection.no_instances import NoInstancesError
from awb.harness.selection.selector import Progress
from awb.harness.storage.run_folder import RUN_FILE, RunFolder, unused_path
from awb.harness.storage.sweep_folder import SweepFolder, is_sweep
from awb.plugins.discovery import load
from awb.plugins.session import add_file


def out_path(settled: Settled) -> Path:
    """Return the given output folder, or the path of a new one."""
    if settled.settings.out is not None:
        return Path(settled.settings.out)
    name = settled.source.stem if settled.sweep and settled.source is not None else None
    return unused_path(name)


def load_plugins(settings: RunSettings) -> None:
    """Load the plugin files that settings name."""
    for path in settings.plugin:
        add_file(Path(path))


def checked_variants(settled: Settled) -> list[Variant]:
    """List the variants, after resolving every name in them before any expensive work starts."""
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
    settled: Settled,
    resources: Resources,
    path: Path,
    progress: Progress,
    tell: Callable[[str], None] = nothing_said,
) -> RunFolder | SweepFolder:
    """Run a configuration or a sweep into a new folder; `tell` hears how a time is kept."""
    timed = Timed.of(settled.settings, tell)
    if timed is not None and settled.sweep:
        raise ParameterError("--within is the time of one run; leave it out, or the sweep")
    if settled.settings.shadow:
        settled = with_shadows(settled, load())
    if not settled.sweep:
        return run(settled.settings.config(), path, resources, progress, timed=timed)
    found = checked_variants(settled)
    text = settings_toml(settled.settings, settled.sweep)
    sweep = SweepFolder.create(path, found, text, scores=resources.scores)
    _work_through(sweep, resources, progress)
    return sweep


def forecast(settled: Settled, resources: Resources, progress: Progress) -> list[Forecast]:
    """Measure what a run, or each run of a sweep, will take; nothing is written."""
    if settled.settings.within is not None:
        raise ParameterError("--within keeps a time, --dry-run tells it: leave out one of them")
    if settled.settings.scheduler is not None:
        raise ParameterError("--dry-run measures this machine; leave out --scheduler")
    registry, found = load(), checked_variants(settled)
    forecasts: list[Forecast] = []
    for one in found:
        chosen = choose(one.config, registry)
        made = Forecaster(one.config, resources, progress, MINUTE_S / len(found))
        with opened(chosen, resources) as (executor, sources, facts):
            forecasts += made.forecasts(Bench(chosen, sources, facts, executor, resources))
    return forecasts


def take_up(
    path: Path,
    resources: Resources,
    progress: Progress,
    *,
    retry_stopped: bool = False,
    timed: Timed | None = None,
) -> RunFolder | SweepFolder:
    """Resume a run, or every run of a sweep."""
    if not is_sweep(path):
        return resume(path, resources, progress, retry_stopped=retry_stopped, timed=timed)
    if timed is not None:
        raise ParameterError("--within is the time of one run; name one of the sweep's subfolders")
    sweep = SweepFolder.open(path)
    _work_through(sweep, resources, progress, retry_stopped=retry_stopped)
    return sweep


def _work_through(
    sweep: SweepFolder, resources: Resources, progress: Progress, *, retry_stopped: bool = False
) -> None:
    """Run every variant that is not finished; finished ones are left unchanged."""

    path, started = sweep.path.resolve(), sweep.started_in
    there: AbstractContextManager[None] = (
        chdir(started) if started is not None and started.is_dir() else nullcontext()
    )
    with there:
        if sweep.scores is not None and sweep.scores.is_file():
            resources = replace(resources, scores=sweep.scores)
        without: list[NoInstancesError] = []
        for number, variant in enumerate(sweep.variants, start=1):
            prefixed = _prefixed(progress, f"[{number}/{len(sweep.variants)}] {variant.name}")
            folder = path / variant.name
            try:
                if (folder / RUN_FILE).is_file():
                    resume(folder, resources, prefixed, retry_stopped=retry_stopped)
                else:
                    run(variant.config, folder, resources, prefixed)
            except NoInstancesError as error:  # the tables of the others say which one it was
                without.append(error)
        if len(without) == len(sweep.variants):
            raise without[0]


def _prefixed(progress: Progress, name: str) -> Progress:
    return lambda phase, done, total: progress(f"{name}: {phase}", done, total)
