"""Shadows of generated datasets: clips from a seed that nobody can have tuned an explainer to."""

from __future__ import annotations

import secrets
from dataclasses import replace

from awb.errors import ParameterError
from awb.harness.config.settings import Settled
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve, with_parameters
from awb.specs import DatasetSpec

FIRST_SEED = 1_000_000
"""The smallest seed of a shadow: above those that people choose, for a test as for training."""

_END = 10**12


def draw_seed() -> int:
    """Draw a seed that cannot be predicted."""
    return FIRST_SEED + secrets.randbelow(_END - FIRST_SEED)


def shadow_of(
    dataset: Resolved[DatasetSpec], registry: Registry, seed: int, clips: int | None = None
) -> Resolved[DatasetSpec]:
    """Return the dataset with clips from another seed, which its label shows."""
    if not FIRST_SEED <= seed < _END:
        raise ParameterError(
            f"the seed of a shadow is from {FIRST_SEED} to {_END - 1} (got {seed}); leave it out"
            " to draw one"
        )
    make = dataset.spec.shadow
    parameters = None if make is None else make(dataset.parameters, seed, clips)
    if parameters is None:
        raise ParameterError(
            f"{dataset.label}: its clips are fixed; --shadow needs a generated dataset, such as"
            f" {_examples(registry)}"
        )
    return with_parameters(dataset, parameters)


def _examples(registry: Registry) -> str:
    """List generated datasets that need no settings."""
    return ", ".join(
        spec.name
        for spec in registry.specs(DatasetSpec)
        if spec.shadow is not None
        and not any(field.is_required() for field in spec.parameters.model_fields.values())
    )


def with_shadows(settled: Settled, registry: Registry) -> Settled:
    """Replace the datasets of a run or a sweep by their shadows, all from one new seed."""
    seed = draw_seed()

    def shadows(names: list[str]) -> list[str]:
        found = [resolve(registry, "dataset", name) for name in names]
        return list(dict.fromkeys(shadow_of(one, registry, seed).label for one in found))

    settings, sweep = settled.settings, dict(settled.sweep)
    changed: dict[str, object] = {"shadow": False}
    if "datasets" in sweep:
        sweep["datasets"] = [shadows(names) for names in sweep["datasets"]]
    else:
        changed["datasets"] = shadows(settings.datasets)
    return replace(settled, settings=settings.model_copy(update=changed), sweep=sweep)
