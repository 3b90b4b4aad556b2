"""The module that types the options of `awb.run`, from the fields of `RunSettings`."""

from __future__ import annotations

import textwrap

from awb.harness.config.settings import RunSettings, default_text

HEAD = (
    '"""The options of `awb.run`, by name; made from the settings by make docs-tables."""'
    """

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypedDict

from awb.authoring.models import Models
from awb.specs import Explainer

Names = str | Sequence[str]
\"\"\"One name, several separated by commas, or a list.\"\"\"

Explainers = str | Explainer | Sequence[str | Explainer]
Files = str | Path | Sequence[str | Path]


class RunOptions(TypedDict, total=False):
    \"\"\"The options of ``awb run``; None stands for "not given".\"\"\"
"""
)

TYPES = {
    "budgets": "str | Sequence[int]",
    "explainers": "Explainers",
    "models": "Models",
    "plugin": "Files",
    "robustness": 'int | Literal["all"]',
}
_BY_SCHEMA = {
    ("array",): "Names",
    ("boolean",): "bool",
    ("integer",): "int",
    ("number",): "float",
    ("number", "string"): "float | str",
    ("string",): "str",
}
_PATHS = ("cache", "out", "scores")


def page() -> str:
    """Write the module."""
    return HEAD + "".join(_field(name) for name in RunSettings.model_fields)


def type_of(name: str) -> str:
    """Return the type that Python callers give."""
    if name in TYPES:
        return TYPES[name]
    plain = RunSettings.model_json_schema()["properties"][name]
    kinds = {str(one["type"]) for one in plain.get("anyOf", [plain])} - {"null"}
    found = _BY_SCHEMA[tuple(sorted(kinds))]
    return f"{found} | Path" if name in _PATHS else found


def _field(name: str) -> str:
    default = default_text(name)
    said = (
        f"{RunSettings.model_fields[name].description}{f' Default: {default}.' if default else ''}"
    )
    lines = textwrap.wrap(said, 89)
    text = lines[0] if len(lines) == 1 else "\n    ".join(lines) + "\n    "
    return f'\n    {name}: {type_of(name)} | None\n    """{text}"""\n'
