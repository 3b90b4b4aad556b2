"""Run the selection: score every clip once, and decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
from awb.harness.unit.blinding import without_labels
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

    With a number of clips, the dataset is read on until as many have an instance, in steps that
    depend on what was found and on nothing else.

    Clip-level labels are used only if no clip has annotated times, and always to tell what is no
    false alarm; in other datasets a clip without events has no targets. So event times are known
    for all instances of a board, or for none.
    """
    clip_ids = list(source.dataset.clip_ids())[: config.among_first]
    alarms = false_alarms_of(source, facts, config) if config.instances == FALSE_ALARMS else None
    rule = _rule(facts, config) if alarms is None else alarms.decide
    decisions = _Decisions(rule, by_events=alarms is None)
    scoring = _Scoring(source, model, facts, executor, progress, store, decisions)
    entries: list[Kept | Skipped] = []
    looked = found = 0
    while looked < len(clip_ids) and (config.clips is None or found < config.clips):
        step = len(clip_ids) if config.clips is None else config.clips - found
        scoring.score(clip_ids[looked : looked + step])
        looked = min(looked + step, len(clip_ids))
        if scoring.given_up:
            decisions.give_up(clip_ids)
            looked = len(clip_ids)
        entries = decisions.entries(clip_ids[:looked])
        if alarms is not None:
            entries = list(alarms.known(entries))
        found = len({one.clip_id for one in entries if isinstance(one, Kept)})
    scoring.check()
    return replace(_manifest(source, model, facts, entries), kind=config.instances)


@dataclass(slots=True)
class _Scoring:
    """Reads and scores clips, and hands each to the decisions."""

    source: Source
    model: Resolved[ModelSpec]
    facts: ModelFacts
    executor: Executor
    progress: Progress
    store: ScoreStore | None
    decisions: _Decisions
    _whole: dict[str, Clip] = field(default_factory=dict)
    _failures: list[AwbError] = field(default_factory=list)
    _deaths: int = 0
    _scored: int = 0

    @property
    def given_up(self) -> bool:
        """Whether the model was stopped too often to be tried again."""
        return self._deaths >= MAX_FAILURES

    def check(self) -> None:
        """Raise what the model raised if it scored nothing."""
        if self._failures and not self._scored and not self._deaths:
            raise self._failures[0]

    def score(self, clip_ids: Sequence[str]) -> None:
        """Score some clips."""
        phase = f"Selecting from {self.source.resolved.label} for {self.model.label}"
        total = len(self.decisions) + len(clip_ids)
        scored_clips = score_clips(
            self.executor,
            self.model,
            self.facts,
            self._readable(clip_ids),
            dataset=self.source.resolved.spec.name,
            store=self.store,
        )
        for clip, scores in scored_clips:
            original = self._whole.pop(clip.id)
            if isinstance(scores, Exception):
                name = f"model {self.model.label} on clip {clip.id}"
                self._failures.append(as_awb_error(scores, name))
                self.decisions.skip(clip.id, MODEL_FAILED, described(self._failures[-1]))
                self._deaths += isinstance(scores, WorkerDiedError)
            else:
                self._scored += 1
                self.decisions.add(original, scores)
            self.progress(phase, len(self.decisions), total)
        if len(self._failures) >= MAX_FAILURES:
            self.check()

    def _readable(self, clip_ids: Sequence[str]) -> Iterator[Clip]:
        """Read clips, as far as the model is still tried."""
        shortest_s = minimum_duration_s(self.model)
        for clip_id in clip_ids:
            if self.given_up:
                return
            try:
                clip = self.source.load(clip_id)
                if clip.duration_s < shortest_s:
                    detail = too_short(clip.duration_s, shortest_s)
                    self.decisions.skip(clip_id, TOO_SHORT, detail)
                    continue
                self._whole[clip_id] = clip
                yield without_labels(prepare(clip, self.facts.sample_rate_hz))
            except DataError as error:
                self.decisions.skip(clip_id, BAD_AUDIO, described(error))


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


def false_alarms_of(source: Source, facts: ModelFacts, config: RunConfig) -> FalseAlarms:
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
