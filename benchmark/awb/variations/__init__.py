"""Variations of an instance, under which robustness and sanity metrics compare explanations.

A variation changes the seed, the clip or the model of an instance. The harness explains the varied
instance with the same explainer, once for all metrics that need it, and a metric measures how
similar the two explanations are.
"""

from awb.variations.kinds import (
    AnotherGain,
    AnotherSeed,
    Background,
    FaintNoise,
    RandomLabels,
    RandomWeights,
    Rolled,
    Variation,
    rolled_cells,
)
from awb.variations.noises import Condition, background

__all__ = [
    "AnotherGain",
    "AnotherSeed",
    "Background",
    "Condition",
    "FaintNoise",
    "RandomLabels",
    "RandomWeights",
    "Rolled",
    "Variation",
    "background",
    "rolled_cells",
]
