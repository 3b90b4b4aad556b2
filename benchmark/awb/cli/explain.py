"""``awb explain``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.completing import names_of
from awb.cli.opening import open_page
from awb.cli.plugin_files import PLUGIN
from awb.cli.settings import LIMITS, SettingsCommand
from awb.cli.tables import tell

_TOLD = ("not applicable", "scores of", "The model", "The checkpoint")
"""How the notes of a board begin that say something of a single file, too."""


@click.command("explain", cls=SettingsCommand, settings=(*LIMITS, "isolate"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model",
    default="soundscape-cnn",
    show_default=True,
    metavar="NAME",
    shell_complete=names_of("model"),
    help="The model.",
)
@click.option(
    "--target", metavar="CLASS", help="The class.  [default: the one with the highest score]"
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
@click.option("--open/--no-open", "show", default=True, help="Open the page in the browser.")
@PLUGIN
def explain_command(
    file: Path,
    model: str,
    target: str | None,
    explainers: str,
    masker: str,
    samples: int,
    seed: int,
    out: Path | None,
    time_limit_s: str | None,
    memory_limit: str | None,
    isolate: bool | None,
    show: bool,
) -> None:
    """Explain a model's decision about one audio file, and open a page with sound and figures.

    The file needs no labels: explanations are scored by fidelity to the model only.
    """
    from awb.api.explaining import explain, page_path

    path = page_path(out or f"{file.stem}.explained.html")
    found = explain(
        file,
        model=model,
        target=target,
        explainers=explainers,
        masker=masker,
        samples=samples,
        seed=seed,
        out=path,
        time_limit_s=time_limit_s,
        memory_limit=memory_limit,
        isolate=isolate is not False,
    )
    click.echo(f"{found.model} hears {found.target!r} with log-odds {found.score:.2f}", err=True)
    click.echo(path)
    for shown in found.boards:
        notes = [note for note in shown.board.notes if note.startswith(_TOLD)]
        tell([*shown.board.problems, *notes])
    tell([found.unheard] if found.unheard else [])
    if show:
        open_page(path)
    if found.failed:
        click.get_current_context().exit(1)
