"""What ``awb train`` was asked to do, and whether it can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from awb.errors import ParameterError
from awb.harness.resolve import Resolved
from awb.plugins import Registry, load
from awb.specs import ModelSpec
from awb.training.parts import sources
from awb.training.recipe import Recipe, check_augmentations


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingJob:
    """What `awb train` was asked to do.

    Attributes
    ----------
    model : Resolved
        A model that can be trained.
    dataset : str
        Reference of the training data.
    validation, test : str or None
        References of the other parts, see `awb.training.parts.sources`.
    seeds : tuple of int
        One training each; the one that is best on validation is kept.
    epochs : int or None
        Most epochs; None for the recipe's.
    augment : tuple of str or None
        Augmentations; None for the recipe's.
    out : Path
        Weights file; the card and the curve get the same stem.
    command : str
        What was typed, for the card.
    """

    model: Resolved
    dataset: str
    validation: str | None = None
    test: str | None = None
    seeds: tuple[int, ...] = (0,)
    epochs: int | None = None
    augment: tuple[str, ...] | None = None
    out: Path
    command: str = ""


def recipe_of(job: TrainingJob) -> Recipe:
    """Return the recipe of a job's model, with the job's own numbers.

    Parameters
    ----------
    job : TrainingJob
        The job.

    Returns
    -------
    Recipe
        What to train.

    Raises
    ------
    ParameterError
        If the model cannot be trained, or a number or name is wrong.
    """
    spec = job.model.spec
    if not isinstance(spec, ModelSpec) or spec.trainable is None:
        able = [one.spec.name for one in load() if getattr(one.spec, "trainable", None)]
        raise ParameterError(f"model {spec.name} cannot be trained here; known: {', '.join(able)}")
    recipe: Recipe = spec.trainable(job.model.parameters)
    changed: dict[str, Any] = {}
    if job.epochs is not None:
        changed["epochs"] = job.epochs
    if job.augment is not None:
        changed["augment"] = check_augmentations(job.augment)
    return replace(recipe, **changed)


def check_job(job: TrainingJob, registry: Registry) -> tuple[Recipe, dict[str, Resolved]]:
    """Refuse what cannot work before any time is spent on it.

    Parameters
    ----------
    job : TrainingJob
        What to do.
    registry : Registry
        What is installed.

    Returns
    -------
    recipe : Recipe
        From `recipe_of`.
    found : dict of str to Resolved
        From `awb.training.parts.sources`.

    Raises
    ------
    AwbError
        If the model cannot be trained, or a setting, a name or the output file is wrong.
    """
    if job.out.suffix != ".safetensors":
        raise ParameterError(f"--out {job.out}: the name of a weights file ends in .safetensors")
    if not job.out.absolute().parent.is_dir():
        raise ParameterError(f"--out {job.out}: there is no folder {job.out.absolute().parent}")
    return recipe_of(job), sources(registry, job.dataset, job.validation, job.test)


def read_seeds(texts: Sequence[str]) -> tuple[int, ...]:
    """Read seeds, separated by commas or given one by one.

    Parameters
    ----------
    texts : sequence of str
        For example ``["0,1,2"]``.

    Returns
    -------
    tuple of int
        At least one, none twice.

    Raises
    ------
    ParameterError
        If one is no whole number from 0.

    Examples
    --------
    >>> read_seeds(["0,1", "5"])
    (0, 1, 5)
    """
    parts = [part.strip() for text in texts for part in text.split(",")]
    for part in parts:
        if not part.isdecimal():
            raise ParameterError(f"a seed is a whole number from 0, got {part!r}")
    return tuple(dict.fromkeys(int(part) for part in parts)) or (0,)
