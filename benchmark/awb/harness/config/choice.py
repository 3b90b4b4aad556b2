"""Resolution of the plugins that a configuration names."""

from __future__ import annotations

from dataclasses import dataclass, replace

from awb.harness.config.run_config import RunConfig
from awb.plugins.discovery import Registered, Registry, missing_modules
from awb.plugins.references import Reference, parse_reference
from awb.plugins.resolve import Resolved, resolve, resolve_all
from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec

DEFAULT_MODELS = ("soundscape-cnn",)
"""Models for a dataset that declares none, if the user names none either."""


FOR_ANY_SOUND = ("yamnet",)
"""Models of everyday sounds, for a file of which nothing is known; the best one first."""


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


def model_for_a_file(registry: Registry) -> str:
    """Name the model for a file of unknown content: one of everyday sounds if it is all here."""
    ready = (one.spec.name for one in of_any_sound(registry) if is_at_hand(one))
    return next(ready, DEFAULT_MODELS[0])


def of_any_sound(registry: Registry) -> list[Registered[ModelSpec]]:
    """List the models of everyday sounds that are known here, whether installed or not."""
    known = set(registry.names("model"))
    return [registry.get("model", name) for name in FOR_ANY_SOUND if name in known]


def is_at_hand(entry: Registered[ModelSpec]) -> bool:
    """Return whether a model loads here without an installation or a download."""
    spec = entry.spec
    if missing_modules(spec):
        return False
    return spec.at_hand is None or bool(spec.at_hand(spec.parameters()))


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
