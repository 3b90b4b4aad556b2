"""One instance and one model, as explainers see them: through a shared perturber."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from awb.activity import MODEL, at_work
from awb.data.class_index import ClassIndex
from awb.errors import UndefinedScoreError
from awb.harness.config.run_config import RunConfig, make_design
from awb.harness.unit.following import edges_of, follows_sound, on_cells, segment_of_cells
from awb.intervals import FloatArray, IntArray, union
from awb.maskers import Masker
from awb.perturbation import Perturber
from awb.perturbation.memory import ModelCache
from awb.perturbation.scorers.clips import PartMemory
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Explanation, Instance
from awb.variations import Variation


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of an explainer."""

    explanation: Explanation
    heeds_budget: bool  # whether the number of masks it used depends on the run's budget


@dataclass(frozen=True)
class Question:
    """An instance to explain; all explainers share one pool of masks and scores."""

    model: AudioModel
    instance: Instance
    config: RunConfig
    masker: Masker
    key: RandomKey  # of the instance; all random draws derive from it
    model_cache: ModelCache | None = None  # of scores across runs
    existing: Perturber | None = None  # to use instead of a new one
    parts: PartMemory = field(default_factory=PartMemory)  # what the model has scored of the clip

    @cached_property
    def perturber(self) -> Perturber:
        """The perturber that all explainers share."""
        if self.existing is not None:
            return self.existing
        clip, config = self.instance.clip, self.config
        segments = Segments(
            clip.waveform.size, clip.sample_rate_hz, config.segment_s, config.segment_hop_s
        )
        design = make_design(config.design, config.samples)
        design = replace(design, is_budget=config.budgets is not None)
        return Perturber(
            self.model,
            self.instance,
            segments,
            self.masker,
            self.key,
            design=design,
            model_cache=self.model_cache,
            parts=self.parts,
        )

    @cached_property
    def other_intervals_s(self) -> FloatArray:
        """The clip's labelled events of other classes than the target, merged."""
        classes, instance = ClassIndex(self.model), self.instance
        others = [
            (event.onset_s, event.offset_s)
            for event in instance.clip.events
            if event.label != instance.target
            and classes.find(event.label, event.mid) != instance.class_index
        ]
        return union(others)

    @cached_property
    def segment_of_cells(self) -> IntArray:
        """The segment that follows the sound, for each cell."""
        edges = edges_of(self.instance.clip, self.config)
        return segment_of_cells(edges, self.perturber.segments)

    def explain(self, resolved: Resolved, explainer: Any, *, samples: int | None = None) -> Answer:
        """Run one explainer with its own view of the perturber."""
        seen = self.instance
        if not getattr(resolved.spec, "sees_labels", False):
            seen = seen.blind()
        shared = self.perturber
        view = shared.view() if samples is None else shared.budgeted(samples)
        for capability in getattr(resolved.spec, "needs", ()):
            view.model_as(capability)
        follows = follows_sound(self.config, resolved)
        if follows:
            view = view.grouped(self.segment_of_cells)
        started, designs_s = time.perf_counter(), view.designs_s
        found = explainer(view, seen, view.explainer_rng(resolved.label))
        elapsed_s, drawn_s = time.perf_counter() - started, view.designs_s - designs_s
        explanation = found if isinstance(found, Explanation) else Explanation(np.asanyarray(found))
        cost = replace(view.cost, seconds=max(0.0, elapsed_s - drawn_s))
        checked = replace(explanation.check_length(view.n_segments), cost=cost)
        if follows:
            checked = on_cells(checked, self.segment_of_cells)
        return Answer(checked, view.heeds_budget)

    def varied(self, variation: Variation) -> Question:
        """Return a variation of the question."""
        rng = self.key.generator("variation", repr(variation))
        if variation.reseeds:
            key = self.key.child("another seed")
            return replace(self, key=key, existing=self.perturber.reseeded(self.masker, key))
        model = variation.of_model(self.model, rng)
        instance = variation.of_instance(self.instance, self.perturber.segments, rng)
        return replace(
            self,
            model=model,
            model_cache=self.model_cache if model is self.model else None,
            instance=variation.of_target(instance, model, rng),
            existing=None,
            parts=self.parts if model is self.model else PartMemory(),
        )


def not_again(variation: Variation) -> FloatArray:  # noqa: ARG001 - as of an instance that is
    """Refuse to explain an instance again that was not chosen for it."""
    raise UndefinedScoreError("not among the instances that are explained again (--robustness)")


class Variants:
    """The variations of one instance, each created once for all explainers and metrics."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._made: dict[Variation, Question] = {}

    def explain(
        self,
        resolved: Resolved,
        explainer: Any,
        variation: Variation,
        *,
        samples: int | None = None,
    ) -> FloatArray:
        """Explain the varied instance."""
        if variation not in self._made:
            with at_work(MODEL):
                self._made[variation] = self._question.varied(variation)
        varied = self._made[variation]
        found = varied.explain(resolved, explainer, samples=samples).explanation
        return varied.perturber.segments.to_grid(found.relevance)

    def keep(self) -> None:
        """Write new scores to the cache, if there is one."""

        for varied in self._made.values():
            varied.perturber.keep()
