"""A run with a time to keep: what it does is chosen from a pilot, and it stops with whole clips."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from awb.errors import ParameterError
from awb.harness.config.choice import Chosen
from awb.harness.config.durations import about, plain_duration, read_duration
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import FIXED, RunConfig
from awb.harness.config.settings import RunSettings
from awb.harness.planning.allocation import Choice, Costs, Wishes, allocate, masks_for
from awb.harness.planning.deadline import Deadline
from awb.harness.planning.pilot import FEW, MANY, PATIENCE, costs_of, run_pilot
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Kept, make_instance
from awb.harness.selection.selector import select
from awb.harness.unit.record import AGAIN, Plan
from awb.harness.unit.warm_plugins import ModelFacts
from awb.harness.workers.executor import Executor
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve, with_parameters
from awb.segments import Segments
from awb.specs import DatasetSpec, ModelSpec

ENDLESS = 1000
"""Clips of a generated dataset that are there to choose from."""

_FIRST_CLIPS = 4
_MOST_TRIALS = 4
_RESERVE_S, _RESERVE = 3.0, 0.04
"""Time that is kept for the boards: some seconds, and a share."""


def nothing_said(line: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Bench:
    """An opened run: what a pilot needs."""

    chosen: Chosen
    sources: list[Source]
    facts: dict[str, ModelFacts]
    executor: Executor
    resources: Resources

    def pairs(self) -> list[tuple[Source, Resolved[ModelSpec]]]:
        """List the datasets, each with every model it is run with."""
        return [
            (source, model)
            for source in self.sources
            for model in self.chosen.pairs[source.resolved.label]
        ]


@dataclass(slots=True)
class Timed:
    """The time for a run, and the choices made to keep it."""

    within_s: float
    given: frozenset[str] = frozenset()  # settings that are not to be chosen
    tell: Callable[[str], None] = nothing_said
    now: Callable[[], float] = time.monotonic
    said: list[str] = field(default_factory=list)
    started_s: float = 0.0
    _costs: list[Costs] = field(default_factory=list)  # per pair
    _samples: int = MANY
    _only: int | None = None  # drop masks, where there was no time to measure how much they cost

    @classmethod
    def of(cls, settings: RunSettings, tell: Callable[[str], None] = nothing_said) -> Timed | None:
        """Read the time from settings; None if there is none."""
        if settings.within is None:
            return None
        if settings.scheduler is not None:
            raise ParameterError(
                "--within plans for the processors of this machine; leave out --scheduler"
            )
        given = settings.given()
        if given.get("robustness") == "all":
            raise ParameterError("--within and --robustness all exclude each other; give a number")
        names = frozenset(name for name, value in given.items() if value is not None)
        made = cls(read_duration(settings.within), names, tell)
        made.started_s = made.now()
        return made

    @property
    def text(self) -> str:
        """The option as it may be typed."""
        return f"--within {plain_duration(self.within_s)}"

    @property
    def end_s(self) -> float:
        """When explaining must end, by `now`."""
        return self.started_s + self.within_s - (_RESERVE_S + _RESERVE * self.within_s)

    def say(self, line: str) -> None:
        """Tell what was chosen, and keep it for the record."""
        self.said.append(line)
        self.tell(line)

    def widened(self, config: RunConfig, registry: Registry) -> RunConfig:
        """Let generated datasets have as many clips as may be wanted, unless that was set."""
        if "clips" in self.given:
            return config
        labels = [_widened(resolve(registry, "dataset", one)).label for one in config.datasets]
        return config.model_copy(update={"datasets": labels})

    def chosen(self, config: RunConfig, bench: Bench) -> RunConfig:
        """Measure a pilot, and choose clips, drop masks and robustness."""
        masks = (config.samples,) if self._samples_given else (FEW, MANY)
        costs, n_segments, most, first = self._measured(config, bench, masks)
        families = {one.spec.facts.family for one in bench.chosen.metrics}
        again = families & AGAIN and config.segments == FIXED
        none = None if again else 0
        wishes = Wishes(
            most if config.clips is None else min(most, config.clips),
            n_segments,
            config.samples if self._samples_given else self._only,
            "clips" in self.given,
            int(config.robustness) if "robustness" in self.given else none,
            config.samples_again(),
        )
        left_s = self.end_s - self.now()
        choice = allocate(costs, wishes, left_s)
        if choice is None:
            raise ParameterError(self._too_short(costs, wishes))
        choice = replace(choice, clips=max(choice.clips, first))
        self._samples = choice.samples
        self._say_choice(costs, choice, wishes)
        return config.model_copy(
            update={
                "clips": choice.clips,
                "samples": choice.samples,
                "robustness": choice.robustness,
            }
        )

    def further(
        self, config: RunConfig, bench: Bench, n_stored: int, known: Sequence[Mapping[str, Any]]
    ) -> RunConfig:
        """Choose how many clips a resumed run has in the end; `known` are its `costs`."""
        if known and n_stored:
            workers = bench.resources.workers
            self._costs = [replace(Costs(**one), workers=workers) for one in known]
            costs, first = _together(self._costs), 1
            most = max(len(list(one.dataset.clip_ids())) for one in bench.sources)
        else:
            free = config.model_copy(update={"clips": None})
            costs, _, most, first = self._measured(free, bench, (config.samples,))
        self._samples = config.samples
        left_s = self.end_s - self.now()
        more = int(left_s / costs.clip_s(config.samples))
        clips = max(min(n_stored + more, most), min(n_stored, most), first)
        self.say(f"{self.text}: up to {clips} clips, of which {n_stored} are done or begun.")
        return config.model_copy(update={"clips": clips})

    @property
    def _samples_given(self) -> bool:
        return bool(self.given & {"samples", "budgets"})

    def _measured(
        self, config: RunConfig, bench: Bench, masks: tuple[int, ...]
    ) -> tuple[Costs, int, int, int]:
        """Measure every pair; the costs of a clip are those of all pairs together.

        Also returns the number of segments, of all clips, and of those up to the first instance.
        """
        found: list[Costs] = []
        n_segments, most, first = 0, 0, 1
        for source, model in bench.pairs():
            facts = bench.facts[model.label]
            kept, n_clips, n_all = _first(source, model, facts, config, bench.executor)
            most = max(most, n_all)
            first = max(first, list(source.dataset.clip_ids()).index(kept[0].clip_id) + 1)
            rate_hz, name = facts.sample_rate_hz, source.resolved.spec.name
            one_each = list({one.clip_id: one for one in reversed(kept)}.values())[::-1]
            count = min(bench.resources.workers, _MOST_TRIALS, len(one_each))
            instances = [
                make_instance(name, source.load(one.clip_id), one, rate_hz)
                for one in one_each[:count]
            ]
            clip = instances[0].clip
            segments = Segments(clip.waveform.size, rate_hz, config.segment_s, config.segment_hop_s)
            n_segments = max(n_segments, segments.n)
            plan = Plan.of(
                bench.chosen,
                source.resolved,
                model,
                config,
                facts.weights_sha256,
                computed_on=facts.computed_on,
            )
            timings = run_pilot(bench.executor, plan, instances, masks, PATIENCE * self.within_s)
            found.append(costs_of(timings, len(kept) / n_clips, bench.resources.workers))
        self._costs = found
        if len({one.samples for one in timings}) == 1 and not self._samples_given:
            self._only = next(iter(masks_for(n_segments)))
        return _together(found), n_segments, most, first

    @property
    def costs(self) -> list[dict[str, Any]]:
        """What was measured, for the record of the run."""
        return [asdict(one) for one in self._costs]

    def deadline(self, pair: int) -> Deadline:
        """Return the deadline of a pair: those after it keep their share of the time."""
        clip_s = [one.clip_s(self._samples) for one in self._costs[pair:]]
        end_s = self.now() + (self.end_s - self.now()) * clip_s[0] / sum(clip_s)
        unit_s = clip_s[0] / self._costs[pair].instances_per_clip
        return Deadline(end_s, unit_s, self.now)

    def say_stopped(self, clips: int, planned: int) -> None:
        """Tell that a run stopped early."""
        self.say(
            f"Stopped after {clips} of {planned} clips to keep {self.text}; the board is complete"
            " for these."
        )

    def say_end(self, clips: int, n_all: int) -> None:
        """Tell how to go on."""
        if clips < n_all:
            self.tell(f"To go on with more clips: awb resume RUN {self.text}")

    def _too_short(self, costs: Costs, wishes: Wishes) -> str:
        samples = wishes.samples or FEW
        clips = wishes.most_clips if wishes.exact_clips else 1
        needed_s = self.now() - self.started_s + clips * costs.clip_s(samples)
        if wishes.robustness:
            needed_s += wishes.robustness * costs.again_s(wishes.samples_again)
        which = "one clip" if clips == 1 else f"{clips} clips"
        return (
            f"{self.text} is too short: {which} with {samples:,} drop masks would take"
            f" {about(needed_s)}, the start included"
        )

    def _say_choice(self, costs: Costs, choice: Choice, wishes: Wishes) -> None:
        again = f"{choice.robustness} instances again" if choice.robustness else "no robustness"
        count = max(round(choice.clips * costs.instances_per_clip), 1)
        clips = "1 clip" if choice.clips == 1 else f"{choice.clips} clips"
        self.say(
            f"{self.text}: {clips} (about {count} instances), {choice.samples:,} drop masks each,"
            f" {again}; {about(choice.seconds)}."
        )
        each_s = costs.base_s + costs.mask_s * choice.samples
        why = f"An instance takes {about(each_s)} of one of {costs.workers} workers"
        if self._only is not None:
            why += "; there is no time to learn whether more masks are worth theirs"
        elif wishes.samples is None:
            share = costs.mask_s * choice.samples / each_s
            why += (
                f", {share:.0%} of them for masks, from which {costs.heeds:.0%} of the explainers"
                " learn: with more masks or more clips, it would tell fewer apart"
            )
        self.say(f"{why}.")


def _first(
    source: Source,
    model: Resolved[ModelSpec],
    facts: ModelFacts,
    config: RunConfig,
    executor: Executor,
) -> tuple[tuple[Kept, ...], int, int]:
    """Select from the first clips, until there is an instance; also count them, and all clips."""
    n_all = len(list(source.dataset.clip_ids()))
    clips = min(_FIRST_CLIPS, n_all, config.clips or n_all)
    while True:
        some = config.model_copy(update={"clips": clips})
        manifest = select(source, model, facts, some, executor, lambda *_: None)
        if manifest.kept:
            return manifest.kept, clips, n_all
        if clips >= min(n_all, config.clips or n_all):
            raise ParameterError(
                f"no instance is selected from {clips} clips of {source.resolved.label}, so there"
                " is nothing to plan; leave out --within to see the reasons"
            )
        clips = min(4 * clips, n_all, config.clips or n_all)


def _together(found: list[Costs]) -> Costs:
    """Add the costs of pairs, whose clips are counted once."""
    if len(found) == 1:
        return found[0]
    per_clip = sum(one.instances_per_clip for one in found)
    weights = [one.instances_per_clip / per_clip for one in found]
    return replace(
        found[0],
        base_s=sum(w * one.base_s for w, one in zip(weights, found, strict=True)),
        mask_s=sum(w * one.mask_s for w, one in zip(weights, found, strict=True)),
        heeds=sum(w * one.heeds for w, one in zip(weights, found, strict=True)),
        instances_per_clip=per_clip,
    )


def _widened(dataset: Resolved[DatasetSpec]) -> Resolved[DatasetSpec]:
    """Give a generated dataset many clips, unless their number was set."""
    fields = dataset.spec.parameters.model_fields
    if dataset.spec.shadow is None or "clips" not in fields:
        return dataset
    if getattr(dataset.parameters, "clips", None) != fields["clips"].get_default():
        return dataset
    return with_parameters(dataset, dataset.parameters.model_copy(update={"clips": ENDLESS}))


def clips_done(clip_ids: list[str], begun: Collection[str]) -> int:
    """Return how many clips, from the first, hold all that are begun.

    Examples
    --------
    >>> clips_done(["a", "b", "c"], {"b"})
    2
    """
    return max((place + 1 for place, one in enumerate(clip_ids) if one in begun), default=0)
