"""A clip's score is that of the clip: models that answer by batch or by chance are refused."""

from __future__ import annotations

import numpy as np
import pytest

from awb.errors import UnsteadyModelError
from awb.protocols import ScoreArray
from awb.types import AudioArray
from fakes import WeightedEnergy, perturber_for, unit_clip


class Spoilt(WeightedEnergy):
    """A model whose scores also depend on the batch's mean, or on chance."""

    precision = "float32"

    def __init__(self, *, by_batch: float = 0.0, by_chance: float = 0.0) -> None:
        super().__init__(np.arange(8.0))
        self.by_batch, self.by_chance = by_batch, by_chance
        self.rng = np.random.default_rng(0)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        plain = super().scores(waveforms)
        chance = self.by_chance * self.rng.standard_normal(plain.shape)
        return (plain - self.by_batch * plain.mean(axis=0) + chance).astype(np.float32)


class OneByOne(Spoilt):
    """A model that asks for batches of one clip, in which there is nothing beside it."""

    batch_size = 1


def test_a_score_that_depends_on_the_batch_is_refused() -> None:
    perturber = perturber_for(Spoilt(by_batch=0.01), unit_clip(8))
    with pytest.raises(UnsteadyModelError, match="rest of the batch"):
        perturber.clip_score()


@pytest.mark.parametrize("model", [Spoilt(by_chance=0.01), OneByOne(by_chance=0.01)])
def test_a_score_that_depends_on_chance_is_refused(model: Spoilt) -> None:
    with pytest.raises(UnsteadyModelError, match="from one call to the next"):
        perturber_for(model, unit_clip(8)).clip_score()


def test_half_precision_may_round_by_batch() -> None:
    model = Spoilt(by_batch=0.01)
    model.precision = "bfloat16"
    perturber_for(model, unit_clip(8)).clip_score()
    model = Spoilt(by_batch=0.5)
    model.precision = "bfloat16"
    with pytest.raises(UnsteadyModelError, match="rest of the batch"):
        perturber_for(model, unit_clip(8)).clip_score()


def test_less_than_awb_check_allows_is_believed() -> None:
    perturber_for(Spoilt(by_batch=1e-5, by_chance=1e-5), unit_clip(8)).clip_score()


def test_it_is_found_out_once_for_each_length_of_clips_and_costs_no_explainer() -> None:
    model = Spoilt()
    for _ in range(3):
        perturber = perturber_for(model, unit_clip(8))
        perturber.clip_score()
        assert (perturber.cost.calls, perturber.cost.forwards) == (1, 1)
    assert model.batches == [4, 4, 16, 16, 16]


def test_a_model_of_single_clips_is_asked_for_single_clips() -> None:
    model = OneByOne()
    perturber_for(model, unit_clip(8)).clip_score()
    assert model.batches == [1] * 7
