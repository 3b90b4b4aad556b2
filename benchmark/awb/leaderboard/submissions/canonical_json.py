"""Canonical JSON: every submission has exactly one serialization, and so one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any


def content_sha256(plain: dict[str, Any]) -> str:
    """Hash a submission without its ``sha256`` field."""
    rest = {key: value for key, value in plain.items() if key != "sha256"}
    return hashlib.sha256(canonical(rest)).hexdigest()


def canonical(plain: dict[str, Any]) -> bytes:
    """Serialize a submission: sorted keys, in lines that make readable diffs."""
    lines = ",\n".join(f"{_compact(key)}:{_block(plain[key])}" for key in sorted(plain))
    return f"{{\n{lines}\n}}\n".encode("utf-8", "surrogatepass")


def _block(value: Any) -> str:
    entries = list(_entries(value))
    if not entries:
        return _compact(value)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    body = ",\n ".join(entries)
    return f"{opening}\n {body}\n{closing}"


def _entries(value: Any) -> Iterator[str]:
    """Yield the lines of a dictionary, or of a list of dictionaries."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield f"{_compact(key)}:{_compact(value[key])}"
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from map(_compact, value)


def _compact(value: Any) -> str:
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
