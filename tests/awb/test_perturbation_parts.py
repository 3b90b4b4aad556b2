"""The door for audible parts: sums of components, scored once, counted, shared over time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.errors import ParameterError
from awb.maskers import noise
from awb.perturbation import Perturber
from awb.perturbation.parts import PartRenderer
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import Clip
from fakes import CELL, RATE_HZ, WeightedEnergy, instance_of, perturber_for, unit_clip

EDGES = np.array([0, 130, 400, 600])


def _clip(n_samples: int = 600, seed: int = 0) -> Clip:
    rng = np.random.default_rng(seed)
    return Clip("clip", rng.uniform(-0.9, 0.9, n_samples).astype(np.float32), RATE_HZ)


def _components(clip: Clip, count: int = 3) -> np.ndarray:
    shares = np.random.default_rng(1).dirichlet(np.ones(count), clip.waveform.size).T
    return shares * clip.waveform


@given(st.integers(0, 2**9 - 1))
@settings(max_examples=30, deadline=None)
def test_rendering_equals_a_loop_over_parts(number: int) -> None:
    clip = _clip()
    components = _components(clip)
    dropped = (number >> np.arange(9)) % 2 == 1
    slow = np.zeros(600)
    for component in range(3):
        for stretch in range(3):
            if not dropped[3 * component + stretch]:
                place = slice(EDGES[stretch], EDGES[stretch + 1])
                slow[place] += components[component, place]
    found = PartRenderer(clip.waveform, components, EDGES).render(dropped[None])
    np.testing.assert_allclose(found[0], np.clip(slow, -1, 1), atol=1e-6)


def test_scores_are_those_of_the_sums_and_each_is_computed_once() -> None:
    clip = _clip()
    model = WeightedEnergy(np.arange(6.0), -1.0)
    perturber = perturber_for(model, clip)
    components = _components(clip)
    parts = perturber.parts(components, EDGES)
    drop = np.array(
        [[True, False] * 4 + [True], [False] * 9, [True] * 9, [True, False] * 4 + [True]]
    )
    found = parts.scores(drop)
    heard = PartRenderer(clip.waveform, components, EDGES).render(drop[:1])
    np.testing.assert_allclose(found[0], model.scores(heard)[0, 0], atol=1e-5)
    assert found[1] == perturber.view().clip_score()
    assert found[2] == -1.0
    assert found[3] == found[0]
    assert (perturber.cost.calls, perturber.cost.forwards) == (4, 3.0)
    other = perturber.view()
    np.testing.assert_array_equal(other.parts(components, EDGES).scores(drop), found)
    assert (other.cost.calls, other.cost.forwards) == (4, 0.0)
    assert perturber.parts(components[[1, 0, 2]], EDGES).scores(drop[:1]) != found[0]


def test_what_is_dropped_is_silent_whatever_the_masker() -> None:
    clip = _clip()
    segments = Segments(600, RATE_HZ)
    model = WeightedEnergy(np.ones(6), 0.0)
    perturber = Perturber(model, instance_of(clip), segments, noise(), RandomKey((0, "parts")))
    assert perturber.parts(_components(clip)).scores(np.ones((1, 3), dtype=bool)) == [0.0]
    assert perturber.dropped_score() != 0.0


def test_values_are_shared_by_energy_and_their_sum_is_kept() -> None:
    clip = _clip()
    components = _components(clip)
    parts = perturber_for(WeightedEnergy(np.ones(6)), clip).parts(components, EDGES)
    values = np.random.default_rng(3).standard_normal(9)
    cells = np.arange(0, 601, CELL)
    slow = np.zeros(6)
    for component in range(3):
        for stretch in range(3):
            inside = np.zeros(600, dtype=bool)
            inside[EDGES[stretch] : EDGES[stretch + 1]] = True
            power = np.where(inside, components[component] ** 2, 0.0)
            slow += values[3 * component + stretch] * power.reshape(6, CELL).sum(1) / power.sum()
    found = parts.over_time(values, cells)
    np.testing.assert_allclose(found, slow, rtol=1e-5, atol=1e-7)
    assert found.sum() == pytest.approx(values.sum())


def test_a_silent_part_is_shared_evenly() -> None:
    clip = unit_clip(4)
    components = np.stack([clip.waveform, np.zeros(400)])
    parts = perturber_for(WeightedEnergy(np.ones(4)), clip).parts(components)
    np.testing.assert_allclose(parts.over_time([0.0, 2.0], np.arange(0, 401, CELL)), [0.5] * 4)


@pytest.mark.parametrize(
    ("components", "edges", "told"),
    [
        (np.zeros((0, 600)), None, "at least one"),
        (np.zeros(600), None, r"\(components, 600\)"),
        (np.zeros((2, 600)), None, "one more component"),
        (np.full((1, 600), np.nan), None, "finite"),
        (None, [0, 300], "from 0 to 600"),
        (None, [0, 300, 300, 600], "increasing"),
        (None, [0.0, 600.0], "sample positions"),
    ],
)
def test_what_is_no_separation_of_the_clip_is_refused(
    components: np.ndarray | None, edges: list[int] | None, told: str
) -> None:
    clip = _clip()
    given = _components(clip) if components is None else components
    with pytest.raises(ParameterError, match=told):
        perturber_for(WeightedEnergy(np.ones(6)), clip).parts(given, edges)


def test_masks_of_another_shape_are_refused() -> None:
    parts = perturber_for(WeightedEnergy(np.ones(6)), _clip()).parts(_components(_clip()))
    for wrong in (np.zeros((1, 4), dtype=bool), np.zeros(3, dtype=bool), np.zeros((1, 3))):
        with pytest.raises(ParameterError, match="masks of parts must be boolean"):
            parts.scores(wrong)
