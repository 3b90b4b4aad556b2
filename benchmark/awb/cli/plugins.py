"""``awb plugins``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from awb.cli.plugin_files import PLUGIN

if TYPE_CHECKING:
    from awb.plugins.discovery import Registry


def _records(registry: Registry) -> list[dict[str, Any]]:
    from awb.plugins.discovery import mend_command, missing_modules

    records = []
    for entry in registry:
        missing = missing_modules(entry.spec)
        records.append(
            {
                "kind": entry.kind,
                "name": entry.spec.name,
                "summary": entry.spec.summary,
                "citation": entry.spec.citation,
                "parameters": {
                    name: str(field.default)
                    for name, field in entry.spec.parameters.model_fields.items()
                },
                "distribution": entry.origin.distribution,
                "version": entry.origin.version,
                "entry_point": entry.origin.entry_point,
                "available": not missing,
                "mend": mend_command(entry.spec, entry.origin) if missing else None,
            }
        )
    return records


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


@click.command("plugins")
@click.argument(
    "kind",
    required=False,
    type=click.Choice(["model", "explainer", "dataset", "metric", "masker", "extractor"]),
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@PLUGIN
@click.pass_context
def plugins_command(context: click.Context, kind: str | None, as_json: bool) -> None:
    """List everything that is installed (or one KIND) with its origin.

    Exit code 1 if a plugin is broken.
    """
    import json

    from awb.plugins.discovery import load

    registry = load()
    records = [record for record in _records(registry) if kind in {None, record["kind"]}]
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
