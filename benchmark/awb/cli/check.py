"""``awb check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from awb.cli.plugin_files import PLUGIN
from awb.cli.progress import passing_bar
from awb.cli.settings import SettingsCommand

if TYPE_CHECKING:
    from awb.plugins.discovery import Kind, Registry

_MARKS = {"ok": "ok", "failed": "WRONG", "not applicable": "n/a"}


def _kind_of(registry: Registry, name: str, kind: Kind | None) -> Kind:
    """Return the kind of the plugin with this name, if there is only one."""
    from awb.errors import ParameterError, UnknownNameError, did_you_mean
    from awb.plugins.references import parse_reference

    plain = parse_reference(name).name
    kinds = [one.kind for one in registry if one.spec.name == plain and kind in (None, one.kind)]
    if not kinds:
        known = {one.spec.name for one in registry if kind in (None, one.kind)}
        broken = "".join(
            f" Plugin {one.origin.distribution} is broken: {one.reason}." for one in registry.broken
        )
        hint = did_you_mean(plain, known)
        if kind is None and "Did you mean" not in hint:
            hint = " Is its package installed? awb plugins lists all installed plugins."
        raise UnknownNameError(f"unknown {kind or 'plugin'} {plain!r}.{hint}{broken}")
    if len(kinds) > 1:
        raise ParameterError(f"{plain} is a {' and a '.join(kinds)}. Type: --kind {kinds[0]}")
    return kinds[0]


@click.command("check", cls=SettingsCommand, settings=("memory_limit",))
@click.argument("name", metavar="NAME[:KEY=VALUE,...]")
@click.option(
    "--kind",
    type=click.Choice(["model", "explainer", "dataset", "metric", "masker", "extractor"]),
    help="Only needed if plugins of several kinds have this name.",
)
@click.option(
    "--worker/--no-worker",
    default=True,
    help="Run it in a worker process, which can be stopped.  [default: worker]",
)
@click.option(
    "--time-limit",
    default="300",
    show_default=True,
    metavar="SECONDS|off",
    help="Stop it if a single rule takes longer.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@PLUGIN
@click.pass_context
def check_command(
    context: click.Context,
    name: str,
    kind: Kind | None,
    worker: bool,
    time_limit: str,
    memory_limit: str | None,
    as_json: bool,
) -> None:
    """Check a plugin against the rules for its kind, and say how to fix what is wrong.

    Exit code 0 if it follows all of them, 1 otherwise.
    """
    import json
    from dataclasses import asdict

    from awb.conformance.rules import check
    from awb.harness.config.limits import make_limits
    from awb.harness.workers.pool import open_executor
    from awb.plugins.discovery import load
    from awb.plugins.resolve import resolve

    registry = load()
    found_kind = _kind_of(registry, name, kind)
    limits = make_limits(time_limit, memory_limit)
    resolved = resolve(registry, found_kind, name)
    with (
        passing_bar(f"Checking {resolved.label}"),
        open_executor(1, limits=limits, isolate=worker) as executor,
    ):
        verdicts = check(resolved, slow=worker, executor=executor)
    broken = [one for one in verdicts if one.failed]
    if as_json:
        rows = [asdict(one) for one in verdicts]
        click.echo(json.dumps({"kind": found_kind, "name": name, "rules": rows}, indent=1))
    else:
        click.echo(f"{found_kind} {name}")
        waiting = [one for one in verdicts if one.status == "not tried"]
        for one in verdicts:
            if one in waiting:
                continue
            click.echo(f"  {_MARKS[one.status]:<6}{one.rule:<18}{one.text}".rstrip())
            if one.failed:
                click.echo(f"        {one.advice}")
        if waiting:
            names = ", ".join(one.rule for one in waiting)
            click.echo(f"  Not tried before the contract is kept: {names}")
        tried = sum(one.status in {"ok", "failed"} for one in verdicts)
        click.echo(f"{tried - len(broken)} of {tried} rules are followed")
    if broken:
        context.exit(1)
