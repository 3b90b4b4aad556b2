"""``awb plugins``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from awb.cli.plugin_files import PLUGIN

if TYPE_CHECKING:
    from awb.plugins.discovery import Kind


def _print_table(records: list[dict[str, Any]]) -> None:
    from awb.specs import DISTRIBUTION

    header = ("kind", "name", "summary", "from")
    rows = [
        (
            record["kind"],
            record["name"],
            record["summary"] if record["available"] else f"not available. Type: {record['mend']}",
            "awb"
            if record["distribution"] == DISTRIBUTION
            else f"{record['distribution']} {record['version']}",
        )
        for record in records
    ]
    if sys.stdout.isatty():
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table

        table = Table(box=SIMPLE_HEAD)
        for name in header:
            table.add_column(name, no_wrap=name in {"kind", "name"}, overflow="fold")
        for row, after in zip(rows, [*rows[1:], None], strict=True):
            table.add_row(*row, end_section=after is None or after[0] != row[0])
        Console().print(table)
    else:
        from tabulate import tabulate

        click.echo(tabulate(rows, header))


class KindName(click.Choice[str]):
    """A kind of plugin, in the singular or the plural."""

    name = "kind"

    def __init__(self) -> None:
        super().__init__(["models", "explainers", "datasets", "metrics", "maskers", "extractors"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the kind in the singular."""
        several = f"{value}s" if f"{value}s" in self.choices else value
        return str(super().convert(several, param, ctx)).removesuffix("s")


@click.command("plugins")
@click.argument("kind", required=False, type=KindName(), metavar="[KIND]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@PLUGIN
@click.pass_context
def plugins_command(context: click.Context, kind: Kind | None, as_json: bool) -> None:
    """List everything that is installed with its origin.

    KIND lists one kind: awb plugins explainers. awb info NAME says more of one plugin.

    Exit code 1 if a plugin is broken.
    """
    import json

    from awb.plugins.discovery import load
    from awb.plugins.listing import records as listed

    registry = load()
    records = listed(registry, kind)
    broken = [
        {
            "distribution": one.origin.distribution,
            "version": one.origin.version,
            "entry_point": one.origin.entry_point,
            "reason": one.reason,
        }
        for one in registry.broken
    ]
    if as_json:
        click.echo(json.dumps({"plugins": records, "broken": broken}, indent=1))
    else:
        _print_table(records)
    for one in broken:
        click.echo(
            f"awb: plugin {one['distribution']} ({one['entry_point']}) is broken: {one['reason']}",
            err=True,
        )
    if broken:
        context.exit(1)
