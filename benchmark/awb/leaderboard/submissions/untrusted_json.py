"""Read untrusted JSON: every bound is checked before memory is allocated."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from awb.errors import SubmissionError

MAX_DEPTH = 12
MAX_VALUES = 2_000_000
_MAX_DIGITS = 18

# An unterminated string matches up to the end, so that the search is linear.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)


def read_bounded(path: Path, limit_bytes: int) -> bytes:
    """Read a regular file of bounded size."""
    if path.is_symlink():
        raise SubmissionError(f"{path.name} is a link, not a regular file")
    if not path.is_file():
        raise SubmissionError(f"{path.name} is missing")
    try:
        with path.open("rb") as stream:
            content = stream.read(limit_bytes + 1)
    except OSError as error:
        raise SubmissionError(f"{path.name} cannot be read: {error.strerror}") from error
    if len(content) > limit_bytes:
        raise SubmissionError(f"{path.name} is larger than {limit_bytes:,} bytes")
    return content


def parse(content: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object, or say what is wrong with it."""
    _check_shape(content, name)
    try:
        plain = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_short,
        )
    except UnicodeDecodeError as error:
        raise SubmissionError(f"{name} is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise SubmissionError(f"{name} is not JSON, or truncated: {error.msg}") from error
    if not isinstance(plain, dict):
        raise SubmissionError(f"{name} is not a JSON object")
    return plain


def _check_shape(content: bytes, name: str) -> None:
    """Check depth and number of values without parsing."""
    outside = np.frombuffer(_STRING.sub(b'"', content), dtype=np.uint8)
    opening = np.isin(outside, list(b"[{"))
    closing = np.isin(outside, list(b"]}"))
    depth = np.cumsum(opening.astype(np.int32) - closing)
    if depth.size and int(depth.max()) > MAX_DEPTH:
        raise SubmissionError(f"{name} is nested more than {MAX_DEPTH} levels deep")
    if int(np.count_nonzero(outside == ord(","))) >= MAX_VALUES:
        raise SubmissionError(f"{name} has more than {MAX_VALUES:,} values")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise SubmissionError(f"the key {twice!r} occurs twice")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise SubmissionError(f"{text} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise SubmissionError(f"the number {text[:20]} is too large")
    return value


def _short(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise SubmissionError(f"the number {text[:20]}... has too many digits")
    return int(text)
