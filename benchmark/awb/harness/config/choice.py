"""Which plugins a configuration names, and the record of what a run is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from awb.harness.config.run_config import RunConfig
from awb.plugins.discovery import Registry
from awb.plugins.references import Reference, parse_reference
from awb.plugins.resolve import Resolved, resolve, resolve_all
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec

DEFAULT_MODELS = ("soundscape-cnn",)
"""What a dataset is run with that names no models of its own, where the user names none."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Everything a configuration names, resolved and validated.

    Attributes
    ----------
    datasets : list of Resolved
        The datasets.
    pairs : dict of str to list of Resolved
        Models that each dataset is run with, by the dataset's label.
    explainers, metrics : tuple of Resolved
        In the order in which they run.
    masker, scoring_masker : Resolved
        What replaces dropped audio, for explainers and for fidelity metrics.
    """

    datasets: list[Resolved[DatasetSpec]]
    pairs: dict[str, list[Resolved[ModelSpec]]]
    explainers: tuple[Resolved[ExplainerSpec], ...]
    metrics: tuple[Resolved[MetricSpec], ...]
    masker: Resolved
    scoring_masker: Resolved

    @property
    def models(self) -> list[Resolved[ModelSpec]]:
        """All models, each once."""
        every = [model for group in self.pairs.values() for model in group]
        return list({model.label: model for model in every}.values())

    @property
    def maskers(self) -> list[Resolved]:
        """The masker of the explainers and, where it is another, that of the metrics."""
        same = self.masker == self.scoring_masker
        return [self.masker] if same else [self.masker, self.scoring_masker]

    def all(self) -> list[Resolved]:
        """List every plugin that the run uses."""
        return [*self.datasets, *self.models, *self.explainers, *self.metrics, *self.maskers]


def choose(config: RunConfig, registry: Registry) -> Chosen:
    """Resolve a configuration's names, before anything heavy happens."""
    datasets = [resolve(registry, "dataset", text) for text in config.datasets]
    pairs = {
        dataset.label: [
            _placed(registry, text, config) for text in config.models or _own_models(dataset)
        ]
        for dataset in datasets
    }
    return Chosen(
        datasets,
        pairs,
        _explainers(config, registry),
        tuple(resolve_all(registry, "metric", config.metrics)),
        resolve(registry, "masker", config.masker),
        resolve(registry, "masker", config.scoring_masker or config.masker),
    )


def _explainers(config: RunConfig, registry: Registry) -> tuple[Resolved[ExplainerSpec], ...]:
    """Resolve the explainers, and add the baselines that a board is read against."""
    chosen = resolve_all(registry, "explainer", config.explainers)
    named = {one.spec.name for one in chosen}
    added = [
        resolve(registry, "explainer", spec.name)
        for spec in registry.specs(ExplainerSpec)
        if config.baselines and spec.baseline and spec.name not in named
    ]
    return (*chosen, *added)


def _own_models(dataset: Resolved[DatasetSpec]) -> tuple[str, ...]:
    """Name the models that a dataset is run with where the user names none."""
    return dataset.spec.models or DEFAULT_MODELS


def _placed(registry: Registry, text: str, config: RunConfig) -> Resolved[ModelSpec]:
    """Resolve a model and tell it where to compute, if it takes such a setting and has none.

    The label stays as typed: where a model computes is told on the board, not in its name.
    """
    plain = resolve(registry, "model", text)
    fields = plain.spec.parameters.model_fields
    reference = parse_reference(text).with_settings_behind_path(fields)
    typed = {key for key, _ in reference.settings}
    wanted = {"device": config.device, "precision": config.precision}
    added = tuple(
        (key, value)
        for key, value in wanted.items()
        if value is not None and key in fields and key not in typed
    )
    if not added:
        return plain
    own = plain.spec.path_parameter
    path = () if reference.path is None or own is None else ((own, reference.path),)
    placed = str(Reference(reference.name, (*path, *reference.settings, *added)))
    return replace(resolve(registry, "model", placed), label=plain.label)
