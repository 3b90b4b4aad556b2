"""Formulas of the documentation site, as MathML that browsers draw without a script."""

from __future__ import annotations

from typing import Any


def fence(source: str, language: str, css_class: str, options: Any, md: Any, **_: Any) -> str:
    """Draw a block fenced as ``math``, for pymdownx.superfences."""
    from latex2mathml.converter import convert

    return f'<div class="{css_class}">{convert(source.strip(), display="block")}</div>'
