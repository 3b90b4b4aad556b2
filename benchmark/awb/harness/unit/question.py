"""One instance before one model: the door, and what explainers find behind it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from awb.activity import MODEL, at_work
from awb.errors import UndefinedScoreError
from awb.harness.config.run_config import RunConfig, make_design
from awb.intervals import FloatArray
from awb.maskers import Masker
from awb.perturbation import Perturber
from awb.perturbation.memory import ModelCache
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Cost, Explanation, Instance
from awb.variations import Variation


@dataclass(frozen=True, slots=True)
class Answer:
    """What an explainer said.

    Attributes
    ----------
    explanation : Explanation
        Its explanation.
    heeds_budget : bool
        Whether it would have asked for more, or fewer, masks had the run had more or fewer.
    """

    explanation: Explanation
    heeds_budget: bool


@dataclass(frozen=True)
class Question:
    """An instance that explainers are asked about; they share one pool of masks and scores.

    Attributes
    ----------
    model : AudioModel
        The model.
    instance : Instance
        Clip and target.
    config : RunConfig
        Segments and design.
    masker : callable
        What replaces dropped audio.
    key : RandomKey
        Path of the instance, from which all draws come.
    model_cache : ModelCache or None
        Where the model's scores are kept from run to run.
    door : Perturber or None
        The door, where there is one already.
    """

    model: AudioModel
    instance: Instance
    config: RunConfig
    masker: Masker
    key: RandomKey
    model_cache: ModelCache | None = None
    door: Perturber | None = None

    @cached_property
    def perturber(self) -> Perturber:
        """The door that all explainers share."""
        if self.door is not None:
            return self.door
        clip, config = self.instance.clip, self.config
        segments = Segments(
            clip.waveform.size, clip.sample_rate_hz, config.segment_s, config.segment_hop_s
        )
        design = make_design(config.design, config.samples)
        return Perturber(
            self.model,
            self.instance,
            segments,
            self.masker,
            self.key,
            design=design,
            model_cache=self.model_cache,
        )

    def explain(self, resolved: Resolved, explainer: Any, *, samples: int | None = None) -> Answer:
        """Run one explainer through its own view of the door."""
        seen = self.instance
        if not getattr(resolved.spec, "sees_labels", False):
            seen = seen.blind()
        door = self.perturber
        view = door.view() if samples is None else door.budgeted(samples)
        for capability in getattr(resolved.spec, "needs", ()):
            view.model_as(capability)
        started = time.perf_counter()
        found = explainer(view, seen, self.key.generator("explainer", resolved.label))
        seconds = time.perf_counter() - started
        explanation = found if isinstance(found, Explanation) else Explanation(np.asanyarray(found))
        spent = view.cost
        cost = Cost(spent.calls, spent.forwards, seconds + spent.seconds)
        checked = replace(explanation.check_length(view.n_segments), cost=cost)
        return Answer(checked, view.heeds_budget)

    def varied(self, variation: Variation) -> Question:
        """Return the same question asked in another way."""
        rng = self.key.generator("variation", repr(variation))
        if variation.reseeds:
            key = self.key.child("another seed")
            return replace(self, key=key, door=self.perturber.reseeded(self.masker, key))
        model = variation.of_model(self.model, rng)
        return replace(
            self,
            model=model,
            model_cache=self.model_cache if model is self.model else None,
            instance=variation.of_instance(self.instance, self.perturber.segments, rng),
            door=None,
        )


class Variants:
    """The variations of one instance, each made once for all explainers and metrics."""

    def __init__(self, question: Question, *, offered: bool) -> None:
        self._question = question
        self._offered = offered
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
        if not self._offered:
            raise UndefinedScoreError(
                "not among the instances that are explained again (--robustness)"
            )
        if variation not in self._made:
            with at_work(MODEL):
                self._made[variation] = self._question.varied(variation)
        varied = self._made[variation]
        found = varied.explain(resolved, explainer, samples=samples).explanation
        return varied.perturber.segments.to_grid(found.relevance)

    def keep(self) -> None:
        """Write what was computed to the cache, where there is one."""
        for varied in self._made.values():
            varied.perturber.keep()
