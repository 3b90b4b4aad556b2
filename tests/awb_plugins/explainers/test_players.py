"""Players longer than a segment, Owen values and stand-ins, against enumerated games."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import comb
from typing import Any

import numpy as np
import pytest

from awb.errors import ParameterError
from awb.intervals import FloatArray
from awb.segments import Segments
from awb.specs import ExplainerSpec
from awb_plugins.explainers.segmentwise import (
    banzhaf,
    kernel_shap,
    lasso,
    lime,
    linear_regression,
    owen,
    ridge,
    shapley_sampling,
    tree_proxy,
    window_shap,
)
from awb_plugins.explainers.segmentwise.coalitions import (
    ends_coalitions,
    leverage_coalitions,
    uniform_coalitions,
)
from awb_plugins.explainers.segmentwise.players import players_of, windows
from awb_plugins.explainers.segmentwise.tree_shap import boosted_shap
from fakes import WeightedEnergy, instance_of, perturber_for, unit_clip
from games import (
    Value,
    all_masks,
    exact_shapley,
    explain,
    game_perturber,
    relevance,
    table_game,
)

SHIFTED = [(3, 1), (2, 2), (4, 2)]


def _interacting(audible: np.ndarray) -> float:
    """A game of pairs and saturation, which no additive model fits."""
    return float(3 * np.tanh(audible[:4].sum() / 2) + audible[5] - 2 * audible[7] * audible[2])


def _rms(values: FloatArray) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def _grouped(game: Value, players: list[int]) -> Value:
    return lambda kept: game(np.asarray(kept, dtype=bool)[players])


def _exact_on_windows(game: Value, n_segments: int, width: int, shifts: int) -> FloatArray:
    """Shapley values of windows by enumeration, divided and averaged in loops."""
    found, cuts = np.zeros(n_segments), []
    for shift in range(shifts):
        first = round(shift * width / shifts) or width
        cuts.append([0 if at < first else 1 + (at - first) // width for at in range(n_segments)])
    for cut in cuts:
        exact = exact_shapley(_grouped(game, cut), max(cut) + 1)
        for segment, player in enumerate(cut):
            found[segment] += exact[player] / cut.count(player) / len(cuts)
    return found


@pytest.mark.parametrize(("width", "shifts"), SHIFTED)
def test_kernel_shap_of_windows_is_exact_when_all_coalitions_are_few(
    width: int, shifts: int
) -> None:
    game = table_game(10, 4)
    found = relevance(
        kernel_shap.SPEC, game_perturber(game, 10), window_s=width / 10, shifts=shifts
    )
    np.testing.assert_allclose(found, _exact_on_windows(game, 10, width, shifts), atol=1e-8)


def test_window_shap_is_exact_when_all_coalitions_are_few() -> None:
    def game(audible: np.ndarray) -> float:
        return _interacting(audible[4:14]) + 2.0 * float(audible[17] and not audible[0])

    perturber = game_perturber(game, 20)
    found = relevance(window_shap.SPEC, perturber, window_s=0.2, samples=4092, tree=False)
    np.testing.assert_allclose(found, _exact_on_windows(game, 20, 2, 2), atol=1e-8)


def test_window_shap_is_the_mean_of_windows_and_of_a_tree_of_time() -> None:
    game = table_game(8, 2)
    perturber = game_perturber(game, 8)
    found = explain(window_shap.SPEC, perturber, window_s=0.2, least=4, samples=4092)
    expected = (_exact_on_windows(game, 8, 2, 2) + _exact_owen(game, 8)) / 2
    np.testing.assert_allclose(found.relevance, expected, atol=1e-8)
    assert found.surrogate is not None
    kept = all_masks(8)
    np.testing.assert_allclose(
        found.surrogate(~kept), perturber.dropped_score() + kept @ expected, atol=1e-8
    )


def test_windows_are_cut_at_the_clock_and_shifted_by_parts_of_themselves() -> None:
    assert [cut.tolist() for cut in windows(7, 3, 3)] == [
        [0, 0, 0, 1, 1, 1, 2],
        [0, 1, 1, 1, 2, 2, 2],
        [0, 0, 1, 1, 1, 2, 2],
    ]
    assert [cut.tolist() for cut in windows(3, 1, 4)] == [[0, 1, 2]]
    assert len(windows(4, 8, 2)) == 1, "a clip of half a window has one player either way"


def test_windows_are_shortened_where_there_would_be_too_few() -> None:
    segments = Segments(3000, 1000)
    assert players_of(segments, 1.0, 1)[0].max() + 1 == 3
    assert players_of(segments, 1.0, 1, least=10)[0].max() + 1 == 10
    assert players_of(segments, 0.0, 3)[0].tolist() == list(range(30))


EFFICIENT: list[tuple[ExplainerSpec, dict[str, Any]]] = [
    (kernel_shap.SPEC, {"window_s": 0.3, "shifts": 2}),
    (kernel_shap.SPEC, {"sizes": "leverage"}),
    (shapley_sampling.SPEC, {"window_s": 0.3, "shifts": 3}),
    (window_shap.SPEC, {}),
    (window_shap.SPEC, {"tree": False}),
    (window_shap.SPEC, {"sizes": "kernel", "window_s": 0.2}),
    (tree_proxy.SPEC, {"n_estimators": 10}),
    (tree_proxy.SPEC, {"window_s": 0.2, "shifts": 2, "n_estimators": 10}),
    (owen.SPEC, {}),
]


@pytest.mark.parametrize(("spec", "settings"), EFFICIENT)
@pytest.mark.parametrize("samples", [1, 10, 61])
def test_shapley_values_sum_to_the_score_at_every_budget(
    spec: ExplainerSpec, settings: dict[str, Any], samples: int
) -> None:
    perturber = game_perturber(_interacting, 24, samples=samples)
    total = perturber.clip_score() - perturber.dropped_score()
    assert relevance(spec, perturber, **settings).sum() == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("spec", [window_shap.SPEC, tree_proxy.SPEC, owen.SPEC])
@pytest.mark.parametrize("samples", [10, 30, 61, 1000])
def test_calls_stay_within_the_budget(spec: ExplainerSpec, samples: int) -> None:
    view = game_perturber(_interacting, 24, samples=samples).view()
    spec.factory(spec.parameters())(view, instance_of(unit_clip(24)), np.random.default_rng(0))
    free = 6 if spec is window_shap.SPEC else 2  # the clip and nothing, for cuts and the tree
    assert view.cost.calls <= min(samples, 300) + free
    assert view.heeds_budget


@pytest.mark.parametrize("spec", [banzhaf.SPEC, shapley_sampling.SPEC])
@pytest.mark.parametrize("settings", [{}, {"window_s": 0.3}, {"window_s": 0.3, "shifts": 3}])
@pytest.mark.parametrize("samples", [200, 251])
def test_what_settles_early_uses_all_of_a_budget_and_no_more(
    spec: ExplainerSpec, settings: dict[str, Any], samples: int
) -> None:
    def calls(*, is_budget: bool) -> float:
        whole = game_perturber(_interacting, 24, samples=samples, is_budget=is_budget)
        view = whole.view()
        spec.factory(spec.parameters(**settings))(
            view, instance_of(unit_clip(24)), np.random.default_rng(0)
        )
        assert view.heeds_budget
        return view.cost.calls

    pair = 2 * (24 + 1)  # of orders of segments: the coarsest step
    assert samples - pair - 3 <= calls(is_budget=True) <= samples + 3, "whole pairs of each cut"
    assert calls(is_budget=False) <= samples / 5 + 2 * pair


@pytest.mark.parametrize(("spec", "most"), [(window_shap.SPEC, 0.4), (kernel_shap.SPEC, 0.4)])
def test_leverage_converges_faster_than_the_root_of_the_calls(
    spec: ExplainerSpec, most: float
) -> None:
    """Without replacement, four times the calls leave less than half of the error."""
    exact = exact_shapley(_interacting, 10)

    def error(samples: int) -> float:
        settings: dict[str, Any] = {}
        if spec is window_shap.SPEC:
            settings = {"samples": samples, "shifts": 1, "tree": False}
        perturber = game_perturber(_interacting, 10, samples=samples)
        found = [
            relevance(spec, perturber, seed=seed, sizes="leverage", **settings)
            for seed in range(12)
        ]
        return _rms(np.array(found) - exact)

    assert error(640) / error(160) < most


def test_leverage_has_less_error_than_the_kernel() -> None:
    exact = exact_shapley(_interacting, 10)
    perturber = game_perturber(_interacting, 10, samples=300)
    errors = {
        sizes: _rms(
            np.array(
                [
                    relevance(kernel_shap.SPEC, perturber, seed=seed, sizes=sizes) - exact
                    for seed in range(12)
                ]
            )
        )
        for sizes in ("kernel", "leverage")
    }
    assert errors["leverage"] < 0.75 * errors["kernel"]


@pytest.mark.parametrize(("n_players", "samples"), [(8, 60), (9, 200), (12, 101), (40, 400)])
def test_leverage_draws_distinct_pairs_of_all_sizes(n_players: int, samples: int) -> None:
    masks = leverage_coalitions(n_players, samples, np.random.default_rng(0))
    assert samples - 2 <= len(masks) <= samples + 1
    np.testing.assert_array_equal(masks[::2], ~masks[1::2])
    assert len(np.unique(masks, axis=0)) == len(masks)
    counts = np.bincount(masks.sum(axis=1), minlength=n_players + 1)
    full = np.array([comb(n_players, size) for size in range(n_players + 1)])
    assert counts[0] == counts[n_players] == 0
    free = [count for count, most in zip(counts[1:-1], full[1:-1], strict=True) if count < most]
    assert max(free) - min(free) <= 2, "sizes that are not exhausted come equally often"


def test_each_player_is_heard_alone_and_left_out_alone_before_others_are_drawn() -> None:
    masks = ends_coalitions(11, 60, np.random.default_rng(0))
    assert len(masks) == len(np.unique(masks, axis=0)) == 60
    np.testing.assert_array_equal(masks[:22:2], np.eye(11, dtype=bool))
    np.testing.assert_array_equal(masks[::2], ~masks[1::2])
    assert set(masks[22:].sum(axis=1)) == set(range(2, 10))
    assert len(ends_coalitions(11, 20, np.random.default_rng(0))) == 20, "no room: all are drawn"
    assert len(ends_coalitions(5, 30, np.random.default_rng(0))) == 30, "few: all are listed"


def test_players_alone_settle_a_regression_of_few_coalitions() -> None:
    """With 30 calls for 11 players the leverage's regression fits noise."""
    exact = exact_shapley(_two_events, 11)
    errors = {
        sizes: _rms(
            np.array(
                [
                    relevance(
                        kernel_shap.SPEC,
                        game_perturber(_two_events, 11, samples=30),
                        seed=seed,
                        sizes=sizes,
                    )
                    - exact
                    for seed in range(12)
                ]
            )
        )
        for sizes in ("leverage", "ends")
    }
    assert errors["ends"] < 0.8 * errors["leverage"]


