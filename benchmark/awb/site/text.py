"""Untrusted texts: escaped, with links only to web addresses and DOIs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_LINK = re.compile(
    r"(?P<web>https?://[^\s<>\"'`|\\]+)|doi:\s?(?P<doi>10\.\d{4,9}/[^\s<>\"'`|\\,;]+)"
)
_CLOSING = ".,;:!?)]}'"


def linked(text: str) -> Any:
    """Escape a text, and turn web addresses and DOIs into links.

    Examples
    --------
    >>> str(linked("<b> javascript:alert(1)"))
    '&lt;b&gt; javascript:alert(1)'
    """
    from markupsafe import Markup, escape

    parts, end = [], 0
    for match in _LINK.finditer(text):
        shown = match.group().rstrip(_CLOSING)
        target = shown
        if match["doi"]:
            target = f"https://doi.org/{match['doi'].rstrip(_CLOSING)}"
        link = Markup('<a href="{}" rel="nofollow noopener noreferrer">{}</a>')
        parts += [escape(text[end : match.start()]), link.format(target, shown)]
        end = match.start() + len(shown)
    return Markup("").join([*parts, escape(text[end:])])


def settings(parameters: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List a plugin's settings as names and values, sorted by name."""
    found = []
    for name, value in sorted(parameters.items()):
        text = value if isinstance(value, str) else "none" if value is None else json.dumps(value)
        plain = "".join(letter if letter.isprintable() else " " for letter in text)
        found.append((name, plain if len(plain) <= 500 else f"{plain[:499]}…"))
    return found
