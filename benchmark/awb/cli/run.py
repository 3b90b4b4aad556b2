"""``awb run`` and ``awb resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from awb.cli.cache import CACHE, cache_from
from awb.cli.options import ISOLATE, MEMORY_LIMIT, TIME_LIMIT
from awb.cli.plugin_files import PLUGIN

EXIT_WITH_PROBLEMS = 1


_SCHEDULER = click.option(
    "--scheduler",
    metavar="ADDRESS|local:N",
    help="Compute on a Dask cluster, or start one of N workers here (extra: cluster).",
)


def _references(single: tuple[str, ...], several: str | None) -> list[str] | None:
    """Join the repeated option and its comma form; None where neither was given."""
    from awb.harness.references import parse_list

    extra = [str(reference) for reference in parse_list(several)] if several is not None else []
    return [*single, *extra] or None


def _list(text: str | None) -> list[str] | None:
    return _references((), text)


@click.command("run")
@click.option(
    "--dataset",
    "dataset",
    multiple=True,
    metavar="NAME[:PATH|:KEY=VALUE,...]",
    help="Dataset; may be repeated.  [default: soundscapes]",
)
@click.option("--datasets", metavar="A,B", help="Datasets, separated by commas.")
@click.option(
    "--model",
    "model",
    multiple=True,
    metavar="NAME[:KEY=VALUE,...]",
    help="Model; may be repeated.  [default: each dataset's own, else soundscape-cnn]",
)
@click.option("--models", metavar="A,B", help="Models, separated by commas.")
@click.option("--explainers", metavar="all|A,B,...", help="Explainers.  [default: all]")
@click.option("--metrics", metavar="all|A,B,...", help="Metrics; the first ranks.  [default: all]")
@click.option("--masker", metavar="NAME", help="What replaces dropped audio.  [default: zeros]")
@click.option(
    "--scoring-masker", metavar="NAME", help="The same for fidelity metrics.  [default: --masker]"
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
    "segment_s",
    type=float,
    metavar="S",
    help="Segment length in seconds.  [default: 0.1]",
)
@click.option(
    "--segment-hop",
    "segment_hop_s",
    type=float,
    metavar="S",
    help="From one segment to the next.  [default: 0.1]",
)
@click.option(
    "--max-event-fraction",
    type=float,
    metavar="F",
    help="Leave out targets that sound for longer.  [default: 0.2]",
)
@click.option(
    "--min-score",
    type=float,
    metavar="LOGODDS",
    help="Leave out clips scored lower.  [default: the model's threshold]",
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
def run_command(
    context: click.Context,
    /,
    dataset: tuple[str, ...],
    datasets: str | None,
    model: tuple[str, ...],
    models: str | None,
    explainers: str | None,
    metrics: str | None,
    jobs: int | None,
    time_limit_s: str | None,
    memory_limit: str | None,
    isolate: bool,
    scheduler: str | None,
    cache: str | None,
    scores: Path | None,
    out: Path | None,
    **settings: Any,
) -> None:
    """Run explainers on models over datasets, and print the boards.

    Without options: every explainer and metric on the embedded dataset and model, in a few minutes.
    Exit code 0 if everything worked, 1 if some rows failed, 2 if nothing could be done.
    """
    from awb.cli.progress import progress_bar
    from awb.harness.config import make_config
    from awb.harness.folder import unused_path
    from awb.harness.limits import make_limits
    from awb.harness.runner import run

    config = make_config(
        datasets=_references(dataset, datasets),
        models=_references(model, models),
        explainers=_list(explainers),
        metrics=_list(metrics),
        **settings,
    )
    limits = make_limits(time_limit_s, memory_limit)
    path = out or unused_path()
    with progress_bar(path) as progress:
        folder = run(
            config,
            path,
            jobs=jobs,
            progress=progress,
            scores=scores,
            scheduler=scheduler,
            cache=cache_from(cache),
            limits=limits,
            isolate=isolate,
        )
    _finish(context, folder)


@click.command("resume")
@click.argument("folder", type=click.Path(path_type=Path))
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
    """Finish a run that was interrupted, and print its boards."""
    from awb.cli.progress import progress_bar
    from awb.harness.limits import make_limits
    from awb.harness.runner import resume

    limits = make_limits(time_limit_s, memory_limit)
    with progress_bar(folder) as progress:
        finished = resume(
            folder,
            jobs=jobs,
            progress=progress,
            scheduler=scheduler,
            cache=cache_from(cache),
            limits=limits,
            isolate=isolate,
            retry_stopped=retry_stopped,
        )
    _finish(context, finished)


def _finish(context: click.Context, folder: Any) -> None:
    """Print the boards and where they are; fail if rows failed."""
    from awb.cli.results import print_boards, print_contrasts
    from awb.leaderboard.making import boards
    from awb.plugins import load

    found = boards(folder, load())
    print_boards(found, "table")
    print_contrasts(found, "table")
    click.echo(f"\nRun folder: {folder.path}", err=True)
    if any(board.failed for board in found):
        context.exit(EXIT_WITH_PROBLEMS)
