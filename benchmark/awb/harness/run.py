"""The main job: select instances, explain them, store the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from awb.data.class_index import ClassIndex
from awb.data.instance_kinds import HITS, none_of
from awb.errors import RunError
from awb.harness.config.choice import Chosen, choose
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import RunConfig
from awb.harness.config.toml_output import resolved_toml
from awb.harness.selection.clip_scores import ScoreStore
from awb.harness.selection.dataset_process import Reader, Source
from awb.harness.selection.instance_facts import instance_facts
from awb.harness.selection.manifest import Kept, Manifest, audio_sha256, make_instance
from awb.harness.selection.repeats import explained_again
from awb.harness.selection.selector import Progress, select
from awb.harness.storage.plugin_check import check_files
from awb.harness.storage.run_folder import CONFIG_FILE, SCORES_FILE, RunFolder
from awb.harness.storage.run_record import plugin_records, run_record
from awb.harness.storage.stopped_plugins import forget_units, stopped
from awb.harness.storage.store import Store
from awb.harness.unit.record import Plan, Unit
from awb.harness.unit.warm_plugins import ModelFacts, model_facts
from awb.harness.work_queue import NOT_TRIED, Culprit, WorkQueue, run_units, settle
from awb.harness.workers.executor import Executor
from awb.harness.workers.pool import open_executor
from awb.harness.workers.single_task import run_one
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec, ModelSpec


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def run(
    config: RunConfig, out: Path, resources: Resources | None = None, progress: Progress = silent
) -> RunFolder:
    """Run a configuration into a new folder, by default with one worker per processor.

    Failures of single clips or explainers are stored as rows with a reason; an error is raised if
    the configuration, a whole dataset or a model cannot be used.
    """
    resources = resources or Resources()
    chosen = choose(config, load())
    with _opened(chosen, resources) as (executor, sources, facts):
        record = {
            **run_record(config, chosen),
            "sample_rates_hz": {label: one.sample_rate_hz for label, one in facts.items()},
            "computed_on": {label: one.computed_on for label, one in facts.items()},
            "model_notes": {label: one.notes for label, one in facts.items() if one.notes},
            "limits": resources.limits.record(),
            "scores": None if resources.scores is None else str(resources.scores),
        }
        folder = RunFolder.create(out, record)
        folder.keep_config(resolved_toml(config, chosen, resources.scores))
        _work(_Run(folder, config, chosen, sources, facts, executor, progress, resources))
    _check_kind(folder, config)
    return folder


def resume(
    path: Path,
    resources: Resources | None = None,
    progress: Progress = silent,
    *,
    retry_stopped: bool = False,
) -> RunFolder:
    """Finish an interrupted run; a finished one is left unchanged.

    With `retry_stopped`, instances on which a plugin was stopped or not tried are repeated. Raises
    a `RunError` if plugins or data have changed since the run started.
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
    if _is_finished(folder, config, chosen, progress):
        return folder
    resources = replace(resources or Resources(), scores=folder.scores_given())
    with where_it_started(folder), _opened(chosen, resources) as (executor, sources, facts):
        _check_places(folder, facts)
        _work(_Run(folder, config, chosen, sources, facts, executor, progress, resources))
    return folder


@contextmanager
def _opened(
    chosen: Chosen, resources: Resources
) -> Iterator[tuple[Executor, list[Source], dict[str, ModelFacts]]]:
    """Start workers, open the datasets, and load every model once, so that errors show early."""
    limits = resources.limits
    with (
        open_executor(
            resources.workers, resources.scheduler, limits=limits, isolate=resources.isolate
        ) as executor,
        Reader.beside(executor, limits) as reader,
    ):
        sources = [reader.open(resolved) for resolved in chosen.datasets]
        facts = {model.label: run_one(executor, model_facts, model) for model in chosen.models}
        yield executor, sources, facts


def where_it_started(folder: RunFolder) -> AbstractContextManager[None]:
    """Change to the folder that relative paths of the configuration start from."""
    started = Path(str(folder.record().get("cwd", "")))
    return chdir(started) if started.is_dir() else nullcontext()


def check_unchanged(folder: RunFolder, chosen: Chosen) -> None:
    """Raise if one run would mix results of different plugins or versions."""
    before, now = folder.record().get("plugins") or [], plugin_records(chosen)
    different = [entry for entry in [*before, *now] if (entry in before) != (entry in now)]
    if different:
        names = ", ".join(sorted({str(entry.get("name")) for entry in different}))
        raise RunError(
            f"{folder.path} was started with other plugins or versions ({names});"
            " start a new run, or install the versions that run.json lists"
        )


def _check_kind(folder: RunFolder, config: RunConfig) -> None:
    """Raise if errors were asked for, and the models made none."""
    manifests = folder.manifests()
    if config.instances == HITS or any(one.kept for one in manifests):
        return
    reasons = Counter(one.reason for manifest in manifests for one in manifest.skipped)
    left_out = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items()))
    raise RunError(none_of(config.instances, left_out))


