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
@click.option("--author", default="", metavar="TEXT", help="Who publishes it.")
@click.option("--note", default="", metavar="TEXT", help="A sentence about it.")
@click.option("--citation", default="", metavar="TEXT", help="What to cite.")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("leaderboards"),
    show_default=True,
    metavar="DIR",
    help="Folder of the leaderboards.",
)
@click.option("--replace", is_flag=True, help="Replace existing submissions of the same names.")
@click.option("--site/--no-site", default=True, help="Also build the site.  [default: --site]")
@click.option(
    "--to-hub", "repo", metavar="OWNER/NAME", help="Then push everything as a Hugging Face dataset."
)
@click.option("--private", is_flag=True, help="Make a dataset that --to-hub creates private.")
@click.option(
    "--license",
    "license_id",
    default="apache-2.0",
    show_default=True,
    metavar="ID",
    help="Licence of what --to-hub and --archive give away.",
)
@click.option("--dry-run", is_flag=True, help="Only list what --to-hub would push.")
@click.option(
    "--archive",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.zip",
    help="Then write everything into one file, for an archive that gives DOIs.",
)
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
    repo: str | None,
    private: bool,
    license_id: str,
    dry_run: bool,
    archive: Path | None,
) -> None:
    """Publish a finished run: one submission per explainer, and the boards of all submissions.

    For a sweep, every variant is published; other maskers, designs, samples or seeds make separate
    boards.

    Without RUN, only the boards and the site are written again.

    Scores, relevance, settings and versions come from the run; author, note and citation from you.

    The token for the Hub is read from HF_TOKEN or from hf auth login, never from an option.
    """
    from awb.cli.options import EXIT_WITH_PROBLEMS
    from awb.cli.progress import passing_bar
    from awb.cli.tables import tell
    from awb.harness.storage.sweep_folder import open_folder
    from awb.leaderboard.publishing.publication import make_credit, publish
    from awb.plugins.discovery import load
    from awb.report.figures.critical import write_over_boards
    from awb.site.builder import build_site

    _check_hub(folder, repo, private=private, license_id=license_id, dry_run=dry_run)
    _check_archive(archive, license_id)
    if repo and dry_run:
        _list(into, repo, license_id)
        return
    credit = make_credit(author=author, note=note, citation=citation)
    run = None if folder is None else open_folder(folder)
    registry = load()
    with passing_bar("Publishing"):
        done = publish(run, into, registry, credit, replace=replace, draw=write_over_boards)
    for path in (*done.submissions, *done.boards):
        click.echo(path)
    if site and done.boards:
        with passing_bar("Writing the site"):
            build_site(into, into / "site", registry, contents=done.contents)
        click.echo(into / "site" / "index.html")
    tell([f"not published: {reason}" for reason in done.without])
    tell([f"not shown: {reason}" for reason in done.refused])
    tell([f"ignored: {reason}" for reason in done.ignored])
    if done.refused:
        context.exit(EXIT_WITH_PROBLEMS)
    if archive:
        _archive(into, archive, license_id)
    if repo:
        _push(into, repo, license_id, private=private)


def _check_hub(
    folder: Path | None, repo: str | None, *, private: bool, license_id: str, dry_run: bool
) -> None:
    """Check the options for the Hub before anything is written."""
    from awb.errors import ParameterError
    from awb.leaderboard.publishing.dataset_card import checked_license
    from awb.leaderboard.publishing.hub import checked_repo

    if repo is None:
        if private or dry_run:
            name = "--private" if private else "--dry-run"
            raise ParameterError(f"{name} requires --to-hub OWNER/NAME")
        return
    checked_repo(repo)
    checked_license(license_id)
    if dry_run and folder is not None:
        raise ParameterError(
            "--dry-run lists what is already published; publish the run first, without --to-hub"
        )


def _check_archive(archive: Path | None, license_id: str) -> None:
    from awb.leaderboard.deposits.archive import checked_archive
    from awb.leaderboard.publishing.dataset_card import checked_license

    if archive is not None:
        checked_archive(archive)
        checked_license(license_id)


def _archive(into: Path, archive: Path, license_id: str) -> None:
    from awb.cli.progress import passing_bar
    from awb.leaderboard.deposits.archive import CHECK, write_archive
    from awb.leaderboard.publishing.hub import collect
    from awb.plugins.discovery import load

    with passing_bar("Verifying what goes into the archive"):
        submitted, files = collect(into, load(), license_id=license_id, commands=CHECK)
    sizes = write_archive(archive, submitted, files, license_id=license_id)
    click.echo(f"{len(sizes)} files, {sum(sizes.values()):,} bytes in the archive", err=True)
    click.echo(archive)


def _list(into: Path, repo: str, license_id: str) -> None:
    from awb.leaderboard.publishing.hub import pack
    from awb.plugins.discovery import load

    sizes = pack(into, load(), repo, license_id=license_id).sizes()
    for name, n_bytes in sizes.items():
        click.echo(f"{n_bytes:>12,}  {name}")
    click.echo(
        f"{len(sizes)} files, {sum(sizes.values()):,} bytes would go to {repo}; nothing was sent",
        err=True,
    )


def _push(into: Path, repo: str, license_id: str, *, private: bool) -> None:
    from awb.leaderboard.publishing.hub import pack, push
    from awb.plugins.discovery import load

    parcel = pack(into, load(), repo, license_id=license_id)
    sizes = parcel.sizes()
    click.echo(f"sending {len(sizes)} files, {sum(sizes.values()):,} bytes to {repo}", err=True)
    click.echo(push(parcel, private=private))
