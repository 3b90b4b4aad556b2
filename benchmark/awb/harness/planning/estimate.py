"""Estimates of the time that a phase of a run still takes, from what it has taken so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from awb.harness.config.durations import about

LEAST_DONE = 3
"""Instances after which an estimate is worth telling: the first ones also load the plugins."""

LEAST_S = 5.0
"""Phases that take less are not estimated."""


@dataclass(slots=True)
class Estimates:
    """Estimates of all phases; resumed work is not counted as done in this time."""

    now: Callable[[], float] = time.monotonic
    _begun: dict[str, tuple[float, int]] = field(default_factory=dict)
    _first: dict[str, tuple[float, int]] = field(default_factory=dict)

    def left(self, phase: str, done: int, total: int) -> str:
        """Say how long a phase still takes; empty where that is not known or over."""
        now_s = self.now()
        begun_s, before = self._begun.setdefault(phase, (now_s, done))
        if done > before:
            self._first.setdefault(phase, (now_s, done))
        since = done - before
        if since < LEAST_DONE or done >= total or now_s - begun_s < LEAST_S:
            return ""
        first_s, first = self._first[phase]
        each_s = (now_s - begun_s) / since
        if done - first >= LEAST_DONE:  # without what came before the first one
            each_s = (now_s - first_s) / (done - first)
        return f"{about(each_s * (total - done))} left"
