"""Moments: computed once per state, and gathered for every mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awb.conformance.capabilities import local
from awb.conformance.rules import ConformanceError
from awb.errors import PluginError
from awb.intervals import IntArray
from awb.maskers import Interpolation, noise
from awb.perturbation.bands import score_rendered
from awb.perturbation.parts import PartRenderer
from awb.perturbation.scorers.choice import make_scorer
from awb.perturbation.scorers.clips import ClipScorer, PartMemory
from awb.perturbation.scorers.colouring import Colouring
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.rendering import ContextRenderer, Renderer
from awb.protocols import LocalModel, ScoreArray
from awb.segments import Segments
from awb.types import AudioArray
from fakes import RATE_HZ, FrameEnergy, perturber_for, unit_clip


class MomentEnergy(FrameEnergy):
    """Its moments are the energies of long windows that hang over both ends."""

    def __init__(self, *, moment_samples: int = 310, normalized: bool = False) -> None:
        super().__init__(frame_samples=moment_samples, normalized=normalized)
        self.moment_samples = moment_samples

    def moment_starts(self, n_samples: int) -> IntArray:
        return self.frame_starts(n_samples)

    def moments(self, waveforms: AudioArray) -> ScoreArray:
        return self.features(waveforms)

    def moment_scores(self, moments: ScoreArray) -> ScoreArray:
        return self.feature_scores(moments)


def _renderer(n_samples: int) -> tuple[Renderer, Segments]:
    clip = unit_clip(30).waveform[:n_samples]
    segments = Segments(n_samples, RATE_HZ)
    fill = noise()(clip, RATE_HZ, np.random.default_rng(1))
    return Renderer(clip, fill, segments.edges_samples), segments


def test_gaps_that_depend_on_the_whole_mask_are_heard_in_whole_clips() -> None:
    plain, segments = _renderer(2999)
    given_clip = Interpolation().given(
        plain.waveform, RATE_HZ, segments.edges_samples, np.random.default_rng(1)
    )
    silence = np.zeros_like(plain.waveform)
    renderer = ContextRenderer(plain.waveform, silence, segments.edges_samples, given_clip)
    masks, model = _masks(40, segments.n), MomentEnergy()
    assert isinstance(make_scorer(model, plain, segments, 0), MomentScorer)
    scorer = make_scorer(model, renderer, segments, 0)
    assert isinstance(scorer, ClipScorer)
    reused = MomentScorer(model, renderer, segments, 0).scores(masks)
    assert not np.allclose(reused, scorer.scores(masks)), "reuse would be wrong"


def _masks(n: int, n_segments: int) -> np.ndarray:
    return np.random.default_rng(0).random((n, n_segments)) < 0.4


@pytest.mark.parametrize("moment_samples", [70, 310, 650])
@pytest.mark.parametrize("n_samples", [90, 101, 250, 2999])
def test_gathered_moments_equal_the_plain_path_bit_for_bit(
    n_samples: int, moment_samples: int
) -> None:
    model = MomentEnergy(moment_samples=moment_samples)
    assert isinstance(model, LocalModel)
    renderer, segments = _renderer(n_samples)
    masks = _masks(600, segments.n)
    scorer = make_scorer(model, renderer, segments, 0)
    assert isinstance(scorer, MomentScorer)
    np.testing.assert_array_equal(
        scorer.scores(masks), ClipScorer(model, renderer, 0).scores(masks)
    )
    assert scorer.forwards <= scorer.colouring.n_states


def test_only_states_that_occur_are_computed_and_only_once() -> None:
    model = MomentEnergy()
    renderer, segments = _renderer(3000)
    scorer = MomentScorer(model, renderer, segments, 0)
    scorer.scores(np.eye(segments.n, dtype=bool))
    assert scorer.forwards == 1 + scorer.colouring.n_colours, "nothing or one colour dropped"
    scorer.scores(np.eye(segments.n, dtype=bool)[::-1])
    assert scorer.forwards == 1 + scorer.colouring.n_colours


def test_a_score_does_not_depend_on_what_was_asked_before() -> None:
    renderer, segments = _renderer(3000)
    masks = _masks(400, segments.n)
    at_once = MomentScorer(MomentEnergy(), renderer, segments, 0).scores(masks)
    one_by_one = MomentScorer(MomentEnergy(), renderer, segments, 0)
    found = np.concatenate([one_by_one.scores(masks[[row]]) for row in range(400)[::-1]])
    np.testing.assert_array_equal(found[::-1], at_once)


def test_moments_that_hear_too_much_are_scored_in_another_way() -> None:
    renderer, segments = _renderer(3000)
    scorer = make_scorer(MomentEnergy(moment_samples=950), renderer, segments, 0)
    assert isinstance(scorer, ClipScorer)


def test_moments_that_see_the_whole_clip_are_refused() -> None:
    with pytest.raises(PluginError, match="short stretches of the waveform"):
        perturber_for(MomentEnergy(normalized=True), unit_clip(10)).clip_score()


def test_moments_that_hear_more_than_they_say_are_refused() -> None:
    model = MomentEnergy()
    model.moment_samples = 110
    with pytest.raises(PluginError, match="are moment_samples too few"):
        perturber_for(model, unit_clip(10)).clip_score()


def test_moments_of_another_number_than_starts_are_refused() -> None:
    class Short(MomentEnergy):
        def moment_starts(self, n_samples: int) -> IntArray:
            return self.frame_starts(n_samples)[:-1]

    with pytest.raises(PluginError, match="moment starts, but moments of shape"):
        perturber_for(Short(), unit_clip(10)).clip_score()


def test_the_conformance_kit_refuses_moments_that_are_not_those_of_the_scores() -> None:
    class Louder(MomentEnergy):
        def moment_scores(self, moments: ScoreArray) -> ScoreArray:
            return 1.1 * super().moment_scores(moments)

    class Short(MomentEnergy):
        def moment_starts(self, n_samples: int) -> IntArray:
            return self.frame_starts(n_samples)[:-1]

    waveforms = unit_clip(10).waveform[np.newaxis]
    local(MomentEnergy(), waveforms)
    with pytest.raises(ConformanceError, match="moment_scores and scores"):
        local(Louder(), waveforms)
    with pytest.raises(ConformanceError, match="moment_starts"):
        local(Short(), waveforms)


@given(st.integers(1, 40), st.integers(1, 900), st.integers(10, 90), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_state_drops_exactly_the_cells_that_a_window_touches(
    n_cells: int, window: int, hop: int, seed: int
) -> None:
    segments = Segments(100 * n_cells, RATE_HZ)
    starts = np.arange(-50, 100 * n_cells - 1, hop)
    colouring = Colouring.of(starts, window, segments.edges_samples)
    mask = np.random.default_rng(seed).random((1, segments.n_cells)) < 0.5
    states = colouring.states(mask)[0]
    audio = np.repeat(mask[0], np.diff(segments.edges_samples))
    for start, state in zip(starts, states, strict=True):
        coloured = np.repeat(
            colouring.drop_cells(np.array([state]))[0], np.diff(segments.edges_samples)
        )
        heard = slice(max(0, start), max(0, start + window))
        np.testing.assert_array_equal(coloured[heard], audio[heard])


def test_another_target_of_the_clip_needs_no_moments_of_its_own() -> None:
    renderer, segments = _renderer(2999)
    memory, model, masks = PartMemory(), MomentEnergy(), _masks(200, segments.n)
    first, second = (MomentScorer(model, renderer, segments, at, memory) for at in (0, 1))
    first.scores(masks)
    np.testing.assert_array_equal(
        second.scores(masks), ClipScorer(model, renderer, 1).scores(masks)
    )
    assert second.forwards == 0


@pytest.mark.parametrize(
    ("n_parts", "length", "is_local"),
    [(2, 300, True), (3, 300, True), (1, 90, True), (3, 90, False)],
)
def test_sums_of_parts_by_moments_equal_whole_clips_bit_for_bit(
    n_parts: int, length: int, is_local: bool
) -> None:
    rng = np.random.default_rng(3)
    model, clip = MomentEnergy(), unit_clip(30)
    given_parts = rng.uniform(-0.1, 0.1, (n_parts, clip.waveform.size)).astype(np.float32)
    given_parts[0] += clip.waveform - given_parts.sum(axis=0)
    edges = np.append(np.arange(0, clip.waveform.size, length), clip.waveform.size)
    renderer = PartRenderer(clip.waveform, given_parts, edges)
    masks = rng.random((200, renderer.n_parts)) < 0.5
    expected = score_rendered(model, renderer, masks, 0, clip.waveform)
    perturber = perturber_for(model, clip)
    view = perturber.view()
    found = view.parts(given_parts, edges).scores(masks)
    np.testing.assert_array_equal(found, np.clip(expected, -100, 100))
    assert view.cost.calls == 200
    distinct = len(np.unique(masks, axis=0))
    assert view.cost.forwards < distinct if is_local else view.cost.forwards == distinct


def test_tables_of_moments_are_forgotten_oldest_first() -> None:
    memory, model = PartMemory(most_values=10), MomentEnergy()
    plain, segments = _renderer(2999)
    for level in (0.1, 0.2, 0.3):
        fill = np.full_like(plain.waveform, level)
        renderer = Renderer(plain.waveform, fill, segments.edges_samples)
        masks = _masks(20, segments.n)
        scorer = MomentScorer(model, renderer, segments, 0, memory)
        expected = ClipScorer(model, renderer, 0).scores(masks)
        np.testing.assert_array_equal(scorer.scores(masks), expected)
    assert len(memory.moments) == 2, "the newest, and the one before until the next begins"
