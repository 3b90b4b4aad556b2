"""The adaptive explainer: its beliefs, its choices and its honesty."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.gaussian_process.kernels import Matern

from awb.segments import Segments
from awb_plugins.explainers.segmentwise import adaptive, evidence_model
from awb_plugins.explainers.segmentwise.evidence_model import Belief, believe, most_telling
from fakes import WeightedEnergy, perturber_for, unit_clip
from games import explain, game_perturber

N = 60


def _bumps(audible: np.ndarray) -> float:
    return 7.0 * float(audible[12:18].mean()) + 3.0 * float(audible[40:44].mean()) - 3.0


def test_belief_is_gaussian_process_regression() -> None:
    rng = np.random.default_rng(0)
    masks = rng.random((25, 12)) < 0.5
    scores = (~masks) @ rng.standard_normal(12)
    belief = believe(masks, scores, 0.1)
    times = 0.1 * np.arange(12)[:, None]
    kept = (~masks).astype(float)
    candidates = []
    for length in evidence_model.LENGTHS_S:
        prior = Matern(length, nu=0.5)(times)
        plain = kept @ prior @ kept.T
        base = plain + 1e3 * max(1.0, plain.max())
        for ratio in np.logspace(-4, 1, 11):
            total = base + ratio * np.eye(25)
            centred = scores - scores.mean()
            scale = centred @ np.linalg.solve(total, centred) / 25
            misfit = 25 * np.log(scale) + np.linalg.slogdet(total)[1]
            mean = prior @ kept.T @ np.linalg.solve(total, centred)
            cov = prior - prior @ kept.T @ np.linalg.solve(total, kept @ prior)
            candidates.append((misfit, mean, scale * cov))
    _, mean, covariance = min(candidates, key=lambda found: found[0])
    np.testing.assert_allclose(belief.mean, mean, atol=1e-6)
    np.testing.assert_allclose(belief.covariance, covariance, atol=1e-6)


def test_it_finds_the_events_and_says_how_sure_it_is() -> None:
    perturber = game_perturber(_bumps, N)
    found = explain(adaptive.SPEC, perturber, budget=120)
    top = set(np.argsort(-found.relevance)[:6])
    assert top <= set(range(11, 19))
    assert found.relevance[40:44].min() > np.median(found.relevance)
    assert found.uncertainty is not None
    assert found.uncertainty.shape == (N,)
    assert (found.uncertainty >= 0).all()
    assert "sure after" in found.notes[0]


def test_its_errors_are_as_large_as_it_says() -> None:
    rng = np.random.default_rng(5)
    inside = []
    for seed in range(8):
        weights = np.convolve(rng.standard_normal(N + 6), np.ones(7), "valid")
        perturber = perturber_for(WeightedEnergy(weights), unit_clip(N))
        found = explain(adaptive.SPEC, perturber, seed=seed, budget=60)
        assert found.uncertainty is not None
        inside.append(np.abs(found.relevance - weights / 4) < 2 * found.uncertainty)
    assert 0.85 < np.mean(inside) <= 1.0


def test_it_stops_early_when_the_answer_is_clear_and_never_exceeds_its_budget() -> None:
    clear, hard = np.zeros(N), np.random.default_rng(0).standard_normal(N) * 8
    clear[20:26] = 30.0
    calls = []
    for weights in (clear, hard):
        view = perturber_for(WeightedEnergy(weights), unit_clip(N)).view()
        adaptive.Adaptive(adaptive.AdaptiveParameters(budget=90))(
            view,
            None,  # type: ignore[arg-type]
            np.random.default_rng(0),
        )
        calls.append(view.cost.calls)
    assert calls[0] < calls[1] <= 90


@pytest.mark.parametrize("budget", [2, 3, 10, 25])
def test_a_small_budget_is_kept(budget: int) -> None:
    view = game_perturber(_bumps, N).view()
    settings = adaptive.AdaptiveParameters(budget=budget)
    found = adaptive.Adaptive(settings)(view, None, np.random.default_rng(0))  # type: ignore[arg-type]
    assert view.cost.calls <= budget
    assert np.isfinite(found.relevance).all()


def test_a_constant_model_is_settled_at_once() -> None:
    found = explain(adaptive.SPEC, game_perturber(lambda audible: 2.0, N))
    assert not found.relevance.any()
    assert found.notes[0].startswith("100% sure")


def test_the_most_telling_mask_is_the_one_that_lowers_the_variance_most() -> None:
    rng = np.random.default_rng(1)
    root = rng.standard_normal((8, 8))
    belief = Belief(np.zeros(8), root @ root.T, 0.5)
    masks = rng.random((30, 8)) < 0.5
    weights = rng.random(8)

    def left(rows: list[int]) -> float:
        kept = (~masks[rows]).astype(float)
        cov = belief.covariance
        inner = kept @ cov @ kept.T + 0.5 * np.eye(len(rows))
        after = cov - cov @ kept.T @ np.linalg.solve(inner, kept @ cov)
        return float(np.diag(after) @ weights)

    first, second = most_telling(belief, masks, weights, 2)
    assert first == min(range(30), key=lambda row: left([row]))
    assert second == min(set(range(30)) - {first}, key=lambda row: left([first, row]))


def test_doubt_is_largest_at_the_threshold() -> None:
    belief = Belief(np.arange(20.0), np.eye(20), 1.0)
    weights = adaptive.doubt(belief)
    assert weights[17] == pytest.approx(weights[18])
    assert set(np.argsort(-weights)[:2]) == {17, 18}, "a tenth of 20 segments lies above 17.5"
    assert weights[0] == pytest.approx(0.01, abs=1e-3)
    chance = norm.cdf(0.5)
    assert weights[18] == pytest.approx(chance * (1 - chance) + 0.01, abs=0.005)
    few = adaptive.doubt(Belief(np.arange(3.0), np.eye(3), 1.0))
    assert few[2] == pytest.approx(few[1])


def test_windows_overlap_by_half() -> None:
    segments = Segments(2000, 1000)
    heard = ~adaptive.windows_alone(0.4, segments)
    assert heard.sum(axis=1).tolist() == [2, *[4] * 9, 2]
    assert [int(row.argmax()) for row in heard] == [0, 0, *range(2, 19, 2)]
    assert (~adaptive.windows_alone(0.1, segments)).sum(axis=1).tolist() == [1] * 20
