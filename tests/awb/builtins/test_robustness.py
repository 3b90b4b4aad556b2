"""Metrics of variations: the variation that each name and setting requests, and the value."""

from __future__ import annotations

import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from awb.builtins.robustness import ROBUSTNESS
from awb.intervals import FloatArray
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.variations import (
    AnotherGain,
    AnotherSeed,
    AnotherTarget,
    Background,
    FaintNoise,
    RandomLabels,
    RandomWeights,
    Rolled,
    Variation,
)
from fakes import WeightedEnergy, perturber_for, unit_clip

N = 20
RELEVANCE = np.random.default_rng(0).normal(size=N)
BY_NAME = {spec.name: spec for spec in ROBUSTNESS}


def _again(variation: Variation) -> FloatArray:
    """Return a different but reproducible explanation for every variation."""
    drawn = np.random.default_rng(zlib.crc32(repr(variation).encode())).normal(size=N)
    return RELEVANCE + drawn


def _spearman(variation: Variation, *, shift: int = 0) -> float:
    return float(spearmanr(np.roll(RELEVANCE, shift), _again(variation)).statistic)


def _overlap(count: int) -> float:
    tops = [set(np.argsort(-row)[:count]) for row in (RELEVANCE, _again(AnotherSeed()))]
    return len(tops[0] & tops[1]) / count


def _change(*variations: Variation) -> float:
    far = [math.dist(RELEVANCE, _again(variation)) for variation in variations]
    return max(far) / math.hypot(*RELEVANCE)


PATH = Path("street.wav")
CASES: list[tuple[str, dict[str, Any], float]] = [
    ("seed-stability", {}, _spearman(AnotherSeed())),
    ("seed-overlap", {}, _overlap(2)),
    ("seed-overlap", {"part": 0.4}, _overlap(8)),
    ("seed-overlap", {"part": 0.11}, _overlap(3)),
    ("seed-overlap", {"part": 0.001}, _overlap(1)),
    ("shift-equivariance", {}, _spearman(Rolled(0.5), shift=10)),
    ("shift-equivariance", {"part": 0.25}, _spearman(Rolled(0.25), shift=5)),
    ("gain-invariance", {}, _spearman(AnotherGain(-6.0))),
    ("gain-invariance", {"gain_db": -20.0}, _spearman(AnotherGain(-20.0))),
    ("max-sensitivity", {}, _change(FaintNoise(40.0, 0), FaintNoise(40.0, 1))),
    ("max-sensitivity", {"snr_db": 30.0, "draws": 1}, _change(FaintNoise(30.0, 0))),
    ("noise-stability-natural", {}, _spearman(Background("natural", 10.0, None))),
    ("noise-stability-room", {}, _spearman(Background("room", 10.0, None))),
    ("noise-stability-white", {"snr_db": 0.0}, _spearman(Background("white", 0.0, None))),
    ("noise-stability-white", {"path": PATH}, _spearman(Background("white", 10.0, PATH))),
    ("model-randomization", {}, abs(_spearman(RandomWeights(1.0)))),
    ("model-randomization", {"share": 0.5}, abs(_spearman(RandomWeights(0.5)))),
    ("random-logit", {}, max(0.0, _spearman(AnotherTarget("random")))),
    ("random-logit", {"other": "labelled"}, max(0.0, _spearman(AnotherTarget("labelled")))),
    ("label-randomization", {}, abs(_spearman(RandomLabels()))),
]


@pytest.mark.parametrize(("name", "settings", "expected"), CASES)
def test_each_name_asks_for_its_variation(
    name: str, settings: dict[str, Any], expected: float
) -> None:
    perturber = perturber_for(WeightedEnergy(np.zeros(N)), unit_clip(N))
    scoring = Scoring(RELEVANCE, np.empty((0, 2)), perturber, RandomKey((0,)), again=_again)
    spec = BY_NAME[name]
    found = spec.factory(spec.parameters(**settings))(scoring)
    assert found == pytest.approx(expected)


def test_every_robustness_metric_is_tested() -> None:
    assert {name for name, _, _ in CASES} == set(BY_NAME)
    assert not any(spec.headline for spec in ROBUSTNESS), "they cost too much to be on a board"
