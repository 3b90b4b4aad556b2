"""Variations of a question: one perturber each, labels hidden, seeds that really change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.harness.config.run_config import RunConfig
from awb.harness.unit.question import Question, Variants, not_again
from awb.maskers import noise, zeros
from awb.perturbation import Perturber
from awb.plugins.resolve import Resolved
from awb.randomness import RandomKey
from awb.specs import ExplainerSpec, Origin, Parameters
from awb.types import Clip, Event, Instance
from awb.variations import AnotherGain, AnotherSeed, AnotherTarget, RandomWeights, Rolled
from fakes import RATE_HZ, WeightedEnergy, instance_of, unit_clip

N = 10
WEIGHTS = np.array([0, 0, 4, 6, 0, -2, 0, 0, 1, 0.5])


def _drops(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> np.ndarray:
    alone = np.eye(perturber.n_segments, dtype=bool)
    return perturber.clip_score() - perturber.scores(alone)


def _correlation(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> np.ndarray:
    pool = perturber.pool()
    return np.array([np.corrcoef(~column, pool.scores)[0, 1] for column in pool.drop_masks.T])


def _labels(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> np.ndarray:
    return perturber.segments.coverage(instance.intervals_s)


def _resolved(*, sees_labels: bool = False) -> Resolved:
    spec = ExplainerSpec(
        name="fake", summary="s", citation="c", cost="c", factory=lambda _: _drops,
        sees_labels=sees_labels,
    )  # fmt: skip
    return Resolved("explainer", "fake", spec, Parameters(), Origin("tests", "1", "tests"))


def _question(masker=zeros) -> Question:
    clip = unit_clip(N)
    return Question(
        WeightedEnergy(WEIGHTS), instance_of(clip), RunConfig(samples=60), masker,
        RandomKey((0, "fake", clip.id, "Target")),
    )  # fmt: skip


def test_explanations_follow_a_rolled_clip_of_a_model_that_rolls_along() -> None:
    question = _question()
    variants = Variants(question)
    rolled = variants.explain(_resolved(), _drops, Rolled(0.5))
    # the model's weights stay where they are: all of its segments are equally loud
    plain = question.explain(_resolved(), _drops).explanation.relevance
    assert rolled == pytest.approx(plain, abs=1e-5)


def test_baselines_that_see_labels_see_the_rolled_ones() -> None:
    variants = Variants(_question())
    rolled = variants.explain(_resolved(sees_labels=True), _labels, Rolled(0.5))
    assert rolled.tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert not variants.explain(_resolved(), _labels, Rolled(0.5)).any()


def test_relevance_shrinks_with_the_power_of_the_clip() -> None:
    question = _question()
    plain = question.explain(_resolved(), _drops).explanation.relevance
    quieter = Variants(question).explain(_resolved(), _drops, AnotherGain(-20.0))
    assert quieter == pytest.approx(plain / 100, abs=1e-5)


@pytest.mark.parametrize("masker", [zeros, noise()], ids=["zeros", "noise"])
def test_another_seed_draws_another_design(masker) -> None:
    question = _question(masker)
    again = question.varied(AnotherSeed())
    masks, others = question.perturber.pool().drop_masks, again.perturber.pool().drop_masks
    assert masks.shape == others.shape
    assert not np.array_equal(masks, others)
    first = question.explain(_resolved(), _correlation).explanation.relevance
    second = again.explain(_resolved(), _correlation).explanation.relevance
    assert not np.array_equal(first, second)
    if masker is zeros:  # noise of the clip's own level hides what is dropped
        assert np.corrcoef(first, second)[0, 1] > 0.9


def test_another_seed_keeps_scores_where_the_masker_draws_nothing() -> None:
    question = _question()
    model = question.model
    question.explain(_resolved(), _drops)
    model.batches.clear()
    again = question.varied(AnotherSeed()).explain(_resolved(), _drops)
    assert model.batches == []
    assert again.explanation.cost.calls == N + 1
    noisy = _question(noise())
    noisy.explain(_resolved(), _drops)
    noisy.model.batches.clear()
    noisy.varied(AnotherSeed()).explain(_resolved(), _drops)
    assert sum(noisy.model.batches) >= N + 1


def test_all_explainers_share_the_perturber_of_a_variation() -> None:

    question = _question()
    variants = Variants(question)
    first = variants.explain(_resolved(), _correlation, AnotherGain())
    question.model.batches.clear()
    second = variants.explain(_resolved(), _correlation, AnotherGain())
    assert question.model.batches == []
    assert np.array_equal(first, second)


def test_instances_that_are_not_repeated_have_a_reason() -> None:
    with pytest.raises(UndefinedScoreError, match="--robustness"):
        not_again(AnotherSeed())
    with pytest.raises(NotApplicableError, match="randomized"):
        Variants(_question()).explain(_resolved(), _drops, RandomWeights())


def test_segments_are_those_of_the_run() -> None:
    config = RunConfig(segment_s=0.2, segment_hop_s=0.1)
    question = _question()
    wide = Question(question.model, question.instance, config, zeros, question.key).perturber
    assert (wide.n_segments, wide.segments.sample_rate_hz) == (N - 1, RATE_HZ)


def _two_sounds() -> Question:
    """A clip with the target, the other class twice, and a sound that the model does not know."""
    plain = _question()
    events = (
        Event(0.2, 0.4, "target"), Event(0.3, 0.5, "Other"), Event(0.4, 0.6, "other"),
        Event(0.8, 0.9, "Comet"),
    )  # fmt: skip
    clip = Clip("clip", plain.instance.clip.waveform, RATE_HZ, events)
    instance = Instance("fake", clip, "target", 0, np.array([[0.2, 0.4]]))
    return replace(plain, instance=instance)


def test_other_sounds_are_all_labelled_ones_but_the_targets() -> None:
    """Labels are compared as the selection does: by the class that they name."""
    assert _two_sounds().other_intervals_s == pytest.approx(np.array([[0.3, 0.6], [0.8, 0.9]]))
    renamed = replace(_two_sounds().instance, target="a dog")
    assert replace(_two_sounds(), instance=renamed).other_intervals_s == pytest.approx(
        np.array([[0.3, 0.6], [0.8, 0.9]])
    )
    assert _question().other_intervals_s.shape == (0, 2)


@pytest.mark.parametrize("variation", [None, AnotherTarget("labelled"), AnotherTarget()])
def test_no_explainer_sees_the_labels_of_other_sounds(variation: AnotherTarget | None) -> None:
    seen: list[Instance] = []

    def look(perturber: Perturber, instance: Instance, rng: np.random.Generator) -> np.ndarray:
        seen.append(instance)
        return np.zeros(perturber.n_segments)

    question = _two_sounds()
    if variation is None:
        question.explain(_resolved(), look)
    else:
        Variants(question).explain(_resolved(), look, variation)
    [instance] = seen
    assert instance.clip.events == ()
    assert instance.clip.labels == ()
    assert instance.intervals_s.size == 0


def test_another_target_is_explained_under_the_same_masks() -> None:
    """The fake's other class is the opposite of the target, and so is its explanation."""
    question = _two_sounds()
    own = question.explain(_resolved(), _drops).explanation.relevance
    variants = Variants(question)
    other = variants.explain(_resolved(), _drops, AnotherTarget("labelled"))
    assert other == pytest.approx(-own, abs=1e-6)
    varied = question.varied(AnotherTarget("labelled")).perturber
    np.testing.assert_array_equal(varied.pool().drop_masks, question.perturber.pool().drop_masks)
    seen = variants.explain(_resolved(sees_labels=True), _labels, AnotherTarget("labelled"))
    assert np.flatnonzero(seen > 0.5).tolist() == [3, 4, 5]


class _Slow(WeightedEnergy):
    """Takes a second of a clock that nothing else advances, for every batch."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(WEIGHTS)
        self.now_s = 0.0
        monkeypatch.setattr("time.perf_counter", lambda: self.now_s)

    def scores(self, waveforms):
        self.now_s += 1.0
        return super().scores(waveforms)


def test_seconds_of_all_explainers_add_up_to_those_of_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = _Slow(monkeypatch)
    question = replace(_question(), model=model)
    explainers = (_correlation, _drops, _correlation)
    costs = [question.explain(_resolved(), one).explanation.cost for one in explainers]
    shared_s = question.perturber.designs_s
    assert shared_s > 0
    assert [cost.shared_seconds for cost in costs] == [shared_s, 0.0, shared_s]
    assert costs[0].seconds == costs[2].seconds == 0, "they do nothing but read the design"
    assert costs[1].seconds > 0
    assert sum(cost.seconds for cost in costs) + shared_s == model.now_s
