"""``awb data``: prepare, describe, score and export datasets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import names_of
from awb.cli.data_clips import export_command, scores_command
from awb.cli.data_features import clusters_command, features_command, spectrograms_command
from awb.cli.options import OPEN, finish, resolve_dataset
from awb.cli.plugin_files import PLUGIN
from awb.cli.progress import passing_bar
from awb.cli.settings import LIMITS, SettingsCommand
from awb.cli.tables import print_table

if TYPE_CHECKING:
    from awb.data.preparation import Preparation
    from awb.plugins.resolve import Resolved
    from awb.specs import DatasetSpec


@click.group("data")
def data_command() -> None:
    """Prepare, describe, score and export datasets.

    Further options are settings of the dataset, which `awb plugins --json` lists: --labels FILE
    sets labels=FILE. Units can be omitted: --merge-gap 0.1 sets merge_gap_s=0.1.
    """


def _prepared(
    dataset: Resolved[DatasetSpec],
    models: Sequence[str],
    scores: Path | None,
    max_event_fraction: float,
    min_score: float | None,
) -> Preparation:
    from awb.errors import DataError
    from awb.harness.selection.clip_scores import ScoreStore
    from awb.harness.selection.preparation import families, prepare_dataset
    from awb.plugins.discovery import load

    if scores is not None and not scores.is_file():
        raise DataError(f"{scores} does not exist. Type: awb data scores ... --out {scores}")
    store = None if scores is None else ScoreStore(scores)
    found = families(load(), models, dataset=dataset.spec.name, scores=store, min_score=min_score)
    with passing_bar(f"Reading {dataset.label}"):
        return prepare_dataset(dataset, found, max_event_fraction)


def _print_funnels(prepared: Preparation) -> None:
    for name, steps in prepared.funnels.items():
        click.echo(f"Instances for {name}:")
        rows = [(one.name, one.rows, one.clips, one.instances) for one in steps]
        print_table(("step", "rows", "clips", "instances"), rows)
        click.echo()
    for note in prepared.notes:
        click.echo(note)


_SHARED = (
    click.argument("name", metavar="DATASET", shell_complete=names_of("dataset")),
    click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[--SETTING VALUE]..."),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="NAME",
        help="Model family; can be repeated.  [default: all whose classes are known]",
    ),
    click.option(
        "--scores",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="File from awb data scores.",
    ),
    click.option(
        "--max-event-fraction",
        type=float,
        default=0.2,
        show_default=True,
        help="Leave out targets that fill a larger fraction of the clip.",
    ),
    click.option(
        "--min-score", type=float, help="Leave out clips with lower log-odds (requires --scores)."
    ),
    PLUGIN,
)


def _shared(command: Any) -> Any:
    for decorate in reversed(_SHARED):
        command = decorate(command)
    return command


@data_command.command("prepare", context_settings=OPEN)
@_shared
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the tables.  [default: prepared/<dataset>]",
)
@click.pass_context
def prepare_command(
    context: click.Context,
    name: str,
    extra: tuple[str, ...],
    models: tuple[str, ...],
    scores: Path | None,
    max_event_fraction: float,
    min_score: float | None,
    out: Path | None,
) -> None:
    """Turn the published files of a dataset into tables of instances, one per model family.

    Writes <model>.parquet and .csv, labels.parquet and .csv, and what was left out and why.
    """
    dataset = resolve_dataset(context, name, extra)
    prepared = _prepared(dataset, models, scores, max_event_fraction, min_score)
    folder = out or Path("prepared", dataset.spec.name)
    settings = {
        **dataset.parameters.model_dump(mode="json"),
        "max_event_fraction": max_event_fraction,
        "min_score": min_score,
        "scores": None if scores is None else str(scores),
    }
    paths = prepared.write(folder, settings)
    _print_funnels(prepared)
    for path in paths:
        click.echo(f"wrote {path}", err=True)
    finish(context, prepared.problems)


@data_command.command(
    "describe",
    cls=SettingsCommand,
    settings=LIMITS,
    context_settings=OPEN,
)
@_shared
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def describe_command(
    context: click.Context,
    name: str,
    extra: tuple[str, ...],
    models: tuple[str, ...],
    scores: Path | None,
    max_event_fraction: float,
    min_score: float | None,
    as_json: bool,
    time_limit_s: str | None,
    memory_limit: str | None,
) -> None:
    """Print how many rows, clips and instances remain after each step, and the labels.

    For datasets that need no preparation: the clips, the labels, and how many clips are too short
    for each --model.
    """
    import json

    from awb.cli.data_describe import describe_plain
    from awb.data.preparation import flat, plain_steps
    from awb.harness.config.limits import make_limits

    dataset = resolve_dataset(context, name, extra)
    if getattr(dataset.spec, "prepare", None) is None:
        limits = make_limits(time_limit_s, memory_limit)
        describe_plain(context, dataset, models, limits, as_json=as_json)
        return
    prepared = _prepared(dataset, models, scores, max_event_fraction, min_score)
    if as_json:
        record = {
            "funnels": {one: plain_steps(steps) for one, steps in prepared.funnels.items()},
            "labels": prepared.labels.to_pylist(),
            "notes": prepared.notes,
            "problems": prepared.problems,
            "fingerprint": prepared.fingerprint,
        }
        click.echo(json.dumps(record, indent=1, ensure_ascii=False))
    else:
        _print_funnels(prepared)
        table = flat(prepared.labels)
        print_table(table.column_names, [tuple(row.values()) for row in table.to_pylist()])
    finish(context, prepared.problems)


data_command.add_command(scores_command)
data_command.add_command(export_command)
data_command.add_command(features_command)
data_command.add_command(clusters_command)
data_command.add_command(spectrograms_command)
