"""``awb run`` and ``awb resume``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.cache import CACHE, cache_from
from awb.cli.completing import config_files, names_of, run_folders
from awb.cli.options import ISOLATE, MEMORY_LIMIT, TIME_LIMIT
from awb.cli.plugin_files import PLUGIN, typed_files

if TYPE_CHECKING:
    from awb.harness.config.settings import Settled
    from awb.harness.storage.run_folder import RunFolder
    from awb.harness.storage.sweep_folder import SweepFolder

EXIT_WITH_PROBLEMS = 1


_SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS|local:N",
    help="Compute on a Dask cluster, or start one of N workers here (extra: cluster).",
)


def _references(single: tuple[str, ...], several: str | None) -> list[str] | None:
    """Join the repeated option and its comma form; None where neither was given."""
    from awb.plugins.references import parse_list

    extra = [str(reference) for reference in parse_list(several)] if several is not None else []
    return [*single, *extra] or None


def typed_settings(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """Turn options into settings by name, None for "not given"."""
    default = click.core.ParameterSource.DEFAULT
    settings = {
        name: None if context.get_parameter_source(name) == default else value
        for name, value in options.items()
    }
    for one, several in (("dataset", "datasets"), ("model", "models")):
        settings[several] = _references(settings.pop(one) or (), settings[several])
    return {**settings, "plugin": typed_files(context)}


def tell_overridden(settled: Settled) -> None:
    """Say on stderr which options replace what the file holds."""
    for phrase in settled.overridden:
        click.echo(f"{settled.source}: {phrase}", err=True)


@click.command("run")
@click.argument(
    "file",
    metavar="[FILE.toml]",
    required=False,
    type=click.Path(path_type=Path),
    shell_complete=config_files,
)
@click.option(
    "--dataset",
    "dataset",
    multiple=True,
    metavar="NAME[:PATH|:KEY=VALUE,...]",
    shell_complete=names_of("dataset"),
    help="A dataset to run on; may be repeated.  [default: soundscapes]",
)
@click.option(
    "--datasets",
    metavar="A,B",
    shell_complete=names_of("dataset", several=True),
    help="Datasets, separated by commas.",
)
@click.option(
    "--model",
    "model",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    shell_complete=names_of("model"),
    help="A model to explain; may be repeated.  [default: each dataset's own, else soundscape-cnn]",
)
@click.option(
    "--models",
    metavar="A,B",
    shell_complete=names_of("model", several=True),
    help="Models, separated by commas.",
)
@click.option(
    "--explainers",
    metavar="all|A,B,...",
    shell_complete=names_of("explainer", several=True, also=("all",)),
    help="Which explainers.  [default: all]",
)
@click.option(
    "--baselines/--no-baselines",
    default=None,
    help="Whether every board carries random, constant, energy and oracle.  [default: yes]",
)
@click.option(
    "--metrics",
    metavar="all|A,B,...",
    shell_complete=names_of("metric", several=True, also=("all",)),
    help="Which metrics; boards are ranked by the first.  [default: all]",
)
@click.option(
    "--masker",
    metavar="NAME",
    shell_complete=names_of("masker"),
    help="What replaces dropped audio.  [default: zeros]",
)
@click.option(
    "--scoring-masker",
    metavar="NAME",
    shell_complete=names_of("masker"),
    help="The same for fidelity metrics.  [default: --masker]",
)
@click.option(
    "--design",
    metavar="NAME",
    help="Drop masks: pooled, or single:fraction=0.3,run_length=3.  [default: pooled]",
)
@click.option("--samples", type=int, metavar="N", help="Drop masks an instance.  [default: 3000]")
@click.option(
    "--budgets",
    metavar="N,N,...",
    help="A board for each number of model calls, as 100,300,1000,3000.",
)
@click.option("--clips", type=int, metavar="N", help="Use the first N clips of each dataset.")
@click.option("--seed", type=int, metavar="N", help="Seed of every draw.  [default: 0]")
@click.option(
    "--segment",
    "--segment-s",
    "segment_s",
    type=float,
    metavar="S",
    help="Segment length in seconds.  [default: 0.1]",
)
@click.option(
    "--segment-hop",
    "--segment-hop-s",
    "segment_hop_s",
    type=float,
    metavar="S",
    help="Seconds from one segment to the next.  [default: 0.1]",
)
@click.option(
    "--max-event-fraction",
    type=float,
    metavar="F",
    help="Leave out targets that sound for a larger part of the clip.  [default: 0.2]",
)
@click.option(
    "--min-score",
    type=float,
    metavar="LOGODDS",
    help="Leave out clips that the model scores lower.  [default: the model's threshold]",
)
@click.option(
    "--robustness",
    metavar="N|all",
    help="Explain N instances again, with other seeds, clips and models.  [default: 2]",
)
@click.option(
    "--device",
    metavar="auto|cpu|cuda|mps",
    help="Where models compute that can choose.  [default: the model's own]",
)
@click.option(
    "--precision",
    metavar="float32|bfloat16|float16",
    help="Mixed precision, for models that can.  [default: float32]",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Worker processes.  [default: one a processor]",
)
@TIME_LIMIT
@MEMORY_LIMIT
@ISOLATE
@_SCHEDULER
@CACHE
@click.option(
    "--scores",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE",
    help="Scores of whole clips, from awb data scores.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Run folder.  [default: runs/<date>-<time>]",
)
@PLUGIN
@click.pass_context
def run_command(context: click.Context, /, file: Path | None, **options: Any) -> None:
    """Run explainers on models over datasets, and print the boards.

    Without options: every explainer and metric on the embedded dataset and model, in a few minutes.
    A FILE.toml holds the same settings (awb config example); options that are typed replace its.
    Exit code 0 if everything worked, 1 if some rows failed, 2 if nothing could be done.
    """
    from awb.cli.progress import progress_bar
    from awb.harness.config.toml_input import read_settings
    from awb.harness.launch import Means, load_plugins, out_path, start

    settled = read_settings(file, typed_settings(context, options))
    tell_overridden(settled)
    settings = settled.settings
    load_plugins(settings)
    means = Means.of(settings, cache_from(settings.cache))
    path = out_path(settled)
    with progress_bar(path) as progress:
        folder = start(settled, means, path, progress)
    _finish(context, folder)


@click.command("resume")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Worker processes.")
@click.option(
    "--retry-stopped",
    is_flag=True,
    help="Do again the instances on which a plugin was stopped or not tried.",
)
@TIME_LIMIT
@MEMORY_LIMIT
@ISOLATE
@_SCHEDULER
@CACHE
@PLUGIN
@click.pass_context
def resume_command(
    context: click.Context,
    folder: Path,
    jobs: int | None,
    retry_stopped: bool,
    time_limit_s: str | None,
    memory_limit: str | None,
    isolate: bool,
    scheduler: str | None,
    cache: str | None,
) -> None:
    """Finish a run that was interrupted, or a sweep of runs, and print the boards."""
    from awb.cli.progress import progress_bar
    from awb.harness.config.limits import make_limits
    from awb.harness.launch import Means, take_up

    means = Means(
        jobs=jobs,
        scheduler=scheduler,
        cache=cache_from(cache),
        limits=make_limits(time_limit_s, memory_limit),
        isolate=isolate,
    )
    with progress_bar(folder) as progress:
        finished = take_up(folder, means, progress, retry_stopped=retry_stopped)
    _finish(context, finished)


def _finish(context: click.Context, folder: RunFolder | SweepFolder) -> None:
    """Print the boards and where they are; fail if rows failed."""
    from awb.cli.results import print_boards, print_contrasts, print_sweep
    from awb.harness.storage.sweep_folder import SweepFolder
    from awb.leaderboard.boards.construction import boards
    from awb.plugins.discovery import load

    if isinstance(folder, SweepFolder):
        failed = print_sweep(folder, "table", None)
        click.echo(f"\nFolder of the sweep: {folder.path}", err=True)
    else:
        found = boards(folder, load())
        print_boards(found, "table")
        print_contrasts(found, "table")
        click.echo(f"\nRun folder: {folder.path}", err=True)
        failed = any(board.failed for board in found)
    if failed:
        context.exit(EXIT_WITH_PROBLEMS)
