"""The shipped networks judge moments: what these hear, and that reuse changes no bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import awb_plugins.models
from awb import designs
from awb.maskers import noise
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.moments import MomentScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import LocalModel
from awb.segments import Segments
from awb_plugins.models.crnn.model import CrnnModel
from awb_plugins.models.kws_cnn.model import KwsCnn
from awb_plugins.models.moments import Reach
from awb_plugins.models.silero_vad.model import SileroVad
from awb_plugins.models.silero_vad.weights import shipped
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED
from awb_plugins.models.soundscape_mean import EMBEDDED as EMBEDDED_MEAN
from awb_plugins.models.soundscape_mean.model import SoundscapeMean
from awb_plugins.models.soundscape_wave import EMBEDDED as EMBEDDED_WAVE
from awb_plugins.models.soundscape_wave.model import SoundscapeWave

_FOLDER = Path(awb_plugins.models.__file__).parent
MODELS = {
    "soundscape-cnn": lambda: SoundscapeCnn(EMBEDDED),
    "soundscape-mean": lambda: SoundscapeMean("soundscape-mean", EMBEDDED_MEAN),
    "soundscape-wave": lambda: SoundscapeWave("soundscape-wave", EMBEDDED_WAVE),
    "kws-cnn": lambda: KwsCnn(_FOLDER / "kws_cnn" / "weights.safetensors"),
    "drums-crnn": lambda: CrnnModel("drums-crnn", _FOLDER / "drums_crnn" / "weights.safetensors"),
    "clever-hans": lambda: CrnnModel(
        "clever-hans-biased", _FOLDER / "clever_hans" / "biased.safetensors"
    ),
    "silero-vad": lambda: SileroVad(shipped()),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("n_samples", [16_000, 40_123])
def test_reuse_equals_the_plain_path_bit_for_bit(name: str, n_samples: int) -> None:
    model: Any = MODELS[name]()
    assert isinstance(model, LocalModel)
    rng = np.random.default_rng(0)
    loud = np.repeat(rng.random(n_samples // 500 + 1), 500)[:n_samples]
    clip = (0.1 * loud * rng.standard_normal(n_samples)).astype(np.float32)
    segments = Segments(n_samples, model.sample_rate_hz)
    fill = noise()(clip, model.sample_rate_hz, rng)
    renderer = Renderer(clip, fill, segments.edges_samples)
    masks = designs.pooled(segments.n, 60, rng)
    heard = int(np.argmax(model.scores(clip[None])[0]))
    scorer = MomentScorer(model, renderer, segments, heard)
    expected = ClipScorer(model, renderer, heard).scores(masks)
    np.testing.assert_array_equal(scorer.scores(masks), expected)
    assert np.ptp(expected) > 0.01


@pytest.mark.parametrize("name", MODELS)
def test_a_moment_hears_what_it_says_and_no_more(name: str) -> None:
    model: Any = MODELS[name]()
    n_samples = 16_000
    rng = np.random.default_rng(1)
    clip = (0.1 * rng.standard_normal((1, n_samples))).astype(np.float32)
    starts, length = model.moment_starts(n_samples), model.moment_samples
    before = model.moments(clip)[0]
    assert len(before) == len(starts)
    for place in range(0, n_samples, 1111):
        changed = clip.copy()
        changed[0, place] += 0.5
        moved = (model.moments(changed)[0] != before).any(axis=1)
        hears = (starts <= place) & (place < starts + length)
        assert not (moved & ~hears).any(), f"sample {place} is heard beyond the stretch"
        assert moved[hears].mean() > 0.7, "the ends of a window weigh next to nothing"


@pytest.mark.parametrize("seed", range(8))
def test_reach_is_that_of_a_stack_of_ones(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for _ in range(int(rng.integers(1, 5))):
        kernel, stride, padding, dilation = (
            int(rng.integers(low, high)) for low, high in ((1, 6), (1, 4), (0, 3), (1, 3))
        )
        layer = nn.Conv2d(1, 1, (kernel, 1), (stride, 1), (padding, 0), (dilation, 1), bias=False)
        nn.init.ones_(layer.weight)
        layers.append(layer)
    stack = nn.Sequential(*layers)
    n_frames = 400
    reach = Reach.of(stack)
    starts = reach.first_frames(n_frames)
    frames = torch.ones(1, 1, n_frames, 1, requires_grad=True)
    moments = stack(frames)[0, 0, :, 0]
    assert len(moments) == len(starts)
    for moment in (0, len(starts) // 2, len(starts) - 1):
        (gradient,) = torch.autograd.grad(moments[moment], frames, retain_graph=True)
        heard = gradient[0, 0, :, 0].nonzero()[:, 0]
        first, last = max(0, starts[moment]), min(n_frames, starts[moment] + reach.frames) - 1
        if len(heard):  # else its frames all lie in the padding
            assert first <= int(heard.min())
            assert int(heard.max()) <= last
        if first > 0 and last < n_frames - 1:
            assert (int(heard.min()), int(heard.max())) == (first, last)
