"""Markdown tables of what specs say about themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import BaseModel


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell(one) for one in line) + " |" for line in lines)


def cell(text: str) -> str:
    """Fit a text into a cell: one line, bars escaped."""
    return " ".join(text.split()).replace("|", "\\|")


def settings(parameters: type[BaseModel], common: type[BaseModel] | None = None) -> str:
    """List settings with their defaults, without those that are `common`'s."""
    known = {} if common is None else common.model_fields
    return ", ".join(
        f"`{name}`"
        if field.is_required() or field.default is None
        else f"`{name}={_written(field.default)}`"
        for name, field in parameters.model_fields.items()
        if name not in known or field.default != known[name].default
    )


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "+".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.3g}" if isinstance(value, float) else str(value)
