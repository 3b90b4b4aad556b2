"""The built-in explainers: one small module each."""

from __future__ import annotations

from awb.hookspecs import hookimpl
from awb.specs import ExplainerSpec
from awb_plugins.explainers import (
    baselines,
    kernel_shap,
    linear_regression,
    naive,
    random_forest,
    saliency,
)


@hookimpl
def awb_explainers() -> list[ExplainerSpec]:
    """Return the built-in explainers; baselines come last."""
    return [
        naive.SPEC,
        random_forest.SPEC,
        linear_regression.SPEC,
        kernel_shap.SPEC,
        saliency.SPEC,
        *baselines.SPECS,
    ]
