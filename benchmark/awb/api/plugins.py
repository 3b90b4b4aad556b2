"""``awb.explainers()`` and its like: what is installed, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from awb.plugins.discovery import KINDS, Kind, load
from awb.plugins.listing import facts_of, records

if TYPE_CHECKING:
    import pandas

_SHARED = ("summary", "available", "mend", "parameters", "distribution", "version", "citation")


def explainers() -> pandas.DataFrame:
    """List the explainers with their facts.

    Returns
    -------
    pandas.DataFrame
        A row per explainer, by name: what it is; whether it is `available`, else the command that
        installs what it lacks (`mend`); its settings with their defaults (`parameters`); where it
        is from; its `citation`; its model calls in words (`cost`); the capabilities that a model
        `needs`; whether it is a `baseline` or a `reference`, `sees_labels`, takes
        `unequal_segments`, and `learns` beforehand.
    """
    return listed("explainer")


def metrics() -> pandas.DataFrame:
    """List the metrics with their facts.

    Returns
    -------
    pandas.DataFrame
        A row per metric, by name: as `explainers`, and its `family`, direction, range (`lowest`,
        `highest`), `unit`, whether it `reads` the order or the magnitudes of relevance, whether it
        `ranks` boards and is on them by default (`headline`), and when it is `undefined`.
    """
    return listed("metric")


def models() -> pandas.DataFrame:
    """List the models with their facts.

    Returns
    -------
    pandas.DataFrame
        A row per model, by name: as `explainers`, and the log-odds from which it says yes
        (`decision_threshold`), and whether ``awb train`` trains it.
    """
    return listed("model")


def datasets() -> pandas.DataFrame:
    """List the datasets with their facts.

    Returns
    -------
    pandas.DataFrame
        A row per dataset, by name: as `explainers`, and the `models` that it is run with by
        default, the two that it means to `contrast`, whether other clips can be drawn (`shadow`),
        and whether ``awb data prepare`` converts its files.
    """
    return listed("dataset")


def maskers() -> pandas.DataFrame:
    """List the maskers with their facts.

    Returns
    -------
    pandas.DataFrame
        A row per masker, by name: as `explainers`, without their facts.
    """
    return listed("masker")


def listed(kind: Kind) -> pandas.DataFrame:
    """List the plugins of a kind, by name."""
    import pandas

    registry = load()
    rows = [
        {name: record[name] for name in ("name", *_SHARED)} | facts_of(entry)
        for record, entry in zip(
            records(registry, kind), registry.entries(KINDS[kind]), strict=True
        )
    ]
    return pandas.DataFrame.from_records(rows, index="name")
