"""Explain one audio file, with labels or without, as a run of one unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NoReturn

from awb.activity import At, WorkerDiedError, tell
from awb.audio import read_audio
from awb.data.class_index import ClassIndex
from awb.data.targets import events_of, targets_of
from awb.errors import AwbError, PluginError, UnknownNameError, did_you_mean
from awb.harness.config.choice import Chosen
from awb.harness.config.limits import Limits
from awb.harness.config.run_config import RunConfig, make_config
from awb.harness.file_labels import LabelsOfFile, with_labels
from awb.harness.selection.manifest import Kept, Manifest, audio_sha256, make_instance, prepare
from awb.harness.selection.selector import Progress
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.run_record import run_record
from awb.harness.unit.record import Plan, Unit
from awb.harness.unit.warm_plugins import ModelFacts, model_facts, score_clip, warm_model
from awb.harness.work_queue import WorkQueue, run_units
from awb.harness.workers.executor import Executor
from awb.harness.workers.pool import open_executor
from awb.harness.workers.single_task import as_awb_error, run_one
from awb.intervals import union
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve, resolve_all
from awb.plugins.session import SESSION
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec, Origin, Parameters
from awb.types import Clip

FILE = "file"
"""Name of the pseudo-dataset that consists of the file."""
_NEGLIGIBLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Explained:
    """An explained file, stored as a run of one instance."""

    folder: RunFolder
    clip: Clip  # at the file's own sample rate
    model: str
    target: str
    score: float  # log-odds of the target
    threshold: float  # log-odds from which the model's decision is positive
    hears_s: float  # length of the beginning of a clip that the model processes, in seconds

    @property
    def unheard(self) -> str:
        """A sentence about the part of the file that the model ignores; empty if there is none."""
        rest_s = self.clip.duration_s - self.hears_s
        if rest_s <= _NEGLIGIBLE_S:
            return ""
        return (
            f"{self.model} processes the first {self.hears_s:.3g} s, and ignores the last"
            f" {rest_s:.3g} s."
        )


def read_clip(path: Path) -> Clip:
    """Read a file as a clip without events; see `awb.audio.files.read_audio` for what it raises."""
    waveform, rate_hz = read_audio(path)
    return Clip(path.name, waveform, rate_hz)


def explain_file(
    path: Path,
    registry: Registry,
    folder: Path,
    *,
    model: str,
    target: str | None,
    labels: LabelsOfFile | None = None,
    explainers: Sequence[str],
    masker: str = "zeros",
    samples: int = 1000,
    seed: int = 0,
    limits: Limits | None = None,
    isolate: bool = False,
    progress: Progress | None = None,
) -> Explained:
    """Explain a model's score for a file, and evaluate the explanations.

    Without labels they are evaluated with fidelity metrics alone.
    """
    steps = None if progress is None else _Steps(f"Explaining {path.name}", progress)
    clip = read_clip(path)
    config = make_config(
        datasets=[f"{FILE}:{path}"],
        models=[model],
        explainers=list(explainers),
        masker=masker,
        samples=samples,
        seed=seed,
    )
    clip, notes = with_labels(clip, labels)
    resolved, dataset = resolve(registry, "model", model), _as_dataset()
    filled = resolve(registry, "masker", masker)
    with open_executor(1, limits=limits, isolate=isolate, watcher=steps) as executor:
        facts: ModelFacts = run_one(executor, model_facts, resolved)
        asked = _explainers(registry, explainers)
        if "all" in explainers:
            needs = [one.spec.needs for one in asked]
            taken = run_one(executor, partial(_takes, needs), resolved)
            asked = [one for one, fits in zip(asked, taken, strict=True) if fits]
        chosen = Chosen(
            [dataset],
            {dataset.label: [resolved]},
            tuple(asked),
            _metrics(registry, labelled=bool(clip.events)),
            filled,
            filled,
        )
        kept = _choose(executor, clip, resolved, facts, target)
        if steps is not None:
            steps.labels = [one.label for one in asked]
        tell(steps)  # what runs in this process
        try:
            made = _run(executor, clip, kept, config, chosen, facts, folder)
        finally:
            tell(None)
        if steps is not None:
            steps.end()
    made.add_to_record("dataset_notes", {FILE: list(notes)})
    threshold = facts.decision_threshold
    return Explained(made, clip, resolved.label, kept.target, kept.score, threshold, facts.hears_s)


@dataclass(slots=True)
class _Steps:
    """Counts explainers by what the worker is doing, as it takes them in order."""

    phase: str
    progress: Progress
    labels: list[str] = field(default_factory=list)
    done: int = 0

    def __call__(self, at: At) -> None:
        """Look at what the worker is doing."""
        call = at.call
        label = "" if call is None else call.of if call.kind == "metric" else call.label
        if label in self.labels[self.done :]:
            self.done = self.labels.index(label)
        if self.labels:
            self.progress(self.phase, self.done, len(self.labels))

    def end(self) -> None:
        """Report that all are done."""
        self.progress(self.phase, len(self.labels), len(self.labels))


def _run(
    executor: Executor,
    clip: Clip,
    kept: Kept,
    config: RunConfig,
    chosen: Chosen,
    facts: ModelFacts,
    folder: Path,
) -> RunFolder:
    """Write a run of one instance."""
    [model] = chosen.models
    rates = {model.label: facts.sample_rate_hz}
    places = {model.label: facts.computed_on}
    record = {
        **run_record(config, chosen),
        "sample_rates_hz": rates,
        "computed_on": places,
        "model_notes": {model.label: facts.notes},
    }
    made = RunFolder.create(folder, record)
    made.add_manifest(Manifest(FILE, model.label, facts.weights_sha256, (kept,), ()))
    plan = Plan(
        dataset=chosen.datasets[0],
        model=model,
        weights_sha256=facts.weights_sha256,
        explainers=chosen.explainers,
        metrics=chosen.metrics,
        masker=chosen.masker,
        scoring_masker=chosen.scoring_masker,
        config=config,
        computed_on=facts.computed_on,
    )
    instance = make_instance(FILE, clip, kept, facts.sample_rate_hz)
    key = plan.unit_key(kept.audio_sha256, kept.clip_id, kept.target, again=False)
    queue = WorkQueue([key], iter([Unit(key, plan, instance, again=False)]), {})
    run_units(executor, queue, plan, made.store(), lambda: None, labelled=False)
    return made


def _as_dataset() -> Resolved[DatasetSpec]:
    """Make the pseudo-dataset of a single file, which is never built."""
    spec = DatasetSpec(name=FILE, summary="One audio file.", citation="none", factory=_refuse)
    return Resolved("dataset", FILE, spec, Parameters(), Origin(SESSION))


def _refuse(parameters: Parameters) -> NoReturn:  # noqa: ARG001
    raise AwbError("a single file is not a dataset")


def _explainers(registry: Registry, texts: Sequence[str]) -> list[Resolved[ExplainerSpec]]:
    """Resolve explainers, leaving out those that need labels."""
    found = resolve_all(registry, "explainer", list(texts))
    blind = [one for one in found if not one.spec.sees_labels]
    if not blind:
        names = ", ".join(one.label for one in found)
        raise UnknownNameError(f"{names} needs labels, and a single file has none")
    return blind


def _takes(needs: Sequence[tuple[type, ...]], model: Resolved[ModelSpec]) -> list[bool]:
    """Report for each list of capabilities whether a model has all of them."""
    loaded = warm_model(model)
    return [all(isinstance(loaded, need) for need in one) for one in needs]


def _metrics(registry: Registry, *, labelled: bool) -> tuple[Resolved[MetricSpec], ...]:
    """Choose the main metrics; without labels, those that depend on the model alone."""
    return tuple(
        one
        for one in resolve_all(registry, "metric", ["all"])
        if one.spec.headline and (labelled or one.spec.facts.family != "localization")
    )


def _choose(
    executor: Executor,
    clip: Clip,
    model: Resolved[ModelSpec],
    facts: ModelFacts,
    target: str | None,
) -> Kept:
    """Score the clip, and choose the class to explain: of the labelled ones, if any are known."""
    index, classes = None, ClassIndex(facts)
    if target is not None:
        index = classes.find(target, None)
        if index is None:
            raise UnknownNameError(
                f"{model.label} has no class {target!r}.{_hint(target, facts.classes)}"
            )
    ready = prepare(clip, facts.sample_rate_hz)
    [(_, scores)] = executor.map(partial(score_clip, model), [ready])
    if isinstance(scores, Exception):
        name = f"model {model.label} on {clip.id}"
        if isinstance(scores, WorkerDiedError):
            raise PluginError(f"{name}: {scores}") from scores
        raise as_awb_error(scores, name) from scores
    known = [found for _, found, _ in targets_of(clip, classes) if found is not None]
    among = known or list(range(len(facts.classes)))
    place = max(among, key=lambda one: scores[one]) if index is None else index
    events = events_of(ready, classes, place)
    spans = union([(event.onset_s, event.offset_s) for event in events])
    times = tuple((float(onset), float(offset)) for onset, offset in spans)
    score = float(scores[place])
    return Kept(clip.id, facts.classes[place], place, times, score, audio_sha256(clip))


def _hint(target: str, classes: Sequence[str]) -> str:
    """Suggest classes; if there are hundreds, only similar ones."""

    hint = did_you_mean(target, classes)
    if "mean" in hint or len(classes) <= 30:
        return hint
    return f" It has {len(classes)} classes, such as {', '.join(classes[:5])}."
