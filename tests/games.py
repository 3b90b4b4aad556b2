"""Games on segments: models whose score is any function of which segments are audible."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from awb.intervals import FloatArray
from awb.perturbation import Perturber
from awb.protocols import ScoreArray
from awb.specs import ExplainerSpec
from awb.types import AudioArray, BoolArray, Explanation
from fakes import CELL, RATE_HZ, instance_of, perturber_for, unit_clip

Value = Callable[[BoolArray], float]


class Game:
    """A model that hears which segments are audible, and nothing else."""

    sample_rate_hz = RATE_HZ
    classes = ("Target", "Other")

    def __init__(self, value: Value) -> None:
        self.value = value

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        audible = np.abs(waveforms).reshape(len(waveforms), -1, CELL).max(axis=2) > 0
        score = np.array([self.value(row) for row in audible])
        return np.stack([score, -score], axis=1).astype(np.float32)


def table_game(n_players: int, seed: int) -> Value:
    """A game whose values are drawn at random, in eighths so that float32 holds them exactly."""
    values = np.random.default_rng(seed).integers(-40, 40, 2**n_players) / 8.0
    powers = 2 ** np.arange(n_players)
    return lambda audible: float(values[int(audible @ powers)])


def all_masks(n_players: int) -> BoolArray:
    number = np.arange(2**n_players)
    kept: BoolArray = (number[:, None] >> np.arange(n_players)) % 2 == 1
    return kept


def exact_shapley(value: Value, n_players: int) -> FloatArray:
    """Shapley values by their definition: the mean gain over all orders (dynamic programming)."""
    from math import factorial

    found = np.zeros(n_players)
    kept = all_masks(n_players)
    worth = np.array([value(row) for row in kept])
    for player in range(n_players):
        without = np.flatnonzero(~kept[:, player])
        size = kept[without].sum(axis=1)
        weight = [factorial(k) * factorial(n_players - k - 1) / factorial(n_players) for k in size]
        found[player] = np.dot(weight, worth[without + 2**player] - worth[without])
    return found


def shapley_by_orders(value: Value, n_players: int) -> FloatArray:
    """Shapley values by listing every order."""
    found, count = np.zeros(n_players), 0
    for order in permutations(range(n_players)):
        audible = np.zeros(n_players, dtype=bool)
        before = value(audible)
        for player in order:
            audible[player] = True
            after = value(audible)
            found[player] += after - before
            before = after
        count += 1
    return found / count


def game_perturber(
    value: Value, n_players: int, *, samples: int = 500, is_budget: bool = False
) -> Perturber:
    clip = unit_clip(n_players)
    return perturber_for(Game(value), clip, samples=samples, is_budget=is_budget)


def explain(
    spec: ExplainerSpec, perturber: Perturber, *, seed: int = 0, **settings: Any
) -> Explanation:
    """Run an explainer the way the harness does: its own view, no labels."""
    clip = unit_clip(perturber.segments.n_cells)
    explainer = spec.factory(spec.parameters(**settings))
    found = explainer(perturber.view(), instance_of(clip).blind(), np.random.default_rng(seed))
    explanation = found if isinstance(found, Explanation) else Explanation(found)
    return explanation.check_length(perturber.n_segments)


def relevance(
    spec: ExplainerSpec, perturber: Perturber, *, seed: int = 0, **settings: Any
) -> FloatArray:
    return explain(spec, perturber, seed=seed, **settings).relevance
