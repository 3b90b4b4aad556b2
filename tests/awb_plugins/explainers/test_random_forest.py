"""The forest: planted order, and its TreeSHAP against enumeration."""

from __future__ import annotations

from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.ensemble import RandomForestRegressor

from awb_plugins.explainers.segmentwise import kernel_shap, linear_regression, random_forest
from awb_plugins.explainers.segmentwise.tree_shap import forest_shap, tree_shap
from fakes import WeightedEnergy, perturber_for, unit_clip
from games import game_perturber, relevance, table_game

WEIGHTS = np.array([0.0, 3.0, 1.0, 8.0, 0.2, 5.0, 0.0, 2.0, 0.5, 6.5])


@pytest.mark.parametrize("spec", [random_forest.SPEC, linear_regression.SPEC, kernel_shap.SPEC])
def test_the_order_of_planted_weights_is_recovered(spec: Any) -> None:
    perturber = perturber_for(WeightedEnergy(WEIGHTS, -2.0), unit_clip(10), samples=400)
    found = relevance(spec, perturber)
    strong = np.flatnonzero(WEIGHTS >= 2)
    assert list(strong[np.argsort(-found[strong])]) == list(strong[np.argsort(-WEIGHTS[strong])])
    assert found[strong].min() > np.delete(found, strong).max()


def test_importance_is_scikit_learns() -> None:
    perturber = game_perturber(table_game(8, 0), 8, samples=150)
    pool = perturber.pool()
    state = int(np.random.default_rng(0).integers(2**31))
    settings = random_forest.RandomForestParameters()
    forest = RandomForestRegressor(100, max_features=settings.max_features, random_state=state)
    forest.fit((~pool.drop_masks).astype(np.float32), pool.scores)
    np.testing.assert_allclose(
        relevance(random_forest.SPEC, perturber), forest.feature_importances_, atol=1e-12
    )


def _expected_value(tree: Any, known: frozenset[int], node: int = 0) -> float:
    """Expected prediction when the known features are 1 and the others follow the training data."""
    left, right = tree.children_left[node], tree.children_right[node]
    if left < 0:
        return float(tree.value[node, 0, 0])
    if tree.feature[node] in known:
        return _expected_value(tree, known, right)
    cover = tree.weighted_n_node_samples
    return sum(
        cover[child] / cover[node] * _expected_value(tree, known, child) for child in (left, right)
    )


def _slow_tree_shap(tree: Any, n_features: int) -> np.ndarray:
    found = np.zeros(n_features)
    for feature in range(n_features):
        others = [other for other in range(n_features) if other != feature]
        for size in range(n_features):
            weight = factorial(size) * factorial(n_features - size - 1) / factorial(n_features)
            for subset in combinations(others, size):
                known = frozenset(subset)
                gain = _expected_value(tree, known | {feature}) - _expected_value(tree, known)
                found[feature] += weight * gain
    return found


@pytest.mark.parametrize("seed", range(3))
def test_tree_shap_equals_enumeration(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = (rng.random((60, 7)) < 0.6).astype(np.float32)
    scores = kept @ rng.standard_normal(7) + 3 * kept[:, 0] * kept[:, 3]
    forest = RandomForestRegressor(3, random_state=seed).fit(kept, scores)
    for estimator in forest.estimators_:
        expected = _slow_tree_shap(estimator.tree_, 7)
        np.testing.assert_allclose(tree_shap(estimator.tree_, 7), expected, atol=1e-10)


def test_forest_shap_sums_to_the_prediction_minus_the_mean() -> None:
    rng = np.random.default_rng(0)
    kept = (rng.random((400, 40)) < 0.7).astype(np.float32)
    scores = kept @ rng.standard_normal(40)
    forest = RandomForestRegressor(10, random_state=0).fit(kept, scores)
    means = [estimator.tree_.value[0, 0, 0] for estimator in forest.estimators_]
    total = forest.predict(np.ones((1, 40)))[0] - np.mean(means)
    assert forest_shap(forest, 40).sum() == pytest.approx(total, abs=1e-9)


def test_a_tree_without_splits_attributes_nothing() -> None:
    forest = RandomForestRegressor(2, random_state=0).fit(np.eye(4), np.ones(4))
    assert not forest_shap(forest, 4).any()


def test_shap_sees_the_sign_that_impurity_does_not() -> None:
    weights = np.zeros(10)
    weights[[2, 6]] = [6.0, -6.0]
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(10), samples=300)
    impurity = relevance(random_forest.SPEC, perturber)
    signed = relevance(random_forest.SPEC, perturber, attribution="shap")
    assert (impurity >= 0).all()
    assert set(np.argsort(-impurity)[:2]) == {2, 6}
    assert (signed.argmax(), signed.argmin()) == (2, 6)
    assert spearmanr(impurity, np.abs(signed)).statistic > 0.5
