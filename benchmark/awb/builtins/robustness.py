"""Specs of the metrics that explain variations of an instance: robustness and sanity."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from awb import metrics as m
from awb.designs import dropped_count
from awb.scoring import Scoring
from awb.specs import MetricSpec, Parameters
from awb.variations import (
    AnotherGain,
    AnotherSeed,
    AnotherTarget,
    Background,
    Condition,
    FaintNoise,
    OtherTarget,
    RandomLabels,
    RandomWeights,
    Rolled,
    rolled_cells,
)

Metric = Callable[[Scoring], float]
CONDITIONS: tuple[Condition, ...] = ("natural", "room", "white")


class OverlapParameters(Parameters):
    """Settings of `seed-overlap`: ``part`` is the fraction of segments that form the top."""

    part: float = Field(default=0.1, gt=0, le=1)


class ShiftParameters(Parameters):
    """Settings of `shift-equivariance`: ``part`` is the fraction by which the clip is rolled."""

    part: float = Field(default=0.5, gt=0, lt=1)


class GainParameters(Parameters):
    """Settings of `gain-invariance`: ``gain_db`` is the gain of the second clip."""

    gain_db: float = Field(default=-6.0, lt=0)


class SensitivityParameters(Parameters):
    """Settings of `max-sensitivity`: signal-to-noise ratio, and number of noise draws."""

    snr_db: float = 40.0
    draws: int = Field(default=2, ge=1)


class BackgroundParameters(Parameters):
    """Settings of `noise-stability-*`: signal-to-noise ratio, and an optional recording."""

    snr_db: float = 10.0
    path: Path | None = None  # None: background that awb synthesizes


class CascadeParameters(Parameters):
    """Settings of `model-randomization`: ``share`` of the layers, counted from the output."""

    share: float = Field(default=1.0, gt=0, le=1)


class TargetParameters(Parameters):
    """Settings of `random-logit`: ``other`` class, any or that of another labelled sound."""

    other: OtherTarget = "random"


def _seed_stability(_: Parameters) -> Metric:
    return lambda s: m.rank_correlation(s.relevance, s.varied(AnotherSeed()))


def _seed_overlap(settings: OverlapParameters) -> Metric:
    def overlap(scoring: Scoring) -> float:
        k = dropped_count(scoring.relevance.size, settings.part)
        return m.top_k_overlap(scoring.relevance, scoring.varied(AnotherSeed()), k=k)

    return overlap


def _shift_equivariance(settings: ShiftParameters) -> Metric:
    def equivariance(scoring: Scoring) -> float:
        shift = rolled_cells(scoring.segments, settings.part)
        rolled = scoring.varied(Rolled(settings.part))
        return m.shift_equivariance(scoring.relevance, rolled, shift=shift)

    return equivariance


def _gain_invariance(settings: GainParameters) -> Metric:
    variation = AnotherGain(settings.gain_db)
    return lambda s: m.rank_correlation(s.relevance, s.varied(variation))


def _max_sensitivity(settings: SensitivityParameters) -> Metric:
    variations = [FaintNoise(settings.snr_db, draw) for draw in range(settings.draws)]

    def sensitivity(scoring: Scoring) -> float:
        perturbed = np.stack([scoring.varied(variation) for variation in variations])
        return m.max_sensitivity(scoring.relevance, perturbed)

    return sensitivity


def _noise_stability(condition: Condition) -> Callable[[BackgroundParameters], Metric]:
    def factory(settings: BackgroundParameters) -> Metric:
        variation = Background(condition, settings.snr_db, settings.path)
        return lambda s: m.rank_correlation(s.relevance, s.varied(variation))

    return factory


def _model_randomization(settings: CascadeParameters) -> Metric:
    variation = RandomWeights(settings.share)
    return lambda s: m.randomization_similarity(s.relevance, s.varied(variation))


def _label_randomization(_: Parameters) -> Metric:
    return lambda s: m.randomization_similarity(s.relevance, s.varied(RandomLabels()))


def _random_logit(settings: TargetParameters) -> Metric:
    variation = AnotherTarget(settings.other)
    return lambda s: m.target_similarity(s.relevance, s.varied(variation))


def _spec(
    name: str, factory: Callable[[Any], Metric], parameters: type[Parameters] = Parameters
) -> MetricSpec:
    facts = m.ALL_FACTS[name]
    return MetricSpec(
        name=name,
        summary=facts.summary,
        citation=facts.citation,
        facts=facts,
        parameters=parameters,
        factory=factory,
        headline=False,
    )


ROBUSTNESS = [
    _spec("seed-stability", _seed_stability),
    _spec("seed-overlap", _seed_overlap, OverlapParameters),
    _spec("shift-equivariance", _shift_equivariance, ShiftParameters),
    _spec("gain-invariance", _gain_invariance, GainParameters),
    _spec("max-sensitivity", _max_sensitivity, SensitivityParameters),
    *(
        _spec(f"noise-stability-{one}", _noise_stability(one), BackgroundParameters)
        for one in CONDITIONS
    ),
    _spec("model-randomization", _model_randomization, CascadeParameters),
    _spec("label-randomization", _label_randomization),
    _spec("random-logit", _random_logit, TargetParameters),
]
