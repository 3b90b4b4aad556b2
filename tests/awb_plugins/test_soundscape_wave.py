"""Soundscape-wave: contract, accuracy, and that it hears samples."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from awb.plugins.discovery import load
from awb.protocols import (
    DifferentiableModel,
    FrameFeatureModel,
    LocalModel,
    RandomizableModel,
    SpectrogramModel,
    TensorModel,
)
from awb.types import Clip
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED as CNN
from awb_plugins.models.soundscape_wave import EMBEDDED, NAME, SPEC
from awb_plugins.models.soundscape_wave.model import SoundscapeWave
from awb_plugins.models.soundscape_wave.network import SAMPLE_RATE_HZ, windowed_tones
from awb_plugins.models.soundscape_wave.recipe import finish, make


@pytest.fixture(scope="module")
def model() -> SoundscapeWave:
    return SoundscapeWave(NAME, EMBEDDED)


@pytest.fixture(scope="module")
def scenes() -> list[Clip]:
    spec = load().get("dataset", "soundscapes").spec
    dataset = spec.factory(spec.parameters(split="validation", clips=16))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def test_the_contract(model: SoundscapeWave) -> None:
    made = SPEC.factory(SPEC.parameters())
    for capability in (DifferentiableModel, LocalModel, RandomizableModel, TensorModel):
        assert isinstance(made, capability)
    for capability in (FrameFeatureModel, SpectrogramModel):
        assert not isinstance(made, capability), "its features are samples, not a spectrogram"
    assert EMBEDDED.stat().st_size < 1_500_000
    assert SPEC.class_list is not None
    assert SPEC.class_list(SPEC.parameters()) == (model.classes, model.mids)
    named = dict(zip(model.classes, model.mids, strict=True))
    cnn = SoundscapeCnn(CNN)
    assert named == dict(zip(cnn.classes, cnn.mids, strict=True))


def test_it_tells_the_classes_apart(model: SoundscapeWave, scenes: list[Clip]) -> None:
    truth = np.array(
        [[name in {e.label for e in clip.events} for name in model.classes] for clip in scenes]
    )
    scores = np.concatenate([model.scores(clip.waveform[None]) for clip in scenes])
    heard = truth.any(axis=0)
    assert average_precision_score(truth[:, heard], scores[:, heard], average="macro") > 0.8
    assert np.mean(scores[truth] >= 0) > 0.6


def test_its_features_are_the_samples_themselves(model: SoundscapeWave) -> None:
    waveforms = 0.1 * np.random.default_rng(0).standard_normal((2, 8_000)).astype(np.float32)
    features = model.front_end(torch.from_numpy(waveforms))
    np.testing.assert_array_equal(features[..., 0], waveforms)
    np.testing.assert_allclose(model.back_end(features), model.scores(waveforms), atol=1e-4)
    np.testing.assert_allclose(model.frame_centers_s(2) * SAMPLE_RATE_HZ, [0.5, 1.5])


def test_filters_begin_as_tones_evenly_spaced_in_mel() -> None:
    spectra = np.abs(np.fft.rfft(windowed_tones().numpy(), 4096))
    peaks_hz = spectra.argmax(axis=1) * SAMPLE_RATE_HZ / 4096
    mels = 2595 * np.log10(1 + peaks_hz / 700)
    steps = np.diff(mels[4:-1])  # the lowest are blurred by their short window
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.15)
    np.testing.assert_allclose(windowed_tones().square().sum(dim=1), 1.0, rtol=1e-5)


def test_folding_the_normalizations_changes_no_score() -> None:
    network = make(3)
    waveforms = 0.1 * torch.randn(4, 8_000, generator=torch.Generator().manual_seed(0))
    network.back_end.train()
    with torch.no_grad():
        for _ in range(20):  # statistics of their own
            network.back_end(network.front_end(waveforms))
        network.back_end.eval()
        expected = network.back_end(network.front_end(waveforms))
        folded = finish(network.back_end)
        assert not any("norm" in name for name in folded.state_dict())
        np.testing.assert_allclose(folded(waveforms[..., None]), expected, atol=1e-4)


def test_the_spec_and_its_class_list_load_no_torch() -> None:
    code = (
        "import sys; from awb_plugins.models.soundscape_wave import SPEC as s;"
        "sys.exit('torch' in sys.modules or len(s.class_list(s.parameters())[0]) != 16)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
