"""``awb info``."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from awb.cli.plugin_files import PLUGIN
from awb.cli.plugins import KindName

if TYPE_CHECKING:
    from awb.plugins.discovery import Registered
    from awb.plugins.settings import Setting

_INDENT = "  "


@click.command("info")
@click.argument("name", metavar="NAME")
@click.option("--kind", type=KindName(), metavar="KIND", help="Only the plugin of this kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@PLUGIN
def info_command(name: str, kind: str | None, as_json: bool) -> None:
    """Say all there is to know of a plugin: what it is, its settings, cost, needs and source.

    NAME is a model, an explainer, a dataset, a metric or a masker; awb plugins lists them.
    """
    import json

    from awb.errors import UnknownNameError, did_you_mean
    from awb.plugins.discovery import load
    from awb.plugins.references import parse_reference

    registry, plain = load(), parse_reference(name).name
    entries = [one for one in registry if kind in {None, one.kind}]
    found = [one for one in entries if one.spec.name == plain]
    if not found:
        hint = did_you_mean(plain, [one.spec.name for one in entries])
        hint = hint if "Did you mean" in hint else " awb plugins lists all that are installed."
        raise UnknownNameError(f"unknown {kind or 'plugin'} {plain!r}.{hint}")
    if as_json:
        click.echo(json.dumps([_record(one) for one in found], indent=1, ensure_ascii=False))
    else:
        click.echo("\n\n".join("\n".join(_lines(one)) for one in found))


def _record(entry: Registered) -> dict[str, Any]:
    from dataclasses import asdict

    from awb.plugins.settings import settings_of

    return {
        "kind": entry.kind,
        "name": entry.spec.name,
        "facts": dict(_facts(entry)),
        "settings": [asdict(one) for one in settings_of(entry.spec)],
    }


def _facts(entry: Registered) -> Iterator[tuple[str, str]]:
    """Yield what is known of a plugin: a name and a text each."""
    from awb.plugins.discovery import mend_command, missing_modules
    from awb.specs import DatasetSpec, ExplainerSpec, MetricSpec, ModelSpec

    spec, origin = entry.spec, entry.origin
    yield "what", spec.summary
    if isinstance(spec, ExplainerSpec):
        yield "cost", f"{spec.cost} (model calls per instance)"
        needs = ", ".join(one.__name__ for one in spec.needs)
        yield "works on", f"models that offer {needs}" if needs else "every model"
    elif isinstance(spec, MetricSpec):
        yield from _metric_facts(spec)
    elif isinstance(spec, ModelSpec):
        yield "threshold", f"log-odds of {spec.decision_threshold:g}"
        listed = _classes(entry)
        if listed:
            shown = ", ".join(listed[:_MOST]) + (", ..." if len(listed) > _MOST else "")
            yield "classes", f"{len(listed)}: {shown}"
        if spec.trainable is not None:
            yield "training", f"awb train {spec.name} --dataset NAME"
    elif isinstance(spec, DatasetSpec) and spec.models:
        yield "run with", ", ".join(spec.models)
    missing = missing_modules(spec)
    if missing:
        yield "not ready", f"needs {', '.join(missing)}. Type: {mend_command(spec, origin)}"
    yield "source", spec.citation
    yield "from", origin.file or f"{origin.distribution} {origin.version}".strip()


_MOST = 30  # classes that are listed


def _metric_facts(spec: Any) -> Iterator[tuple[str, str]]:
    facts = spec.facts
    better = "higher is better" if facts.higher_is_better else "lower is better"
    yield "family", facts.family
    yield "values", f"{_bound(facts.lowest)} to {_bound(facts.highest)}, {facts.unit}; {better}"
    yield "no value", facts.undefined
    yield "ranks", "yes" if facts.ranks else f"no: {facts.no_rank_reason}"


def _bound(value: float) -> str:
    return ("-∞" if value < 0 else "∞") if math.isinf(value) else f"{value:g}"


def _classes(entry: Registered) -> list[str]:
    """List the classes of a model, if they are known without its weights."""
    from awb.errors import AwbError

    class_list = getattr(entry.spec, "class_list", None)
    if class_list is None:
        return []
    try:
        listed = class_list(entry.spec.parameters())
    except (AwbError, ValueError):  # it needs a path, or libraries that are missing
        return []
    return [] if listed is None else list(listed[0])


def _lines(entry: Registered) -> Iterator[str]:
    """Write a plugin as text, wrapped to the terminal."""
    import shutil
    import textwrap

    from awb.plugins.settings import settings_of

    width = max(40, min(100, shutil.get_terminal_size().columns))
    facts = list(_facts(entry))
    column = max(len(name) for name, _ in facts) + 2
    title = f" ({entry.spec.title})" if entry.spec.title else ""
    yield f"{entry.kind} {entry.spec.name}{title}"
    for name, text in facts:
        head = f"{_INDENT}{name:<{column}}"
        yield textwrap.fill(text, width, initial_indent=head, subsequent_indent=" " * len(head))
    settings = settings_of(entry.spec)
    if not settings:
        yield f"{_INDENT}It has no settings."
        return
    example = f"{entry.spec.name}:{settings[0].name}={settings[0].default or 'VALUE'}"
    yield f"{_INDENT}Settings, typed as {example}:"
    for one in settings:
        head = _INDENT * 2
        yield textwrap.fill(
            _setting(one), width, initial_indent=head, subsequent_indent=_INDENT * 4
        )
        if one.meaning:
            indent = _INDENT * 4
            yield textwrap.fill(one.meaning, width, initial_indent=indent, subsequent_indent=indent)


def _setting(one: Setting) -> str:
    unit = f" {one.unit}" if one.unit else ""
    default = "required" if one.required else f"default {one.default or 'none'}"
    default += unit if one.default else ""
    return f"{one.name}  {one.type}{f', in {one.unit}' if one.unit else ''}  ({default})"
