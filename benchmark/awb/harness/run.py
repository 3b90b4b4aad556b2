"""The main job: select instances, explain them, store the results."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, chdir, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from awb.data.class_index import ClassIndex
from awb.errors import RunError
from awb.harness.board_units import Board
from awb.harness.config.choice import Chosen, choose
from awb.harness.config.machine import machine
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import RunConfig
from awb.harness.config.toml_output import resolved_toml
from awb.harness.planning.deadline import Deadline
from awb.harness.planning.timed import Bench, Timed, clips_done
from awb.harness.selection.clip_scores import ScoreStore
from awb.harness.selection.dataset_process import Reader, Source
from awb.harness.selection.instance_facts import instance_facts
from awb.harness.selection.manifest import Kept, audio_sha256, make_instance
from awb.harness.selection.no_instances import Classes, check_some
from awb.harness.selection.selector import Progress, select
from awb.harness.storage.plugin_check import check_files
from awb.harness.storage.run_folder import CONFIG_FILE, SCORES_FILE, RunFolder
from awb.harness.storage.run_record import other_machines, plugin_records, run_record
from awb.harness.storage.stopped_plugins import forget_beyond, forget_units
from awb.harness.unit.record import Plan, Unit
from awb.harness.unit.warm_plugins import ModelFacts, model_facts
from awb.harness.work_queue import NOT_TRIED, WorkQueue, run_units, settle
from awb.harness.workers.executor import Executor
from awb.harness.workers.pool import open_executor
from awb.harness.workers.single_task import run_one
from awb.plugins.discovery import load


def silent(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def run(
    config: RunConfig,
    out: Path,
    resources: Resources | None = None,
    progress: Progress = silent,
    *,
    timed: Timed | None = None,
) -> RunFolder:
    """Run a configuration into a new folder, by default with one worker per processor.

    Failures of single clips or explainers are stored as rows with a reason; an error is raised if
    the configuration, a whole dataset or a model cannot be used. With a time to keep, the
    configuration is that which fits.
    """
    resources = resources or Resources()
    if timed is not None:
        config = timed.widened(config, load())
    chosen = choose(config, load())
    with opened(chosen, resources) as (executor, sources, facts):
        if timed is not None:
            config = timed.chosen(config, Bench(chosen, sources, facts, executor, resources))
        record = {
            **run_record(config, chosen),
            "sample_rates_hz": {label: one.sample_rate_hz for label, one in facts.items()},
            "computed_on": {label: one.computed_on for label, one in facts.items()},
            "model_notes": {label: one.notes for label, one in facts.items() if one.notes},
            "limits": resources.limits.record(),
            "scores": None if resources.scores is None else str(resources.scores),
        }
        told = {one.resolved.label: notes for one in sources if (notes := one.notes())}
        folder = RunFolder.create(out, {**record, "dataset_notes": told} if told else record)
        folder.keep_config(resolved_toml(config, chosen, resources.scores))
        if timed is not None:
            folder.add_to_record("costs", timed.costs)
        _complete(
            _Run(folder, config, chosen, sources, facts, executor, progress, resources, timed)
        )
    check_some(folder.manifests(), config, _classes(facts))
    return folder


def resume(
    path: Path,
    resources: Resources | None = None,
    progress: Progress = silent,
    *,
    retry_stopped: bool = False,
    timed: Timed | None = None,
) -> RunFolder:
    """Finish an interrupted run; a finished one is left unchanged, unless it is given more time.

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
    if timed is None and _is_finished(folder, config, chosen, progress):
        check_some(folder.manifests(), config, {})
        return folder
    resources = replace(resources or Resources(), scores=folder.scores_given())
    with where_it_started(folder), opened(chosen, resources) as (executor, sources, facts):
        _check_places(folder, facts)
        if timed is not None:
            bench = Bench(chosen, sources, facts, executor, resources)
            known = folder.record().get("costs", [])
            config = timed.further(config, bench, _clips_begun(folder, sources), known)
            _with_clips(folder, config, chosen, resources)
        _complete(
            _Run(folder, config, chosen, sources, facts, executor, progress, resources, timed)
        )
    check_some(folder.manifests(), config, _classes(facts))
    return folder


