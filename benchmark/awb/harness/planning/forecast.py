"""Forecasts: how much a run has to do, how long that takes and what it stores.

A run's first clips are scored, and an instance per worker is explained; the rest is extrapolated.
Nothing is kept.
"""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.harness.config.resources import Resources
from awb.harness.config.run_config import RunConfig
from awb.harness.planning.allocation import Costs
from awb.harness.planning.pilot import FEW, MANY, Timing, costs_of, run_pilot
from awb.harness.planning.timed import Bench
from awb.harness.selection.clip_scores import ScoreStore
from awb.harness.selection.dataset_process import Source
from awb.harness.selection.manifest import Kept, make_instance
from awb.harness.selection.no_instances import NoInstancesError, why_none
from awb.harness.selection.selector import Progress, select
from awb.harness.unit.record import AGAIN, Plan
from awb.harness.unit.warm_plugins import ModelFacts
from awb.plugins.resolve import Resolved
from awb.specs import ModelSpec

_FIRST_CLIPS = 2  # the next ones are timed without the loading of the model
_MOST_TRIALS = 4
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Looked:
    """What a run's first clips hold."""

    clips: int
    kept: tuple[Kept, ...]
    most: int  # clips that the run looks at, at most
    clip_s: float  # to read and score one, with all workers at it

    def expected(self, wanted: int | None) -> tuple[int, int]:
        """Return the clips to be looked at and the instances to be explained, as expected."""
        with_one = len({one.clip_id for one in self.kept})
        if wanted is None or self.clips == self.most:
            return self.most, round(len(self.kept) * self.most / self.clips)
        clips = min(math.ceil(wanted * self.clips / with_one), self.most)
        there = min(wanted, clips * with_one / self.clips)
        return clips, round(there * len(self.kept) / with_one)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What one dataset and model take."""

    dataset: str
    model: str
    looked: Looked
    clips: int  # that will be looked at
    instances: int  # that will be explained
    costs: Costs
    samples: int
    calls: float  # model calls of all explainers together, per instance
    stored_bytes: float  # per instance
    again: int  # instances that are explained again for robustness
    samples_again: int

    @property
    def instance_s(self) -> float:
        """Time of one instance, on one worker."""
        return self.costs.base_s + self.costs.mask_s * self.samples

    @property
    def select_s(self) -> float:
        """Time until the instances are known."""
        return self.looked.clip_s * self.clips

    @property
    def explain_s(self) -> float:
        """Time for all instances."""
        again_s = self.again * self.costs.again_s(self.samples_again)
        return self.instances * self.instance_s / self.costs.workers + again_s

    @property
    def disk_bytes(self) -> float:
        """What the run folder will take."""
        return self.instances * self.stored_bytes


@dataclass(slots=True)
class Forecaster:
    """Looks at the first clips of each dataset, and explains a few instances on each model."""

    config: RunConfig
    resources: Resources
    progress: Progress
    time_s: float = MINUTE_S  # in which another selection starts; instances take what they take

    def forecasts(self, bench: Bench) -> list[Forecast]:
        """Measure every pair of a dataset and a model."""
        pairs = bench.pairs()
        share_s = self.time_s / len(pairs)
        return [self._forecast(bench, source, model, share_s) for source, model in pairs]

    def _forecast(
        self, bench: Bench, source: Source, model: Resolved[ModelSpec], share_s: float
    ) -> Forecast:
        config, facts = self.config, bench.facts[model.label]
        looked = self._look(bench, source, model, share_s / 2)
        plan = Plan.of(
            bench.chosen,
            source.resolved,
            model,
            config,
            facts.weights_sha256,
            computed_on=facts.computed_on,
        )
        timings = self._explained(bench, source, plan, facts, looked)
        clips, instances = looked.expected(config.clips)
        costs = costs_of(timings, len(looked.kept) / looked.clips, self.resources.workers)
        families = {one.spec.facts.family for one in bench.chosen.metrics}
        again = instances if config.robustness == "all" else min(int(config.robustness), instances)
        return Forecast(
            source.resolved.label,
            model.label,
            looked,
            clips,
            instances,
            costs,
            config.samples,
            _calls(timings, config.samples),
            float(np.mean([one.stored_bytes for one in timings])),
            again if families & AGAIN else 0,
            config.samples_again(),
        )

    def _look(
        self, bench: Bench, source: Source, model: Resolved[ModelSpec], share_s: float
    ) -> Looked:
        """Select from twice as many clips each time, until there is an instance and no time."""
        facts = bench.facts[model.label]
        n_all = len(list(source.dataset.clip_ids()))
        most = min(n_all, self.config.among_first or n_all)
        clips, before, started = min(_FIRST_CLIPS, most), 0, time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            store = ScoreStore(self.resources.scores or Path(folder) / "scores.sqlite")
            while True:
                begun = time.monotonic()
                some = self.config.model_copy(update={"among_first": clips, "clips": None})
                manifest = select(
                    source, model, facts, some, bench.executor, self.progress, store=store
                )
                now = time.monotonic()
                if clips == most and not manifest.kept:
                    classes = {model.label: facts.classes}
                    raise NoInstancesError(why_none([manifest], self.config, classes))
                if clips == most or (before and manifest.kept and now - started > share_s):
                    clip_s = (now - begun) / (clips - before)
                    return Looked(clips, manifest.kept, most, clip_s)
                clips, before = min(2 * clips, most), clips

    def _explained(
        self,
        bench: Bench,
        source: Source,
        plan: Plan,
        facts: ModelFacts,
        looked: Looked,
    ) -> list[Timing]:
        """Explain an instance per worker, with few and with more drop masks."""
        one_each = list({one.clip_id: one for one in reversed(looked.kept)}.values())[::-1]
        count = min(self.resources.workers, _MOST_TRIALS, len(one_each))
        name, rate_hz = source.resolved.spec.name, facts.sample_rate_hz
        instances = [
            make_instance(name, source.load(one.clip_id), one, rate_hz) for one in one_each[:count]
        ]
        self.progress(f"Measuring {plan.model.label} on {plan.dataset.label}", 0, count)
        samples = self.config.samples
        masks = tuple(sorted({min(FEW, samples), min(MANY, samples)}))
        if self.config.budgets is not None:
            masks = (samples,)
        found = run_pilot(bench.executor, plan, instances, masks, math.inf, what="--dry-run")
        self.progress(f"Measuring {plan.model.label} on {plan.dataset.label}", count, count)
        return found


def _calls(timings: Sequence[Timing], samples: int) -> float:
    """Extrapolate the model calls of all explainers of an instance as a line over the masks."""
    masks = np.array([one.samples for one in timings], dtype=np.float64)
    calls = np.array([sum(one.calls.values()) for one in timings], dtype=np.float64)
    if masks.min() == masks.max():
        return float(calls.mean())
    slope, start = np.polyfit(masks, calls, 1)
    return float(start + slope * samples)
