"""Run an explainer as the harness does: with its own view of the perturber, and without labels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from awb.errors import NotApplicableError
from awb.harness.config.run_config import make_config, make_design
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.question import Question
from awb.harness.unit.warm_plugins import build
from awb.intervals import FloatArray
from awb.maskers import zeros
from awb.perturbation import Perturber
from awb.perturbation.perturber import Capability
from awb.plugins.resolve import Resolved
from awb.protocols import AudioModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Clip, Explanation, Instance

SAMPLES = 60


def question(
    model: AudioModel,
    clip: Clip,
    *,
    samples: int = SAMPLES,
    segment_s: float = 0.1,
    event_s: tuple[float, float] = (0.1, 0.3),
    lent: AudioModel | None = None,
) -> Question:
    """Make an instance for explainers from a model and a clip."""
    config = make_config(samples=samples, segment_s=segment_s)
    end_s = min(event_s[1], clip.duration_s)
    event = np.array([[min(event_s[0], end_s / 2), end_s]])
    instance = Instance("conformance", clip, "Target", 0, event)
    key = RandomKey((0, "conformance", clip.id))
    plain = Question(model, instance, config, zeros, key)
    if lent is None:
        return plain
    segments, design = plain.perturber.segments, make_design(config.design, config.samples)
    lending = _Lending(model, instance, segments, zeros, key, design=design)
    lending.lent = lent
    return replace(plain, existing=lending)


class _Lending(Perturber):
    """A perturber that hands out another model than the one it scores with."""

    lent: AudioModel

    def view(self, *, segments: Segments | None = None) -> Perturber:
        """Return a view of the same class; see `awb.perturbation.Perturber.view`."""
        made = object.__new__(_Lending)
        made.__dict__.update(super().view(segments=segments).__dict__)
        return made

    def model_as(self, capability: type[Capability]) -> Capability:
        """Return the lent model; see `awb.perturbation.Perturber.model_as`."""
        super().model_as(capability)
        if not isinstance(self.lent, capability):
            raise NotApplicableError(f"the model is not a {capability.__name__}")
        return self.lent


def ask(resolved: Resolved, asked: Question) -> Explanation:
    """Build an explainer and run it."""
    explainer: Any = build(resolved)
    with one_thread():
        return asked.explain(resolved, explainer).explanation


def relevance(resolved: Resolved, model: AudioModel, clip: Clip, **settings: Any) -> FloatArray:
    """Return the relevance of an explainer; see `question` for the settings."""
    return ask(resolved, question(model, clip, **settings)).relevance
