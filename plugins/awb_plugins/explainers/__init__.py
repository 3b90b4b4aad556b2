"""The built-in explainers: those that mask audio, those that look inside, and the baselines."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec
from awb_plugins.explainers import (
    baselines,
    captum_adapter,
    components,
    ensembles,
    segmentwise,
    shapiq_adapter,
    spectrogram,
    trained,
)


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the built-in explainers; baselines come last."""
    masking = [*segmentwise.SPECS, *components.SPECS]
    inside = [*spectrogram.SPECS, *trained.SPECS]
    adapters = [captum_adapter.SPEC, shapiq_adapter.SPEC]
    return [*masking, *inside, *adapters, *ensembles.SPECS, *baselines.SPECS]
