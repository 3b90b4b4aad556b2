"""Clips and maps for the tests of explainers that look inside a torch model."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.specs import ExplainerSpec
from awb.types import Clip, Explanation
from fakes import CELL, RATE_HZ, instance_of, perturber_for
from fakes_torch import TorchModel


def varied_clip(n_segments: int, seed: int = 0) -> Clip:
    """A clip of noise whose level changes all the time."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(0.05, 0.9, n_segments * CELL // 10).repeat(10)
    noise = level * rng.choice([-1.0, 1.0], n_segments * CELL)
    return Clip("varied", noise.astype(np.float32), RATE_HZ)


def features_of(model: TorchModel, clip: Clip) -> torch.Tensor:
    with torch.no_grad():
        return model.front_end(torch.tensor(np.array(clip.waveform)[None]))


def look(
    spec: ExplainerSpec, model: Any, clip: Clip, *, seed: int = 0, **settings: Any
) -> tuple[Explanation, Perturber]:
    """Run an explainer on a model and a clip; return its view for the cost too."""
    view = perturber_for(model, clip).view()
    explainer = spec.factory(spec.parameters(**settings))
    found = explainer(view, instance_of(clip).blind(), np.random.default_rng(seed))
    explanation = found if isinstance(found, Explanation) else Explanation(found)
    return explanation.check_length(view.n_segments), view


def map_of(spec: ExplainerSpec, model: Any, clip: Clip, **settings: Any) -> FloatArray:
    found = look(spec, model, clip, **settings)[0].time_frequency
    assert found is not None
    return found
