"""The main job: select instances, explain them, store the results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, chdir, nullcontext
from dataclasses import dataclass
from pathlib import Path

from awb.errors import RunError
from awb.harness.agenda import NOT_TRIED, Agenda
from awb.harness.choosing import Chosen, choose, plugin_records, run_record
from awb.harness.config import RunConfig, default_jobs
from awb.harness.config_text import resolved_toml
from awb.harness.executors import Executor, open_executor
from awb.harness.folder import CONFIG_FILE, SCORES_FILE, RunFolder
from awb.harness.limits import Limits
from awb.harness.one_task import run_one
from awb.harness.reading import Reader, Source
from awb.harness.reopening import check_files
from awb.harness.repeating import explained_again
from awb.harness.scores import ScoreStore
from awb.harness.selecting import Progress, select
from awb.harness.selection import Manifest, audio_sha256, make_instance
from awb.harness.strikes import forget_units, stopped
from awb.harness.units import Plan, Unit
from awb.harness.worker import ModelFacts, model_facts
from awb.harness.working_off import work_off
from awb.perturbation.cache import ScoreCache
from awb.plugins import load


def _silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def run(
    config: RunConfig,
    out: Path,
    *,
    jobs: int | None = None,
    progress: Progress = _silent,
    scores: Path | None = None,
    scheduler: str | None = None,
    cache: ScoreCache | None = None,
    limits: Limits | None = None,
    isolate: bool = False,
) -> RunFolder:
    """Run a configuration into a new folder.

    Parameters
    ----------
    config : RunConfig
        What to do.
    out : Path
        The run folder, which must not hold anything yet.
    jobs : int or None
        Worker processes; None for one a processor.
    progress : callable
        See `Progress`.
    scores : Path or None
        Scores of whole clips from ``awb data scores``; None for a file in the run folder.
    scheduler : str or None
        A Dask cluster to work on instead, see `awb.harness.cluster.open_cluster`.
    cache : ScoreCache or None
        Where scores are kept from run to run; None to compute them all.
    limits : Limits or None
        What a plugin may take before it is stopped; None for the defaults. Nothing is stopped in
        this process itself: see `isolate`.
    isolate : bool
        Whether a single job, too, gets a process of its own.

    Returns
    -------
    RunFolder
        The finished run.

    Raises
    ------
    AwbError
        If the configuration, a dataset as a whole or a model cannot be used. Trouble with single
        clips or explainers is stored instead, as rows with a reason.
    """
    chosen = choose(config, load())
    limits, workers = limits or Limits(), jobs or default_jobs()
    with (
        open_executor(workers, scheduler, limits=limits, isolate=isolate) as executor,
        Reader.beside(executor, limits) as reader,
    ):
        sources = [reader.open(resolved) for resolved in chosen.datasets]
        facts = _facts(chosen, executor)
        rates = {label: one.sample_rate_hz for label, one in facts.items()}
        places = {label: one.computed_on for label, one in facts.items()}
        record = {
            **run_record(config, chosen),
            "sample_rates_hz": rates,
            "computed_on": places,
            "model_notes": {label: one.notes for label, one in facts.items() if one.notes},
            "limits": limits.record(),
            "scores": None if scores is None else str(scores),
        }
        folder = RunFolder.create(out, record)
        folder.keep_config(resolved_toml(config, chosen, scores))
        job = _Run(folder, config, chosen, sources, facts, executor, progress, scores, cache)
        _work(job)
    return folder


def resume(
    path: Path,
    *,
    jobs: int | None = None,
    progress: Progress = _silent,
    scheduler: str | None = None,
    cache: ScoreCache | None = None,
    limits: Limits | None = None,
    isolate: bool = False,
    retry_stopped: bool = False,
) -> RunFolder:
    """Finish a run that was interrupted; a finished one is left as it is.

    Parameters
    ----------
    path : Path
        The run folder.
    jobs : int or None
        Worker processes; None for one a processor.
    progress : callable
        See `Progress`.
    scheduler : str or None
        A Dask cluster to work on instead; it need not be where the run started.
    cache, limits, isolate
        As in `run`.
    retry_stopped : bool
        Do again the instances on which a plugin was stopped or not tried any more.

    Returns
    -------
    RunFolder
        The finished run.

    Raises
    ------
    RunError
        If the folder holds no run, or plugins or data have changed since it started.
    AwbError
        As `run`.
    """
    folder = RunFolder.open(path.resolve())
    config = folder.config()
    check_files(folder)
    chosen = choose(config, load())
    check_unchanged(folder, chosen)
    if not (folder.path / CONFIG_FILE).exists():
        folder.keep_config(resolved_toml(config, chosen, None))
    if retry_stopped:
        forget_units(folder.store(), NOT_TRIED)
    workers = jobs or default_jobs()
    with (
        where_it_started(folder),
        open_executor(workers, scheduler, limits=limits, isolate=isolate) as executor,
        Reader.beside(executor, limits) as reader,
    ):
        sources = [reader.open(resolved) for resolved in chosen.datasets]
        facts = _facts(chosen, executor)
        _check_places(folder, facts)
        scores = folder.scores_given()
        job = _Run(folder, config, chosen, sources, facts, executor, progress, scores, cache)
        _work(job)
    return folder


def where_it_started(folder: RunFolder) -> AbstractContextManager[None]:
    """Work in the folder that relative paths of the configuration start from.

    Parameters
    ----------
    folder : RunFolder
        The run.

    Returns
    -------
    context manager
        Changes the current folder, where it still exists, until it is left.
    """
    started = Path(str(folder.record().get("cwd", "")))
    return chdir(started) if started.is_dir() else nullcontext()


def check_unchanged(folder: RunFolder, chosen: Chosen) -> None:
    """Refuse to mix results of different plugins or versions in one run.

    Parameters
    ----------
    folder : RunFolder
        The run.
    chosen : Chosen
        What its configuration means here and now.

    Raises
    ------
    RunError
        If a plugin or a version differs.
    """
    before, now = folder.record().get("plugins") or [], plugin_records(chosen)
    different = [entry for entry in [*before, *now] if (entry in before) != (entry in now)]
    if different:
        names = ", ".join(sorted({str(entry.get("name")) for entry in different}))
        raise RunError(
            f"{folder.path} was started with other plugins or versions ({names});"
            " start a new run, or install what run.json names"
        )


def _check_places(folder: RunFolder, facts: dict[str, ModelFacts]) -> None:
    """Refuse to go on on another kind of device, or in another precision."""
    for label, before in folder.computed_on().items():
        now = facts[label].computed_on if label in facts else before
        if now != before:
            raise RunError(
                f"{folder.path} computed {label} on {before}, here it would be on {now}; resume it"
                " on such a machine, or start a new run with --device cpu"
            )


@dataclass(frozen=True, slots=True)
class _Run:
    """Everything that the steps of a run share."""

    folder: RunFolder
    config: RunConfig
    chosen: Chosen
    sources: list[Source]
    facts: dict[str, ModelFacts]
    executor: Executor
    progress: Progress
    scores: Path | None = None
    cache: ScoreCache | None = None


def _facts(chosen: Chosen, executor: Executor) -> dict[str, ModelFacts]:
    """Load every model once, so that missing weights are reported before anything is written."""
    return {model.label: run_one(executor, model_facts, model) for model in chosen.models}


def _work(job: _Run) -> None:
    """Select and explain for every dataset and model, leaving out what is stored."""
    known = {(one.dataset, one.model): one for one in job.folder.manifests()}
    for source in job.sources:
        resolved = source.resolved
        for model in job.chosen.pairs[resolved.label]:
            facts = job.facts[model.label]
            manifest = known.get((resolved.label, model.label))
            if manifest is None:
                manifest = select(
                    source,
                    model,
                    facts,
                    job.config,
                    job.executor,
                    job.progress,
                    store=ScoreStore(job.scores or job.folder.path / SCORES_FILE),
                )
                job.folder.add_manifest(manifest)
            if facts.weights_sha256 != manifest.weights_sha256:
                raise RunError(f"the weights of {model.label} have changed since the run started")
            plan = Plan(
                dataset=resolved,
                model=model,
                weights_sha256=facts.weights_sha256,
                explainers=job.chosen.explainers,
                metrics=job.chosen.metrics,
                masker=job.chosen.masker,
                scoring_masker=job.chosen.scoring_masker,
                config=job.config,
                cache=job.cache,
                computed_on=facts.computed_on,
            )
            _explain(job, plan, manifest, source)


def _explain(job: _Run, plan: Plan, manifest: Manifest, source: Source) -> None:
    """Run every unit that is not stored yet."""
    store = job.folder.store()
    rate_hz = job.facts[plan.model.label].sample_rate_hz
    again = explained_again(manifest.kept, plan)
    keys = {
        plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target, again=kept in again): kept
        for kept in manifest.kept
    }
    # The long ones first, so that no worker is left alone with one at the end.
    order = sorted(keys, key=lambda key: keys[key] not in again)
    finished = store.finished()

    def units() -> Iterator[Unit]:
        for key in order:
            if key not in finished:
                kept = keys[key]
                clip = source.load(kept.clip_id)
                if audio_sha256(clip) != kept.audio_sha256:
                    raise RunError(f"the audio of clip {clip.id} has changed since the run started")
                instance = make_instance(plan.dataset.spec.name, clip, kept, rate_hz)
                yield Unit(key, plan, instance, again=kept in again)

    agenda = Agenda(order, units(), stopped(store, keys.keys()))
    done = len(keys.keys() & finished)
    phase = f"Explaining {plan.model.label} on {plan.dataset.label}"
    job.progress(phase, done, len(keys))

    def tell() -> None:
        nonlocal done
        done += 1
        job.progress(phase, done, len(keys))

    work_off(job.executor, agenda, plan, store, tell)
