"""Explainers that drop or keep windows, against loops."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from awb.segments import Segments
from awb_plugins.explainers.segmentwise import greedy, keep_window, multiscale_occlusion, naive
from fakes import WeightedEnergy, perturber_for, unit_clip
from games import explain, game_perturber, relevance, table_game


def _either(audible: np.ndarray) -> float:
    """Two events, 4 to 6 and 14 to 16, of which either suffices."""
    return 6.0 * float(max(audible[4:7].mean(), audible[14:17].mean())) - 2.0


def _dropped(n: int, start: int, stop: int) -> np.ndarray:
    row = np.zeros(n, dtype=bool)
    row[max(start, 0) : stop] = True
    return row


@pytest.mark.parametrize(("window", "hop"), [(1, 1), (3, 1), (5, 2)])
def test_naive_is_the_mean_fall_over_the_windows(window: int, hop: int) -> None:
    n = 11
    perturber = game_perturber(table_game(n, 0), n)
    total, count = np.zeros(n), np.zeros(n)
    last = n - window
    for start in sorted({*range(0, last + 1, hop), last}):
        row = _dropped(n, start, start + window)
        total[row] += perturber.clip_score() - perturber.scores(row[None])[0]
        count[row] += 1
    found = relevance(naive.SPEC, perturber, window_s=window / 10, hop_s=hop / 10)
    np.testing.assert_allclose(found, total / count, atol=1e-12)


@pytest.mark.parametrize(("duration_s", "expected"), [(0.01, 1), (0.24, 2), (0.26, 3), (9.0, 90)])
def test_a_window_is_a_whole_number_of_segments(duration_s: float, expected: int) -> None:
    assert naive.whole_segments(duration_s, Segments(1000, 1000)) == expected


def test_multiscale_occlusion_is_the_mean_of_naive() -> None:
    perturber = game_perturber(table_game(12, 1), 12)
    scales = [relevance(naive.SPEC, perturber, window_s=width) for width in (0.1, 0.4, 0.9)]
    found = relevance(multiscale_occlusion.SPEC, perturber, windows_s="0.1+0.4+0.9")
    np.testing.assert_allclose(found, np.mean(scales, axis=0), atol=1e-12)


@pytest.mark.parametrize("windows_s", ["", "0.1+0", "0.5+x", ()])
def test_multiscale_occlusion_refuses_windows_that_are_none(windows_s: object) -> None:
    with pytest.raises(ValidationError):
        multiscale_occlusion.MultiscaleOcclusionParameters(windows_s=windows_s)


@pytest.mark.parametrize(("window", "hop"), [(1, 1), (4, 1), (5, 2)])
def test_keep_window_is_the_mean_gain_over_the_windows(window: int, hop: int) -> None:
    n = 12
    perturber = game_perturber(table_game(n, 2), n)
    total, count, seen = np.zeros(n), np.zeros(n), set()
    for center in [*range(0, n + 1, hop), n]:
        row = _dropped(n, center - window // 2, center - window // 2 + window)
        if not row.any() or row.tobytes() in seen:
            continue
        seen.add(row.tobytes())
        total[row] += perturber.scores(~row[None])[0] - perturber.dropped_score()
        count[row] += 1
    found = relevance(keep_window.SPEC, perturber, window_s=window / 10, hop_s=hop / 10)
    np.testing.assert_allclose(found, total / count, atol=1e-12)


def test_keep_window_refuses_gaps() -> None:
    with pytest.raises(ValidationError, match="hop_s must not be longer"):
        keep_window.KeepWindowParameters(window_s=0.2, hop_s=0.3)


@pytest.mark.parametrize(("settings", "calls"), [({}, 102), ({"window_s": 1, "hop_s": 0.2}, 52)])
def test_keep_window_costs_what_it_says(settings: dict[str, float], calls: int) -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(100)), unit_clip(100))
    view = perturber.view()
    explainer = keep_window.SPEC.factory(keep_window.SPEC.parameters(**settings))
    explainer(view, None, np.random.default_rng(0))  # type: ignore[arg-type]
    assert view.cost.calls == calls


def test_occlusion_misses_repeated_events_and_keeping_finds_them() -> None:
    perturber = game_perturber(_either, 20)
    events = [4, 5, 6, 14, 15, 16]
    assert not relevance(naive.SPEC, perturber, window_s=0.3).any()
    kept = relevance(keep_window.SPEC, perturber, window_s=0.3)
    assert set(np.argsort(-kept)[:6]) == set(events)


def test_greedy_insertion_takes_one_event_after_the_other() -> None:
    def game(audible: np.ndarray) -> float:
        return 5.0 * float(audible[2:4].all()) + 3.0 * float(audible[8:10].all())

    found = relevance(greedy.SPEC, game_perturber(game, 12), window_s=0.2, steps=2)
    assert set(np.flatnonzero(found == 5.0)) == {2, 3}
    assert set(np.flatnonzero(found == 3.0)) == {8, 9}
    assert np.delete(found, [2, 3, 8, 9]).max() < 3.0


def test_greedy_deletion_finds_what_stands_in_once_the_first_is_gone() -> None:
    def game(audible: np.ndarray) -> float:
        return max(6.0 * float(audible[2:4].all()), 4.0 * float(audible[8:10].all()))

    perturber = game_perturber(game, 12)
    assert not relevance(naive.SPEC, perturber, window_s=0.2)[8:10].any()
    found = relevance(greedy.SPEC, perturber, window_s=0.2, steps=2, direction="deletion")
    assert (found.max(), set(np.flatnonzero(found == 4.0))) == (4.0, {8, 9})
    assert found[2:4].max() == 2.0


def test_greedy_breaks_ties_by_chance_and_stops_when_all_is_chosen() -> None:
    perturber = game_perturber(lambda audible: 1.0, 6)
    for seed in range(3):
        found = explain(greedy.SPEC, perturber, seed=seed, steps=50, window_s=0.2)
        assert not found.relevance.any()
