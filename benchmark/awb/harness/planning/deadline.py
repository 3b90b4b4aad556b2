"""Deadline: whether another clip can be finished in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_PRIOR_UNITS = 4.0
"""Units that the pilot's measurement counts for, beside those that are finished."""


@dataclass(slots=True)
class Deadline:
    """Admits clips, each with all its instances, as long as they will be finished in time."""

    end_s: float  # by `now`
    unit_s: float  # expected time per instance, with all workers at it
    now: Callable[[], float] = time.monotonic
    stopped: bool = False  # whether a clip was refused
    _started_s: float | None = None
    _drawn: int = field(default=0)
    _done: int = field(default=0)

    def admits(self, n_units: int, *, first: bool = False) -> bool:
        """Say whether a clip of so many instances fits; if so, it counts as begun.

        The first clip of a run is admitted in any case, as is one of which nothing is missing.
        """
        if self._started_s is None:
            self._started_s = self.now()
        pending = self._drawn - self._done + n_units
        late = self.now() + pending * self._each_s() > self.end_s
        if n_units and not first and (self.stopped or late):
            self.stopped = True
            return False
        self._drawn += n_units
        return True

    def _each_s(self) -> float:
        """Return the time per instance, as planned and as seen since."""
        taken_s = 0.0 if self._started_s is None else self.now() - self._started_s
        seen = taken_s if self._done else 0.0
        return (self.unit_s * _PRIOR_UNITS + seen) / (_PRIOR_UNITS + self._done)

    def finished(self) -> None:
        """Count an instance that is finished."""
        self._done += 1
