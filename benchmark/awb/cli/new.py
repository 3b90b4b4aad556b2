"""``awb new``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from awb.authoring.scaffold import NewKind


@click.command("new")
@click.argument("kind", type=click.Choice(["explainer", "model", "dataset", "metric"]))
@click.argument("name")
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    show_default="here",
    metavar="DIR",
    help="Folder for the new package.",
)
@click.option(
    "--here", is_flag=True, help="Add an explainer to a checkout of awb, for a pull request."
)
def new_command(kind: NewKind, name: str, into: Path, here: bool) -> None:
    """Create a working plugin: an installable package with a test and a README."""
    from awb.authoring.contributing import new_here
    from awb.authoring.scaffold import new_package
    from awb.errors import ParameterError

    if here and kind != "explainer":
        raise ParameterError(f"--here is for explainers. Type: awb new {kind} {name}")
    written = new_here(name, into) if here else new_package(kind, name, into)
    for path in written.files:
        click.echo(path)
    click.echo("Next:", err=True)
    for step in written.next_steps:
        click.echo(f"  {step}", err=True)
