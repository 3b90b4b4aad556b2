"""Batches that are not full are made smaller only where that has changed no bit."""

from __future__ import annotations

import numpy as np

from awb.perturbation.scorers.batches import ENOUGH_AGREE, Batches, SmallerBatches, smaller_batches
from awb.perturbation.scorers.clips import DEFAULT_BATCH
from awb.protocols import ScoreArray
from awb.types import AudioArray
from fakes import CELL, WeightedEnergy, perturber_for, unit_clip


class Steady(WeightedEnergy):
    """A model that says that batches of two and more give the same bits; `flaw` is added if not."""

    smallest_batch = 2

    def __init__(self, flaw: float = 0.0) -> None:
        super().__init__(np.arange(8.0))
        self.flaw = flaw

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        changed = self.flaw if len(waveforms) < DEFAULT_BATCH else 0.0
        return super().scores(waveforms) + np.float32(changed)


def _scored(model: Steady, calls: list[int]) -> list[float]:
    rng, found = np.random.default_rng(0), []
    perturber = perturber_for(model, unit_clip(8))
    perturber.clip_score()
    model.batches.clear()
    for count in calls:
        found += perturber.scores(rng.random((count, 8)) < 0.5).tolist()
    return found


def test_a_size_is_tried_until_enough_numbers_agreed_and_then_relied_on() -> None:
    model = Steady()
    perturber = perturber_for(model, unit_clip(8))
    perturber.clip_score()
    known = smaller_batches(model, "scores", 8 * CELL)
    assert known is not None
    assert known.agreed == {2: 2}  # a row of two classes
    known.agreed[4] = ENOUGH_AGREE
    model.batches.clear()
    perturber.scores(np.eye(8, dtype=bool)[:3])
    assert model.batches == [4]
    perturber.scores(np.tri(8, dtype=bool)[3:6])
    assert model.batches == [4, 4]


def test_scores_are_those_of_full_batches() -> None:
    calls = [3, 4, 3, 9, 2, 17, 3, 4, 3, 4, 3, 4, 5, 6, 7, 5, 6, 7] * 4
    sizes = Steady()
    assert _scored(sizes, calls) == _scored(Steady(flaw=1e-3), calls)


def test_a_size_that_changes_a_bit_is_not_asked_for_again() -> None:
    known = SmallerBatches(2)
    asked = []

    def compute(rows: np.ndarray, size: int) -> np.ndarray:
        asked.append(size)
        return rows[:size] + (1e-12 if size < 16 else 0.0)

    batches = Batches(16, known)
    for _ in range(3):
        [found] = batches.over(np.arange(3.0), compute)
        assert found.tolist() == [0.0, 1.0, 2.0]
    assert asked == [4, 16, 16, 16]
    assert known.agreed == {4: -1}


def test_halves_hold_the_rows_and_are_never_below_the_models_word() -> None:
    known = SmallerBatches(2)
    assert [known.size_for(rows, 16) for rows in (1, 2, 3, 4, 5, 8, 9, 15)] == [
        2, 2, 4, 4, 8, 8, 16, 16,
    ]  # fmt: skip
    assert SmallerBatches(4).size_for(1, 12) == 6
    assert SmallerBatches(1).size_for(1, 1) == 1


def test_a_model_that_says_nothing_has_full_batches() -> None:
    assert smaller_batches(WeightedEnergy(np.arange(8.0)), "scores", 8 * CELL) is None
