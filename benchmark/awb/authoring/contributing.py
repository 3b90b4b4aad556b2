"""``awb new explainer NAME --here``: add an explainer to awb's own, for a pull request."""

from __future__ import annotations

import re
from pathlib import Path

from awb.authoring.scaffold import Written, check_name, render, write
from awb.errors import ParameterError

_FOLDER = Path("plugins", "awb_plugins", "explainers", "segmentwise")
_TESTS = Path("tests", "awb_plugins", "explainers")
_IMPORTS = re.compile(
    r"(from awb_plugins\.explainers\.segmentwise import \(\n)((?:    \w+,\n)+)(\))"
)
_LAST = "    *paper.SPECS,\n"


def new_here(name: str, project: Path) -> Written:
    """Write an explainer and its test into a checkout of awb, and register it."""
    module = check_name(name)
    register = project / _FOLDER / "__init__.py"
    if not register.is_file():
        raise ParameterError(
            f"{project.resolve()} is no checkout of awb ({_FOLDER} is missing); go there, or leave"
            " out --here to make a package of its own"
        )
    target, test = project / _FOLDER / f"{module}.py", project / _TESTS / f"test_{module}.py"
    for path in (target, test):
        if path.exists():
            raise ParameterError(f"{path} is there already; choose another name")
    facts = {"kind": "explainer", "name": name}
    content = {
        target: render("here.py.j2", facts),
        test: render("test.py.j2", facts),
        register: registered(register.read_text(encoding="utf-8"), module),
    }
    write(content)
    steps = (f"awb check {name}", "python tests/make_pages.py", f"python -m pytest {test}")
    return Written(tuple(content), steps)


def registered(source: str, module: str) -> str:
    """Add a module to the list of explainers."""
    found = _IMPORTS.search(source)
    if found is None or _LAST not in source:
        raise ParameterError(f"cannot find where to register: add {module}.SPEC to {_FOLDER}")
    lines = sorted([*found[2].splitlines(keepends=True), f"    {module},\n"])
    imports = f"{found[1]}{''.join(lines)}{found[3]}"
    source = source[: found.start()] + imports + source[found.end() :]
    return source.replace(_LAST, f"    {module}.SPEC,\n{_LAST}")
