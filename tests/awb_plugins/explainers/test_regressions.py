"""Regressions on the shared design against scikit-learn and statistics by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LinearRegression, Ridge
from sklearn.metrics.pairwise import cosine_distances, euclidean_distances

from awb.perturbation import Perturber
from awb_plugins.explainers.segmentwise import lasso, lime, linear_regression, ridge
from awb_plugins.explainers.segmentwise.lime import proximity
from fakes import WeightedEnergy, perturber_for, unit_clip
from games import game_perturber, relevance, table_game

WEIGHTS = np.array([0.0, 3.0, -2.0, 8.0, 1.0, 0.5, -6.0, 2.0, 0.0, 4.0, 5.0, -1.0])


@pytest.fixture
def perturber() -> Perturber:
    return game_perturber(table_game(9, 5), 9, samples=120)


def _kept(perturber: Perturber) -> np.ndarray:
    return (~perturber.pool().drop_masks).astype(float)


def test_linear_regression_equals_scikit_learn(perturber: Perturber) -> None:
    expected = LinearRegression().fit(_kept(perturber), perturber.pool().scores).coef_
    found = relevance(linear_regression.SPEC, perturber)
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_linear_regression_finds_an_additive_models_weights() -> None:
    perturber = perturber_for(WeightedEnergy(WEIGHTS, 3.0), unit_clip(12), samples=200)
    np.testing.assert_allclose(relevance(linear_regression.SPEC, perturber), WEIGHTS / 4, atol=1e-5)


def test_linear_regression_of_too_few_masks_is_the_one_of_least_norm() -> None:
    perturber = game_perturber(table_game(9, 5), 9, samples=4)
    kept = _kept(perturber)
    scores = perturber.pool().scores
    expected = np.linalg.pinv(kept - kept.mean(axis=0)) @ (scores - scores.mean())
    np.testing.assert_allclose(relevance(linear_regression.SPEC, perturber), expected, atol=1e-10)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 50.0])
def test_ridge_equals_scikit_learn(perturber: Perturber, alpha: float) -> None:
    expected = Ridge(alpha=alpha).fit(_kept(perturber), perturber.pool().scores).coef_
    np.testing.assert_allclose(relevance(ridge.SPEC, perturber, alpha=alpha), expected, atol=1e-10)


def test_ridge_by_hand(perturber: Perturber) -> None:
    kept, scores = _kept(perturber), perturber.pool().scores
    kept = kept - kept.mean(axis=0)
    expected = np.linalg.solve(kept.T @ kept + 2.0 * np.eye(9), kept.T @ (scores - scores.mean()))
    np.testing.assert_allclose(relevance(ridge.SPEC, perturber, alpha=2.0), expected, atol=1e-10)


def test_lasso_is_scikit_learns_with_a_relative_penalty(perturber: Perturber) -> None:
    kept, scores = _kept(perturber), perturber.pool().scores
    full = lasso.full_penalty(perturber.pool().drop_masks, scores)
    assert not Lasso(alpha=full * 1.001).fit(kept, scores).coef_.any()
    assert Lasso(alpha=full * 0.9).fit(kept, scores).coef_.any()
    expected = Lasso(alpha=full * 0.3).fit(kept, scores).coef_
    np.testing.assert_allclose(relevance(lasso.SPEC, perturber, strength=0.3), expected, atol=1e-9)


def test_lasso_leaves_silent_segments_at_zero() -> None:
    weights = np.zeros(12)
    weights[[2, 7]] = [5.0, -3.0]
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(12), samples=300)
    found = relevance(lasso.SPEC, perturber)
    assert set(np.flatnonzero(found)) == {2, 7}
    assert found[2] > 0 > found[7]


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("width", [0.1, 0.25, 0.7])
def test_lime_is_a_weighted_ridge(perturber: Perturber, distance: str, width: float) -> None:
    kept, clip = _kept(perturber), np.ones((1, 9))
    apart = (
        cosine_distances(kept, clip)[:, 0]
        if distance == "cosine"
        else euclidean_distances(kept, clip)[:, 0] / 3.0
    )
    weights = np.sqrt(np.exp(-(apart**2) / width**2))
    scores = perturber.pool().scores
    expected = Ridge(alpha=1.0).fit(kept, scores, sample_weight=weights).coef_
    found = relevance(lime.SPEC, perturber, distance=distance, kernel_width=width)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_proximity_knows_the_ends() -> None:
    masks = np.array([[False] * 4, [True] * 4])
    near, far = proximity(masks, distance="cosine", kernel_width=0.25)
    assert near == 1.0
    assert far == pytest.approx(np.exp(-8.0))
