"""Run the selection: score every clip once, and decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from awb.activity import WorkerDiedError
from awb.data.class_index import ClassIndex
from awb.data.instance_kinds import FALSE_ALARMS
from awb.data.skipped import BAD_AUDIO, MODEL_FAILED, TOO_SHORT, Skipped
from awb.errors import AwbError, DataError, described
from awb.harness.config.run_config import RunConfig
from awb.harness.selection.clip_scores import ScoreStore, score_clips
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.false_alarms import FalseAlarms
from awb.harness.selection.manifest import Kept, Manifest, decide, prepare
from awb.harness.unit.record import MAX_FAILURES
from awb.harness.unit.warm_plugins import ModelFacts
from awb.harness.workers.executor import Executor
from awb.harness.workers.single_task import as_awb_error
from awb.plugins.resolve import Resolved
from awb.protocols import Dataset, ScoreArray
from awb.specs import ModelSpec
from awb.types import Clip

Rule = Callable[[Clip, ScoreArray], Iterable[Kept | Skipped]]
"""Decides about the targets of a scored clip."""

Progress = Callable[[str, int, int], None]
"""``progress(phase, done, total)``, called after every clip or instance."""


class _Decisions:
    """The decisions about each clip, with clip-level labels and without."""

    def __init__(self, decide_one: Rule, *, by_events: bool) -> None:
        self._decide = decide_one
        self._by_events = by_events
        self._all: dict[str, list[Kept | Skipped]] = {}
        self._by_events_alone: dict[str, list[Kept | Skipped]] = {}
        self._has_times = False

    def __len__(self) -> int:
        return len(self._all)

    def skip(self, clip_id: str, reason: str, detail: str) -> None:
        """Leave a whole clip out."""
        self._all[clip_id] = [Skipped(clip_id, "", reason, detail)]

    def give_up(self, clip_ids: Sequence[str]) -> None:
        """Leave out all clips, so that it does not matter which ones were scored by then."""
        for clip_id in clip_ids:
            self.skip(clip_id, MODEL_FAILED, f"the model was stopped on {MAX_FAILURES} clips")
        self._by_events_alone.clear()

    def add(self, clip: Clip, scores: ScoreArray) -> None:
        """Decide about every target of a clip, with its clip-level labels and without them."""
        self._all[clip.id] = list(self._decide(clip, scores))
        self._has_times = self._has_times or bool(clip.events)
        if clip.labels and self._by_events:
            self._by_events_alone[clip.id] = list(self._decide(replace(clip, labels=()), scores))

    def entries(self, clip_ids: Sequence[str]) -> list[Kept | Skipped]:
        """List the decisions: by events alone if any clip has annotated times."""
        chosen = {**self._all, **self._by_events_alone} if self._has_times else self._all
        return [entry for clip_id in clip_ids for entry in chosen[clip_id]]


def select(
    source: Source,
    model: Resolved[ModelSpec],
    facts: ModelFacts,
    config: RunConfig,
    executor: Executor,
    progress: Progress,
    *,
    store: ScoreStore | None = None,
) -> Manifest:
    """Score every clip once and decide which targets are explained.

    Clip-level labels are used only if no clip has annotated times, and always to tell what is no
    false alarm; in other datasets a clip without events has no targets. So event times are known
    for all instances of a board, or for none.
    """
    shortest_s = minimum_duration_s(model)
    clip_ids = list(source.dataset.clip_ids())[: config.clips]
    alarms = _false_alarms(source, facts, config) if config.instances == FALSE_ALARMS else None
    rule = _rule(facts, config) if alarms is None else alarms.decide
    decisions = _Decisions(rule, by_events=alarms is None)
    whole: dict[str, Clip] = {}

    deaths: list[str] = []

    def readable() -> Iterator[Clip]:
        for clip_id in clip_ids:
            if len(deaths) >= MAX_FAILURES:
                return
            try:
                whole[clip_id] = source.load(clip_id)
                if whole[clip_id].duration_s < shortest_s:
                    detail = too_short(whole.pop(clip_id).duration_s, shortest_s)
                    decisions.skip(clip_id, TOO_SHORT, detail)
                    continue
                yield prepare(whole[clip_id], facts.sample_rate_hz)
            except DataError as error:
                decisions.skip(clip_id, BAD_AUDIO, described(error))

    failures: list[AwbError] = []
    scored = 0
    phase = f"Selecting from {source.resolved.label} for {model.label}"
    name = source.resolved.spec.name
    scored_clips = score_clips(executor, model, facts, readable(), dataset=name, store=store)
    for clip, scores in scored_clips:
        original = whole.pop(clip.id)
        if isinstance(scores, Exception):
            failures.append(as_awb_error(scores, f"model {model.label} on clip {clip.id}"))
            decisions.skip(clip.id, MODEL_FAILED, described(failures[-1]))
            deaths.extend([clip.id] if isinstance(scores, WorkerDiedError) else [])
        else:
            scored += 1
            decisions.add(original, scores)
        progress(phase, len(decisions), len(clip_ids))
    if failures and not scored and not deaths:
        raise failures[0]
    if len(deaths) >= MAX_FAILURES:
        decisions.give_up(clip_ids)
    entries = decisions.entries(clip_ids)
    if alarms is not None:
        entries = list(alarms.known(entries))
    return replace(_manifest(source, model, facts, entries), kind=config.instances)


def _manifest(
    source: Source, model: Resolved[ModelSpec], facts: ModelFacts, entries: Sequence[Kept | Skipped]
) -> Manifest:
    """Make a manifest of the decisions."""
    return Manifest(
        source.resolved.label,
        model.label,
        facts.weights_sha256,
        tuple(entry for entry in entries if isinstance(entry, Kept)),
        (*_excluded(source.dataset), *(one for one in entries if isinstance(one, Skipped))),
        _fingerprint(source.dataset),
    )


def minimum_duration_s(model: Resolved[ModelSpec]) -> float:
    """Return the minimum length of a clip that a model accepts, in seconds; 0 for none."""
    spec = model.spec
    if spec.minimum_duration_s is None:
        return 0.0
    return float(spec.minimum_duration_s(model.parameters))


def too_short(duration_s: float, shortest_s: float) -> str:
    """Report that a clip is too short for a model."""
    return f"{duration_s:.3f} s, the model needs {shortest_s:g} s"


def _false_alarms(source: Source, facts: ModelFacts, config: RunConfig) -> FalseAlarms:
    """Return the rule for false alarms, with what the dataset reports about its ontology."""
    relatives = getattr(source.dataset, "relatives", None)
    return FalseAlarms(
        ClassIndex(facts),
        facts.decision_threshold if config.min_score is None else config.min_score,
        relatives if callable(relatives) else lambda _: (),
    )


def _rule(facts: ModelFacts, config: RunConfig) -> Rule:
    """Return `decide` with the limits of a run."""
    own = facts.decision_threshold
    return partial(
        decide,
        classes=ClassIndex(facts),
        max_event_fraction=config.max_event_fraction,
        min_score=own if config.min_score is None else config.min_score,
        hears_s=facts.hears_s,
        kind=config.instances,
    )


def _excluded(dataset: Dataset) -> tuple[Skipped, ...]:
    """List what a dataset itself leaves out, if it reports that."""
    list_them = getattr(dataset, "excluded", None)
    return tuple(list_them()) if callable(list_them) else ()


def _fingerprint(dataset: Dataset) -> str:
    """Return a dataset's own hash of its tables and files, if it has one."""

    hash_it = getattr(dataset, "fingerprint", None)
    return str(hash_it()) if callable(hash_it) else ""
