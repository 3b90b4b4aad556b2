"""UrbanSound-CNN: its size, its pictures against a plain form, its capabilities."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mini_urbansound
from awb.errors import AudioError, WeightsError
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import FrameFeatureModel, SpectrogramModel
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Explanation, Instance
from awb_plugins.explainers import spectrogram
from awb_plugins.models.urbansound_cnn import SPEC, UrbanSoundParameters
from awb_plugins.models.urbansound_cnn.network import UrbanSoundCnn

RATE_HZ = 22_050
FOUR_S = 4 * RATE_HZ
BY_NAME = {spec.name: spec for spec in spectrogram.SPECS}


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = mini_urbansound.write(tmp_path_factory.mktemp("urban") / "weights.safetensors")
    return SPEC.factory(UrbanSoundParameters(weights=path))


def sounds(n: int) -> AudioArray:
    rng = np.random.default_rng(n)
    rows = [
        rng.uniform(-1, 1, n),
        np.sin(2 * np.pi * 441 * np.arange(n) / RATE_HZ),
        np.zeros(n),
        np.where(np.arange(n) % 5_000 < 200, 0.5, 0.0),
    ]
    return np.stack(rows).astype(np.float32)


def test_the_network_has_exactly_the_published_size() -> None:
    network = UrbanSoundCnn()
    assert sum(one.numel() for one in network.parameters()) == 1_958_730
    convolutions = [one for one in network.modules() if isinstance(one, torch.nn.Conv2d)]
    assert [one.out_channels for one in convolutions] == [32, 64, 64, 64, 128, 128]
    assert convolutions[0].in_channels == 3
    assert sum(isinstance(one, torch.nn.MaxPool2d) for one in network.modules()) == 3
    dense = [one for one in network.modules() if isinstance(one, torch.nn.Linear)]
    assert [one.out_features for one in dense] == [512, 10]


def slow_picture(waveform: AudioArray) -> Any:
    """Column by column and filter by filter, in double precision."""
    padded = np.concatenate([np.zeros(1024), waveform, np.zeros(FOUR_S + 2048)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    top_mel = 2595 * np.log10(1 + 11_025 / 700)
    corners = [700 * (10 ** (mel / 2595) - 1) for mel in np.linspace(0, top_mel, 66)]
    bins_hz = np.arange(1025) * RATE_HZ / 2048
    columns = []
    for column in range(64):
        part = padded[column * 1378 : column * 1378 + 2048] * window
        power = np.abs(2 * np.fft.rfft(part) / window.sum()) ** 2
        rows = []
        for low, middle, high in zip(corners, corners[1:], corners[2:], strict=False):
            weights = np.interp(bins_hz, [low, middle, high], [0, 1, 0], left=0, right=0)
            decibels = 10 * np.log10(max(float(weights @ power), 1e-10))
            rows.append(min(1.0, max(0.0, 1 + decibels / 80)))
        columns.append(rows)
    return np.array(columns)


@pytest.mark.parametrize("n", [1, 30_000, FOUR_S, FOUR_S + 9_999])
def test_pictures_are_those_of_the_plain_form(model: Any, n: int) -> None:
    found = model.features(sounds(n))
    expected = np.stack([slow_picture(row) for row in sounds(n)])
    assert found.shape == (4, 64, 64)
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert found.min() >= 0
    assert found.max() <= 1


def test_a_sine_of_full_scale_is_white(model: Any) -> None:
    bins_hz = model.bin_centers_hz(64)
    picture = model.features(sounds(FOUR_S))[1]
    loudest = bins_hz[picture[32].argmax()]
    assert abs(loudest - 441) < 40
    assert picture[32].max() > 0.95


def test_scores_are_log_odds_of_a_softmax(model: Any) -> None:
    scores = model.scores(sounds(FOUR_S)).astype(np.float64)
    np.testing.assert_allclose((1 / (1 + np.exp(-scores))).sum(axis=1), 1.0, atol=1e-5)
    beyond = np.concatenate([sounds(FOUR_S), sounds(FOUR_S)], axis=1)
    assert isinstance(model, SpectrogramModel)
    # One column's window reaches 23 ms past four seconds.
    np.testing.assert_allclose(
        model.features(beyond)[:, :63], model.features(sounds(FOUR_S))[:, :63], atol=1e-6
    )
    assert model.hears_s == pytest.approx(4.0, abs=1e-3)
    with pytest.raises(AudioError, match="urbansound-cnn takes float32"):
        model.scores(np.zeros((1, 100)))


@pytest.mark.parametrize("n", [30_000, FOUR_S, FOUR_S + 20_000])
def test_gathered_frames_give_the_plain_scores(model: Any, n: int) -> None:
    assert isinstance(model, FrameFeatureModel)
    segments = Segments(n, RATE_HZ, 0.1, 0.1)
    renderer = Renderer(sounds(n)[0], np.zeros(n, dtype=np.float32), segments.edges_samples)
    drops = np.random.default_rng(0).random((3, segments.n_cells)) < 0.4
    plain = ClipScorer(model, renderer, 3).scores(drops)
    np.testing.assert_allclose(
        FrameScorer(model, renderer, segments, 3).scores(drops), plain, atol=1e-5
    )


def explain(name: str, model: Any, target: int = 3, **settings: Any) -> Explanation:
    clip = Clip("clip", sounds(FOUR_S)[3], RATE_HZ)
    instance = Instance("fake", clip, model.classes[target], target, np.empty((0, 2)))
    segments = Segments(FOUR_S, RATE_HZ, 0.1, 0.1)
    key = RandomKey((0, "fake", clip.id))
    view = Perturber(model, instance, segments, zeros, key, design=Design(20))
    spec = BY_NAME[name]
    found = spec.factory(spec.parameters(**settings))(view, instance, np.random.default_rng(0))
    assert isinstance(found, Explanation)
    return found.check_length(view.n_segments)


@pytest.mark.parametrize("name", ["saliency", "grad-cam", "lrp-epsilon", "lrp-flat", "listen"])
def test_explainers_run(model: Any, name: str) -> None:
    found = explain(name, model)
    assert found.time_frequency is not None
    assert found.time_frequency.shape == (64, 64)
    assert np.ptp(found.relevance) > 0


def test_relevance_is_conserved(tmp_path: Path) -> None:
    """Without biases, up to the uncertainty among the other classes, which belongs to no logit.

    ``log sum exp z`` is the mean of z under the softmax and its entropy: 0 for a single class.
    """
    for classes in (("a", "b"), ("a", "b", "c", "d")):
        path = mini_urbansound.write(tmp_path / "w.safetensors", classes=classes, biases=False)
        model = SPEC.factory(UrbanSoundParameters(weights=path))
        clip = sounds(FOUR_S)[3:]
        score = float(model.scores(clip)[0, 1])
        found = explain("lrp-epsilon", model, target=1, epsilon=1e-9)
        assert found.time_frequency is not None
        assert abs(score) > 0.1
        logits = logits_of(model, clip)
        others = np.exp(np.delete(logits, 1))
        share = others / others.sum()
        entropy = -float(share @ np.log(share))
        np.testing.assert_allclose(found.time_frequency.sum(), score + entropy, rtol=0.01)


def logits_of(model: Any, clip: AudioArray) -> Any:
    """Catch what the last dense layer gives."""
    caught: list[Any] = []
    handle = model.back_end.head.register_forward_hook(lambda *given: caught.append(given[2]))
    model.scores(clip)
    handle.remove()
    return caught[0][0].double().numpy()


def test_bad_weights(tmp_path: Path) -> None:
    with pytest.raises(
        WeightsError, match=r"absent\.safetensors does not exist\. Make weights with: awb train"
    ):
        SPEC.factory(UrbanSoundParameters(weights=tmp_path / "absent.safetensors"))