def test_with_fewer_than_two_calls_a_window_it_is_a_ridge_regression_that_sums_to_the_score() -> (
    None
):
    perturber = game_perturber(_two_events, 20, samples=16)
    found = relevance(window_shap.SPEC, perturber, window_s=0.2, seed=4, tree=False)
    cut = np.arange(20) // 2
    view = perturber.grouped(cut)
    masks = uniform_coalitions(10, 16, np.random.default_rng(4))
    kept, scores = (~masks).astype(float), view.scores(masks) - view.dropped_score()
    total = view.clip_score() - view.dropped_score()
    bordered = np.ones((11, 11))
    bordered[:-1, :-1] = kept.T @ kept + 0.16 * np.eye(10)
    bordered[-1, -1] = 0.0
    expected = np.linalg.solve(bordered, np.append(kept.T @ scores + 0.016 * total, total))[:-1]
    np.testing.assert_allclose(found, expected[cut] / 2, atol=1e-8)


def _regressed(kept: FloatArray, scores: FloatArray, alpha: float) -> FloatArray:
    centred = kept - kept.mean(axis=0)
    gram = centred.T @ centred + alpha * np.eye(kept.shape[1])
    return np.linalg.solve(gram, centred.T @ (scores - scores.mean()))


@pytest.mark.parametrize(("spec", "alpha"), [(linear_regression.SPEC, 0.0), (ridge.SPEC, 1.0)])
def test_regressions_of_windows_are_fitted_to_masks_of_windows(
    spec: ExplainerSpec, alpha: float
) -> None:
    perturber = game_perturber(_interacting, 12, samples=200)
    expected = np.zeros(12)
    for cut in players_of(perturber.segments, 0.3, 2):
        pool = perturber.grouped(cut, share=2).pool()
        assert pool.drop_masks.shape == (100, cut.max() + 1)
        values = _regressed((~pool.drop_masks).astype(float), pool.scores, alpha)
        for segment, player in enumerate(cut):
            expected[segment] += values[player] / np.sum(cut == player) / 2
    found = explain(spec, perturber, window_s=0.3, shifts=2)
    np.testing.assert_allclose(found.relevance, expected, atol=1e-9)


