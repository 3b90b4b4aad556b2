"""The built-in explainers: those that mask audio, those that look inside, and the baselines."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec
from awb_plugins.explainers import (
    attention,
    baselines,
    captum_adapter,
    components,
    ensembles,
    frame_scores,
    learned_masks,
    segmentwise,
    shapiq_adapter,
    spectrogram,
    trained,
)


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the built-in explainers; baselines come last."""
    masking = [*segmentwise.SPECS, *components.SPECS, *learned_masks.SPECS]
    inside = [*spectrogram.SPECS, *attention.SPECS, *trained.SPECS]
    adapters = [captum_adapter.SPEC, shapiq_adapter.SPEC]
    return [*masking, *inside, *adapters, *ensembles.SPECS, frame_scores.SPEC, *baselines.SPECS]
