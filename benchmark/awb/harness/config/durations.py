"""Durations, as people type and read them."""

from __future__ import annotations

import re

from awb.errors import ParameterError

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def read_duration(text: str) -> float:
    """Parse a duration, and return it in seconds.

    Examples
    --------
    >>> read_duration("90s"), read_duration("10m"), read_duration("1h30m")
    (90.0, 600.0, 5400.0)
    """
    plain = str(text).strip().lower()
    parts = _PART.findall(plain)
    total_s = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if _PART.sub("", plain).strip() or total_s <= 0:
        raise ParameterError(f"{text!r} is not a duration; expected one like 90s, 10m or 2h")
    return float(total_s)


def about(seconds: float) -> str:
    """Round a duration to what an estimate can promise.

    Examples
    --------
    >>> about(7), about(48), about(100), about(1500), about(11000)
    ('a few seconds', 'about 50 s', 'about 2 min', 'about 25 min', 'about 3 h')
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 75:
        return f"about {round(seconds / 10) * 10:d} s"
    minutes = seconds / 60
    if minutes < 10:
        return f"about {max(round(minutes), 1):d} min"
    if minutes < 90:
        return f"about {round(minutes / 5) * 5:d} min"
    return f"about {round(minutes / 60):d} h"


def plain_duration(seconds: float) -> str:
    """Write a duration as it would be typed.

    Examples
    --------
    >>> plain_duration(90), plain_duration(600), plain_duration(7200)
    ('90s', '10m', '2h')
    """
    for unit in ("h", "m"):
        if seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds:.0f}s"
