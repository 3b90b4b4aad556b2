"""Time and memory limits of plugins, and messages about processes that exceeded them or died."""

from __future__ import annotations

import math
import re
import signal
from dataclasses import dataclass
from typing import Any

from awb.errors import ParameterError

OFF = "off"
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kMGT]?)B?\Z", re.IGNORECASE)
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
DEFAULT_TIME_S = 1800.0
MEMORY_SHARE = 0.8
"""Default memory limit of a worker, as a share of the machine's memory."""

FROM_OUTSIDE = ("SIGKILL", "SIGTERM")
"""Signals that may come from outside: from the kernel when memory runs out, a scheduler, a user."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Time and memory that a plugin may use; they affect results only by causing failures.

    The time is that of an explainer or metric itself on one instance, or of the model on one batch.
    The memory is that of the worker process, model included. Infinite means no limit.
    """

    time_s: float = DEFAULT_TIME_S
    memory_bytes: float | None = None  # None: `MEMORY_SHARE` of the machine

    def most_bytes(self) -> float:
        """Return the limit in bytes on this machine."""
        if self.memory_bytes is not None:
            return self.memory_bytes
        import psutil

        return MEMORY_SHARE * float(psutil.virtual_memory().total)

    def record(self) -> dict[str, Any]:
        """Return the limits as written to ``run.json``, with ``off`` for no limit."""
        values = {"time_s": self.time_s, "memory_bytes": self.memory_bytes}
        return {name: OFF if value == math.inf else value for name, value in values.items()}


def make_limits(time_s: float | str | None = None, memory: float | str | None = None) -> Limits:
    """Parse limits as typed on the command line.

    Examples
    --------
    >>> make_limits("60", "8GB")
    Limits(time_s=60.0, memory_bytes=8000000000.0)
    >>> make_limits("off").time_s
    inf
    """
    made = Limits(
        DEFAULT_TIME_S if time_s is None else _seconds(time_s),
        None if memory is None else _bytes(memory),
    )
    for name, value in (("time", made.time_s), ("memory", made.memory_bytes)):
        if value is not None and not value > 0:
            raise ParameterError(f"--{name}-limit must be above 0, or off")
    return made


def _seconds(given: float | str) -> float:
    if given == OFF:
        return math.inf
    try:
        return float(given)
    except ValueError:
        raise ParameterError(f"--time-limit takes seconds, or off (got {given!r})") from None


def _bytes(given: float | str) -> float:
    if given == OFF:
        return math.inf
    return float(read_size(given) if isinstance(given, str) else given)


def too_long(limits: Limits) -> str:
    """Report that a plugin exceeded the time limit."""
    return f"ran longer than {limits.time_s:g} s (--time-limit)"


def too_large(most_bytes: float) -> str:
    """Report that a plugin exceeded the memory limit."""
    return f"used more than {most_bytes / 1e9:.1f} GB (--memory-limit)"


def how_it_ended(exit_code: int | None) -> str:
    """Describe how a process ended that awb did not stop.

    Examples
    --------
    >>> how_it_ended(-11), how_it_ended(3)
    ('its process ended: signal SIGSEGV', 'its process ended: exit code 3')
    """
    if exit_code is None or exit_code >= 0:
        return f"its process ended: exit code {exit_code}"
    hint = ", as when memory runs out" if signal_name(exit_code) == "SIGKILL" else ""
    return f"its process ended: signal {signal_name(exit_code)}{hint}"


def signal_name(exit_code: int | None) -> str:
    """Name the signal that ended a process; empty if none did."""
    if exit_code is None or exit_code >= 0:
        return ""
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return str(-exit_code)


def read_size(text: str) -> int:
    """Parse a size, and return it in bytes.

    Examples
    --------
    >>> read_size("1.5GB"), read_size("0")
    (1500000000, 0)
    """
    found = _SIZE.match(text.strip())
    if not found:
        raise ParameterError(f"{text!r} is not a size; expected a size like 500MB or 2GB")
    return int(float(found[1]) * _UNITS[found[2].lower()])
