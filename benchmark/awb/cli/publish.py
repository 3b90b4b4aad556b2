"""``awb publish``."""

from __future__ import annotations

from pathlib import Path

import click

from awb.cli.completing import run_folders


@click.command("publish")
@click.argument(
    "folder",
    metavar="[RUN]",
    required=False,
    type=click.Path(path_type=Path),
    shell_complete=run_folders,
)
@click.option("--author", default="", metavar="TEXT", help="Who stands for it.")
@click.option("--note", default="", metavar="TEXT", help="A sentence on what it is.")
@click.option("--citation", default="", metavar="TEXT", help="What to cite.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leaderboards"),
    show_default=True,
    metavar="DIR",
    help="Folder of the leaderboards.",
)
@click.option("--replace", is_flag=True, help="Replace older submissions of the same names.")
@click.option("--site/--no-site", default=True, help="Build the site too.  [default: --site]")
@click.pass_context
def publish_command(
    context: click.Context,
    folder: Path | None,
    author: str,
    note: str,
    citation: str,
    into: Path,
    replace: bool,
    site: bool,
) -> None:
    """Publish a finished run: a submission for each explainer, and the boards with all of them.

    Without RUN, only write the boards and the site again.

    Scores, relevance, settings and versions are the run's; author, note and citation are yours.
    """
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.cli.tables import tell
    from awb.harness.folder import RunFolder
    from awb.leaderboard.publishing import make_credit, publish
    from awb.plugins import load
    from awb.site.building import build_site

    credit = make_credit(author=author, note=note, citation=citation)
    run = None if folder is None else RunFolder.open(folder)
    registry = load()
    done = publish(run, into, registry, credit, replace=replace)
    for path in (*done.submissions, *done.boards):
        click.echo(path)
    if site and done.boards:
        build_site(into, into / "site", registry)
        click.echo(into / "site" / "index.html")
    tell([f"not published: {reason}" for reason in done.without])
    tell([f"not shown: {reason}" for reason in done.refused])
    if done.refused:
        context.exit(EXIT_WITH_PROBLEMS)
