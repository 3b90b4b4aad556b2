"""Every example in a docstring gives the output that it shows."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]
_MARK = ">>> "


def _modules() -> dict[str, int]:
    """Names of the modules with examples, and how many lines of examples each has."""
    found = {}
    for root in ("benchmark", "plugins", "datasets"):
        for path in sorted((_ROOT / root).rglob("*.py")):
            count = path.read_text(encoding="utf-8").count(_MARK)
            if count:
                parts = path.relative_to(_ROOT / root).with_suffix("").parts
                found[".".join(parts).removesuffix(".__init__")] = count
    return found


MODULES = _modules()


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_the_output_they_show(name: str) -> None:
    found = doctest.testmod(import_module(name))
    assert found.failed == 0
    assert found.attempted == MODULES[name], "an example hides where doctest does not look"


def test_there_are_examples() -> None:
    assert len(MODULES) > 50
