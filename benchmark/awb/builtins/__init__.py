"""The built-in metrics and maskers, registered like those of other plugins."""

from __future__ import annotations

from awb.builtins.maskers import MASKERS
from awb.builtins.metrics import METRICS
from awb.hookspecs import hookimpl
from awb.specs import MaskerSpec, MetricSpec


@hookimpl
def awb_metrics() -> list[MetricSpec]:
    """Return the built-in metrics, in the order of a board's columns."""
    return METRICS


@hookimpl
def awb_maskers() -> list[MaskerSpec]:
    """Return the built-in maskers."""
    return MASKERS
