"""Torch modules whose operations show that they judge moments: found, exact, or left alone."""

from __future__ import annotations

import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb
from awb.authoring.torch_modules import span_rules
from awb.authoring.torch_modules.moments import TracedMoments
from awb.maskers import noise
from awb.perturbation.scorers import search
from awb.perturbation.scorers.choice import make_scorer
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.perturbation.scorers.search import SearchingScorer, moments_of
from awb.protocols import LocalModel, TraceableModel
from awb.segments import Segments
from local_networks import (
    CLASSES,
    GLOBAL,
    RATE_HZ,
    Framed,
    Judge,
    network_with,
    random_network,
    seeded,
)

SAMPLES = 3 * RATE_HZ // 2 + 137
PAYS_FROM = 40
LONGEST = 8 * RATE_HZ // 10 + 1


@pytest.fixture(autouse=True)
def _few_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAYS_FROM", PAYS_FROM)


def _model(network: nn.Module, **settings: Any) -> Any:
    given = {"sample_rate_hz": RATE_HZ, "classes": CLASSES, "output": "logits", "batch_size": 8}
    return awb.torch_model(network, **{**given, **settings})


def _question(n_samples: int = SAMPLES) -> tuple[Renderer, Segments]:
    rng = np.random.default_rng(0)
    loud = np.repeat(rng.random(n_samples // 50 + 1), 50)[:n_samples]
    clip = (0.3 * loud * rng.standard_normal(n_samples)).astype(np.float32)
    segments = Segments(n_samples, RATE_HZ)
    fill = noise()(clip, RATE_HZ, rng)
    return Renderer(clip, fill, segments.edges_samples), segments


def _masks(n: int, n_segments: int) -> np.ndarray:
    return np.random.default_rng(2).random((n, n_segments)) < 0.4


@pytest.mark.parametrize("seed", range(12))
def test_moments_of_a_random_network_score_to_the_bit(seed: int) -> None:
    model = _model(seeded(random_network, seed), batch_size=1 + seed % 8)
    found = model.trace_moments(SAMPLES, LONGEST)
    assert isinstance(found, LocalModel), found
    renderer, segments = _question()
    masks = _masks(24, segments.n)
    expected = ClipScorer(model, renderer, 1).scores(masks)
    np.testing.assert_array_equal(
        MomentScorer(found, renderer, segments, 1).scores(masks), expected
    )
    assert np.ptp(expected) > 0
    _check_what_moments_hear(found)


def _check_what_moments_hear(found: LocalModel) -> None:
    """Change a few samples at a time: only moments whose stretch holds them may change."""
    rng = np.random.default_rng(3)
    clip = (0.1 * rng.standard_normal((1, SAMPLES))).astype(np.float32)
    places = np.append(np.arange(0, SAMPLES, 997), SAMPLES - 1)
    changed = np.repeat(clip, len(places), axis=0)
    changed[np.arange(len(places)), places] += 0.5
    before, after = (found.moments(np.concatenate([one, one[:1]]))[:-1] for one in (clip, changed))
    starts = found.moment_starts(SAMPLES)
    for place, row in zip(places, after, strict=True):
        moved = (np.abs(row - before[0]) > 1e-5).any(axis=1)
        hears = (starts <= place) & (place < starts + found.moment_samples)
        assert not (moved & ~hears).any(), f"sample {place} is heard beyond the stretch"


@pytest.mark.parametrize("kind", GLOBAL)
def test_global_context_is_refused_with_a_reason(kind: str) -> None:
    size = 1 if kind == "a branch" else 8  # which else looks at the whole batch
    model = _model(seeded(network_with(kind), 0), batch_size=size)
    reason = model.trace_moments(SAMPLES, LONGEST)
    assert isinstance(reason, str)
    assert any(word in reason for word in ("of its work", "cannot be recorded", "in place"))


@pytest.mark.parametrize("kind", GLOBAL)
def test_what_is_found_behind_frames_is_exact_though_the_rest_is_global(kind: str) -> None:
    """The frames before a global layer are moments too; a cheap rest makes them worth it."""

    class Cheap(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.front, self.layer = Framed(), GLOBAL[kind]()
            self.wide = nn.Sequential(
                nn.Conv2d(1, 64, 3, padding=1), nn.Conv2d(64, 1, 3, padding=1)
            )
            self.head = nn.Linear(8, 2)

        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            hidden = self.layer(self.wide(self.front(waveforms)))
            return self.head(hidden.mean((1, 2)))

    model = _model(seeded(lambda _: Cheap(), 1), batch_size=1 if kind == "a branch" else 8)
    renderer, segments = _question()
    scorer = SearchingScorer(model, renderer, segments, 0)
    masks = _masks(PAYS_FROM, segments.n)
    expected = ClipScorer(model, renderer, 0).scores(masks)
    np.testing.assert_array_equal(scorer.scores(masks), expected)


def test_a_rule_that_is_wrong_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should an operation be taken for local that is not, trying it out tells."""

    def as_if_pointwise(step: span_rules.Step) -> Any:
        return [step.args[0], *step.found[1:]]

    monkeypatch.setitem(span_rules._SPECIAL, "native_batch_norm", as_if_pointwise)
    monkeypatch.setitem(span_rules._SPECIAL, "_native_batch_norm_legit", as_if_pointwise)
    model = _model(seeded(network_with("instance norm"), 0))
    assert isinstance(model.trace_moments(SAMPLES, LONGEST), LocalModel)
    renderer, segments = _question()
    found = moments_of(model, renderer, segments, 0)
    assert isinstance(found, str)
    assert "differ by" in found
    scorer = make_scorer(model, renderer, segments, 0)
    masks = _masks(PAYS_FROM, segments.n)
    np.testing.assert_array_equal(
        scorer.scores(masks), ClipScorer(model, renderer, 0).scores(masks)
    )


def test_moments_are_looked_for_once_they_pay() -> None:
    model = _model(seeded(random_network, 4))
    assert isinstance(model, TraceableModel)
    renderer, segments = _question()
    scorer = make_scorer(model, renderer, segments, 1)
    assert isinstance(scorer, SearchingScorer)
    masks = _masks(2 * PAYS_FROM, segments.n)
    first = scorer.scores(masks[: PAYS_FROM - 1])
    assert scorer.moments is None
    assert scorer.forwards == PAYS_FROM - 1
    rest = scorer.scores(masks[PAYS_FROM - 1 :])
    assert isinstance(scorer.moments, MomentScorer)
    assert scorer.forwards < 2 * PAYS_FROM
    expected = ClipScorer(model, renderer, 1).scores(masks)
    np.testing.assert_array_equal(np.concatenate([first, rest]), expected)


def test_reuse_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _model(seeded(random_network, 4))
    renderer, segments = _question()
    monkeypatch.setenv("AWB_REUSE", "off")
    assert type(make_scorer(model, renderer, segments, 1)) is ClipScorer
    monkeypatch.setenv("AWB_REUSE", "no")
    with pytest.raises(awb.errors.ParameterError, match="AWB_REUSE must be on or off"):
        make_scorer(model, renderer, segments, 1)


def test_other_weights_are_other_moments() -> None:
    network = seeded(random_network, 4)
    model = _model(network)
    renderer, segments = _question()
    before = moments_of(model, renderer, segments, 1)
    with torch.no_grad():
        network.head.weight.mul_(2.0)
    after = moments_of(model, renderer, segments, 1)
    assert after is not before
    assert moments_of(model, renderer, segments, 1) is after


def test_a_model_is_not_kept_alive_by_what_was_found_and_can_be_sent() -> None:
    model = _model(seeded(random_network, 4))
    renderer, segments = _question()
    assert isinstance(moments_of(model, renderer, segments, 1), TracedMoments)
    twin = pickle.loads(pickle.dumps(model))  # noqa: S301 - our own
    np.testing.assert_array_equal(
        twin.scores(renderer.waveform[None]), model.scores(renderer.waveform[None])
    )
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_frame_scores_pooled_by_awb_and_modules_in_two_halves_are_found() -> None:
    class Frames(Judge):
        def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
            return self.head(self.layers(self.front(waveforms)).mean(3).transpose(1, 2))

    layers = [nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 16, 3, padding=1)]
    frames = seeded(lambda _: Frames(Framed(), layers, 16, "mean"), 0)
    model = _model(frames, pooling="max")
    found = model.trace_moments(SAMPLES, LONGEST)
    assert isinstance(found, LocalModel)
    assert found.moments(np.zeros((2, SAMPLES), dtype=np.float32)).shape[2] == 2, "classes"
    halves = {"front_end": OneChannel(), "back_end": BackEnd(layers)}
    split = awb.torch_model(sample_rate_hz=RATE_HZ, classes=CLASSES, output="logits", **halves)
    assert isinstance(split.trace_moments(SAMPLES, LONGEST), LocalModel)


class OneChannel(Framed):
    """Frames without a channel."""

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        return super().forward(waveforms)[:, 0]


class BackEnd(nn.Module):
    """Convolutions and a mean."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers, self.head = nn.Sequential(*layers), nn.Linear(16, 2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(features[:, None]).mean((2, 3)))


@pytest.mark.parametrize("kind", ["scripted", "traced"])
def test_scripted_and_traced_modules_are_found_too(kind: str) -> None:
    network = seeded(lambda _: Plain(), 0)
    example = torch.randn(2, SAMPLES)
    made = torch.jit.script(network) if kind == "scripted" else torch.jit.trace(network, example)
    model = _model(made)
    found = model.trace_moments(SAMPLES, LONGEST)
    assert isinstance(found, LocalModel), found


class Plain(nn.Module):
    """A short temporal convolutional network."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(1, 16, 64, 20), nn.Conv1d(16, 16, 3, dilation=2)
        self.head = nn.Linear(16, 2)

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        hidden = torch.relu(self.second(torch.relu(self.first(waveforms[:, None]))))
        return self.head(hidden.amax(2))
