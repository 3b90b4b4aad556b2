"""The tables of docs/architecture.md: which packages stand on which floor, and what they hold."""

from __future__ import annotations

import ast
from pathlib import Path

from pages.tables import table
from test_architecture import AWB, FLOORS, imports

TEXT = """{before}<!-- floors: begin, by make docs-tables -->

{floors}

<!-- floors: end -->{after}"""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "architecture.md"


def page() -> str:
    """Write the page: what stands there, with a new table."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- floors: begin", 1)
    after = rest.split("<!-- floors: end -->", 1)[1]
    return TEXT.format(before=before, floors=_floors(), after=after)


def _floors() -> str:
    rows = [
        [str(number), f"`{name}`", _first_line(name), ", ".join(f"`{one}`" for one in _uses(name))]
        for number, names in reversed(list(enumerate(FLOORS, 1)))
        for name in sorted(names)
    ]
    return table(["floor", "`awb.`", "what it is", "stands on"], rows)


def _files(name: str) -> list[Path]:
    single = AWB / f"{name}.py"
    return [single] if single.is_file() else sorted((AWB / name).rglob("*.py"))


def _first_line(name: str) -> str:
    single = AWB / f"{name}.py"
    main = single if single.is_file() else AWB / name / "__init__.py"
    return (ast.get_docstring(ast.parse(main.read_text(encoding="utf-8"))) or "").split("\n")[0]


def _uses(name: str) -> list[str]:
    found = {
        module.split(".")[1]
        for path in _files(name)
        for module, typing_only in imports(path)
        if module.startswith("awb.") and not typing_only
    }
    return sorted((found & set().union(*FLOORS)) - {name})
