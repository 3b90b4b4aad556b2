"""Correlation, RISE and run correlation against numpy."""

from __future__ import annotations

import numpy as np
import pytest

from awb import designs
from awb_plugins.explainers.segmentwise import correlation, run_correlation
from games import game_perturber, relevance, table_game


def test_correlation_is_numpys() -> None:
    perturber = game_perturber(table_game(9, 0), 9, samples=80)
    pool = perturber.pool()
    expected = [np.corrcoef(~pool.drop_masks[:, i], pool.scores)[0, 1] for i in range(9)]
    np.testing.assert_allclose(relevance(correlation.SPEC, perturber), expected, atol=1e-12)


def test_what_never_changes_correlates_with_nothing() -> None:
    masks = np.array([[True, False, False], [True, True, False], [True, False, True]])
    found = correlation.correlations(masks, np.array([1.0, 2.0, 4.0]))
    assert found[0] == 0.0
    assert found[1:].all()
    assert not correlation.correlations(masks, np.full(3, 7.0)).any()
    assert not correlation.correlations(masks, np.array([0.1, 0.1 + 1e-12, 0.1])).any()


def test_rise_is_the_mean_score_of_the_masks_that_keep_a_segment() -> None:
    perturber = game_perturber(table_game(9, 1), 9, samples=80)
    pool = perturber.pool()
    expected = [pool.scores[~pool.drop_masks[:, i]].mean() for i in range(9)]
    found = relevance(correlation.RISE, perturber)
    np.testing.assert_allclose(found, np.array(expected) - pool.scores.mean(), atol=1e-12)


@pytest.mark.parametrize("sign", ["absolute", "signed"])
@pytest.mark.parametrize(("dropped", "kept"), [(6.0, 3.0), (1.5, 0.2), (0.2, 1.5)])
def test_run_correlation_uses_its_own_runs(sign: str, dropped: float, kept: float) -> None:
    """Runs are in segments of 0.1 s, at least one long."""
    perturber = game_perturber(table_game(14, 2), 14)
    masks = designs.runs(
        14, 60, np.random.default_rng(0), dropped_run=max(1, dropped), kept_run=max(1, kept)
    )
    scores = perturber.scores(masks)
    expected = np.array([np.corrcoef(~masks[:, i], scores)[0, 1] for i in range(14)])
    found = relevance(
        run_correlation.SPEC,
        perturber,
        samples=60,
        dropped_run_s=dropped / 10,
        kept_run_s=kept / 10,
        sign=sign,
    )
    wanted = np.abs(expected) if sign == "absolute" else expected
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_run_correlation_is_absolute_unless_told_otherwise() -> None:
    assert run_correlation.RunCorrelationParameters().sign == "absolute"
    assert correlation.SPEC.parameters().model_dump()["sign"] == "signed"