def _check_places(folder: RunFolder, facts: dict[str, ModelFacts]) -> None:
    """Raise if a run would continue on another kind of device or in another precision."""
    for label, before in folder.computed_on().items():
        now = facts[label].computed_on if label in facts else before
        if now != before:
            raise RunError(
                f"{folder.path} computed {label} on {before}, but here it would be on {now}; resume"
                " it on such a machine, or start a new run with --device cpu"
            )


@dataclass(frozen=True, slots=True)
class _Run:
    """State that the steps of a run share."""

    folder: RunFolder
    config: RunConfig
    chosen: Chosen
    sources: list[Source]
    facts: dict[str, ModelFacts]
    executor: Executor
    progress: Progress
    resources: Resources


def _is_finished(folder: RunFolder, config: RunConfig, chosen: Chosen, progress: Progress) -> bool:
    """Check whether every instance has its results, which takes neither models nor datasets."""
    known = {(one.dataset, one.model): one for one in folder.manifests()}
    pairs = [(data, model) for data in chosen.datasets for model in chosen.pairs[data.label]]
    if any((data.label, model.label) not in known for data, model in pairs):
        return False
    store = folder.store()
    boards = []
    for data, model in pairs:
        manifest = known[data.label, model.label]
        plan = _plan(config, chosen, data, model, manifest.weights_sha256)
        boards.append(_Board.of(plan, manifest, store))
    if any(board.remaining for board in boards):
        return False
    for board in boards:
        settle(WorkQueue(board.order, iter(()), board.stopped), board.plan, store)
        progress(board.phase, len(board.order), len(board.order))
    return True


def _work(job: _Run) -> None:
    """Select and explain instances for every dataset and model, skipping what is stored."""
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
                    store=ScoreStore(job.resources.scores or job.folder.path / SCORES_FILE),
                )
                job.folder.add_manifest(manifest)
            if facts.weights_sha256 != manifest.weights_sha256:
                raise RunError(f"the weights of {model.label} have changed since the run started")
            plan = _plan(job.config, job.chosen, resolved, model, facts.weights_sha256)
            plan = replace(plan, cache=job.resources.cache, computed_on=facts.computed_on)
            _explain(job, _Board.of(plan, manifest, job.folder.store()), source)


def _plan(
    config: RunConfig,
    chosen: Chosen,
    dataset: Resolved[DatasetSpec],
    model: Resolved[ModelSpec],
    weights_sha256: str,
) -> Plan:
    return Plan(
        dataset=dataset,
        model=model,
        weights_sha256=weights_sha256,
        explainers=chosen.explainers,
        metrics=chosen.metrics,
        masker=chosen.masker,
        scoring_masker=chosen.scoring_masker,
        config=config,
    )


@dataclass(frozen=True, slots=True)
class _Board:
    """The units of one dataset and model, and which of them have no stored result."""

    plan: Plan
    instances: dict[str, Kept]  # by the key of the unit
    again: frozenset[Kept]  # to be explained again under variations
    order: list[str]
    remaining: list[str]
    stopped: dict[str, set[Culprit]]

    @classmethod
    def of(cls, plan: Plan, manifest: Manifest, store: Store) -> _Board:
        """Compare a manifest with the results."""
        kept, again = manifest.kept, explained_again(manifest.kept, plan)
        keys = plan.unit_keys(
            (one.clip_id, one.target, one.audio_sha256, one in again) for one in kept
        )
        instances = dict(zip(keys, kept, strict=True))
        # Long units first, so that none of them runs alone at the end.
        order = sorted(instances, key=lambda key: instances[key] not in again)
        finished = store.finished()
        remaining = [key for key in order if key not in finished]
        return cls(plan, instances, again, order, remaining, stopped(store, instances.keys()))

    @property
    def phase(self) -> str:
        """What is shown while the units run."""
        return f"Explaining {self.plan.model.label} on {self.plan.dataset.label}"


def _explain(job: _Run, board: _Board, source: Source) -> None:
    """Run every unit that has no stored result."""
    plan = board.plan
    facts_of_model = job.facts[plan.model.label]
    classes = ClassIndex(facts_of_model)

    def units() -> Iterator[Unit]:
        for key in board.remaining:
            kept = board.instances[key]
            clip = source.load(kept.clip_id)
            if audio_sha256(clip) != kept.audio_sha256:
                raise RunError(f"the audio of clip {clip.id} has changed since the run started")
            instance = make_instance(
                plan.dataset.spec.name, clip, kept, facts_of_model.sample_rate_hz
            )
            facts = instance_facts(clip, kept, classes)
            yield Unit(key, plan, instance, again=kept in board.again, facts=facts)

    queue = WorkQueue(board.order, units(), board.stopped)
    done, total = len(board.order) - len(board.remaining), len(board.order)
    job.progress(board.phase, done, total)

    def report() -> None:
        nonlocal done
        done += 1
        job.progress(board.phase, done, total)

    run_units(job.executor, queue, plan, job.folder.store(), report)
