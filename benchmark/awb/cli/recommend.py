"""``awb recommend``."""

from __future__ import annotations

from typing import Any

import click

from awb.cli.completing import names_of
from awb.cli.plugin_files import PLUGIN
from awb.cli.run import resumable, tell_now
from awb.cli.settings import LIMITS, SettingsCommand, typed_settings
from awb.cli.tables import tell

_SETTINGS = (
    *("models", "datasets", "clips", "seed", "masker", "max_event_fraction", "min_score"),
    *("device", "precision", "jobs", *LIMITS, "isolate", "cache", "out"),
)


@click.command("recommend", cls=SettingsCommand, settings=_SETTINGS)
@click.option(
    "--within",
    metavar="DURATION",
    help="Time to keep, as in 90s, 10m or 2h.  [default: 5m, unless --clips is given]",
)
@click.option(
    "--explainers",
    metavar="A,B,...",
    shell_complete=names_of("explainer", several=True, also=("all",)),
    help="Explainers to try.  [default: a dozen that need few calls]",
)
@click.option(
    "--budgets",
    metavar="N,N,...",
    help="Model calls per instance to choose for.  [default: 60,300,1000]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Output format.",
)
@PLUGIN
@click.pass_context
def recommend_command(context: click.Context, /, form: str, **options: Any) -> None:
    """Try cheap explainers on a few clips, and say which one to take for a model and a dataset.

    Says, for each number of model calls, which explainer is first in localization (roc-auc), in
    fidelity (deletion-area) and in both, which others might be first on other clips, and how many
    clips would tell; then the awb run to type. Without times of events, it judges fidelity only.
    The run behind it stays: awb show prints its boards.
    """
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.cli.progress import progress_bar
    from awb.harness.config.resources import Resources
    from awb.harness.launch import out_path, start
    from awb.harness.storage.run_folder import RunFolder
    from awb.harness.unit.score_cache import chosen_cache
    from awb.leaderboard.boards.recommendation import recommendation, settled_trial
    from awb.leaderboard.formats.recommendation import to_json, to_text
    from awb.plugins.discovery import load

    settled = settled_trial(typed_settings(context, options))
    settings = settled.settings
    resources = Resources.of(settings, chosen_cache(settings.cache), isolate=True)
    path = out_path(settled)
    waiting = "Loading data and models"
    with resumable(context, path), progress_bar(path, waiting=waiting) as progress:
        folder = start(settled, resources, path, progress, tell_now)
    if not isinstance(folder, RunFolder):
        raise click.UsageError("a recommendation needs one run, not a sweep")
    found = recommendation(folder, load(), settings)
    click.echo(to_json(found) if form == "json" else to_text(found))
    click.echo(f"\nRun folder: {folder.path}", err=True)
    problems = list(dict.fromkeys(line for board in found.boards for line in board.problems))
    tell(problems)
    if problems:
        context.exit(EXIT_WITH_PROBLEMS)