@pytest.mark.parametrize("spec", [lime.SPEC, lasso.SPEC, banzhaf.SPEC, shapley_sampling.SPEC])
def test_windows_of_an_additive_model_bear_the_sum_of_their_segments(spec: ExplainerSpec) -> None:
    weights = np.repeat([0.0, 8.0, -4.0, 2.0, 0.0], 3)
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(15), samples=600)
    found = relevance(spec, perturber, window_s=0.3)
    np.testing.assert_allclose(found, weights / 4, atol=0.3)


def test_banzhaf_of_windows_is_exact_when_all_coalitions_are_few() -> None:
    game, cut = table_game(8, 5), [0, 0, 1, 1, 2, 2, 3, 3]
    kept = all_masks(4)
    worth = np.array([_grouped(game, cut)(row) for row in kept])
    exact = [worth[kept[:, i]].mean() - worth[~kept[:, i]].mean() for i in range(4)]
    found = relevance(banzhaf.SPEC, game_perturber(game, 8, samples=80), window_s=0.2)
    np.testing.assert_allclose(found, np.array(exact)[cut] / 2, atol=1e-9)


def test_calls_that_were_asked_for_are_shared_by_the_shifts() -> None:
    view = game_perturber(_interacting, 24).view()
    explainer = banzhaf.SPEC.factory(banzhaf.SPEC.parameters(samples=100, window_s=0.4, shifts=2))
    explainer(view, instance_of(unit_clip(24)), np.random.default_rng(0))
    assert view.cost.calls == 100
    assert not view.heeds_budget


