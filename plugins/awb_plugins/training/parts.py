"""Which data is for training, for validation and for the test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from awb.errors import DataError, ParameterError
from awb.harness.unit.warm_plugins import build
from awb.plugins.discovery import Registry
from awb.plugins.resolve import Resolved, resolve
from awb.protocols import Dataset
from awb.randomness import RandomKey
from awb.specs import DatasetSpec
from awb.training import Progress
from awb_plugins.training.examples import Examples, load_examples
from awb_plugins.training.recipe import Recipe
from awb_plugins.training.splits import (
    TEST,
    TRAIN,
    VALIDATION,
    check_split,
    classes_left_out,
    split_by_group,
)

SPLIT = "split"
"""The parameter by which a dataset names its own parts: train, validation and test."""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The parts of the data, checked.

    Attributes
    ----------
    examples : mapping of str to Examples
        By name: train, validation and, where there is one, test.
    labels : mapping of str to str
        Reference of the dataset that each part comes from.
    order : tuple of str
        Classes as the dataset lists them; empty if it does not.
    notes : tuple of str
        What a reader must know about the split, in sentences.
    """

    examples: Mapping[str, Examples]
    labels: Mapping[str, str]
    order: tuple[str, ...]
    notes: tuple[str, ...] = ()


def sources(
    registry: Registry, dataset: str, validation: str | None, test: str | None
) -> dict[str, Resolved[DatasetSpec]]:
    """Say which dataset gives which part."""
    first = resolve(registry, "dataset", dataset)
    found = {TRAIN: first}
    if SPLIT in first.spec.parameters.model_fields:
        found = {part: _of_split(registry, first, part) for part in (TRAIN, VALIDATION, TEST)}
    elif test is not None and validation is None:
        raise ParameterError("--test needs --validation too: the rest is no longer split by group")
    for part, text in ((VALIDATION, validation), (TEST, test)):
        if text is not None:
            found[part] = resolve(registry, "dataset", text)
    return found


def _of_split(
    registry: Registry, dataset: Resolved[DatasetSpec], part: str
) -> Resolved[DatasetSpec]:
    """Return the same dataset with another ``split``."""
    settings = dataset.parameters.model_dump(mode="json", exclude_defaults=True)
    settings[SPLIT] = part
    text = ",".join(f"{key}={value}" for key, value in settings.items())
    return resolve(registry, "dataset", f"{dataset.spec.name}:{text}")


def load_parts(
    found: Mapping[str, Resolved[DatasetSpec]],
    recipe: Recipe,
    folder: Path,
    seed: int,
    progress: Progress,
) -> Parts:
    """Load all parts, split by group where there is one dataset only, and check for leaks."""
    examples: dict[str, Examples] = {}
    order: Sequence[str] = ()
    for part, resolved in found.items():
        dataset: Dataset = build(resolved)
        order = order or tuple(getattr(dataset, "classes", ()))
        path = folder / f"{part}.npy"
        fixed = _fixed_length(recipe, examples)
        phase = f"Loading {resolved.label}"

        def report(done: int, total: int, phase: str = phase) -> None:
            progress(phase, done, total)

        examples[part] = load_examples(dataset, fixed, path, report)
    labels = {part: resolved.label for part, resolved in found.items()}
    notes: tuple[str, ...] = ()
    if list(examples) == [TRAIN]:
        whole = examples[TRAIN]
        rng = RandomKey((seed, "split")).generator("groups")
        classes = [frozenset(name for name, _ in present) for present in whole.present]
        rows = split_by_group(whole.units, rng, classes)
        notes = tuple(classes_left_out(whole.units, classes, rows))
        examples = {part: whole.take(chosen) for part, chosen in rows.items()}
        labels = dict.fromkeys(rows, f"{labels[TRAIN]}, split by group")
    if VALIDATION not in examples:
        raise DataError("training needs a validation part")
    check_split(examples)
    return Parts(examples, labels, tuple(order), notes)


def _fixed_length(recipe: Recipe, examples: Mapping[str, Any]) -> Recipe:
    """Give later parts the length of the training part."""
    if recipe.duration_s is not None or TRAIN not in examples:
        return recipe
    seconds = examples[TRAIN].samples.shape[1] / recipe.sample_rate_hz
    return replace(recipe, duration_s=seconds)
