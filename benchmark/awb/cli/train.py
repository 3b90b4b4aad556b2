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
@click.option(
    "--dataset", required=True, metavar="NAME[:KEY=VALUE,...]", help="What to learn from."
)
@click.option(
    "--validation",
    metavar="NAME[:...]",
    help="What decides when to stop.  [default: the dataset's own split, or whole groups of it]",
)
@click.option("--test", metavar="NAME[:...]", help="What the card reports on.  [default: likewise]")
@click.option("--epochs", type=click.IntRange(1), metavar="N", help="[default: the model's own]")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    metavar="N[,N...]",
    help="Seeds; of several trainings the best on validation is kept.  [default: 0]",
)
@click.option(
    "--augment",
    metavar="none|A,B,...",
    help="Of speed, noise, gain, spec-augment.  [default: the model's own]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Weights; card and curve get the same name.  [default: MODEL.safetensors]",
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
    """Train a model on a dataset's classes; it never sees when they sound.

    Datasets with splits of their own give the parts, others are split by group (speaker, actor,
    fold, recording). A split that leaks is refused. Writes weights, a card and a learning curve;
    try them with `awb run --model MODEL:weights=FILE`.
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
        raise ParameterError(f"model {spec.name} cannot be trained here; known: {', '.join(able)}")
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
