"""The published procedures against plain re-implementations of the published code."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import comb
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression

from awb.maskers import noise
from awb.perturbation import Design, Perturber
from awb.randomness import RandomKey
from awb.segments import Segments
from awb_plugins.explainers.segmentwise import kernel_shap, paper
from fakes import WeightedEnergy, instance_of, perturber_for, unit_clip
from games import explain, game_perturber, relevance, table_game

FOREST, REGRESSION, SHAP = paper.SPECS


def test_distances_are_those_of_the_waveforms() -> None:
    clip = unit_clip(8)
    model = WeightedEnergy(np.ones(8))
    perturber = Perturber(
        model,
        instance_of(clip),
        Segments(clip.waveform.size, clip.sample_rate_hz, 0.2, 0.1),
        noise(),
        RandomKey((1,)),
        design=Design(20),
    )
    masks = perturber.pool().drop_masks
    cells = perturber.segments.drop_cells(masks)
    expected = []
    for row in np.repeat(cells, 100, axis=1):
        masked = np.where(row, perturber.fill, clip.waveform)
        expected.append(np.linalg.norm(clip.waveform - masked))
    found = paper.waveform_distances(perturber, instance_of(clip), masks)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_forest_weighs_by_distance() -> None:
    perturber = game_perturber(table_game(8, 0), 8, samples=90)
    masks, scores = paper.samples_with_clip(perturber)
    weights = np.sqrt(masks.sum(axis=1) * 25.0)  # every cell of the clip has this energy
    state = int(np.random.default_rng(0).integers(2**31))
    forest = RandomForestRegressor(n_estimators=100, random_state=state)
    forest.fit((~masks).astype(float), scores, sample_weight=weights)
    np.testing.assert_allclose(relevance(FOREST, perturber), forest.feature_importances_, atol=1e-6)


def test_the_regression_is_unweighted_and_has_the_clip_among_its_samples() -> None:
    perturber = game_perturber(table_game(8, 1), 8, samples=70)
    masks, scores = paper.samples_with_clip(perturber)
    assert not masks[0].any()
    assert len(masks) == 71
    expected = LinearRegression().fit((~masks).astype(float), scores).coef_
    np.testing.assert_allclose(relevance(REGRESSION, perturber), expected, atol=1e-10)


def _published_shap(kept: np.ndarray, scores: np.ndarray, clip: float, empty: float) -> np.ndarray:
    """Kernel SHAP with numerical gradients, weight by weight."""
    n = kept.shape[1]
    sizes = kept.sum(axis=1)
    weights = np.array([(n - 1) / (comb(n, k) * k * (n - k)) for k in sizes])
    weights = weights / weights.mean()
    result = minimize(
        lambda phi: np.sum(weights * (scores - empty - kept @ phi) ** 2),
        np.zeros(n),
        constraints={"type": "eq", "fun": lambda phi: np.sum(phi) + empty - clip},
        method="SLSQP",
        options={"maxiter": 3000},
    )
    assert result.success
    return np.asarray(result.x)


@pytest.mark.parametrize("seed", range(3))
def test_shap_is_the_published_optimization(seed: int) -> None:
    perturber = game_perturber(table_game(10, seed), 10, samples=90)
    pool = perturber.pool()
    expected = _published_shap(
        (~pool.drop_masks).astype(float),
        pool.scores,
        perturber.clip_score(),
        perturber.dropped_score(),
    )
    np.testing.assert_allclose(relevance(SHAP, perturber), expected, atol=2e-2)


def test_one_segment_bears_the_whole_gain() -> None:
    perturber = perturber_for(WeightedEnergy(np.array([8.0]), -1.0), unit_clip(1), samples=20)
    np.testing.assert_allclose(relevance(SHAP, perturber), [2.0], atol=1e-6)


def test_published_weights_ignore_how_coalitions_were_drawn() -> None:
    """Coalitions that drop 4 of 10 weigh less than those that drop 2, though as many were drawn."""
    masks = np.array([[True] * 2 + [False] * 8, [True] * 4 + [False] * 6])
    few, many = paper.published_kernel_weights(masks)
    assert few / many == pytest.approx((comb(10, 4) * 4 * 6) / (comb(10, 2) * 2 * 8))
    few, many = kernel_shap.kernel_weights(masks)
    assert few / many == pytest.approx(24 / 16)


def test_on_one_setting_the_published_shap_is_a_regression_with_a_constraint() -> None:
    weights = np.arange(10.0)
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(10), samples=100)
    found = relevance(SHAP, perturber)
    total = perturber.clip_score() - perturber.dropped_score()
    assert found.sum() == pytest.approx(total, abs=1e-6)
    np.testing.assert_allclose(found, weights / 4, atol=1e-2)


@pytest.mark.parametrize("seed", range(2))
def test_a_free_intercept_makes_it_a_weighted_regression(seed: int) -> None:
    perturber = game_perturber(table_game(10, seed), 10, samples=90)
    pool = perturber.pool()
    kept = (~pool.drop_masks).astype(float)
    weights = paper.published_kernel_weights(pool.drop_masks)
    expected = LinearRegression().fit(kept, pool.scores, sample_weight=weights).coef_
    np.testing.assert_allclose(relevance(SHAP, perturber, variant="free"), expected, atol=3e-2)


@pytest.mark.parametrize("variant", ["sum", "first"])
def test_the_sum_of_all_coefficients_is_the_clip_score_or_that_of_the_first_mask(
    variant: str,
) -> None:
    """The plain constrained least squares: the equations of Lagrange, solved at once."""
    perturber = game_perturber(table_game(10, 3), 10, samples=90)
    pool = perturber.pool()
    total = perturber.clip_score() if variant == "sum" else pool.scores[0]
    weights = paper.published_kernel_weights(pool.drop_masks)
    rows = np.column_stack([~pool.drop_masks, np.ones(90)]).astype(float)
    equations = np.ones((12, 12))
    equations[:11, :11] = (rows.T * weights) @ rows
    equations[11, 11] = 0.0
    right = np.append((rows.T * weights) @ pool.scores, total)
    expected = np.linalg.solve(equations, right)[:10]
    found = explain(SHAP, perturber, variant=variant)
    np.testing.assert_allclose(found.relevance, expected, atol=3e-2)
    assert found.surrogate is not None
    nothing_dropped = np.zeros((1, 10), dtype=bool)
    assert found.surrogate(nothing_dropped) == pytest.approx(total, abs=1e-5)


def test_the_first_mask_changes_the_published_shap() -> None:
    """Its score is a constraint, so an explanation depends on which mask was drawn first."""
    perturber = game_perturber(table_game(10, 3), 10, samples=90)
    clip = relevance(SHAP, perturber, variant="sum")
    first = relevance(SHAP, perturber, variant="first")
    assert np.abs(clip - first).max() > 0.1
