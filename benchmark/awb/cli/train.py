"""``awb train``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from awb.cli.completing import names_of
from awb.cli.plugin_files import PLUGIN


@click.command("train")
@click.argument("model", metavar="MODEL", shell_complete=names_of("model"))
@click.option("--dataset", required=True, metavar="NAME[:KEY=VALUE,...]", help="The training data.")
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
    help="Weights file; card and curve are named after it.  [default: MODEL.safetensors]",
)
@PLUGIN
def train_command(
    model: str,
    dataset: str,
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
    """
    from awb.cli.progress import progress_bar
    from awb.errors import ParameterError
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve
    from awb.specs import ModelSpec
    from awb.training import TrainingJob, read_seeds

    registry = load()
    resolved = resolve(registry, "model", model)
    spec = resolved.spec
    if spec.trainable is None:
        able = [one.name for one in registry.specs(ModelSpec) if one.trainable]
        raise ParameterError(f"awb train cannot train model {spec.name}; it can: {', '.join(able)}")
    names = None if augment is None else tuple(part for part in augment.split(",") if part)
    job = TrainingJob(
        model=resolved.label,
        dataset=dataset,
        validation=validation,
        test=test,
        seeds=read_seeds(seeds),
        epochs=epochs,
        augment=() if names == ("none",) else names,
        out=out or Path(f"{resolved.spec.name}.safetensors"),
        command=shlex.join(["awb", *sys.argv[1:]]),
    )
    trainer = spec.trainable(resolved.parameters)
    trainer.check(job)
    with progress_bar(job.out, "Weights") as progress:
        done = trainer.train(job, progress=progress, tell=lambda line: click.echo(line, err=True))
    for line in done.scores:
        click.echo(line)
    for path in done.paths:
        click.echo(f"wrote {path}", err=True)
