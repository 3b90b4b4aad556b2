"""Metrics of maps, against Quantus's formulas written as loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from awb import metrics as m
from awb.errors import ParameterError, RelevanceError, UndefinedScoreError
from awb.intervals import FloatArray
from golden import slow_time_frequency as slow
from golden.strategies import quick

TIMES_S = np.arange(7) * 0.1 + 0.05
BINS_HZ = np.array([100.0, 200.0, 350.0, 600.0, 1000.0])
Boxes = list[tuple[float, ...]]


@st.composite
def boxes(draw: st.DrawFn) -> Boxes:
    """One or two boxes that leave cells free, with edges that are off the grid or on it."""
    found = []
    for _ in range(draw(st.integers(1, 2))):
        onset, length = (
            draw(st.sampled_from([0.0, 0.1, 0.17, 0.3])),
            draw(st.sampled_from([0.004, 0.1, 0.2])),
        )
        low, width = (
            draw(st.sampled_from([90.0, 150.0, 275.0, 480.0])),
            draw(st.sampled_from([1.0, 60.0, 300.0])),
        )
        found.append((onset, onset + length, low, low + width))
    return found


def _map(seed: int) -> FloatArray:
    """A map without ties, some of it negative."""
    return np.random.default_rng(seed).normal(0.3, 1.0, (TIMES_S.size, BINS_HZ.size))


@quick
@given(boxes(), st.integers(0, 100))
def test_metrics_of_a_map_are_quantus_formulas_on_the_box(found: Boxes, seed: int) -> None:
    grid = _map(seed)
    labels = m.box_labels(TIMES_S, BINS_HZ, found)
    inside = slow.box(TIMES_S.tolist(), BINS_HZ.tolist(), found)
    assert (labels == 1).tolist() == inside
    cells, rows = m.cells_of(grid, labels), grid.tolist()
    assert m.mass_accuracy(*cells) == pytest.approx(slow.quantus_mass(rows, inside))
    assert m.rank_accuracy(*cells) == pytest.approx(slow.quantus_rank(rows, inside))
    assert m.pointing_game(*cells) == slow.quantus_pointing(rows, inside)
    assert m.iou(*cells, threshold="annotated") == pytest.approx(slow.iou(rows, inside))


@quick
@given(boxes(), st.integers(0, 100))
def test_metrics_that_rank_do_not_see_a_monotone_transform(found: Boxes, seed: int) -> None:
    labels, grid = m.box_labels(TIMES_S, BINS_HZ, found), _map(seed)
    plain, sharp = m.cells_of(grid, labels), m.cells_of(np.exp(3 * grid), labels)
    assert m.rank_accuracy(*plain) == m.rank_accuracy(*sharp)
    assert m.pointing_game(*plain) == m.pointing_game(*sharp)


def test_the_labels_score_one_and_a_constant_scores_their_share() -> None:
    labels = m.box_labels(TIMES_S, BINS_HZ, [[0.1, 0.3, 150.0, 400.0]])
    assert labels.sum() == 4
    best, flat = m.cells_of(labels.astype(float), labels), m.cells_of(np.ones((7, 5)), labels)
    for metric in (m.mass_accuracy, m.rank_accuracy, m.pointing_game):
        assert metric(*best) == 1.0
        assert metric(*flat) == pytest.approx(4 / 35)


def test_a_pure_tone_has_one_bin_and_a_click_one_frame() -> None:
    labels = m.box_labels(TIMES_S, BINS_HZ, [[0.31, 0.312, 440.0, 441.0]])
    assert np.argwhere(labels).tolist() == [[3, 2]]


def test_a_sound_above_what_the_model_hears_has_no_score() -> None:
    labels = m.box_labels(TIMES_S, BINS_HZ, [[0.1, 0.3, 4000.0, 5000.0]])
    with pytest.raises(UndefinedScoreError):
        m.cells_of(_map(0), labels)


def test_what_is_no_map_or_no_box_is_refused() -> None:
    with pytest.raises(RelevanceError, match="two dimensions"):
        m.cells_of(np.ones(5), np.ones(5))
    with pytest.raises(ParameterError, match="its labels"):
        m.cells_of(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ParameterError, match="low_hz"):
        m.box_labels(TIMES_S, BINS_HZ, [[0.1, 0.3]])
    with pytest.raises(ParameterError, match="increasing"):
        m.box_labels(TIMES_S, BINS_HZ[::-1], [[0.1, 0.3, 1.0, 2.0]])


@quick
@given(st.integers(2, 64), st.integers(2, 80), st.booleans())
def test_bands_cover_everything_and_each_has_a_bin(n: int, n_bins: int, linear: bool) -> None:
    bins = np.linspace(0.0, 7900.0, n_bins) if linear else np.geomspace(60.0, 7800.0, n_bins)
    edges = m.mel_bands(bins, n, 8000.0)
    assert edges[0] == 0.0
    assert edges[-1] == 8000.0
    assert 2 <= edges.size - 1 <= min(n, n_bins)
    assert (np.histogram(bins, edges)[0] > 0).all()


def test_bands_of_mel_bins_have_equally_many_bins() -> None:
    mel = np.linspace(100.0, 2800.0, 64)
    edges = m.mel_bands(700 * (10 ** (mel / 2595) - 1), 8, 8000.0)
    counts = np.histogram(mel, 2595 * np.log10(1 + edges / 700))[0]
    assert counts.tolist() == [8] * 8


@quick
@given(st.integers(0, 100), st.integers(2, 6))
def test_band_relevance_adds_up_bin_by_bin(seed: int, n: int) -> None:
    grid, edges = _map(seed), m.mel_bands(BINS_HZ, n, 2000.0)
    found = m.band_relevance(grid, BINS_HZ, edges)
    expected = slow.band_sums(grid.tolist(), BINS_HZ.tolist(), edges.tolist())
    np.testing.assert_allclose(found, expected)
    assert found.sum() == pytest.approx(grid.sum())


def test_too_few_bands_or_bins_are_refused() -> None:
    for bins, n in ((BINS_HZ, 1), (BINS_HZ[:1], 4)):
        with pytest.raises(ParameterError, match="at least two"):
            m.mel_bands(bins, n, 8000.0)
