"""``awb explain``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from awb.harness.explaining import Explained
    from awb.report.page import PageFacts


def _facts(found: Explained, path: Path) -> PageFacts:
    """Say at the head of the page what was asked."""
    from awb.report.page import PageFacts, short_label

    doubt = (
        f" (its threshold is {found.threshold:g}: it would not say so)"
        if found.score < found.threshold
        else ""
    )
    return PageFacts(
        title=f"Where does {short_label(found.model)} hear “{found.target}” in {path.name}?",
        lead=(
            f"The model gives it log-odds of {found.score:.2f}{doubt}. Nobody labelled this file:"
            " explanations are compared by what the model itself says when the segments that they"
            " point at are dropped."
        ),
        created=str(found.folder.record()["created"]).partition("T")[0],
        command=f"awb explain {path.name} --model {found.model} --target '{found.target}'",
    )


@click.command("explain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--model", default="soundscape-cnn", show_default=True, metavar="NAME", help="Which model."
)
@click.option("--target", metavar="CLASS", help="Which class.  [default: what it scores highest]")
@click.option("--explainers", default="all", show_default=True, metavar="all|A,B,...")
@click.option(
    "--masker", default="zeros", show_default=True, metavar="NAME", help="What replaces audio."
)
@click.option(
    "--samples", type=int, default=1000, show_default=True, metavar="N", help="Drop masks."
)
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Of every draw.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="[default: NAME.explained.html]"
)
@click.option("--open/--no-open", "show", default=True, help="Open the page in the browser.")
def explain_command(
    file: Path,
    model: str,
    target: str | None,
    explainers: str,
    masker: str,
    samples: int,
    seed: int,
    out: Path | None,
    show: bool,
) -> None:
    """Explain what a model hears in one audio file, and open a page to look and to listen.

    The file needs no labels: explanations are scored against the model alone.
    """
    from tempfile import TemporaryDirectory

    from awb.harness.explaining import FILE, explain_file
    from awb.harness.references import parse_list
    from awb.leaderboard.making import boards
    from awb.plugins import load
    from awb.report.clips import GivenClips, RunSound
    from awb.report.making import write_report

    registry = load()
    path = out or Path(f"{file.stem}.explained.html")
    with TemporaryDirectory(prefix="awb-explain-") as scratch:
        found = explain_file(
            file,
            registry,
            Path(scratch) / "run",
            model=model,
            target=target,
            explainers=[str(reference) for reference in parse_list(explainers)],
            masker=masker,
            samples=samples,
            seed=seed,
        )
        click.echo(
            f"{found.model} hears {found.target!r} with log-odds {found.score:.2f}", err=True
        )
        sound = RunSound.of(found.folder, registry)
        clips = GivenClips([found.clip], sound, FILE)
        write_report(
            found.folder, registry, path, instances=1, clips=clips, facts=_facts(found, file)
        )
        failed = any(board.failed for board in boards(found.folder, registry))
    click.echo(path)
    if show:
        click.launch(str(path.resolve()))
    if failed:
        click.get_current_context().exit(1)