def test_the_surrogate_of_windows_forecasts_an_additive_model() -> None:
    weights = np.repeat([0.0, 8.0, -4.0, 2.0, 0.0], 3)
    perturber = perturber_for(WeightedEnergy(weights, -1.0), unit_clip(15), samples=600)
    surrogate = explain(kernel_shap.SPEC, perturber, window_s=0.3).surrogate
    assert surrogate is not None
    held_out = perturber.held_out()
    assert surrogate(held_out.drop_masks) == pytest.approx(held_out.scores, abs=1e-4)


# ---- the door


def test_a_view_of_players_is_charged_to_the_whole() -> None:
    whole = game_perturber(table_game(6, 0), 6, samples=40).view()
    view = whole.grouped([0, 0, 1, 1, 1, 2])
    assert view.n_segments == 3
    np.testing.assert_array_equal(
        view.scores(np.array([[True, False, False]])),
        whole.scores(np.array([[True, True, False, False, False, False]])),
    )
    assert whole.cost.calls == view.cost.calls == 2
    view.pool()
    again = whole.grouped([0, 0, 1, 1, 1, 2])
    np.testing.assert_array_equal(again.pool().drop_masks, view.pool().drop_masks)
    assert whole.cost.calls == 2 + 3 * 40, "whoever asks for the pool pays for it"
    assert whole.heeds_budget