def _complete(job: _Run) -> None:
    """Do the work of a run; if its time was up, make it a run of the clips that were explained."""
    _note_machines(job)
    clips = _work(job)
    _note_machines(job)
    if job.timed is None or job.config.among_first is None:
        return
    planned, config = job.config.among_first, job.config
    if clips < planned:
        config = config.model_copy(update={"among_first": clips})
        job.timed.say_stopped(clips, planned)
        _with_clips(job.folder, config, job.chosen, job.resources)
        _work(replace(job, config=config, timed=None))
        forget_beyond(job.folder.store(), job.folder.manifests())
    job.folder.add_to_record("within", [*job.folder.record().get("within", []), *job.timed.said])
    job.timed.say_end(clips, max(len(list(one.dataset.clip_ids())) for one in job.sources))


def _note_machines(job: _Run) -> None:
    """Remember every machine that computes, beyond the one where the run was started."""
    machines = other_machines(job.folder.record(), [machine(), *job.executor.machines()])
    if machines:
        job.folder.add_to_record("other_machines", machines)


def _clips_begun(folder: RunFolder, sources: Sequence[Source]) -> int:
    """Return how many clips, from the first, hold everything that is stored."""
    found = folder.store().clips()
    return max(
        clips_done(list(one.dataset.clip_ids()), found.get(one.resolved.label, set()))
        for one in sources
    )


def _with_clips(folder: RunFolder, config: RunConfig, chosen: Chosen, resources: Resources) -> None:
    """Change the number of clips of a run; instances are selected again, from stored scores."""
    folder.forget_manifests()
    folder.add_to_record("config", config.model_dump(mode="json"))
    folder.keep_config(resolved_toml(config, chosen, resources.scores))


@contextmanager
def opened(
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


def _classes(facts: Mapping[str, ModelFacts]) -> Classes:
    return {label: one.classes for label, one in facts.items()}


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
    timed: Timed | None = None


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
        plan = Plan.of(chosen, data, model, config, manifest.weights_sha256)
        boards.append(Board.of(plan, manifest, store))
    if any(board.remaining for board in boards):
        return False
    for board in boards:
        settle(WorkQueue(board.order, iter(()), board.stopped), board.plan, store)
        if board.order:
            progress(board.phase, len(board.order), len(board.order))
    return True


def _work(job: _Run) -> int:
    """Select and explain instances for every dataset and model, skipping what is stored.

    Returns the number of clips that were explained: fewer than configured if the time was up.
    """
    pair, clips = 0, job.config.among_first or sys.maxsize
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
            plan = Plan.of(
                job.chosen,
                resolved,
                model,
                job.config,
                facts.weights_sha256,
                cache=job.resources.cache,
                computed_on=facts.computed_on,
            )
            deadline = None if job.timed is None else job.timed.deadline(pair)
            board = Board.of(plan, manifest, job.folder.store(), by_clip=deadline is not None)
            begun = _explain(job, board, source, deadline)
            clips = min(clips, _clips_before(source, manifest.kept, begun, clips))
            pair += 1
    return clips


def _clips_before(source: Source, kept: Sequence[Kept], begun: int, clips: int) -> int:
    """Return the number of clips before the first instance that was not begun."""
    if begun == len(kept):
        return clips
    return list(source.dataset.clip_ids()).index(kept[begun].clip_id)


def _explain(job: _Run, board: Board, source: Source, deadline: Deadline | None) -> int:
    """Run every unit that has no stored result, and return how many instances were begun."""
    plan = board.plan
    facts_of_model = job.facts[plan.model.label]
    classes = ClassIndex(facts_of_model)
    remaining = frozenset(board.remaining)
    todo = Counter(board.instances[key].clip_id for key in board.remaining)
    begun, begun_clip = 0, None

    def units() -> Iterator[Unit]:
        nonlocal begun, begun_clip
        for key in board.order:
            kept = board.instances[key]
            if deadline is not None and kept.clip_id != begun_clip:
                if not deadline.admits(todo[kept.clip_id], first=not begun):
                    return
                begun_clip = kept.clip_id
            begun += 1
            if key in remaining:
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
    if total:
        job.progress(board.phase, done, total)

    def report() -> None:
        nonlocal done
        done += 1
        if deadline is not None:
            deadline.finished()
        job.progress(board.phase, done, total)

    run_units(job.executor, queue, plan, job.folder.store(), report)
    return begun
