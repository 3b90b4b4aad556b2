"""Signatures that ``help`` shows one parameter a line, with types as they are written."""

from __future__ import annotations

import inspect
from typing import Any


class Written(str):
    """A type as it is written in the code, without the quotes of a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Give the text itself."""
        return str(self)


class Lines(inspect.Signature):
    """A signature that puts each parameter on a line of its own where one line is too short."""

    __slots__ = ()

    def __str__(self) -> str:
        """Write it."""
        return self.format()

    def format(self, *, max_width: int | None = 88, **_: Any) -> str:
        """Write it in one line of at most `max_width` characters, or in several."""
        plain = inspect.Signature(list(self.parameters.values()))
        after = "" if self.return_annotation is self.empty else f" -> {self.return_annotation}"
        line = f"{plain}{after}"
        if not self.parameters or max_width is None or len(line) <= max_width:
            return line
        lines, starred = [], False
        for one in self.parameters.values():
            if one.kind is one.KEYWORD_ONLY and not starred:
                lines.append("    *,")
            starred = starred or one.kind in {one.KEYWORD_ONLY, one.VAR_POSITIONAL}
            lines.append(f"    {one},")
        return "\n".join(["(", *lines, f"){after}"])


def readable(function: Any) -> Any:
    """Let ``help`` and notebooks show the signature of a function in readable lines."""
    if not inspect.isfunction(function) or hasattr(function, "__signature__"):
        return function
    plain = inspect.signature(function)
    parameters = [one.replace(annotation=_written(one.annotation)) for one in
                  plain.parameters.values()]  # fmt: skip
    returned = _written(plain.return_annotation)
    function.__signature__ = Lines(  # type: ignore[attr-defined]
        parameters, return_annotation=returned
    )
    return function


def _written(annotation: Any) -> Any:
    return Written(annotation) if isinstance(annotation, str) else annotation
