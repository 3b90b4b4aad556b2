"""``awb data scores`` and ``awb data export``: commands that process all clips."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.completing import names_of
from awb.cli.options import OPEN, finish, resolve_dataset
from awb.cli.plugin_files import PLUGIN
from awb.cli.progress import passing_bar
from awb.cli.settings import LIMITS, SettingsCommand

_CLIPS = click.option(
    "--clips", type=click.IntRange(min=1), metavar="N", help="Only the first N clips."
)
_EXTRA = click.argument("extra", nargs=-1, type=click.UNPROCESSED, metavar="[--SETTING VALUE]...")


@click.command("scores", cls=SettingsCommand, settings=LIMITS, context_settings=OPEN)
@click.argument("name", metavar="DATASET", shell_complete=names_of("dataset"))
@_EXTRA
@click.option("--model", required=True, metavar="NAME[:KEY=VALUE,...]", help="The model.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("scores.sqlite"),
    show_default=True,
    metavar="FILE",
    help="File of scores; scores that it already contains are not recomputed.",
)
@_CLIPS
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Worker processes.")
@PLUGIN
@click.pass_context
def scores_command(
    context: click.Context,
    name: str,
    extra: tuple[str, ...],
    model: str,
    out: Path,
    clips: int | None,
    jobs: int | None,
    time_limit_s: str | None,
    memory_limit: str | None,
) -> None:
    """Store a model's scores of all classes for every clip; can be interrupted and resumed.

    With awb run --scores FILE and awb data prepare --scores FILE, the model need not run again.
    """
    from awb.harness.config.limits import make_limits
    from awb.harness.config.resources import default_jobs
    from awb.harness.selection.clip_scores import ScoreStore
    from awb.harness.selection.whole_dataset import score_dataset
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve

    dataset = resolve_dataset(context, name, extra)
    resolved = resolve(load(), "model", model)
    limits = make_limits(time_limit_s, memory_limit)
    with passing_bar(f"Loading {resolved.label}") as progress:
        scored = score_dataset(
            dataset,
            resolved,
            ScoreStore(out),
            clips=clips,
            jobs=jobs or default_jobs(),
            progress=progress,
            limits=limits,
        )
    click.echo(f"{out} has the scores of {scored.clips} clips by {resolved.label}", err=True)
    finish(context, scored.problems)


@click.command("export", cls=SettingsCommand, settings=LIMITS, context_settings=OPEN)
@click.argument("name", metavar="DATASET", shell_complete=names_of("dataset"))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@_EXTRA
@click.option("--as", "layout", required=True, metavar="LAYOUT", help="Such as audioset.")
@_CLIPS
@PLUGIN
@click.pass_context
def export_command(
    context: click.Context,
    name: str,
    folder: Path,
    extra: tuple[str, ...],
    layout: str,
    clips: int | None,
    time_limit_s: str | None,
    memory_limit: str | None,
) -> None:
    """Write a dataset's clips and events in the layout of another dataset.

    Further options are settings of the layout: --ontology FILE for --as audioset.
    """
    from awb.harness.config.limits import make_limits
    from awb.harness.selection.whole_dataset import export_dataset
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve

    target = resolve_dataset(context, layout, extra)
    dataset = resolve(load(), "dataset", name)
    limits = make_limits(time_limit_s, memory_limit)
    with passing_bar(f"Reading {dataset.label}"):
        notes, problems = export_dataset(dataset, target, folder, clips=clips, limits=limits)
    for note in notes:
        click.echo(note, err=True)
    finish(context, problems)
