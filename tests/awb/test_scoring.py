"""The input of metrics, against plain loops over the model's scores."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from awb.errors import NotApplicableError, UndefinedScoreError
from awb.metrics.curve_gains import RANDOM_SETS
from awb.metrics.masked import MOVED_MASKS
from awb.plugins.discovery import load
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.specs import MetricSpec
from awb.variations import AnotherSeed, Variation
from fakes import WeightedEnergy, perturber_for, unit_clip


def of_maps(spec: MetricSpec) -> bool:
    """Whether it needs a time-frequency map; these are tested in test_bands."""
    return spec.name.startswith(("tf-", "band-"))


N = 12
AGAIN = ("robustness", "sanity")
WEIGHTS = np.array([0, 0, 4, 6, 0, -2, 0, 0, 1, 0, 0, 0.5])
EVENTS = np.array([[0.2, 0.4], [0.8, 0.9]])


def _scoring(
    relevance: np.ndarray,
    *,
    segment_s: float = 0.1,
    events: np.ndarray = EVENTS,
    **settings: Any,
) -> Scoring:
    perturber = perturber_for(
        WeightedEnergy(WEIGHTS, -1.0), unit_clip(N), samples=50, segment_s=segment_s
    )
    return Scoring(relevance, events, perturber, RandomKey((0, "metric")), **settings)


def _probability(kept: set[int]) -> float:
    score = sum(0.25 * WEIGHTS[cell] for cell in kept) - 1.0
    return float(expit(score))


def test_curves_drop_and_keep_one_cell_after_the_other() -> None:
    relevance = np.random.default_rng(0).permutation(N).astype(float)
    scoring = _scoring(relevance)
    order = sorted(range(N), key=lambda cell: -relevance[cell])
    assert scoring.order.tolist() == order
    for count in range(N + 1):
        rest, top = set(order[count:]), set(order[:count])
        assert scoring.deletion_curve[count] == pytest.approx(_probability(rest), abs=1e-6)
        assert scoring.insertion_curve[count] == pytest.approx(_probability(top), abs=1e-6)


def test_ties_are_broken_by_a_seeded_permutation() -> None:
    constant = np.zeros(N)
    assert _scoring(constant).order.tolist() == _scoring(constant).order.tolist()
    assert _scoring(constant).order.tolist() != list(range(N))
    assert sorted(_scoring(constant).order.tolist()) == list(range(N))


def test_masked_in_and_masked_out_split_at_the_mean() -> None:
    scoring = _scoring(WEIGHTS)
    kept = {cell for cell in range(N) if WEIGHTS[cell] > WEIGHTS.mean()}
    assert scoring.p_masked_in == pytest.approx(_probability(kept), abs=1e-6)
    assert scoring.p_masked_out == pytest.approx(_probability(set(range(N)) - kept), abs=1e-6)
    assert scoring.p_clip == pytest.approx(_probability(set(range(N))), abs=1e-6)


def test_a_degenerate_mask_has_no_score() -> None:
    with pytest.raises(UndefinedScoreError, match="constant"):
        _ = _scoring(np.ones(N)).p_masked_in


def test_partly_covered_cells_are_ignored() -> None:
    scoring = _scoring(WEIGHTS)
    assert np.flatnonzero(scoring.labels == 1).tolist() == [2, 3, 8]
    assert scoring.event_coverage.shape == (2, N)
    np.testing.assert_allclose(scoring.event_coverage.sum(axis=0), scoring.coverage)


def test_score_drops_are_those_of_held_out_masks() -> None:
    scoring = _scoring(WEIGHTS)
    expected = 0.25 * scoring.held_out.drop_masks @ WEIGHTS
    np.testing.assert_allclose(scoring.score_drops, expected, atol=1e-5)


def test_metrics_share_their_curves_and_add_no_calls() -> None:
    others = np.array([[0.5, 0.7]])
    scoring = _scoring(WEIGHTS, surrogate=lambda masks: masks @ WEIGHTS, other_intervals_s=others)
    for entry in load():
        if isinstance(entry.spec, MetricSpec) and entry.spec.facts.family not in AGAIN:
            with suppress(NotApplicableError, UndefinedScoreError):  # the metrics of maps
                entry.spec.factory(entry.spec.parameters())(scoring)
    spent = scoring._cells.cost.calls
    curves, reference = 2 * (N + 1), 2 + 2 * RANDOM_SETS + 2 * N + 6 * (N + 1)
    masks = 1 + MOVED_MASKS
    assert spent == curves + reference + 1 + 2 * masks, "with the clip, masks in and out"
    assert scoring._perturber.cost.calls == 50 + 1, "held-out masks and the clip"


def test_a_variation_is_explained_once_for_all_metrics() -> None:
    asked: list[Variation] = []

    def again(variation: Variation) -> np.ndarray:
        asked.append(variation)
        return WEIGHTS + len(asked)

    scoring = _scoring(WEIGHTS, again=again)
    for entry in load():
        if isinstance(entry.spec, MetricSpec) and entry.spec.facts.family in AGAIN:
            entry.spec.factory(entry.spec.parameters())(scoring)
    assert len(asked) == len(set(asked))
    assert asked.count(AnotherSeed()) == 1


def test_without_the_explainer_or_its_surrogate_there_is_a_reason() -> None:
    scoring = _scoring(WEIGHTS)
    with pytest.raises(UndefinedScoreError, match="not the explainer"):
        scoring.varied(AnotherSeed())
    with pytest.raises(NotApplicableError, match="no surrogate"):
        scoring.forecasts  # noqa: B018 - a property that raises


@pytest.mark.parametrize("labels", ["relaxed", "strict"])
def test_half_covered_segments_count_in_the_strict_variant_only(labels: str) -> None:
    """An event from 0.2 to 0.36 s covers segment 2 completely and 60 % of segment 3."""
    scoring = _scoring(WEIGHTS, events=np.array([[0.2, 0.36]]))
    spec = {entry.spec.name: entry.spec for entry in load()}["roc-auc"]
    value = spec.factory(spec.parameters(labels=labels))(scoring)
    inside = [2, 3] if labels == "strict" else [2]
    outside = [cell for cell in range(N) if cell not in (2, 3)]
    truth = np.isin(np.arange(N), inside)[[*inside, *outside]]
    assert value == pytest.approx(roc_auc_score(truth, WEIGHTS[[*inside, *outside]]))


def test_overlapping_segments_are_scored_by_cells() -> None:
    scoring = _scoring(WEIGHTS, segment_s=0.3)
    assert scoring.held_out.drop_masks.shape == (50, N)
    expected = 0.25 * scoring.held_out.drop_masks @ WEIGHTS
    np.testing.assert_allclose(scoring.score_drops, expected, atol=1e-5)


LOCALIZATION = [
    entry.spec
    for entry in load()
    if isinstance(entry.spec, MetricSpec)
    and entry.spec.facts.family == "localization"
    and not of_maps(entry.spec)
]


@pytest.mark.parametrize("spec", LOCALIZATION, ids=lambda spec: spec.name)
@pytest.mark.parametrize("start", [0, 40, 90])
def test_the_oracle_is_on_top_and_its_mirror_is_not(spec: MetricSpec, start: int) -> None:
    """The self-test of a localization metric, with the event at any position."""
    n_cells = 100
    events = np.array([[start / 10, start / 10 + 1.0]])
    perturber = perturber_for(WeightedEnergy(np.zeros(n_cells)), unit_clip(n_cells))
    metric = spec.factory(spec.parameters())

    def score(relevance: np.ndarray) -> float:
        others = (start / 10 + 3.0) % 10 + np.array([[0.0, 1.0]])
        return metric(
            Scoring(relevance, events, perturber, RandomKey((1,)), other_intervals_s=others)
        )

    truth = perturber.segments.coverage(events)
    rng = np.random.default_rng(0)
    best, chance = score(truth), float(np.mean([score(rng.random(n_cells)) for _ in range(40)]))
    assert spec.facts.higher_is_better
    assert best == spec.facts.highest
    assert abs(best - spec.facts.highest) < abs(chance - spec.facts.highest)
    mirrored = score(np.roll(truth, 30))
    assert mirrored <= chance + 1e-9 or spec.name.startswith("event-recall")
    if spec.name == "roc-auc":
        assert score(np.ones(n_cells)) == 0.5
        assert chance == pytest.approx(0.5, abs=0.05)
