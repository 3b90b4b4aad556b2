"""Mass and rank accuracy, and the overlap of binarized relevance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import F1, IOU, f1, iou, mass_accuracy, otsu_threshold, rank_accuracy, select
from awb.metrics.mass import top_shares
from golden import slow_localization as slow
from golden.strategies import Labelled, labelled, quick, relevances

CUTS = sorted(IOU)


@quick
@given(labelled(largest=10))
def test_slow_mass_and_rank_agree(case: Labelled) -> None:
    relevance, labels = case
    assert rank_accuracy(relevance, labels) == pytest.approx(
        slow.rank_accuracy(relevance.tolist(), labels.tolist())
    )
    expected = slow.mass_accuracy(relevance.tolist(), labels.tolist())
    if expected is None:
        with pytest.raises(UndefinedScoreError, match="no relevance is positive"):
            mass_accuracy(relevance, labels)
    else:
        assert mass_accuracy(relevance, labels) == pytest.approx(expected)


@pytest.mark.parametrize("cut", CUTS)
@quick
@given(case=labelled(largest=10))
def test_slow_overlap_agrees(cut, case: Labelled) -> None:
    relevance, labels = case
    rows = relevance.tolist(), labels.tolist(), cut
    assert iou(relevance, labels, threshold=cut) == pytest.approx(slow.iou(*rows))
    assert f1(relevance, labels, threshold=cut) == pytest.approx(slow.f1(*rows))


@quick
@given(st.integers(1, 30).flatmap(relevances))
def test_otsu_is_the_best_split(relevance: np.ndarray) -> None:
    assert otsu_threshold(relevance) == slow.otsu_threshold(relevance.tolist())


@quick
@given(labelled(), st.sampled_from([2.0**-30, 0.5, 4.0, 2.0**40]))
def test_positive_scaling_changes_nothing(case: Labelled, scale: float) -> None:
    relevance, labels = case
    assert rank_accuracy(scale * relevance, labels) == rank_accuracy(relevance, labels)
    for cut in CUTS:
        before = iou(relevance, labels, threshold=cut)
        assert iou(scale * relevance, labels, threshold=cut) == before
    if relevance[labels != -1].max() > 0:
        assert mass_accuracy(scale * relevance, labels) == mass_accuracy(relevance, labels)


@quick
@given(labelled(), st.integers(0, 99))
def test_positions_do_not_matter(case: Labelled, seed: int) -> None:
    relevance, labels = case
    assume(relevance[labels != -1].max() > 0)
    order = np.random.default_rng(seed).permutation(labels.size)
    moved = relevance[order], labels[order]
    assert mass_accuracy(*moved) == pytest.approx(mass_accuracy(relevance, labels))
    assert rank_accuracy(*moved) == pytest.approx(rank_accuracy(relevance, labels))
    for cut in CUTS:
        assert f1(*moved, threshold=cut) == pytest.approx(f1(relevance, labels, threshold=cut))


@quick
@given(labelled())
def test_the_labels_themselves_score_best(case: Labelled) -> None:
    _, labels = case
    oracle = (labels == 1).astype(float)
    assert mass_accuracy(oracle, labels) == rank_accuracy(oracle, labels) == 1.0
    for cut in CUTS:
        assert iou(oracle, labels, threshold=cut) == f1(oracle, labels, threshold=cut) == 1.0


@quick
@given(labelled())
def test_f1_at_the_annotated_share_is_rank_accuracy(case: Labelled) -> None:
    relevance, labels = case
    expected = pytest.approx(rank_accuracy(relevance, labels))
    assert f1(relevance, labels, threshold="annotated") == expected


@quick
@given(labelled())
def test_iou_and_f1_determine_each_other(case: Labelled) -> None:
    relevance, labels = case
    for cut in CUTS:
        score = iou(relevance, labels, threshold=cut)
        assert f1(relevance, labels, threshold=cut) == pytest.approx(2 * score / (1 + score))


@pytest.mark.parametrize("value", [0.0, 0.1, -0.1, 1e300, 5e-324])
@pytest.mark.parametrize("n", [2, 7, 99])
def test_a_constant_selects_nothing(value: float, n: int) -> None:
    flat = np.full(n, value)
    assert not select(flat, threshold="mean").any()
    assert not select(flat, threshold="otsu").any()
    assert iou(flat, [1] + [0] * (n - 1), threshold="mean") == 0.0
    assert otsu_threshold(flat) == value


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [1, 3, 0, 2], [3, 2, 1, 0], [2, 0, 3, 1]])
@pytest.mark.parametrize("scale", [1.0, 1 / 3, 1e300])
def test_a_cell_at_the_mean_is_not_above_it(order: list[int], scale: float) -> None:
    relevance = scale * np.array([2.0, 3.0, 1.0, -2.0])[order]
    assert select(relevance, threshold="mean").tolist() == [index < 2 for index in order]


@pytest.mark.parametrize("cut", ["mean", "otsu"])
def test_the_threshold_does_not_depend_on_labels(cut) -> None:
    relevance = np.array([0.0, 1.0, 2.0, 3.0, 50.0])
    first = iou(relevance, [0, 0, 0, 1, -1], threshold=cut)
    assert first == 0.0  # the ignored 50 sets the threshold, and is not counted


def test_huge_and_tiny_relevance_does_not_overflow() -> None:
    for scale in (1e305, 1e-305):
        relevance = scale * np.array([1.0, 2.0, 9.0, 8.0])
        assert select(relevance, threshold="mean").tolist() == [False, False, True, True]
        assert select(relevance, threshold="otsu").tolist() == [False, False, True, True]
        assert mass_accuracy(relevance, [0, 0, 1, 1]) == pytest.approx(0.85)


@quick
@given(st.integers(1, 12).flatmap(relevances), st.data())
def test_top_shares_are_the_mean_of_all_choices(relevance: np.ndarray, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, relevance.size))
    shares = top_shares(relevance, count)
    choices = slow.top_choices(relevance.tolist(), count)
    expected = [np.mean([i in choice for choice in choices]) for i in range(relevance.size)]
    np.testing.assert_allclose(shares, expected)
    assert shares.sum() == pytest.approx(count)


def test_bad_settings_are_refused() -> None:
    with pytest.raises(ParameterError, match="Did you mean mean"):
        iou([1.0, 2.0], [0, 1], threshold="maen")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="Known: annotated, mean, otsu"):
        select([1.0, 2.0], threshold="x")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="cannot choose 3 of 2"):
        top_shares([1.0, 2.0], 3)


def test_each_cut_is_named() -> None:
    assert [facts.name for facts in IOU.values()] == ["iou-mean", "iou-otsu", "iou-annotated"]
    assert [facts.name for facts in F1.values()] == ["f1-mean", "f1-otsu", "f1-annotated"]


@pytest.mark.parametrize("relevance", [[-3.0, -2.5, 0.0], [-9.0, -8.0, -1.0], [-1e300, 0.0, 1e-9]])
def test_negative_relevance_is_split_in_the_same_way(relevance: list[float]) -> None:
    expected = slow.otsu_threshold([value / abs(relevance[0]) for value in relevance])
    assert otsu_threshold(relevance) == pytest.approx(expected * abs(relevance[0]))
    cut = sum(relevance) / 3
    assert select(relevance, threshold="mean").tolist() == [value > cut for value in relevance]


@pytest.mark.parametrize("threshold", ["mean", "otsu"])
@pytest.mark.parametrize("level", [1.0, -3.0, 1e-300, 0.1])
def test_a_constant_with_rounding_noise_selects_nothing(level: float, threshold: Any) -> None:
    noise = np.random.default_rng(0).uniform(-1e-15, 1e-15, size=20)
    relevance = level * (1 + noise)
    assert np.ptp(relevance) > 0
    assert not select(relevance, threshold=threshold).any()
    assert iou(relevance, [1, 1, *[0] * 18], threshold=threshold) == 0.0
    louder = relevance.copy()
    louder[3] += 1e-9 * abs(level)
    assert np.flatnonzero(select(louder, threshold=threshold)).tolist() == [3]
