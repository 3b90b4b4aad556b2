"""Which scores can explanations have that differ by no more than two machines do?

Ties decide metrics that order cells: which of two equal cells is dropped first, which one is the
peak. Another machine rounds the relevance differently, and so breaks ties that were none there. A
claim is compared with what the metric gives here for the published relevance, and for relevance
that is as far from it as that of this machine is. Cells that are tied on both machines stay tied.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from awb.harness.unit.record import Unit
from awb.harness.unit.task import rescore_unit
from awb.intervals import FloatArray
from awb.leaderboard.verification.tolerance import same
from awb.randomness import RandomKey

DRAWS = 8
"""Draws of relevance within the tolerance."""

ROUNDING = 2.0**-22
"""Least distance of a draw, as a fraction of the largest relevance: two roundings to float32."""


class Reach:
    """The scores of the published relevance, and of draws around it, with the model here."""

    def __init__(
        self,
        unit: Unit,
        published: FloatArray,
        found: FloatArray,
        *,
        difference: float,
        samples: int | None,
    ) -> None:
        self._unit = unit
        self._published = published
        self._found = found  # on this machine
        self._distance = max(difference, ROUNDING)  # between the two, of the largest value
        self._samples = samples

    @cached_property
    def _scores(self) -> list[dict[str, tuple[float, str]]]:
        """Score the published relevance and the draws."""
        rng = RandomKey((0, "reach", self._unit.key)).generator("draws")
        largest = float(np.abs(self._published).max(initial=0.0))
        pairs = np.stack([self._published, self._found], axis=1)
        kinds, kind = np.unique(pairs, axis=0, return_inverse=True)
        noise = rng.uniform(-1, 1, (DRAWS, len(kinds)))[:, kind.ravel()]
        relevances = [self._published, *(self._published + noise * self._distance * largest)]
        return rescore_unit(self._unit, relevances, samples=self._samples)

    def contains(self, label: str, claim: float | None, tolerance: float) -> bool:
        """Say whether a metric may have the claimed value, None for undefined."""
        values = [found[label][0] for found in self._scores]
        if claim is None:
            return any(map(math.isnan, values))
        reached = [value for value in values if not math.isnan(value)]
        if not reached:
            return False
        nearest = min(max(claim, min(reached)), max(reached))
        return same(claim, nearest, tolerance)
