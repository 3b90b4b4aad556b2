"""``awb site``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.opening import open_page

_LEADERBOARDS = click.option(
    "--leaderboards",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leaderboards"),
    show_default=True,
    metavar="DIR",
    help="Folder of the leaderboards.",
)


@click.group("site")
def site_command() -> None:
    """Build and serve the pages of all submissions."""


@site_command.command("build")
@_LEADERBOARDS
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="[default: site in the folder of the leaderboards]",
)
@click.option(
    "--audio",
    multiple=True,
    metavar="DATASET",
    help="Put the clips of this dataset into the pages, to listen to: you say that they may be"
    " passed on. May be repeated.",
)
@click.pass_context
def build_command(
    context: click.Context, leaderboards: Path, into: Path | None, audio: tuple[str, ...]
) -> None:
    """Write a page for each board, model and explainer, and a feed.

    The pages load nothing from anywhere else, and work under any address or opened as files. The
    same submissions give the same bytes.
    """
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.cli.progress import passing_bar
    from awb.cli.tables import tell
    from awb.plugins.discovery import load
    from awb.site.builder import build_site

    folder = into or leaderboards / "site"
    with passing_bar("Writing the site"):
        built = build_site(leaderboards, folder, load(), audio=audio)
    click.echo(folder / "index.html")
    click.echo(f"{built.pages} pages, {built.n_bytes / 1e6:.1f} MB", err=True)
    tell([f"not shown: {reason}" for reason in built.refused])
    if built.refused:
        context.exit(EXIT_WITH_PROBLEMS)


@site_command.command("clip")
@_LEADERBOARDS
@click.argument("dataset", metavar="DATASET")
@click.argument("instance", metavar="CLIP/TARGET")
@click.option(
    "--explainers",
    required=True,
    metavar="A,B,C",
    help="Explainers to show beside each other on the first page, three at best.",
)
def clip_command(leaderboards: Path, dataset: str, instance: str, explainers: str) -> None:
    """Choose the clip that opens the site, with its sound: you say that it may be passed on.

    Writes leaderboards/clip, which every build copies into the pages. CLIP/TARGET is a published
    instance, as on its board. Without it, the first page draws a clip that cannot be played.
    """
    from awb.plugins.discovery import load
    from awb.site.clip_files import write_clip

    names = [name.strip() for name in explainers.split(",") if name.strip()]
    click.echo(write_clip(leaderboards, load(), dataset, instance, names))


@site_command.command("serve")
@click.argument(
    "folder",
    type=click.Path(path_type=Path),
    default=Path("leaderboards/site"),
    metavar="[DIR]",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    metavar="N",
    help="0 for any that is free.",
)
@click.option("--open", "show", is_flag=True, help="Open it in the browser.")
def serve_command(folder: Path, port: int, show: bool) -> None:
    """Serve a built site to this machine, until Ctrl-C.

    DIR is leaderboards/site where nothing else is said.
    """
    from awb.site.server import make_server

    with make_server(folder, port) as server:
        address = f"http://{server.server_address[0]!s}:{server.server_port}/"
        click.echo(address)
        if show:
            open_page(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
