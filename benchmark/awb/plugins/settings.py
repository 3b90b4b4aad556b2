"""The settings of a plugin as a reader needs them: type, default, unit and meaning."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from pydantic.fields import FieldInfo

from awb.specs import AnySpec, Parameters

_UNITS = {"_s": "s", "_hz": "Hz", "_db": "dB", "_samples": "samples"}
_ATTRIBUTE = re.compile(r"(?P<names>\w+(?:, \w+)*) : ")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    name: str
    type: str  # in words, with its range: "whole number from 1"
    default: str  # as it is typed; empty if there is none
    required: bool
    unit: str  # empty for none
    meaning: str  # from the docstring of the parameters; may be empty


def settings_of(spec: AnySpec) -> list[Setting]:
    """List the settings of a plugin."""
    meanings = documented(spec.parameters)
    return [
        Setting(
            name,
            f"{_type(field)}{_range(field)}",
            _default(field),
            field.is_required(),
            next((unit for end, unit in _UNITS.items() if name.endswith(end)), ""),
            meanings.get(name, ""),
        )
        for name, field in spec.parameters.model_fields.items()
    ]


def documented(parameters: type[Parameters]) -> dict[str, str]:
    """Read what a class of parameters says of its attributes, also of those that it inherits.

    Examples
    --------
    >>> class Mine(Parameters):
    ...     '''Settings.
    ...
    ...     Attributes
    ...     ----------
    ...     window_s : float
    ...         Length of
    ...         a window.
    ...     '''
    >>> documented(Mine)
    {'window_s': 'Length of a window.'}
    """
    found: dict[str, str] = {}
    for one in reversed(parameters.__mro__):
        names: list[str] = []
        for line in inspect.cleandoc(one.__doc__ or "").splitlines():
            head = _ATTRIBUTE.match(line)
            if head:
                names = head["names"].split(", ")
                found |= dict.fromkeys(names, "")
            elif names and line.startswith(" "):
                found |= {name: f"{found[name]} {line.strip()}".strip() for name in names}
            elif line.strip():
                names = []
    return {name: text.replace("``", "") for name, text in found.items()}


_WORDS = {"int": "whole number", "float": "number", "str": "text", "bool": "true or false"}


def _type(field: FieldInfo) -> str:
    """Say what a setting takes."""
    shown = field.annotation
    text = shown.__name__ if isinstance(shown, type) else str(shown)
    text = re.sub(r"\b(?:\w+\.)+(\w+)", r"\1", text).replace(" | None", "")
    choices = re.fullmatch(r"Literal\[(.*)\]", text)
    if choices:
        return "one of " + choices[1].replace("'", "")
    return _WORDS.get(text, text.lower() if text == "Path" else text)


def _range(field: FieldInfo) -> str:
    """Say which values are allowed, if there are limits."""
    limits = {
        name: getattr(one, name)
        for one in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(one, name, None) is not None
    }
    low = next((f" {word} {limits[key]:g}" for key, word in _LOW if key in limits), "")
    high = next((f" {word} {limits[key]:g}" for key, word in _HIGH if key in limits), "")
    return low + high


_LOW = (("ge", "from"), ("gt", "above"))
_HIGH = (("le", "to"), ("lt", "below"))


def _default(field: FieldInfo) -> str:
    """Write a default as it is typed."""
    value = None if field.is_required() else field.get_default(call_default_factory=True)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
