"""The whole job of ``awb train``: load, split, check, fit, judge, and write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from awb.harness.unit.process_state import one_thread
from awb.training import Progress, TrainingJob, TrainingReport
from awb_plugins.training.card import draw_curve, model_card
from awb_plugins.training.examples import class_list, targets
from awb_plugins.training.job import check_job
from awb_plugins.training.judgement import SCORE_NAMES, Judgement, judge
from awb_plugins.training.parts import Parts, load_parts
from awb_plugins.training.recipe import Recipe
from awb_plugins.training.splits import TRAIN, VALIDATION
from awb_plugins.training.weights import write_weights

if TYPE_CHECKING:
    from awb_plugins.training.fit import Epoch, Fitted

Tell = Callable[[str], None]


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


@dataclass(frozen=True, slots=True)
class RecipeTrainer:
    """The `awb.training.Trainer` of a recipe."""

    recipe: Recipe

    def check(self, job: TrainingJob) -> None:
        """Refuse a job that cannot work; see `awb.training.Trainer`."""
        check_job(self.recipe, job)

    def train(self, job: TrainingJob, *, progress: Progress, tell: Tell) -> TrainingReport:
        """Train, and write weights, card and curve; see `awb.training.Trainer`."""
        done = train(self.recipe, job, progress=progress, tell=tell)
        name = "accuracy" if self.recipe.task == "multi-class" else "mAP"
        lines = [
            f"{part}: {name} {judged.score:.4f} over {judged.n} clips"
            for part, judged in done.judgements.items()
        ]
        return TrainingReport(tuple(lines), done.paths)


def train(recipe: Recipe, job: TrainingJob, *, progress: Progress, tell: Tell) -> Trained:
    """Do the whole job."""
    recipe, found = check_job(recipe, job)
    with TemporaryDirectory() as folder, one_thread():
        parts = load_parts(found, recipe, Path(folder), job.seeds[0], progress)
        return _fit_and_write(job, recipe, parts, progress, tell)


def _fit_and_write(
    job: TrainingJob, recipe: Recipe, parts: Parts, progress: Progress, tell: Tell
) -> Trained:
    """Train once a seed, keep the best on validation, and judge it on what it has not seen."""
    from awb_plugins.training.fit import fit, predict

    for note in parts.notes:
        tell(note)
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
        model=job.model,
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
