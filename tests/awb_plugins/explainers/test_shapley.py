"""Shapley and Banzhaf values against their definitions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from awb_plugins.explainers.segmentwise import banzhaf, kernel_shap, shapley_sampling
from awb_plugins.explainers.segmentwise.coalitions import (
    all_coalitions,
    shapley_coalitions,
    uniform_coalitions,
)
from fakes import WeightedEnergy, instance_of, perturber_for, unit_clip
from games import (
    all_masks,
    exact_shapley,
    game_perturber,
    relevance,
    shapley_by_orders,
    table_game,
)


def test_the_two_definitions_of_the_oracle_agree() -> None:
    game = table_game(6, 0)
    np.testing.assert_allclose(exact_shapley(game, 6), shapley_by_orders(game, 6), atol=1e-12)


@pytest.mark.parametrize("n_players", range(2, 11))
def test_kernel_shap_is_exact_when_all_coalitions_are_given(n_players: int) -> None:
    game = table_game(n_players, n_players)
    kept = all_masks(n_players)
    worth = np.array([game(row) for row in kept])
    found = kernel_shap.constrained_least_squares(
        kept.astype(float),
        worth - worth[0],
        kernel_shap.kernel_weights(~kept),
        worth[-1] - worth[0],
    )
    np.testing.assert_allclose(found, exact_shapley(game, n_players), atol=1e-8)


@pytest.mark.parametrize("n_players", [1, 2, 3, 8])
def test_kernel_shap_lists_all_coalitions_of_a_short_clip(n_players: int) -> None:
    game = table_game(n_players, 3)
    perturber = game_perturber(game, n_players, samples=254)
    found = relevance(kernel_shap.SPEC, perturber)
    np.testing.assert_allclose(found, exact_shapley(game, n_players), atol=1e-8)


@pytest.mark.parametrize("coalitions", ["own", "pool"])
@pytest.mark.parametrize("samples", [5, 40, 300])
def test_kernel_shap_is_efficient_to_rounding(coalitions: str, samples: int) -> None:
    def game(audible: np.ndarray) -> float:
        return float(audible[3] * audible[7] * 5 + audible[2] - 2 * audible[11])

    perturber = game_perturber(game, 14, samples=samples)
    found = relevance(kernel_shap.SPEC, perturber, coalitions=coalitions)
    total = perturber.clip_score() - perturber.dropped_score()
    assert found.sum() == pytest.approx(total, abs=1e-10)


def _by_lagrange(kept: np.ndarray, gain: np.ndarray, weights: np.ndarray, total: float) -> Any:
    """Solve the normal equations, bordered by the constraint."""
    n_players = kept.shape[1]
    bordered = np.ones((n_players + 1, n_players + 1))
    bordered[:-1, :-1] = kept.T @ (weights[:, None] * kept)
    bordered[-1, -1] = 0.0
    return np.linalg.solve(bordered, np.append(kept.T @ (weights * gain), total))[:-1]


@pytest.mark.parametrize("seed", range(4))
def test_the_constraint_is_that_of_lagrange_for_any_coalitions_and_weights(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kept = (rng.random((60, 9)) < 0.3).astype(float)
    gain, weights = rng.normal(size=60), rng.exponential(size=60)
    weights[:5] = 0.0
    found = kernel_shap.constrained_least_squares(kept, gain, weights, 2.5)
    np.testing.assert_allclose(found, _by_lagrange(kept, gain, weights, 2.5), atol=1e-9)


def test_kernel_shap_on_the_pool_is_the_weighted_fit_to_its_gains() -> None:
    perturber = game_perturber(table_game(9, 6), 9, samples=120)
    pool, nothing = perturber.pool(), perturber.dropped_score()
    sizes = (~pool.drop_masks).sum(axis=1)
    share = [float(np.mean(sizes == size)) for size in sizes]
    weights = 1.0 / (sizes * (9 - sizes) * np.array(share))
    gain, total = pool.scores - nothing, perturber.clip_score() - nothing
    expected = _by_lagrange((~pool.drop_masks).astype(float), gain, weights, total)
    found = relevance(kernel_shap.SPEC, perturber, coalitions="pool")
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_kernel_shap_from_drawn_coalitions_comes_near() -> None:
    game = table_game(9, 1)
    exact = exact_shapley(game, 9)
    errors = [
        np.abs(relevance(kernel_shap.SPEC, game_perturber(game, 9, samples=samples)) - exact).max()
        for samples in (40, 400)
    ]
    assert errors[1] < errors[0] / 2


def test_on_masks_of_one_size_kernel_shap_weighs_all_alike() -> None:
    masks = np.random.default_rng(0).permuted(np.tile(np.arange(10) < 3, (50, 1)), axis=1)
    weights = kernel_shap.kernel_weights(masks)
    np.testing.assert_allclose(weights, weights[0])


def test_drawn_coalitions_are_pairs_of_proper_coalitions() -> None:
    masks = shapley_coalitions(12, 101, np.random.default_rng(0))
    assert masks.shape == (102, 12)
    np.testing.assert_array_equal(masks[::2], ~masks[1::2])
    assert not masks.all(axis=1).any()
    assert masks.any(axis=1).all()
    sizes = np.bincount(shapley_coalitions(20, 40_000, np.random.default_rng(1)).sum(axis=1))[1:20]
    expected = 1.0 / (np.arange(1, 20) * np.arange(19, 0, -1))
    np.testing.assert_allclose(sizes / sizes.sum(), expected / expected.sum(), atol=0.01)


def test_all_coalitions_are_listed_once() -> None:
    assert len(np.unique(all_coalitions(6), axis=0)) == 64
    assert len(shapley_coalitions(6, 62, np.random.default_rng(0))) == 62
    assert len(uniform_coalitions(6, 64, np.random.default_rng(0))) == 64


def test_shapley_sampling_is_efficient_and_exact_for_additive_games() -> None:
    weights = np.arange(12.0) - 4
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(12), samples=30)
    found = relevance(shapley_sampling.SPEC, perturber)
    np.testing.assert_allclose(found, weights / 4, atol=1e-5)


def test_shapley_sampling_converges_with_the_root_of_the_number_of_orders() -> None:
    game = table_game(6, 2)
    exact = exact_shapley(game, 6)
    perturber = game_perturber(game, 6)

    def error(permutations: int) -> float:
        found = [
            relevance(shapley_sampling.SPEC, perturber, seed=seed, permutations=permutations)
            for seed in range(40)
        ]
        return float(np.sqrt(np.mean((np.array(found) - exact) ** 2)))

    few, many = error(8), error(128)
    assert 2.5 < few / many < 6.5, "16 times as many orders, a quarter of the error"


@pytest.mark.parametrize(
    ("settings", "samples", "orders"),
    [
        *(({}, 500, 10), ({}, 549, 10), ({}, 550, 12), ({}, 20, 2)),
        *(({"permutations": 7}, 500, 8), ({"permutations": 1}, 500, 2)),
    ],
)
def test_shapley_sampling_asks_for_pairs_of_orders_within_a_fifth_of_the_pool(
    settings: dict[str, int], samples: int, orders: int
) -> None:
    view = game_perturber(table_game(10, 0), 10, samples=samples).view()
    explainer = shapley_sampling.SPEC.factory(shapley_sampling.SPEC.parameters(**settings))
    explainer(view, instance_of(unit_clip(10)), np.random.default_rng(0))
    assert view.cost.calls == orders * 11


def test_banzhaf_is_exact_when_all_coalitions_are_few() -> None:
    game = table_game(7, 4)
    kept = all_masks(7)
    worth = np.array([game(row) for row in kept])
    exact = [worth[kept[:, i]].mean() - worth[~kept[:, i]].mean() for i in range(7)]
    found = relevance(banzhaf.SPEC, game_perturber(game, 7, samples=640))
    np.testing.assert_allclose(found, exact, atol=1e-10)


def test_banzhaf_from_drawn_coalitions_comes_near() -> None:
    def game(audible: np.ndarray) -> float:
        return 4.0 * float(audible[2] and audible[5]) + float(audible[9])

    found = relevance(banzhaf.SPEC, game_perturber(game, 12), samples=2000)
    expected = np.zeros(12)
    expected[[2, 5, 9]] = [2.0, 2.0, 1.0]
    np.testing.assert_allclose(found, expected, atol=0.2)


@pytest.mark.parametrize(
    ("settings", "samples", "calls"),
    [({}, 200, 40), ({}, 5, 2), ({"samples": 30}, 200, 30), ({"samples": 31}, 200, 32)],
)
def test_banzhaf_asks_for_a_fifth_of_the_pool_or_for_what_it_is_told(
    settings: dict[str, int], samples: int, calls: int
) -> None:
    view = game_perturber(table_game(10, 0), 10, samples=samples).view()
    explainer = banzhaf.SPEC.factory(banzhaf.SPEC.parameters(**settings))
    explainer(view, instance_of(unit_clip(10)), np.random.default_rng(0))
    assert view.cost.calls == calls


def test_banzhaf_and_shapley_differ_on_larger_interactions() -> None:
    def game(audible: np.ndarray) -> float:
        return 6.0 * float(audible[:3].all())

    perturber = game_perturber(game, 6, samples=320)
    assert relevance(kernel_shap.SPEC, perturber)[0] == pytest.approx(2.0)
    assert relevance(banzhaf.SPEC, perturber)[0] == pytest.approx(1.5)
