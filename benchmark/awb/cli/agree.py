"""``awb agree``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import run_folders

if TYPE_CHECKING:
    from awb.leaderboard.boards.agreement import Agreement


def _records(found: list[Agreement]) -> list[dict[str, Any]]:
    import math

    return [
        {
            "dataset": one.dataset,
            "model": one.model,
            "budget": one.budget,
            "first": one.first,
            "second": one.second,
            **{
                name: None if math.isnan(value) else value
                for name, value in (
                    ("tau", one.tau.mean),
                    ("low", one.tau.low),
                    ("high", one.tau.high),
                )
            },
            "n_explainers": one.n_explainers,
            "n_instances": one.n_instances,
        }
        for one in found
    ]


def _as_table(found: list[Agreement], form: str) -> str:
    """Write a triangular table of taus with their intervals."""
    from tabulate import tabulate

    from awb.leaderboard.boards.agreement import matrix

    names, _ = matrix(found)
    cells = {
        (one.second, one.first): f"{one.tau.mean:+z.2f} [{one.tau.low:+z.2f}, {one.tau.high:+z.2f}]"
        for one in found
    }
    rows = [
        [second, *(cells.get((second, first), "") for first in names[:-1])] for second in names[1:]
    ]
    style = "github" if form == "md" else "simple"
    table = tabulate(rows, ["", *names[:-1]], tablefmt=style, disable_numparse=True)
    return table.replace("+nan", "–").replace("nan", "–")


def print_explainers(folder: Path, form: str, plot: Path | None) -> None:
    """Write how explainers agree on each board, and draw the last board."""
    import shutil
    import sys

    from awb.cli.tables import tell
    from awb.harness.storage.run_folder import RunFolder
    from awb.leaderboard.boards.agreement import unfinished
    from awb.leaderboard.boards.construction import read_boards
    from awb.leaderboard.formats import explainer_agreement as formats
    from awb.plugins.discovery import load
    from awb.report.views.agreement import read_explainer_agreements

    run, plugins = RunFolder.open(folder), load()
    found, refused = read_explainer_agreements(run, plugins)
    tell([*unfinished(read_boards(run, plugins)), *refused])
    if form == "json":
        click.echo(formats.to_json(found))
    elif form == "csv":
        click.echo(formats.to_csv(found), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo("\n".join(formats.to_text(one, form, width=width) for one in found), nl=False)
    if plot is not None:
        from awb.report.figures.explainer_agreement import draw

        draw(found[-1], plot)


@click.command("agree")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.option("--explainers", is_flag=True, help="Compare explainers' relevance, not metrics.")
@click.option(
    "--metrics",
    metavar="all|A,B,...",
    help="Metrics to compare.  [default: those that a board shows]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "md", "csv", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Heat map of the last table: png, svg or pdf.",
)
def agree_command(
    folder: Path, explainers: bool, metrics: str | None, form: str, plot: Path | None
) -> None:
    """Measure how metrics agree about explainers: Kendall's tau, 95 % intervals over clips.

    Does fidelity agree with localization? 1 is the same order, 0 is unrelated, -1 is reversed.

    With --explainers, do explainers point at the same segments? Their relevance of each instance is
    compared: rank correlation, and the part of the top fifth that two have in common.
    """
    import json

    from awb.cli.tables import tell
    from awb.harness.storage.run_folder import RunFolder
    from awb.leaderboard.boards.agreement import compare_boards, over_boards, unfinished
    from awb.leaderboard.boards.construction import read_boards
    from awb.leaderboard.formats.escaping import csv_text
    from awb.leaderboard.formats.text import counted, limit_text
    from awb.plugins.discovery import load

    if explainers:
        if metrics is not None:
            raise click.UsageError("--explainers compares relevance, which has no --metrics")
        print_explainers(folder, form, plot)
        return
    columns = metrics.split(",") if metrics else None
    boards = read_boards(RunFolder.open(folder), load(), columns=columns)
    groups, refused = compare_boards(boards)
    tell([*unfinished(boards), *refused])
    if len(groups) > 1 and groups[0][0].budget is None:
        groups.append(over_boards(groups))
    records = [record for group in groups for record in _records(group)]
    if form == "json":
        click.echo(json.dumps(records, indent=1, ensure_ascii=False))
    elif form == "csv":
        click.echo(csv_text(records, list(records[0])), nl=False)
    else:
        for group in groups:
            first = group[0]
            title = (
                "mean over boards"
                if first.dataset == "all"
                else (
                    f"{first.model} on {first.dataset}: Kendall's tau of"
                    f" {counted(first.n_explainers, 'explainer')},"
                    f" {counted(first.n_instances, 'instance')}{limit_text(first.budget)}"
                )
            )
            click.echo(f"{title}\n\n{_as_table(group, form)}\n")
    if plot is not None:
        from awb.report.figures.agreement import draw

        draw(groups[-1], plot)
