"""``awb explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import names_of
from awb.cli.opening import open_page
from awb.cli.plugin_files import PLUGIN
from awb.cli.settings import LIMITS, SettingsCommand
from awb.cli.tables import tell
from awb.cli.waiting import say

if TYPE_CHECKING:
    from awb.api.explained import ExplainedFile

_TOLD = (
    *("not applicable", "scores of", "The model", "The checkpoint"),
    *("left out", "events trimmed", "files found", "labels are results"),
)
"""How the notes of a board begin that say something of a single file, too."""


@click.command("explain", cls=SettingsCommand, settings=(*LIMITS, "isolate"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model",
    metavar="NAME",
    shell_complete=names_of("model"),
    help="The model.  [default: yamnet if it is installed, else soundscape-cnn]",
)
@click.option(
    "--target", metavar="CLASS", help="The class.  [default: the one with the highest score]"
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Labels of the file: Raven, Audacity, TextGrid, JAMS, a table of DCASE or any other.",
)
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Detections in a recording of any length, or labels of it: explain each of them.",
)
@click.option(
    "--window",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Length of the windows around the --events.",
)
@click.option(
    "--columns",
    default="",
    metavar="onset:COLUMN+...",
    help="Columns of a table of labels, where their names tell too little.",
)
@click.option(
    "--explainers",
    default="all",
    show_default=True,
    metavar="all|A,B,...",
    shell_complete=names_of("explainer", several=True, also=("all",)),
    help="The explainers.",
)
@click.option(
    "--masker",
    default="zeros",
    show_default=True,
    metavar="NAME",
    shell_complete=names_of("masker"),
    help="What replaces dropped audio.",
)
@click.option(
    "--samples",
    type=int,
    default=1000,
    show_default=True,
    metavar="N",
    help="Number of drop masks of the shared design.",
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The HTML page.  [default: NAME.explained.html]",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only measure how long the --events will take, and say it.",
)
@click.option("--open/--no-open", "show", default=True, help="Open the page in the browser.")
@PLUGIN
def explain_command(
    file: Path,
    model: str | None,
    target: str | None,
    labels: Path | None,
    events: Path | None,
    window: float,
    columns: str,
    explainers: str,
    masker: str,
    samples: int,
    seed: int,
    out: Path | None,
    time_limit_s: str | None,
    memory_limit: str | None,
    isolate: bool | None,
    dry_run: bool,
    show: bool,
) -> None:
    """Explain a model's decision about one audio file, and open a page with sound and figures.

    The file needs no labels: explanations are scored by fidelity to the model only. With --labels,
    they are scored against the labels, too, and the default target is a labelled class.

    With --events, every event of a recording of any length is explained in a window around it; only
    the windows are read. --out is then the run folder [default: NAME.explained], for awb show and
    awb export --as raven.
    """
    from awb.api.explaining import explain, page_path
    from awb.cli.progress import passing_bar

    chosen = model or _chosen(file, explainers, whole=events is None)
    how: dict[str, Any] = {
        "model": chosen,
        "columns": columns,
        "explainers": explainers,
        "masker": masker,
        "samples": samples,
        "seed": seed,
        "time_limit_s": time_limit_s,
        "memory_limit": memory_limit,
        "isolate": isolate is not False,
    }
    if events is not None:
        if target is not None or labels is not None:
            raise click.UsageError("--events has the classes and times; omit --target, --labels")
        if dry_run:
            _foretell(file, events, window, how)
            return
        _explain_events(file, events, out or Path(f"{file.stem}.explained"), window, how, show=show)
        return
    if dry_run:
        raise click.UsageError("--dry-run is for --events; a single clip is quick")
    path = page_path(out or f"{file.stem}.explained.html")
    with passing_bar(f"Loading {chosen}") as progress:
        found = explain(file, target=target, labels=labels, out=path, progress=progress, **how)
    say(_heard(found, given=target is not None))
    click.echo(path)
    for shown in found.boards:
        notes = [note for note in shown.board.notes if note.startswith(_TOLD)]
        tell([*shown.board.problems, *notes])
    tell([found.unheard] if found.unheard else [])
    if show:
        open_page(path)
    if found.failed:
        click.get_current_context().exit(1)


def _chosen(file: Path, explainers: str, *, whole: bool = True) -> str:
    """Choose the model, and say which one it is, what it knows, and how to choose another."""
    from awb.harness.config.choice import is_at_hand, model_for_a_file, of_any_sound
    from awb.harness.explain_file import read_clip
    from awb.plugins.discovery import load, mend_command, missing_modules
    from awb.plugins.resolve import resolve_all

    registry = load()
    if whole:
        read_clip(file)
    resolve_all(registry, "explainer", explainers.split(","))
    name = model_for_a_file(registry)
    spec = registry.get("model", name).spec
    listed = None if spec.class_list is None else spec.class_list(spec.parameters())
    known = list(listed[0]) if listed else []
    others = [one for one in of_any_sound(registry) if not is_at_hand(one)]
    if not others:
        knows = f", which knows {len(known)} classes" if known else ""
        say(f"Model: {name}{knows}. Another one: --model NAME (awb plugins models)")
        return name
    better = others[0]
    install = ""
    if missing_modules(better.spec):
        install = f"{mend_command(better.spec, better.origin)}, then "
    classes = ", ".join(one.partition(",")[0] for one in known)
    say(
        f"Model: {name}, a demo that takes every sound for one of its {len(known)} classes:"
        f" {classes}."
    )
    say(
        f"For everyday sounds: {install}awb explain {file} --model {better.spec.name}"
        f" ({better.spec.summary})"
    )
    return name


def _heard(found: ExplainedFile, *, given: bool) -> str:
    """Say what the model hears, and whether it would report it."""
    score = f"log-odds {found.score:z.2f}"
    if found.score >= found.threshold:
        return f"{found.model} hears {found.target!r} with {score}"
    which = "does not hear" if given else "recognizes nothing; its first guess is"
    return f"{found.model} {which} {found.target!r}: {score}, below its threshold"


def _explain_events(
    file: Path, events: Path, folder: Path, window_s: float, how: dict[str, Any], *, show: bool
) -> None:
    """Explain every event of a recording, print the boards, and write the page."""
    from awb.api.detections import explain_events
    from awb.cli.progress import progress_bar
    from awb.cli.results import print_boards
    from awb.plugins.discovery import load
    from awb.report.run_report import write_report

    with progress_bar(folder) as progress:
        run = explain_events(file, events, window_s=window_s, out=folder, progress=progress, **how)
    print_boards([shown.board for shown in run.boards], "table")
    page = run.path / "report.html"
    write_report(run.folder, load(), page, instances=50)
    click.echo(page)
    if show:
        open_page(page)
    if run.failed:
        click.get_current_context().exit(1)


def _foretell(file: Path, events: Path, window_s: float, how: dict[str, Any]) -> None:
    """Say how long the events of a recording will take."""
    from awb.api.detections import settings_for_events
    from awb.cli.forecasts import forecast_lines
    from awb.cli.progress import passing_bar
    from awb.harness.config.resources import Resources
    from awb.harness.config.settings import settle
    from awb.harness.launch import forecast

    same = settings_for_events(file, events, window_s, how["columns"])
    given = {name: value for name, value in how.items() if name not in {"columns", "model"}}
    settled = settle({**same, **given, "models": [how["model"]]})
    with passing_bar("Measuring") as progress:
        found = forecast(settled, Resources.of(settled.settings, None, jobs=1), progress)
    for line in forecast_lines(found):
        click.echo(line)
