"""The hooks that a plugin may implement: one per kind, each returning a list of specs.

Register the module that contains them under the entry-point group ``awb``:

    [project.entry-points.awb]
    my-plugin = "my_package.awb_plugin"
"""

from __future__ import annotations

import pluggy

from awb.specs import (
    DatasetSpec,
    ExplainerSpec,
    ExtractorSpec,
    MaskerSpec,
    MetricSpec,
    ModelSpec,
)

hookspec = pluggy.HookspecMarker("awb")
hookimpl = pluggy.HookimplMarker("awb")


@hookspec
def awb_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Return the models that this plugin provides."""


@hookspec
def awb_explainers() -> list[ExplainerSpec]:  # type: ignore[empty-body]
    """Return the explainers that this plugin provides."""


@hookspec
def awb_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Return the datasets that this plugin provides."""


@hookspec
def awb_metrics() -> list[MetricSpec]:  # type: ignore[empty-body]
    """Return the metrics that this plugin provides."""


@hookspec
def awb_maskers() -> list[MaskerSpec]:  # type: ignore[empty-body]
    """Return the maskers that this plugin provides."""


@hookspec
def awb_extractors() -> list[ExtractorSpec]:  # type: ignore[empty-body]
    """Return the extractors of features that this plugin provides."""
