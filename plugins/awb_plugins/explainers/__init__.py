"""The built-in explainers: those that mask audio, those that look inside, and the baselines."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec
from awb_plugins.explainers import (
    attention,
    baselines,
    captum_adapter,
    ensembles,
    learned_masks,
    segmentwise,
    spectrogram,
)


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the built-in explainers; baselines come last."""
    inside = [*spectrogram.SPECS, *attention.SPECS]
    return [
        *segmentwise.SPECS,
        *learned_masks.SPECS,
        *inside,
        captum_adapter.SPEC,
        *ensembles.SPECS,
        *baselines.SPECS,
    ]
