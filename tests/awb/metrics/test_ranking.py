"""ROC-AUC, average precision and the pointing game."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score, roc_auc_score

from awb.errors import UndefinedScoreError
from awb.metrics import average_precision, ndcg, pointing_game, roc_auc
from golden import slow_localization
from golden.strategies import Labelled, labelled, quick

METRICS = [roc_auc, average_precision, ndcg, pointing_game]
SLOW = {
    roc_auc: slow_localization.roc_auc,
    average_precision: slow_localization.average_precision,
    ndcg: slow_localization.ndcg,
    pointing_game: slow_localization.pointing_game,
}


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(case=labelled())
def test_slow_oracle_agrees(metric, case: Labelled) -> None:
    relevance, labels = case
    expected = SLOW[metric](relevance.tolist(), labels.tolist())
    assert metric(relevance, labels) == pytest.approx(expected, abs=1e-12)


@quick
@given(labelled())
def test_scikit_learn_agrees(case: Labelled) -> None:
    relevance, labels = case
    counted = labels != -1
    true, score = labels[counted], relevance[counted]
    assert roc_auc(relevance, labels) == pytest.approx(roc_auc_score(true, score), abs=1e-12)
    expected = average_precision_score(true, score)
    assert average_precision(relevance, labels) == pytest.approx(expected, abs=1e-12)
    expected = ndcg_score([true], [score])
    assert ndcg(relevance, labels) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(case=labelled(), scale=st.sampled_from([1e-9, 0.25, 3.0, 1e12]), shift=st.integers(-4, 4))
def test_only_the_order_matters(metric, case: Labelled, scale: float, shift: int) -> None:
    relevance, labels = case
    assert metric(scale * relevance, labels) == metric(relevance, labels)
    assert metric(relevance + shift, labels) == metric(relevance, labels)


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(case=labelled(), seed=st.integers(0, 99))
def test_positions_do_not_matter(metric, case: Labelled, seed: int) -> None:
    relevance, labels = case
    order = np.random.default_rng(seed).permutation(labels.size)
    assert metric(relevance[order], labels[order]) == pytest.approx(metric(relevance, labels))


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(case=labelled(), value=st.sampled_from([-1e9, 1e9]))
def test_ignored_cells_do_not_count(metric, case: Labelled, value: float) -> None:
    relevance, labels = case
    changed = np.where(labels == -1, value, relevance)
    assert metric(changed, labels) == metric(relevance, labels)


@quick
@given(labelled())
def test_reversed_relevance_mirrors_auc(case: Labelled) -> None:
    relevance, labels = case
    assert roc_auc(-relevance, labels) == pytest.approx(1 - roc_auc(relevance, labels))


@pytest.mark.parametrize("metric", METRICS)
@quick
@given(case=labelled())
def test_the_labels_themselves_score_best(metric, case: Labelled) -> None:
    _, labels = case
    assert metric((labels == 1).astype(float), labels) == 1.0


@quick
@given(labelled())
def test_a_constant_is_chance(case: Labelled) -> None:
    _, labels = case
    flat = np.full(labels.size, 0.1)
    prevalence = np.mean(labels[labels != -1] == 1)
    assert roc_auc(flat, labels) == 0.5
    assert average_precision(flat, labels) == pytest.approx(prevalence)
    assert pointing_game(flat, labels) == pytest.approx(prevalence)


def test_random_relevance_is_chance_wherever_the_event_is() -> None:
    rng = np.random.default_rng(3)
    for start in (0, 45, 90):
        labels = np.zeros(100, dtype=np.int8)
        labels[start : start + 10] = 1
        scores = [roc_auc(rng.random(100), labels) for _ in range(400)]
        assert np.mean(scores) == pytest.approx(0.5, abs=0.02)


def test_ties_at_the_peak_count_by_share() -> None:
    assert pointing_game([5, 5, 5, 5, 0], [1, 0, 0, 0, 1]) == 0.25


def test_a_callers_arrays_are_not_changed() -> None:
    relevance, labels = np.array([2.0, 1.0, 3.0]), np.array([1, 0, -1])
    for array in (relevance, labels):
        array.flags.writeable = False
    for metric in METRICS:
        metric(relevance, labels)
    assert relevance.tolist() == [2, 1, 3]


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("labels", "reason"),
    [([0, 0, -1], "inside"), ([-1, -1, -1], "inside"), ([1, 1, -1], "outside")],
)
def test_a_single_kind_of_label_has_no_score(metric, labels: list[int], reason: str) -> None:
    with pytest.raises(UndefinedScoreError, match=reason):
        metric([1.0, 2.0, 3.0], labels)
