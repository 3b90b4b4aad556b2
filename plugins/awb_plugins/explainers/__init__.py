"""The built-in explainers: one small module each."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec
from awb_plugins.explainers import baselines, saliency, segmentwise


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the built-in explainers; baselines come last."""
    return [*segmentwise.SPECS, saliency.SPEC, *baselines.SPECS]
