"""Write the table of settings in docs/configuration.md from the fields of `RunSettings`.

python tests/configuration_page.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import tomlkit

from awb.cli import main
from awb.harness.config import RunConfig
from awb.harness.settings import RunSettings

PAGE = Path(__file__).resolve().parents[1] / "docs" / "configuration.md"
START = "<!-- settings: made by tests/configuration_page.py -->"
END = "<!-- end of settings -->"

KINDS: dict[str, str] = {
    "budgets": "list of whole numbers",
    "robustness": 'whole number, or "all"',
}
_BY_TYPE = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "array": "list of names",
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
    """Write the default as in a file."""
    value: Any = RunSettings.model_fields[name].get_default()
    return "" if value is None or value == [] else f"`{tomlkit.item(value).as_string()}`"


def options_of(name: str) -> str:
    """Name the options that say the same."""
    run = main.commands["run"]
    single = {"datasets": "dataset", "models": "model"}
    names = [
        option
        for parameter in run.params
        if isinstance(parameter, click.Option) and parameter.name in {name, single.get(name)}
        for option in parameter.opts
    ]
    return ", ".join(f"`{option}`" for option in names)


def table() -> str:
    """Return the table as it should be."""
    lines = [
        "| key | option | takes | default | what it does |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, field in RunSettings.model_fields.items():
        if name == "jobs":
            lines.append("| | | | | **Where and how it computes, and where plugins are:** |")
        takes = " ".join(filter(None, [kind_of(name), range_of(name)]))
        cells = [f"`{name}`", options_of(name), takes, default_of(name), field.description or ""]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def page(written: str) -> str:
    """Return the page with its table as it should be."""
    before, _, rest = written.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


def everything_is_there() -> bool:
    """Say whether the heading in the table stands where the results end."""
    names = list(RunSettings.model_fields)
    return names[: names.index("jobs")] == list(RunConfig.model_fields)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
