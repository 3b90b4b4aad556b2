"""``awb train``."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from awb.cli.completing import names_of
from awb.cli.plugin_files import PLUGIN

if TYPE_CHECKING:
    from awb.training import ExplainerJob, TrainingJob, TrainingReport


EXPLAINER = "explainer:"
_MODEL_ONLY = ("validation", "test", "augment")


@click.command("train")
@click.argument("what", metavar="MODEL|explainer:NAME", shell_complete=names_of("model"))
@click.option("--dataset", required=True, metavar="NAME[:KEY=VALUE,...]", help="The training data.")
@click.option("--model", metavar="NAME[:...]", help="The model that an explainer learns from.")
@click.option(
    "--clips",
    type=click.IntRange(1),
    metavar="N",
    help="Most clips that an explainer learns from.  [default: 200]",
)
@click.option(
    "--validation",
    metavar="NAME[:...]",
    help="Data for early stopping.  [default: the dataset's own split, or held-out groups]",
)
@click.option("--test", metavar="NAME[:...]", help="Data for the card.  [default: likewise]")
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="[default: the model's own]")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="N[,N...]",
    help="Seeds; of several trainings, the best on validation is kept.  [default: 0]",
)
@click.option(
    "--augment",
    metavar="none|A,B,...",
    help="Any of speed, noise, gain, spec-augment.  [default: the model's own]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Weights file; card and curve are named after it.  [default: MODEL.safetensors; of an"
    " explainer, where it is found again]",
)
@PLUGIN
def train_command(
    what: str,
    dataset: str,
    model: str | None,
    clips: int | None,
    validation: str | None,
    test: str | None,
    epochs: int | None,
    seeds: tuple[str, ...],
    augment: str | None,
    out: Path | None,
) -> None:
    """Train a model on the classes of a dataset, without the times of events.

    If the dataset has splits, they are used; otherwise it is split by group (speaker, actor, fold,
    recording). Splits that leak are refused. Writes weights, a card and a learning curve; try the
    weights with `awb run --model MODEL:weights=FILE`.

    `awb train explainer:NAME --model MODEL` trains an explainer for one model, which then explains
    without asking it. It learns from the model's scores, and from no label.
    """
    from awb.errors import ParameterError
    from awb.training import ExplainerJob, TrainingJob, read_seeds

    command = shlex.join(["awb", *sys.argv[1:]])
    if what.startswith(EXPLAINER):
        given = [
            name
            for name, value in zip(_MODEL_ONLY, (validation, test, augment), strict=True)
            if value is not None
        ]
        if given:
            raise ParameterError(f"--{given[0]} is for models: an explainer needs no labels")
        if model is None:
            raise ParameterError(f"which model? Type: awb train {what} --model MODEL ...")
        found = read_seeds(seeds)
        if len(found) > 1:
            raise ParameterError("an explainer is trained with one seed")
        job = ExplainerJob(
            explainer=what.removeprefix(EXPLAINER),
            model=model,
            dataset=dataset,
            clips=clips or 200,
            epochs=epochs,
            seed=found[0],
            out=out,
            command=command,
        )
        _train_explainer(job)
        return
    for name, value in (("model", model), ("clips", clips)):
        if value is not None:
            raise ParameterError(
                f"--{name} is for explainers: awb train explainer:NAME --{name} ..."
            )
    names = None if augment is None else tuple(part for part in augment.split(",") if part)
    _train_model(
        TrainingJob(
            model=what,
            dataset=dataset,
            validation=validation,
            test=test,
            seeds=read_seeds(seeds),
            epochs=epochs,
            augment=() if names == ("none",) else names,
            out=out or Path(f"{what.partition(':')[0]}.safetensors"),
            command=command,
        )
    )


def _train_model(job: TrainingJob) -> None:
    from awb.cli.progress import progress_bar
    from awb.errors import ParameterError
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve
    from awb.specs import ModelSpec

    registry = load()
    resolved = resolve(registry, "model", job.model)
    if resolved.spec.trainable is None:
        able = [one.name for one in registry.specs(ModelSpec) if one.trainable]
        raise ParameterError(
            f"awb train cannot train model {resolved.spec.name}; it can: {', '.join(able)}"
        )
    job = replace(job, model=resolved.label)
    trainer = resolved.spec.trainable(resolved.parameters)
    trainer.check(job)
    with progress_bar(job.out, "Weights") as progress:
        _tell(trainer.train(job, progress=progress, tell=_line))


def _train_explainer(job: ExplainerJob) -> None:
    from awb.cli.progress import progress_bar
    from awb.errors import ParameterError
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve
    from awb.specs import ExplainerSpec

    registry = load()
    resolved = resolve(registry, "explainer", job.explainer)
    if resolved.spec.trainable is None:
        able = [one.name for one in registry.specs(ExplainerSpec) if one.trainable]
        raise ParameterError(
            f"explainer {resolved.spec.name} is not trained; those that are: {', '.join(able)}"
        )
    job = replace(job, explainer=resolved.label)
    trainer = resolved.spec.trainable(resolved.parameters)
    with progress_bar(job.out or Path(f"of {resolved.label}"), "Weights") as progress:
        _tell(trainer.train(job, progress=progress, tell=_line))


def _line(text: str) -> None:
    click.echo(text, err=True)


def _tell(done: TrainingReport) -> None:
    for line in done.scores:
        click.echo(line)
    for path in done.paths:
        click.echo(f"wrote {path}", err=True)
