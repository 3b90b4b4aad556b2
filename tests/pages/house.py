"""The tables of docs/architecture.md: floors, rooms, and public modules."""

from __future__ import annotations

import ast
from pathlib import Path

from house import FLOOR, FLOORS, PUBLIC, imports_of, modules
from pages.tables import table

TEXT = """{before}<!-- floors: begin, by make docs-tables -->

{floors}

## The rooms

{rooms}

## What is public

Plugin authors and scripts import these; everything else may change. `awb_plugins` and
`awb_datasets` import only these, too, except for training models.

{public}

<!-- floors: end -->{after}"""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def page() -> str:
    """Write the page: its text, with new tables."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- floors: begin", 1)
    after = rest.split("<!-- floors: end -->", 1)[1]
    return TEXT.format(
        before=before, floors=_floors(), rooms=_rooms(), public=_public(), after=after
    )


def _floors() -> str:
    rows = [
        [str(number), f"`{name}`", _first_line(f"awb.{name}"), _listed(_uses(name))]
        for number, names in reversed(list(enumerate(FLOORS, 1)))
        for name in sorted(names)
    ]
    return table(["floor", "`awb.`", "what it is", "imports"], rows)


def _rooms() -> str:
    """List the rooms inside of rooms with their modules."""
    rows = []
    for name, path in modules().items():
        if path.name == "__init__.py" and name.startswith("awb.") and name.count(".") > 1:
            held = [one.stem for one in sorted(path.parent.glob("*.py")) if one != path]
            rows.append([f"`{name}`", _first_line(name), _listed(held)])
    return table(["room", "what it is", "modules"], rows)


def _public() -> str:
    return table(["module", "what for"], [[f"`{name}`", what] for name, what in PUBLIC.items()])


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{one}`" for one in names)


def _first_line(name: str) -> str:
    text = modules()[name].read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]


def _uses(name: str) -> list[str]:
    own = f"awb.{name}"
    found = {
        other.split(".")[1]
        for module in modules()
        if module == own or module.startswith(f"{own}.")
        for other in imports_of(module)
        if other.startswith("awb.")
    }
    return sorted((found & set(FLOOR)) - {name})
