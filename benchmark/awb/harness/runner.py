"""The main job: select instances, explain them, store the results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from awb.errors import RunError
from awb.harness.choosing import Chosen, choose, plugin_records, run_record
from awb.harness.config import RunConfig, default_jobs
from awb.harness.executors import Executor, open_executor
from awb.harness.folder import RunFolder
from awb.harness.selecting import Progress, as_awb_error, load_clip, run_one, select
from awb.harness.selection import Manifest, audio_sha256, make_instance
from awb.harness.store import Store
from awb.harness.units import Plan, Unit, failed_unit
from awb.harness.worker import build, explain_unit, model_facts
from awb.plugins import load
from awb.protocols import Dataset


def _silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def run(
    config: RunConfig,
    out: Path,
    *,
    jobs: int | None = None,
    progress: Progress = _silent,
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
    datasets = [build(resolved) for resolved in chosen.datasets]
    folder = RunFolder.create(out, run_record(config, chosen))
    _work(folder, config, chosen, datasets, jobs, progress)
    return folder


def resume(path: Path, *, jobs: int | None = None, progress: Progress = _silent) -> RunFolder:
    """Finish a run that was interrupted; a finished one is left as it is.

    Parameters
    ----------
    path : Path
        The run folder.
    jobs : int or None
        Worker processes; None for one a processor.
    progress : callable
        See `Progress`.

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
    folder = RunFolder.open(path)
    config = folder.config()
    chosen = choose(config, load())
    _check_unchanged(folder, chosen)
    _work(folder, config, chosen, [build(one) for one in chosen.datasets], jobs, progress)
    return folder


def _check_unchanged(folder: RunFolder, chosen: Chosen) -> None:
    """Refuse to mix results of different plugins or versions in one run."""
    before, now = folder.record().get("plugins") or [], plugin_records(chosen)
    different = [entry for entry in [*before, *now] if (entry in before) != (entry in now)]
    if different:
        names = ", ".join(sorted({str(entry.get("name")) for entry in different}))
        raise RunError(
            f"{folder.path} was started with other plugins or versions ({names});"
            " start a new run, or install what run.json names"
        )


def _work(
    folder: RunFolder,
    config: RunConfig,
    chosen: Chosen,
    datasets: list[Dataset],
    jobs: int | None,
    progress: Progress,
) -> None:
    store = folder.store()
    known = {(one.dataset, one.model): one for one in folder.manifests()}
    with open_executor(jobs or default_jobs()) as executor:
        for resolved, dataset in zip(chosen.datasets, datasets, strict=True):
            for model in chosen.models:
                manifest = known.get((resolved.label, model.label))
                if manifest is None:
                    manifest = select(resolved, dataset, model, config, executor, progress)
                    folder.add_manifest(manifest)
                plan = Plan(
                    dataset=resolved,
                    model=model,
                    weights_sha256=manifest.weights_sha256,
                    explainers=chosen.explainers,
                    metrics=chosen.metrics,
                    masker=chosen.masker,
                    config=config,
                )
                _explain_all(plan, manifest, dataset, store, executor, progress)


def _explain_all(
    plan: Plan,
    manifest: Manifest,
    dataset: Dataset,
    store: Store,
    executor: Executor,
    progress: Progress,
) -> None:
    """Run every unit that is not stored yet."""
    finished = store.finished()
    facts = run_one(executor, model_facts, plan.model)
    if facts.weights_sha256 != manifest.weights_sha256:
        raise RunError(f"the weights of {plan.model.label} have changed since the run started")

    def units() -> Iterator[Unit]:
        for kept in manifest.kept:
            key = plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target)
            if key in finished:
                continue
            clip = load_clip(dataset, kept.clip_id, plan.dataset)
            if audio_sha256(clip) != kept.audio_sha256:
                raise RunError(f"the audio of clip {clip.id} has changed since the run started")
            instance = make_instance(plan.dataset.spec.name, clip, kept, facts.sample_rate_hz)
            yield Unit(key, plan, instance)

    total = len(manifest.kept)
    keys = {plan.unit_key(one.audio_sha256, one.clip_id, one.target) for one in manifest.kept}
    done = len(keys & finished)
    phase = f"Explaining {plan.model.label} on {plan.dataset.label}"
    progress(phase, done, total)
    for unit, result in executor.map(explain_unit, units()):
        if isinstance(result, Exception):
            if isinstance(result, RunError):
                raise result
            result = failed_unit(unit, as_awb_error(result, f"model {plan.model.label}"))
        store.add(plan.dataset.label, plan.model.label, result)
        done += 1
        progress(phase, done, total)
