"""soundscape-cnn seen from one step earlier: the same scores, features of the Fourier transform."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED


@pytest.fixture(scope="module")
def models() -> tuple[SoundscapeCnn, SoundscapeCnn]:
    return SoundscapeCnn(EMBEDDED), SoundscapeCnn(EMBEDDED, features="stft")


def clips() -> np.ndarray:
    rng = np.random.default_rng(0)
    time_s = np.arange(16_000) / 16_000
    tone = 0.3 * np.sin(2 * np.pi * 1000 * time_s)
    return np.stack([tone, 0.1 * rng.standard_normal(16_000), np.zeros(16_000)]).astype(np.float32)


def test_scores_and_moments_are_the_same(models: tuple[SoundscapeCnn, SoundscapeCnn]) -> None:
    mel, stft = models
    np.testing.assert_allclose(stft.scores(clips()), mel.scores(clips()), atol=1e-3)
    np.testing.assert_allclose(stft.moments(clips()), mel.moments(clips()), atol=1e-3)
    assert stft.moment_samples == mel.moment_samples
    assert stft.weights_sha256 == mel.weights_sha256


def test_features_are_log_power_and_bins_are_where_a_tone_is(
    models: tuple[SoundscapeCnn, SoundscapeCnn],
) -> None:
    _, stft = models
    features = stft.features(clips())
    assert features.shape == (3, 50, 257)
    centers_hz = stft.bin_centers_hz(257)
    assert (centers_hz[0], centers_hz[-1]) == (0, 8000)
    assert centers_hz[features[0, 25].argmax()] == pytest.approx(1000, abs=16)
    window = torch.hann_window(512, dtype=torch.float64).numpy()
    cut = clips()[1].astype(float)[25 * 320 - 96 : 25 * 320 + 416] * window
    power = np.abs(np.fft.rfft(cut)) ** 2 / (window**2).sum()
    np.testing.assert_allclose(features[1, 25], np.log(power + 1e-8), rtol=1e-3, atol=1e-3)


def test_gradients_reach_the_bins(models: tuple[SoundscapeCnn, SoundscapeCnn]) -> None:
    _, stft = models
    features = torch.from_numpy(stft.features(clips())).requires_grad_()
    stft.tensor_feature_scores(features)[:, 0].sum().backward()
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()
    assert features.grad[1].abs().max() > 0
    assert dict(stft.back_end.named_modules())[stft.last_convolution].kernel_size[0] == 3
    rng = np.random.default_rng(0)
    other = stft.randomized(1.0, rng)
    assert not np.allclose(other.scores(clips()), stft.scores(clips()))
