"""Tables on stdout and problems on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

from awb.errors import MOST_OWN_TEXT, one_line

_MOST_SHOWN = 20


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table: with rich on a terminal, as plain text elsewhere."""
    rows = [tuple(row) for row in rows]
    if not sys.stdout.isatty():
        from tabulate import tabulate

        click.echo(tabulate(rows, header))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(pad_edge=False)
    for position, name in enumerate(header):
        numbers = all(isinstance(row[position], int | float) for row in rows)
        table.add_column(name, justify="right" if numbers else "left")
    for row in rows:
        table.add_row(
            *(f"{value:.1f}" if isinstance(value, float) else str(value) for value in row)
        )
    Console().print(table)


def tell(problems: Sequence[str]) -> None:
    """Report problems on stderr, one line each; if there are many, only the first ones."""
    for problem in problems[:_MOST_SHOWN]:
        click.echo(f"awb: {one_line(problem, MOST_OWN_TEXT)}", err=True)
    if len(problems) > _MOST_SHOWN:
        click.echo(f"awb: and {len(problems) - _MOST_SHOWN} more problems", err=True)
