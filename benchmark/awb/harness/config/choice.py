"""Resolution of the plugins that a configuration names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from awb.harness.config.run_config import RunConfig
from awb.plugins.discovery import Registry
from awb.plugins.references import Reference, parse_reference
from awb.plugins.resolve import Resolved, resolve, resolve_all
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec

DEFAULT_MODELS = ("soundscape-cnn",)
"""Models for a dataset that declares none, if the user names none either."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Everything a configuration names, resolved and validated, in the order in which it runs."""

    datasets: list[Resolved[DatasetSpec]]
    pairs: dict[str, list[Resolved[ModelSpec]]]  # dataset label to the models it is run with
    explainers: tuple[Resolved[ExplainerSpec], ...]
    metrics: tuple[Resolved[MetricSpec], ...]
    masker: Resolved  # for explainers
    scoring_masker: Resolved  # for fidelity metrics

    @property
    def models(self) -> list[Resolved[ModelSpec]]:
        """All models, without duplicates."""
        every = [model for group in self.pairs.values() for model in group]
        return list({model.label: model for model in every}.values())

    @property
    def maskers(self) -> list[Resolved]:
        """The masker of the explainers and, if it differs, that of the metrics."""
        same = self.masker == self.scoring_masker
        return [self.masker] if same else [self.masker, self.scoring_masker]

    def all(self) -> list[Resolved]:
        """List every plugin that the run uses."""
        return [*self.datasets, *self.models, *self.explainers, *self.metrics, *self.maskers]


def choose(config: RunConfig, registry: Registry) -> Chosen:
    """Resolve a configuration's names before any expensive work starts."""
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
    """Resolve the explainers, and add the baselines that they are compared with."""
    chosen = resolve_all(registry, "explainer", config.explainers)
    named = {one.spec.name for one in chosen}
    added = [
        resolve(registry, "explainer", spec.name)
        for spec in registry.specs(ExplainerSpec)
        if config.baselines and spec.baseline and spec.name not in named
    ]
    return (*chosen, *added)


def _own_models(dataset: Resolved[DatasetSpec]) -> tuple[str, ...]:
    """Name the models that a dataset is run with by default."""
    return dataset.spec.models or DEFAULT_MODELS


def _placed(registry: Registry, text: str, config: RunConfig) -> Resolved[ModelSpec]:
    """Resolve a model and add the run's device and precision, if it accepts them and has none set.

    The label stays as typed: the board shows where a model was computed, so its name need not.
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
