"""``--plugin FILE``: plugins that are not installed."""

from __future__ import annotations

from pathlib import Path

import click


def _load(context: click.Context, parameter: click.Parameter, paths: tuple[Path, ...]) -> None:  # noqa: ARG001
    """Load the files before the command looks anything up."""
    if paths:
        from awb.additions import add_file

        for path in paths:
            add_file(path)


PLUGIN = click.option(
    "--plugin",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    callback=_load,
    expose_value=False,
    is_eager=True,
    help="A file with plugins that are not installed; may be repeated.",
)
