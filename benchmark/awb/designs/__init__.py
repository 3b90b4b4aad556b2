"""Designs: which drop masks to draw.

A drop mask is a boolean row, True = this segment's audio is replaced. The random designs share one
signature, ``draw(n_segments, samples, rng)``, and can be the pool that explainers share; the window
designs are deterministic.
"""

from awb.designs.markov import runs
from awb.designs.random_masks import (
    FRACTIONS,
    RUN_LENGTHS,
    antithetic,
    dropped_count,
    pooled,
    single,
)
from awb.designs.windows import average_over_windows, keep_window, occlusion

__all__ = [
    "FRACTIONS",
    "RUN_LENGTHS",
    "antithetic",
    "average_over_windows",
    "dropped_count",
    "keep_window",
    "occlusion",
    "pooled",
    "runs",
    "single",
]
