"""Whether a training job can be done, and the recipe with the job's own numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from awb.errors import ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import Resolved
from awb.specs import DatasetSpec
from awb.training import TrainingJob
from awb_plugins.training.parts import sources
from awb_plugins.training.recipe import Recipe, check_augmentations


def recipe_for(recipe: Recipe, job: TrainingJob) -> Recipe:
    """Return a recipe with the epochs and augmentations of a job."""
    changed: dict[str, Any] = {}
    if job.epochs is not None:
        changed["epochs"] = job.epochs
    if job.augment is not None:
        changed["augment"] = check_augmentations(job.augment)
    return replace(recipe, **changed)


def check_job(recipe: Recipe, job: TrainingJob) -> tuple[Recipe, dict[str, Resolved[DatasetSpec]]]:
    """Return the recipe to train and the dataset of each part, or refuse what cannot work."""
    if job.out.suffix != ".safetensors":
        raise ParameterError(f"--out {job.out}: the name of a weights file ends in .safetensors")
    if not job.out.absolute().parent.is_dir():
        raise ParameterError(f"--out {job.out}: there is no folder {job.out.absolute().parent}")
    return recipe_for(recipe, job), sources(load(), job.dataset, job.validation, job.test)