@pytest.mark.parametrize("players", [[0, 1], [0, 0, 2, 2, 2, 2], [-1, 0, 0, 1, 1, 1], [0.0] * 6])
def test_players_without_segments_and_segments_without_players_are_refused(
    players: list[float],
) -> None:
    with pytest.raises(ParameterError, match="player"):
        game_perturber(table_game(6, 0), 6).grouped(players)


# ---- Owen values


def _orders(start: int, stop: int) -> Iterator[list[int]]:
    """List all orders in which no segment comes between those of a window of the tree."""
    if stop - start == 1:
        yield [start]
        return
    middle = (start + stop) // 2
    for one, other in product(list(_orders(start, middle)), list(_orders(middle, stop))):
        yield one + other
        yield other + one


def _exact_owen(game: Value, n_players: int) -> FloatArray:
    found, orders = np.zeros(n_players), list(_orders(0, n_players))
    for order in orders:
        audible = np.zeros(n_players, dtype=bool)
        before = game(audible)
        for player in order:
            audible[player] = True
            found[player] += game(audible) - before
            before = game(audible)
    return found / len(orders)


@pytest.mark.parametrize("n_players", [1, 2, 3, 5, 8])
def test_owen_values_are_the_mean_over_all_orders_of_the_tree(n_players: int) -> None:
    game = table_game(n_players, 7)
    found = relevance(owen.SPEC, game_perturber(game, n_players), samples=10_000)
    np.testing.assert_allclose(found, _exact_owen(game, n_players), atol=1e-8)


def test_owen_divides_where_the_score_is() -> None:
    def game(audible: np.ndarray) -> float:
        return 5.0 * float(audible[37])

    found = relevance(owen.SPEC, game_perturber(game, 64), samples=60)
    assert found[32:40].sum() > 4.9


def test_owen_comes_nearer_with_more_calls() -> None:
    exact = _exact_owen(_interacting, 8)
    errors = [
        _rms(relevance(owen.SPEC, game_perturber(_interacting, 8), samples=samples) - exact)
        for samples in (2, 16, 100)
    ]
    assert errors[0] > errors[1] > errors[2]


# ---- the stand-in of boosted trees


def test_shapley_values_of_boosted_trees_are_exact() -> None:
    from sklearn.ensemble import GradientBoostingRegressor

    kept = all_masks(7)
    scores = np.random.default_rng(0).normal(size=len(kept))
    trees = GradientBoostingRegressor(n_estimators=12, max_depth=4, random_state=0)
    trees.fit(kept.astype(float), scores)

    def game(audible: np.ndarray) -> float:
        return float(trees.predict(audible[None].astype(float))[0])

    np.testing.assert_allclose(boosted_shap(trees, 7), exact_shapley(game, 7), atol=1e-9)


def _two_events(audible: np.ndarray) -> float:
    """The better of two events counts, one of which is longer."""
    return max(6.0 * float(audible[2:5].all()), 4.0 * float(audible[7:9].sum()))


def test_trees_have_less_error_where_players_interact() -> None:
    exact = exact_shapley(_two_events, 12)
    errors = {}
    for spec, settings in ((kernel_shap.SPEC, {"sizes": "leverage"}), (tree_proxy.SPEC, {})):
        perturber = game_perturber(_two_events, 12, samples=300)
        found = [relevance(spec, perturber, seed=seed, **settings) for seed in range(2)]
        errors[spec.name] = _rms(np.array(found) - exact)
    assert errors["tree-proxy-shap"] < 0.8 * errors["kernel-shap"]


def test_trees_are_left_out_where_they_forecast_nothing() -> None:
    weights = np.arange(20.0) - 7
    perturber = perturber_for(WeightedEnergy(weights), unit_clip(20), samples=100)
    np.testing.assert_allclose(relevance(tree_proxy.SPEC, perturber), weights / 4, atol=1e-5)


def test_the_same_seed_gives_the_same_answer() -> None:
    for spec in (window_shap.SPEC, tree_proxy.SPEC, owen.SPEC):
        first, second = (
            relevance(spec, game_perturber(_interacting, 30, samples=80), seed=3) for _ in range(2)
        )
        np.testing.assert_array_equal(first, second)
