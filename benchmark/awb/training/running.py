"""The whole job of ``awb train``: load, split, check, fit, judge, and write."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from awb.errors import ParameterError
from awb.harness.resolve import Resolved
from awb.harness.worker import one_thread
from awb.plugins import Registry, load
from awb.specs import ModelSpec
from awb.training.card import draw_curve, model_card
from awb.training.examples import class_list, targets
from awb.training.judging import SCORE_NAMES, Judgement, judge
from awb.training.parts import Parts, Progress, load_parts, sources
from awb.training.recipe import Recipe, check_augmentations
from awb.training.splits import TRAIN, VALIDATION
from awb.training.weights import write_weights

if TYPE_CHECKING:
    from awb.training.fitting import Epoch, Fitted

Tell = Callable[[str], None]


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


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training came to.

    Attributes
    ----------
    recipe : Recipe
        With the job's own numbers.
    chosen : Fitted
        The best of the seeds.
    judgements : dict of str to Judgement
        Of validation and, where there is one, test.
    paths : tuple of Path
        Weights, card and curve.
    """

    recipe: Recipe
    chosen: Fitted
    judgements: dict[str, Judgement]
    paths: tuple[Path, ...]


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


def train(job: TrainingJob, registry: Registry, *, progress: Progress, tell: Tell) -> Trained:
    """Do the whole job.

    Parameters
    ----------
    job : TrainingJob
        What to do.
    registry : Registry
        What is installed.
    progress : callable
        ``progress(phase, done, total)``.
    tell : callable
        Called with a sentence after every epoch.

    Returns
    -------
    Trained
        The best network, judged and written.

    Raises
    ------
    SplitError
        If something would be in two parts.
    AwbError
        If the data or the settings cannot be used, or a file cannot be written.
    """
    recipe, found = check_job(job, registry)
    with TemporaryDirectory() as folder, one_thread():
        parts = load_parts(found, recipe, Path(folder), job.seeds[0], progress)
        return _fit_and_write(job, recipe, parts, progress, tell)


def _fit_and_write(
    job: TrainingJob, recipe: Recipe, parts: Parts, progress: Progress, tell: Tell
) -> Trained:
    """Train once a seed, keep the best on validation, and judge it on what it has not seen."""
    from awb.training.fitting import fit, predict

    train_part, validation = parts.examples[TRAIN], parts.examples[VALIDATION]
    classes = class_list(train_part, recipe, parts.order)
    trained = [
        fit(
            recipe,
            train_part,
            validation,
            classes,
            seed=seed,
            on_epoch=_reporter(recipe, seed, progress, tell),
        )
        for seed in job.seeds
    ]
    chosen = max(trained, key=lambda one: one.best.validation.key)
    network = replace(chosen.network, back_end=recipe.finish(chosen.network.back_end))
    names = [name for name, _ in classes]
    judgements = {
        part: judge(predict(network, one), targets(one, classes, part), names, recipe.task)
        for part, one in parts.examples.items()
        if part != TRAIN
    }
    card_path, curve_path = job.out.with_suffix(".md"), job.out.with_suffix(".png")
    notes = {
        "data": dict(parts.labels),
        "seed": chosen.seed,
        "epoch": chosen.best.number,
        "augment": list(recipe.augment),
        SCORE_NAMES[recipe.task]: {part: round(one.score, 4) for part, one in judgements.items()},
    }
    write_weights(job.out, network.back_end, classes, notes)
    card = model_card(
        model=job.model.label,
        command=job.command,
        recipe=recipe,
        examples=parts.examples,
        labels=parts.labels,
        trained=trained,
        chosen=chosen,
        judgements=judgements,
    )
    card_path.write_text(card, encoding="utf-8")
    draw_curve(curve_path, trained, SCORE_NAMES[recipe.task])
    return Trained(recipe, chosen, judgements, (job.out, card_path, curve_path))


def _reporter(
    recipe: Recipe, seed: int, progress: Progress, tell: Tell
) -> Callable[[Epoch, bool], None]:
    """Make the function that reports an epoch."""
    name = SCORE_NAMES[recipe.task]

    def report(epoch: Epoch, is_best: bool) -> None:
        judged = epoch.validation
        tell(
            f"seed {seed}, epoch {epoch.number}: loss {epoch.train_loss:.4f}, validation"
            f" {judged.loss:.4f}, {name} {judged.score:.4f}{' (best)' if is_best else ''}"
        )
        progress(f"Training, seed {seed}", epoch.number, recipe.epochs)

    return report


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
