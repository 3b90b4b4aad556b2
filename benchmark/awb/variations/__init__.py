"""Variations of an instance, under which robustness and sanity metrics compare explanations.

A variation changes the seed, the clip, the target or the model of an instance. The harness explains
the varied instance with the same explainer, once for all metrics that need it, and a metric
measures how similar the two explanations are.
"""

from awb.variations.kinds import (
    AnotherGain,
    AnotherSeed,
    AnotherTarget,
    Background,
    FaintNoise,
    OtherTarget,
    RandomLabels,
    RandomWeights,
    Rolled,
    Variation,
    rolled_cells,
)
from awb.variations.noises import Condition, add_noise, background

__all__ = [
    "AnotherGain",
    "AnotherSeed",
    "AnotherTarget",
    "Background",
    "Condition",
    "FaintNoise",
    "OtherTarget",
    "RandomLabels",
    "RandomWeights",
    "Rolled",
    "Variation",
    "add_noise",
    "background",
    "rolled_cells",
]
