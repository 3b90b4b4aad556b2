"""References: how a plugin and its settings are written on the command line.

``NAME``, ``NAME:PATH``, ``NAME:PATH,key=value`` or ``NAME:key=value,key=value``.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace

from awb.errors import ParameterError

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*=")
_NEXT_KEY = re.compile(r",(?=[A-Za-z_][A-Za-z0-9_-]*=)")


@dataclass(frozen=True, slots=True)
class Reference:
    """A plugin's name with the settings that were typed."""

    name: str
    settings: tuple[tuple[str, str], ...] = ()
    path: str | None = None  # the text after the colon, unless it is ``key=value``

    def __str__(self) -> str:
        """Write the reference as it would be typed."""
        path = [] if self.path is None else [self.path]
        settings = ",".join([*path, *(f"{key}={value}" for key, value in self.settings)])
        return f"{self.name}:{settings}" if settings else self.name

    def with_settings_behind_path(self, known: Container[str]) -> Reference:
        """Split off the settings that follow the path.

        Examples
        --------
        >>> parse_reference("folder:a,b=1,absent=skip").with_settings_behind_path({"absent"})
        Reference(name='folder', settings=(('absent', 'skip'),), path='a,b=1')
        """
        if self.path is None:
            return self
        path, *parts = _NEXT_KEY.split(self.path)
        settings = dict(self.settings)
        for part in parts:
            key, _, value = part.partition("=")
            key = key.replace("-", "_")
            if key in settings:
                raise ParameterError(f"{str(self)!r}: {key} is given twice")
            if key in known:
                settings[key] = value
            else:
                path = f"{path},{part}"
        return replace(self, path=path, settings=tuple(settings.items()))


def parse_reference(text: str) -> Reference:
    """Parse one reference.

    Examples
    --------
    >>> parse_reference("folder:my/data")
    Reference(name='folder', settings=(), path='my/data')
    >>> str(parse_reference("naive:window_s=0.5,hop-s=0.1"))
    'naive:window_s=0.5,hop_s=0.1'
    """
    name, colon, rest = text.strip().partition(":")
    if not name or (colon and not rest):
        raise ParameterError(
            f"cannot parse {text!r}: expected NAME, NAME:PATH or NAME:key=value,..."
        )
    if not rest:
        return Reference(name)
    if not _KEY.match(rest):
        return Reference(name, path=rest)
    settings: dict[str, str] = {}
    for part in _NEXT_KEY.split(rest):
        key, _, value = part.partition("=")
        key = key.replace("-", "_")
        if key in settings:
            raise ParameterError(f"{text!r}: {key} is given twice")
        settings[key] = value
    return Reference(name, tuple(settings.items()))


def parse_list(text: str) -> list[Reference]:
    """Parse references that are separated by commas.

    Examples
    --------
    >>> [str(reference) for reference in parse_list("a:p=1,q=2,b")]
    ['a:p=1,q=2', 'b']
    """
    gathered: list[str] = []
    for part in text.split(","):
        if gathered and _KEY.match(part) and ":" in gathered[-1]:
            gathered[-1] += f",{part}"
        else:
            gathered.append(part)
    return [parse_reference(part) for part in gathered]
