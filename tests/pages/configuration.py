"""The table of docs/configuration.md: every setting, from the fields of `RunSettings`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import tomlkit

from awb.cli import main
from awb.harness.config.run_config import RunConfig
from awb.harness.config.settings import RunSettings, option_of
from pages.tables import table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"
START = "<!-- settings: begin, by make docs-tables -->"
END = "<!-- settings: end -->"
HEAD = ["key", "option", "takes", "default", "what it does"]

KINDS: dict[str, str] = {
    "budgets": "list of whole numbers",
    "memory_limit": 'size, or `"off"`',
    "plugin": "list of files",
    "robustness": 'whole number from 0, or `"all"`',
    "time_limit_s": 'seconds, or `"off"`',
}
_BY_TYPE = {
    "array": "list of names",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "string": "text",
}


def kind_of(name: str) -> str:
    """Say what a setting takes, from its JSON schema."""
    if name in KINDS:
        return KINDS[name]
    plain = RunSettings.model_json_schema()["properties"][name]
    parts = [one for one in plain.get("anyOf", [plain]) if one.get("type") != "null"]
    if "enum" in parts[0]:
        return ", ".join(f"`{value}`" for value in parts[0]["enum"])
    return _BY_TYPE[parts[0]["type"]]


def range_of(name: str) -> str:
    """Say which numbers are allowed."""
    if name in KINDS:
        return ""
    plain = RunSettings.model_json_schema()["properties"][name]
    [first, *_] = [one for one in plain.get("anyOf", [plain]) if one.get("type") != "null"]
    shown = {
        "minimum": "from {}",
        "exclusiveMinimum": "above {}",
        "maximum": "up to {}",
    }
    return " ".join(text.format(first[key]) for key, text in shown.items() if key in first)


def default_of(name: str) -> str:
    """Write the default as in a file, or what holds where the setting is left out."""
    value: Any = RunSettings.model_fields[name].get_default()
    if value is None or value == []:
        return option_of(name).unset
    return f"`{tomlkit.item(value).as_string()}`"


def options_of(name: str) -> str:
    """Name the options that say the same."""
    run = main.commands["run"]
    single = name.removesuffix("s") if option_of(name).single else None
    names = [
        option
        for parameter in run.get_params(click.Context(run))
        if isinstance(parameter, click.Option) and parameter.name in {name, single}
        for option in [*parameter.opts, *parameter.secondary_opts]
    ]
    return ", ".join(f"`{option}`" for option in names)


def page() -> str:
    """Write the page: what stands there, with a new table."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(START, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{START}\n\n{_settings()}\n\n{END}{after}"


def _settings() -> str:
    rows = []
    for name, field in RunSettings.model_fields.items():
        if name == _FIRST_MEANS:
            rows.append(["", "", "", "", "**Where and how it computes, and where plugins are:**"])
        takes = " ".join(filter(None, [kind_of(name), range_of(name)]))
        cells = [f"`{name}`", options_of(name), takes, default_of(name), field.description or ""]
        rows.append(cells)
    return table(HEAD, rows)


_FIRST_MEANS = next(name for name in RunSettings.model_fields if name not in RunConfig.model_fields)
