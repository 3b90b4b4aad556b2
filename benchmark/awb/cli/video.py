"""``awb video``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.completing import run_folders


@click.command("video")
@click.argument(
    "folder", metavar="RUN", type=click.Path(path_type=Path), shell_complete=run_folders
)
@click.argument("instance", metavar="CLIP/TARGET|N")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.mp4",
    help="The video.  [default: from its name]",
)
@click.option("--board", "number", type=int, default=1, show_default=True, metavar="N",
              help="Which board of the run.")  # fmt: skip
@click.option(
    "--explainers", metavar="A,B,...", help="Which explainers.  [default: the best six here]"
)
@click.option(
    "--metric", metavar="NAME", help="Which score stands beside each.  [default: what ranks]"
)
def video_command(
    folder: Path,
    instance: str,
    out: Path | None,
    number: int,
    explainers: str | None,
    metric: str | None,
) -> None:
    """Make a video of one instance, with sound: spectrogram, events, relevance, a moving cursor.

    An instance is CLIP/TARGET, a clip that has only one, or its number in the report's order (1 is
    the worst). Needs the extra "video".
    """
    import re

    from awb.cli.progress import passing_bar
    from awb.harness.storage.run_folder import RunFolder
    from awb.plugins.discovery import load
    from awb.plugins.references import parse_list
    from awb.report.figures.instance import chosen_explanations
    from awb.report.figures.style import metric_place
    from awb.report.video import write_video
    from awb.report.views.board import find_board, read_views
    from awb.report.views.clips import RunClips, require

    registry, opened = load(), RunFolder.open(folder)
    view = find_board(read_views(opened, registry), number)
    one = view.instance(instance)
    names = [str(reference) for reference in parse_list(explainers)] if explainers else None
    rows = chosen_explanations(one, names)
    name = view.board.metrics[metric_place(view, metric)].name
    heard = require(RunClips(opened, registry), one)
    path = out or Path(re.sub(r"[^\w.-]+", "-", one.name).strip("-") + ".mp4")
    with passing_bar("Drawing"):
        write_video(one, heard, rows, name, path)
    click.echo(path)
