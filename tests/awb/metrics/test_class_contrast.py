"""Contrast between classes, against counting pairs, scikit-learn and cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from awb.errors import ParameterError, UndefinedScoreError
from awb.metrics import class_contrast, target_similarity
from golden import slow_fidelity, slow_localization
from golden.strategies import quick

OWN = [1.0, 1.0, 0.5, 0.0, 0.0, 0.0, 1.0, 0.0]
OTHERS = [0.0, 0.0, 0.0, 1.0, 1.0, 0.4, 1.0, 0.0]


@quick
@given(
    st.lists(
        st.tuples(
            st.integers(-3, 3),
            st.sampled_from([0.0, 0.5, 0.95, 1.0]),
            st.sampled_from([0.0, 0.5, 0.95, 1.0]),
        ),
        min_size=2,
        max_size=20,
    )
)
def test_it_counts_pairs_of_the_two_sounds(cells: list[tuple[int, float, float]]) -> None:
    relevance, own, others = ([float(value) for value in row] for row in zip(*cells, strict=True))
    expected = slow_localization.class_contrast(relevance, own, others)
    if expected is None:
        with pytest.raises(UndefinedScoreError, match="alone"):
            class_contrast(relevance, own, others)
    else:
        assert class_contrast(relevance, own, others) == pytest.approx(expected)


def test_it_is_the_roc_auc_of_cells_0_and_1_against_3_and_4() -> None:
    relevance = np.random.default_rng(0).normal(size=8)
    expected = roc_auc_score([1, 1, 0, 0], relevance[[0, 1, 3, 4]])
    assert class_contrast(relevance, OWN, OTHERS) == pytest.approx(expected)


def test_silence_overlaps_and_edges_do_not_count() -> None:
    relevance = np.array([3.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    for cell in (2, 5, 6, 7):
        for value in (-9.0, 9.0):
            changed = np.where(np.arange(8) == cell, value, relevance)
            assert class_contrast(changed, OWN, OTHERS) == 1.0


def test_what_points_at_every_sound_is_at_chance() -> None:
    loud = np.maximum(OWN, OTHERS)
    assert class_contrast(loud, OWN, OTHERS) == 0.5
    assert class_contrast(np.zeros(8), OWN, OTHERS) == 0.5


@pytest.mark.parametrize(
    ("own", "others", "reason"),
    [
        ([1, 0, 0], [0, 0, 0], "another labelled sound alone"),
        ([1, 0, 0], [1, 0, 0], "another labelled sound alone"),
        ([1, 0, 0], [1, 1, 0], "the target alone"),
    ],
)
def test_without_both_sounds_there_is_no_contrast(
    own: list[int], others: list[int], reason: str
) -> None:
    with pytest.raises(UndefinedScoreError, match=reason):
        class_contrast([1.0, 2.0, 3.0], own, others)


def test_coverages_must_fit() -> None:
    with pytest.raises(ParameterError, match="expected 3 parts"):
        class_contrast([1.0, 2.0, 3.0], [1, 0], [0, 0, 1])


@quick
@given(st.lists(st.tuples(st.integers(-2, 4), st.integers(-2, 4)), min_size=2, max_size=12))
def test_similarity_is_spearmans_as_in_quantus_without_its_negative_part(
    pairs: list[tuple[int, int]],
) -> None:
    one, other = ([float(value) for value in row] for row in zip(*pairs, strict=True))
    expected = slow_fidelity.pearson(slow_fidelity.ranks(one), slow_fidelity.ranks(other))
    if expected is None:
        with pytest.raises(UndefinedScoreError, match="constant"):
            target_similarity(one, other)
    else:
        assert target_similarity(one, other) == pytest.approx(max(0.0, expected), abs=1e-9)
