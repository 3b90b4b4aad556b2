"""The perturber: rendering, batches, sharing, reuse and cost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.errors import NotApplicableError, ParameterError, PluginError
from awb.maskers import noise, zeros
from awb.perturbation import Design, Perturber
from awb.perturbation.design import LOG_ODDS_LIMIT, fill_of
from awb.perturbation.scorers.choice import make_scorer
from awb.perturbation.scorers.clips import ClipScorer, PartMemory, PatchScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import PatchModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Cost
from fakes import (
    CELL,
    RATE_HZ,
    FrameEnergy,
    PatchEnergy,
    WeightedEnergy,
    instance_of,
    perturber_for,
    unit_clip,
)


def _random_masks(n: int, n_segments: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, n_segments)) < 0.4


@given(st.integers(1, 60), st.integers(1, 25), st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_rendering_equals_a_loop_over_segments(n_samples: int, cell: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = np.append(np.arange(0, n_samples, cell), n_samples)
    waveform, fill = rng.standard_normal((2, n_samples)).astype(np.float32)
    masks = rng.random((7, edges.size - 1)) < 0.5
    slow = np.tile(waveform, (7, 1))
    for row, mask in enumerate(masks):
        for index, dropped in enumerate(mask):
            if dropped:
                slow[row, edges[index] : edges[index + 1]] = fill[edges[index] : edges[index + 1]]
    renderer = Renderer(waveform, fill, edges)
    out = np.empty_like(slow)
    renderer.render(masks, out)
    np.testing.assert_array_equal(out, slow)
    start = n_samples // 3
    span = renderer.render_span(masks, start, n_samples + 4)
    np.testing.assert_array_equal(span, np.pad(slow, ((0, 0), (0, 4)))[:, start:])


def test_scores_are_the_models_scores_of_the_masked_clip() -> None:
    clip = unit_clip(12)
    model = WeightedEnergy(np.arange(12.0))
    perturber = perturber_for(model, clip)
    masks = _random_masks(40, 12)
    expected = 0.25 * (~masks) @ model.weights
    np.testing.assert_allclose(perturber.scores(masks), expected, rtol=1e-6)
    assert set(model.batches[2:]) == {16}, "after the probe, batches have one fixed size"


def test_the_score_of_a_mask_does_not_depend_on_the_other_masks() -> None:
    clip = unit_clip(10)
    masks = _random_masks(33, 10)
    together = perturber_for(WeightedEnergy(np.ones(10)), clip).scores(masks)
    alone = [perturber_for(WeightedEnergy(np.ones(10)), clip).scores(row[None])[0] for row in masks]
    np.testing.assert_array_equal(together, alone)


def test_a_mask_requested_twice_is_computed_once() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(6)), unit_clip(6))
    masks = _random_masks(20, 6)
    distinct = len(np.unique(masks, axis=0))
    first, second = perturber.view(), perturber.view()
    np.testing.assert_array_equal(first.scores(masks), second.scores(masks))
    assert (first.cost.calls, first.cost.forwards) == (20, distinct)
    assert (second.cost.calls, second.cost.forwards) == (20, 0)


def test_the_pool_is_shared_and_charged_to_everyone() -> None:
    model = WeightedEnergy(np.ones(10))
    perturber = perturber_for(model, unit_clip(10), samples=64)
    first, second = perturber.view(), perturber.view()
    assert first.pool() is second.pool()
    assert first.cost.calls == second.cost.calls == 64
    assert second.cost.forwards == 0
    assert second.cost.shared_seconds == first.cost.shared_seconds == perturber.designs_s > 0
    assert second.cost.seconds == 0, "the pool's time is nobody's own"
    with pytest.raises(ValueError, match="read-only"):
        first.pool().scores[0] = 1.0


def test_held_out_masks_differ_from_those_of_the_pool() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(40)), unit_clip(40), samples=400)
    pool, held_out = perturber.pool(), perturber.held_out()
    assert held_out.drop_masks.shape == (300, 40)
    assert held_out is perturber.view().held_out()
    seen = {row.tobytes() for row in pool.drop_masks}
    assert sum(row.tobytes() in seen for row in held_out.drop_masks) < 15


def test_the_pool_depends_on_names_only() -> None:
    clip = unit_clip(10)
    one = perturber_for(WeightedEnergy(np.ones(10)), clip, seed=3)
    one.scores(_random_masks(5, 10))
    other = perturber_for(WeightedEnergy(np.zeros(10)), clip, seed=3)
    np.testing.assert_array_equal(one.pool().drop_masks, other.pool().drop_masks)
    third = perturber_for(WeightedEnergy(np.ones(10)), clip, seed=4)
    assert (one.pool().drop_masks != third.pool().drop_masks).any()


@pytest.mark.parametrize("n_samples", [100, 430, 431, 1234, 3000])
def test_patch_reuse_equals_the_plain_path_bit_for_bit(n_samples: int) -> None:
    clip = unit_clip(30).waveform[:n_samples]
    model = PatchEnergy()
    assert isinstance(model, PatchModel)
    segments = Segments(n_samples, 1000)
    masks = _random_masks(200, segments.n)
    edges = segments.edges_samples
    fill = noise()(clip, 1000, np.random.default_rng(1))
    plain = np.empty((200, n_samples), dtype=np.float32)
    Renderer(clip, fill, edges).render(masks, plain)
    expected = model.scores(plain)[:, 0]
    counted = model.patches_seen
    scorer = PatchScorer(model, Renderer(clip, fill, edges), segments, 0)
    model.patches_seen = 0
    np.testing.assert_array_equal(scorer.scores(masks[:150]), expected[:150])
    np.testing.assert_array_equal(scorer.scores(masks), expected)
    assert model.patches_seen < counted
    assert scorer.forwards == pytest.approx(model.patches_seen / len(model.patch_starts(n_samples)))


@pytest.mark.parametrize("frame_samples", [20, 70, 120, 250])
@pytest.mark.parametrize("n_samples", [90, 100, 101, 250, 1234])
def test_gathered_frames_equal_the_plain_path_bit_for_bit(
    n_samples: int, frame_samples: int
) -> None:
    clip = unit_clip(30).waveform[:n_samples]
    model = FrameEnergy(frame_samples=frame_samples)
    segments = Segments(n_samples, 1000)
    masks = _random_masks(300, segments.n)
    renderer = Renderer(clip, noise()(clip, 1000, np.random.default_rng(1)), segments.edges_samples)
    scorer = make_scorer(model, renderer, segments, 0)
    assert isinstance(scorer, FrameScorer)
    seen = model.waveforms_seen
    expected = ClipScorer(model, renderer, 0).scores(masks)
    model.waveforms_seen = 0
    np.testing.assert_array_equal(scorer.scores(masks), expected)
    assert model.waveforms_seen == 0, "every frame was known"
    assert seen <= 16 + 16, "the table and the probe"


def test_features_that_see_the_whole_clip_are_refused() -> None:
    with pytest.raises(PluginError, match="normalized over the clip"):
        perturber_for(FrameEnergy(normalized=True), unit_clip(10)).clip_score()


def test_features_that_clamp_against_the_clips_maximum_are_refused() -> None:
    waveform = 0.01 * unit_clip(10).waveform
    waveform[300:340] *= 50  # loud for less than a segment: most masks keep it
    clip = Clip("clip", waveform, RATE_HZ, ())
    assert perturber_for(FrameEnergy(top_db=300.0), clip).clip_score()
    with pytest.raises(PluginError, match="clamped against its maximum"):
        perturber_for(FrameEnergy(top_db=20.0), clip).clip_score()


def _swelling(seed: int = 0) -> Clip:
    rising = np.linspace(0.1, 1, 3000, dtype=np.float32)
    return Clip("clip", unit_clip(30, seed=seed).waveform * rising, RATE_HZ, ())


@pytest.mark.parametrize("flaw", ["normalized", "starts", "pool"])
def test_patches_that_do_not_make_up_the_clip_are_refused(flaw: str) -> None:
    clip = _swelling()
    assert perturber_for(PatchEnergy(), clip).clip_score()
    with pytest.raises(PluginError, match=r"patches that it scores one by one.*whole masked clips"):
        perturber_for(PatchEnergy(flaw), clip).clip_score()


def test_reuse_is_checked_once_per_model_and_length() -> None:
    model = PatchEnergy()
    first, second = (perturber_for(model, _swelling(seed)) for seed in (0, 1))
    first.clip_score()
    seen = model.patches_seen
    second.clip_score()
    assert model.patches_seen - seen == len(model.patch_starts(3000))
    assert second.cost.forwards == first.cost.forwards == pytest.approx(1), "no probe counted"


def test_silence_proves_nothing() -> None:
    model = FrameEnergy(normalized=True, top_db=20.0)
    silent = Clip("silent", np.zeros(1000, dtype=np.float32), RATE_HZ, ())
    perturber_for(model, silent).clip_score()
    loud = Clip("loud", unit_clip(10).waveform, RATE_HZ, ())
    with pytest.raises(PluginError, match="frame-wise"):
        perturber_for(model, loud).clip_score()


def test_long_frames_are_scored_whole() -> None:
    segments = Segments(3000, 1000)
    clip = unit_clip(30).waveform
    renderer = Renderer(clip, np.zeros_like(clip), segments.edges_samples)
    assert isinstance(
        make_scorer(FrameEnergy(frame_samples=600), renderer, segments, 0), ClipScorer
    )


def test_overlapping_segments_drop_their_cells() -> None:
    clip = unit_clip(10)
    perturber = perturber_for(WeightedEnergy(np.ones(10)), clip, segment_s=0.3)
    assert perturber.n_segments == 8
    mask = np.zeros((1, 8), dtype=bool)
    mask[0, 2] = True
    assert perturber.scores(mask)[0] == pytest.approx(0.25 * 7)
    cells = perturber.view(segments=perturber.segments.grid)
    mask = np.zeros((1, 10), dtype=bool)
    mask[0, 2:5] = True
    assert cells.scores(mask)[0] == pytest.approx(0.25 * 7)
    assert cells.cost.forwards == 0, "the same audio is known from the other view"


def test_infinite_scores_are_limited_and_nan_is_refused() -> None:
    class Sure(WeightedEnergy):
        def scores(self, waveforms: np.ndarray) -> np.ndarray:
            return np.full((len(waveforms), 2), np.inf, dtype=np.float32)

    class Lost(WeightedEnergy):
        def scores(self, waveforms: np.ndarray) -> np.ndarray:
            return np.full((len(waveforms), 2), np.nan, dtype=np.float32)

    class Short(WeightedEnergy):
        def scores(self, waveforms: np.ndarray) -> np.ndarray:
            return np.zeros((len(waveforms), 1), dtype=np.float32)

    assert perturber_for(Sure(np.ones(3)), unit_clip(3)).clip_score() == LOG_ODDS_LIMIT
    with pytest.raises(PluginError, match="NaN"):
        perturber_for(Lost(np.ones(3)), unit_clip(3)).clip_score()
    with pytest.raises(PluginError, match="shape"):
        perturber_for(Short(np.ones(3)), unit_clip(3)).clip_score()


@pytest.mark.parametrize("masks", [np.zeros((2, 5)), np.zeros((2, 4), bool), np.zeros(5, bool)])
def test_wrong_masks_are_refused(masks: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="drop masks must be boolean"):
        perturber_for(WeightedEnergy(np.ones(5)), unit_clip(5)).scores(masks)


def test_a_missing_capability_is_not_applicable() -> None:
    with pytest.raises(NotApplicableError, match="PatchModel"):
        perturber_for(WeightedEnergy(np.ones(5)), unit_clip(5)).model_as(PatchModel)


def test_inconsistent_arguments_are_refused() -> None:
    clip = unit_clip(5)
    key = RandomKey((0,))
    with pytest.raises(ParameterError, match="segments"):
        Perturber(WeightedEnergy(np.ones(5)), instance_of(clip), Segments(CELL, 1000), zeros, key)
    with pytest.raises(PluginError, match="masker"):
        Perturber(
            WeightedEnergy(np.ones(5)),
            instance_of(clip),
            Segments(clip.waveform.size, 1000),
            lambda waveform, rate, rng: waveform[:-1],
            key,
            design=Design(5),
        )


@pytest.mark.parametrize("spoil", ["shorter", "longer", "nan", "infinite", "two channels"])
def test_a_masker_that_returns_an_invalid_waveform_is_refused(spoil: str) -> None:
    def masker(waveform: AudioArray, rate_hz: int, rng: np.random.Generator) -> AudioArray:
        fill = np.zeros_like(waveform)
        fill[-1] = {"nan": np.nan, "infinite": np.inf}.get(spoil, 0.0)
        shapes = {"shorter": fill[1:], "longer": np.append(fill, fill), "two channels": fill[None]}
        return shapes.get(spoil, fill)

    with pytest.raises(PluginError, match="finite waveform of the clip's shape"):
        fill_of(masker, unit_clip(3), RandomKey((0,)))


def test_the_fill_is_float32_whatever_the_masker_returns() -> None:
    fill = fill_of(lambda waveform, *_: waveform.astype(np.float64), unit_clip(3), RandomKey((0,)))
    assert fill.dtype == np.float32


def test_costs_start_at_zero_and_charges_add_up() -> None:
    perturber = perturber_for(WeightedEnergy(np.ones(4)), unit_clip(4))
    assert perturber.cost == perturber.view().cost == Cost(0, 0.0, 0.0)
    view = perturber.view()
    view.charge(calls=3)
    view.charge(calls=4, forwards=0.5)
    view.charge(calls=0, forwards=0)
    assert view.cost == Cost(7, 3.5, 0.0)
    assert perturber.cost == Cost(0, 0.0, 0.0), "each view has its own"
    for calls, forwards in [(-1, None), (1, -0.5), (1, float("inf")), (1, float("nan"))]:
        with pytest.raises(ParameterError, match="a cost is never negative"):
            view.charge(calls=calls, forwards=forwards)
    assert view.cost == Cost(7, 3.5, 0.0)


def test_patches_that_sound_the_same_are_scored_once_in_all_perturbers_of_an_instance() -> None:
    clip = unit_clip(30).waveform.copy()
    clip[1000:2000] = 0.0
    model, segments = PatchEnergy(), Segments(3000, 1000)
    masks, memory = _random_masks(200, segments.n), PartMemory()
    silence = np.zeros_like(clip)
    fills = [silence, noise()(clip, 1000, np.random.default_rng(1)), silence]
    counts = []
    for fill in fills:
        renderer = Renderer(clip, fill, segments.edges_samples)
        expected = ClipScorer(model, renderer, 0).scores(masks)
        scorer = PatchScorer(model, renderer, segments, 0, memory)
        model.patches_seen = 0
        np.testing.assert_array_equal(scorer.scores(masks), expected)
        counts.append(model.patches_seen)
        alone = PatchScorer(model, renderer, segments, 0)
        model.patches_seen = 0
        np.testing.assert_array_equal(alone.scores(masks), expected)
        counts.append(model.patches_seen)
    silent, silent_alone, noisy, noisy_alone, again, _ = counts
    assert silent == silent_alone
    assert noisy < noisy_alone, "patches of which nothing is dropped"
    assert again == 0
    other = PatchScorer(model, renderer, segments, 1, memory).scores(masks)
    np.testing.assert_array_equal(other, ClipScorer(model, renderer, 1).scores(masks))


def test_dropping_silence_for_silence_needs_no_patch() -> None:
    clip = np.zeros(3000, dtype=np.float32)
    clip[:100] = 0.5
    model, segments = PatchEnergy(), Segments(3000, 1000)
    renderer = Renderer(clip, np.zeros_like(clip), segments.edges_samples)
    masks = _random_masks(200, segments.n)
    scorer = PatchScorer(model, renderer, segments, 0)
    np.testing.assert_array_equal(
        scorer.scores(masks), ClipScorer(model, renderer, 0).scores(masks)
    )
    model.patches_seen = 0
    PatchScorer(model, renderer, segments, 0).scores(masks)
    n_patches = len(model.patch_starts(3000))
    assert model.patches_seen <= n_patches + 1, "the first with its sound and without it"


def test_patches_are_forgotten_oldest_first() -> None:
    model, segments = PatchEnergy(), Segments(3000, 1000)
    clip = unit_clip(30).waveform
    renderer = Renderer(clip, np.zeros_like(clip), segments.edges_samples)
    memory = PartMemory(most_patches=50)
    masks = _random_masks(300, segments.n)
    scorer = PatchScorer(model, renderer, segments, 0, memory)
    expected = ClipScorer(model, renderer, 0).scores(masks)
    for part in (slice(0, 150), slice(100, 300), slice(0, 300)):
        np.testing.assert_array_equal(scorer.scores(masks[part]), expected[part])
        assert len(memory.patches) <= 50
