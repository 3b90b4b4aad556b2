"""``awb config``: the settings of a run, and an example of a configuration file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from awb.cli.completing import config_files
from awb.cli.plugin_files import PLUGIN
from awb.cli.run import tell_overridden
from awb.cli.settings import SettingsCommand, typed_settings

if TYPE_CHECKING:
    from awb.harness.config.settings import Settled


@click.group("config")
def config_command() -> None:
    """Show the configuration of a run, or print an example file."""


@config_command.command("show", cls=SettingsCommand)
@click.argument(
    "file",
    metavar="[FILE.toml]",
    required=False,
    type=click.Path(path_type=Path),
    shell_complete=config_files,
)
@PLUGIN
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show_command(
    context: click.Context, /, file: Path | None, as_json: bool, **options: Any
) -> None:
    """Print the settings of a run as TOML, including defaults, without running anything.

    Takes the same file and options as awb run, and checks every name in every variant of a sweep.
    """
    from awb.harness.config.sweeps import variants
    from awb.harness.config.toml_input import read_settings
    from awb.harness.config.toml_output import settings_toml

    typed = typed_settings(context, options)
    settled = read_settings(file, typed)
    tell_overridden(settled)
    found = variants(settled)
    _check_names(settled, set(map(str, typed["plugin"])))
    if settled.sweep:
        names = "".join(f"\n  {one.name}" for one in found)
        click.echo(f"{len(found)} variants:{names}", err=True)
    if as_json:
        click.echo(_as_json(settled))
    else:
        click.echo(settings_toml(settled.settings, settled.sweep), nl=False)


def _check_names(settled: Settled, loaded: set[str]) -> None:
    """Look up every name, unless that would require executing a plugin file."""
    from awb.harness.launch import checked_variants

    others = [path for path in settled.settings.plugin if path not in loaded]
    if others:
        click.echo(
            f"awb: names are not checked, since that would execute {', '.join(others)};"
            " add --plugin to check them",
            err=True,
        )
    else:
        checked_variants(settled)


def _as_json(settled: Settled) -> str:
    import json

    from awb.harness.config.sweeps import variants

    swept = set(settled.sweep)
    content = {
        "settings": settled.settings.model_dump(mode="json", exclude=swept),
        "sweep": settled.sweep,
        "variants": [{"name": one.name, "values": dict(one.values)} for one in variants(settled)]
        if swept
        else [],
    }
    return json.dumps(content, indent=1, ensure_ascii=False)


@config_command.command("example")
def example_command() -> None:
    """Print a configuration that runs within seconds, with a comment on every setting.

    Type: awb config example > mine.toml, then awb run mine.toml
    """
    from awb.harness.config.toml_output import example_toml

    click.echo(example_toml(), nl=False)
