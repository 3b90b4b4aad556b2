"""Specs of the built-in maskers."""

from __future__ import annotations

from pydantic import Field

from awb import maskers
from awb.specs import MaskerSpec, Parameters

_REFERENCE = "Bolaños et al. (2025), arXiv:2506.04391"


class NoiseParameters(Parameters):
    """Settings of the masker `noise`."""

    level_db: float = Field(default=0.0, ge=-120.0, le=60.0)


MASKERS = [
    MaskerSpec(
        name="zeros",
        summary="Digital silence.",
        citation=_REFERENCE,
        factory=lambda _: maskers.zeros,
    ),
    MaskerSpec(
        name="noise",
        summary="White Gaussian noise, by default at the clip's level.",
        citation=_REFERENCE,
        parameters=NoiseParameters,
        factory=lambda parameters: maskers.noise(parameters.level_db),
    ),
    MaskerSpec(
        name="mean",
        summary="The clip's mean sample value, a constant.",
        citation=_REFERENCE,
        factory=lambda _: maskers.mean,
    ),
    MaskerSpec(
        name="interpolate",
        summary="Noise with the spectrum of the nearest kept segments, interpolated over time.",
        citation="noisy linear imputation: Rong et al. (2022), arXiv:2202.00449",
        factory=lambda _: maskers.Interpolation(),
    ),
]
