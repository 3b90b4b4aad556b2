"""``awb doctor``."""

from __future__ import annotations

import click


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor_command(context: click.Context, as_json: bool) -> None:
    """Check the installation: libraries, devices, codecs, plugins, and self-tests of the metrics.

    Exit code 1 if something is wrong.
    """
    import json
    from dataclasses import asdict

    from awb.cli.progress import passing_bar
    from awb.doctor.installation import examine
    from awb.plugins.discovery import load

    with passing_bar("Checking the installation"):
        found = examine(load())
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        width = max(len(one.subject) for one in found)
        for one in found:
            click.echo(f"{'ok   ' if one.ok else 'WRONG'}  {one.subject:<{width}}  {one.text}")
    if not all(one.ok for one in found):
        context.exit(1)
