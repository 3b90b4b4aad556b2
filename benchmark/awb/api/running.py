"""``awb.run`` and ``awb.resume``: the commands of the same names, option by option."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from awb.additions import add_file, is_loading
from awb.api.results import Run
from awb.authoring.functions import name_of
from awb.errors import PluginError
from awb.harness import runner
from awb.harness.caching import OFF, open_cache
from awb.harness.config import make_config
from awb.harness.folder import unused_path
from awb.harness.limits import make_limits
from awb.harness.references import parse_list
from awb.harness.selecting import Progress
from awb.perturbation.cache import ScoreCache
from awb.specs import Explainer

Names = str | Sequence[str]
"""One name, several separated by commas, or a list."""

Explainers = str | Explainer | Sequence[str | Explainer]


def _quiet(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def run(
    *,
    datasets: Names | None = None,
    models: Names | None = None,
    explainers: Explainers | None = None,
    metrics: Names | None = None,
    masker: str | None = None,
    scoring_masker: str | None = None,
    design: str | None = None,
    samples: int | None = None,
    budgets: Sequence[int] | None = None,
    clips: int | None = None,
    seed: int | None = None,
    segment_s: float | None = None,
    segment_hop_s: float | None = None,
    max_event_fraction: float | None = None,
    min_score: float | None = None,
    robustness: int | Literal["all"] | None = None,
    device: str | None = None,
    precision: str | None = None,
    jobs: int = 1,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    scores: str | Path | None = None,
    out: str | Path | None = None,
    plugin: str | Path | Sequence[str | Path] = (),
    progress: Progress = _quiet,
) -> Run:
    """Run explainers on models over datasets, as ``awb run`` does.

    Parameters
    ----------
    datasets, models, metrics : str or list of str, optional
        References as on the command line.
    explainers : str, function, or a list of them, optional
        References, and functions ``(perturber, instance, rng) -> relevance``.
    masker, scoring_masker, design, samples, budgets, clips, seed : optional
        See `awb.harness.config.RunConfig`; None for the default.
    segment_s, segment_hop_s : float, optional
        Length of a segment and distance between two, in seconds.
    max_event_fraction, min_score, robustness, device, precision : optional
        See `awb.harness.config.RunConfig`.
    jobs : int
        Worker processes; 1 computes in this one. With more, a script must call this below ``if
        __name__ == "__main__":``, since every worker imports the script.
    time_limit_s, memory_limit : optional
        Seconds that an explainer or metric may take on one instance, and a size such as ``8GB`` of
        its process; ``off`` for no limit. Nothing is stopped in this process itself.
    isolate : bool
        Compute in a process that can be stopped, even if ``jobs`` is 1; see there for scripts.
    scheduler : str, optional
        A Dask cluster.
    cache : str or Path, optional
        Folder of scores that are kept from run to run, or ``off``; None for the user's.
    scores : str or Path, optional
        Scores of whole clips, from ``awb data scores``.
    out : str or Path, optional
        The run folder; ``runs/<date>-<time>`` if left out.
    plugin : str, Path or list of them
        Files with plugins that are not installed.
    progress : callable
        ``progress(phase, done, total)`` is called as work finishes.

    Returns
    -------
    Run
        Boards and tables.

    Raises
    ------
    AwbError
        As ``awb run``: unknown names, wrong settings, models or data that cannot be used.
    """
    _refuse_while_loading()
    _load_files(plugin)
    config = make_config(
        datasets=_names(datasets),
        models=_names(models),
        explainers=_explainers(explainers),
        metrics=_names(metrics),
        masker=masker,
        scoring_masker=scoring_masker,
        design=design,
        samples=samples,
        budgets=None if budgets is None else tuple(budgets),
        clips=clips,
        seed=seed,
        segment_s=segment_s,
        segment_hop_s=segment_hop_s,
        max_event_fraction=max_event_fraction,
        min_score=min_score,
        robustness=robustness,
        device=device,
        precision=precision,
    )
    folder = runner.run(
        config,
        Path(out) if out is not None else unused_path(),
        jobs=jobs,
        progress=progress,
        scores=None if scores is None else Path(scores),
        scheduler=scheduler,
        cache=_cache(cache),
        limits=make_limits(time_limit_s, memory_limit),
        isolate=isolate,
    )
    return Run(folder)


def resume(
    folder: str | Path,
    *,
    jobs: int = 1,
    time_limit_s: float | str | None = None,
    memory_limit: float | str | None = None,
    isolate: bool = False,
    retry_stopped: bool = False,
    scheduler: str | None = None,
    cache: str | Path | None = None,
    plugin: str | Path | Sequence[str | Path] = (),
    progress: Progress = _quiet,
) -> Run:
    """Finish a run that was interrupted, as ``awb resume`` does.

    Parameters
    ----------
    folder : str or Path
        The run folder.
    jobs, time_limit_s, memory_limit, isolate, scheduler, cache, plugin, progress : optional
        As in `run`.
    retry_stopped : bool
        Do again the instances on which a plugin was stopped or not tried any more.

    Returns
    -------
    Run
        Boards and tables.

    Raises
    ------
    RunError
        If the folder holds no run, or plugins or data have changed since it started.
    """
    _refuse_while_loading()
    _load_files(plugin)
    finished = runner.resume(
        Path(folder),
        jobs=jobs,
        progress=progress,
        scheduler=scheduler,
        cache=_cache(cache),
        limits=make_limits(time_limit_s, memory_limit),
        isolate=isolate,
        retry_stopped=retry_stopped,
    )
    return Run(finished)


def _refuse_while_loading() -> None:
    if is_loading():
        raise PluginError(
            'the file starts a run when it is loaded; put that below if __name__ == "__main__":'
        )


def _load_files(paths: str | Path | Sequence[str | Path]) -> None:
    for path in [paths] if isinstance(paths, str | Path) else paths:
        add_file(Path(path))


def _names(given: Names | None) -> list[str] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return [str(reference) for reference in parse_list(given)]
    return list(given)


def _explainers(given: Explainers | None) -> list[str] | None:
    """Turn functions into the names that they are registered under."""
    if given is None or isinstance(given, str):
        return _names(given)
    several: Sequence[str | Callable[..., Any]] = [given] if callable(given) else given
    return [one if isinstance(one, str) else name_of(one) for one in several]


def _cache(given: str | Path | None) -> ScoreCache | None:
    import os

    from awb.harness.caching import read_size

    chosen = os.environ.get("AWB_CACHE") if given is None else str(given)
    if chosen == OFF:
        return None
    return open_cache(chosen or None, read_size(os.environ.get("AWB_CACHE_SIZE", "2GB")))
