"""``awb plugins``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from awb.plugins import Registry


def _records(registry: Registry) -> list[dict[str, Any]]:
    from awb.plugins import mend_command, missing_modules

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
    header = ("kind", "name", "summary", "from")
    rows = [
        (
            record["kind"],
            record["name"],
            record["summary"] if record["available"] else f"not available. Type: {record['mend']}",
            f"{record['distribution']} {record['version']}",
        )
        for record in records
    ]
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(*header, pad_edge=False)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
    else:
        from tabulate import tabulate

        click.echo(tabulate(rows, header))


@click.command("plugins")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plugins_command(context: click.Context, as_json: bool) -> None:
    """List every model, explainer, dataset, metric and masker, and where it comes from.

    Exit code 1 if a plugin is broken.
    """
    import json

    from awb.plugins import load

    registry = load()
    records = _records(registry)
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
