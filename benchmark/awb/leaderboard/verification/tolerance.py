"""When a claimed score equals a computed one."""

from __future__ import annotations

import math

TOLERANCE = 1e-6
"""A claimed score may differ by this much, times the size of the score if that is above 1."""


def same(claim: float | None, value: float, tolerance: float = TOLERANCE) -> bool:
    """Say whether a claimed score equals a computed one; None claims that it is undefined."""
    if claim is None or math.isnan(value):
        return claim is None and math.isnan(value)
    return abs(claim - value) <= tolerance * max(1.0, abs(value))
