"""``help`` of the Python interface: every parameter has a type and a sentence, and is readable."""

from __future__ import annotations

import inspect
import pydoc
import re
from pathlib import Path
from typing import Any

import jedi
import pytest

import awb
from awb.api.signatures import readable
from awb.harness.config.settings import RunSettings

FUNCTIONS = [name for name in awb.__all__ if name not in {"maskers", "metrics"}]
_HEAD = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*) : (.+)")


def _documented(function: Any) -> dict[str, tuple[str, str]]:
    """Return type and text of each parameter in a docstring."""
    _, _, rest = (inspect.getdoc(function) or "").partition("Parameters\n----------\n")
    section = re.split(r"\n\w+\n-{3,}\n", rest)[0]
    found: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    for line in section.splitlines():
        head = _HEAD.fullmatch(line)
        if head:
            names = [name.lstrip("*") for name in head[1].split(", ")]
            found |= dict.fromkeys(names, (head[2], ""))
        elif line.startswith("**"):
            names = [line.strip("*")]
            found |= dict.fromkeys(names, ("keywords", ""))
        for name in () if head else names:
            kind, text = found[name]
            found[name] = (kind, f"{text} {line.strip()}".strip())
    return found


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_parameter_is_documented(name: str) -> None:
    function = getattr(awb, name)
    documented = _documented(function)
    assert list(documented) == list(inspect.signature(function).parameters)
    for parameter, (kind, text) in documented.items():
        assert kind, parameter
        assert len(text.split()) >= 2, parameter


@pytest.mark.parametrize("name", ["run", "recommend", "resume", "explain"])
def test_defaults_and_units_are_told(name: str) -> None:
    function = getattr(awb, name)
    for parameter, (_, text) in _documented(function).items():
        if parameter not in {"file", "folder", "within"}:
            assert re.search(r"Default: .+\.$", text), parameter
        if parameter.endswith("_s"):
            assert "second" in text.lower(), parameter


def test_every_setting_is_a_parameter_of_run() -> None:
    parameters = inspect.signature(awb.run).parameters
    assert [one for one in parameters if one not in {"file", "progress"}] == list(
        RunSettings.model_fields
    )
    assert all(one.kind is one.KEYWORD_ONLY for one in list(parameters.values())[1:])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_help_is_readable(name: str) -> None:
    text = pydoc.plain(pydoc.render_doc(getattr(awb, name)))
    assert "ForwardRef" not in text
    assert " at 0x" not in text
    assert max(map(len, text.splitlines())) <= 108


def test_long_signatures_have_a_line_per_parameter() -> None:
    def short(one: int, *, two: str = "") -> None: ...
    def long(first: int, *, second_of_them: str = "", third_of_them: float | None = None,
             fourth_of_them: tuple[int, ...] = ()) -> dict[str, int]: ...  # fmt: skip

    assert str(inspect.signature(readable(short))) == "(one: int, *, two: str = '') -> None"
    assert str(inspect.signature(readable(long))).splitlines() == [
        "(",
        "    first: int,",
        "    *,",
        "    second_of_them: str = '',",
        "    third_of_them: float | None = None,",
        "    fourth_of_them: tuple[int, ...] = (),",
        ") -> dict[str, int]",
    ]


@pytest.mark.parametrize("package", ["awb", "awb_plugins", "awb_datasets"])
def test_packages_say_that_they_are_typed(package: str) -> None:
    module = __import__(package)
    assert (Path(str(module.__file__)).parent / "py.typed").is_file()


def test_an_editor_completes_what_is_typed() -> None:
    code = "import awb\nfound = awb.explain('dog.wav')\nfound.pl"
    assert [one.name for one in jedi.Script(code).complete()] == ["plot"]
    [signature, *_] = jedi.Script("import awb\nawb.run(").get_signatures()
    assert "explainers" in [one.name for one in signature.params]
