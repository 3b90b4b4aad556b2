"""SER-CNN: its features against the usual code, its network, and the lesson of the leak."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("librosa", reason="needs librosa (extra ser)")

import librosa
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from awb.errors import AudioError, WeightsError
from awb.protocols import DifferentiableModel, FrameFeatureModel
from awb.types import AudioArray
from awb_plugins.models.extractors import make_extractor
from awb_plugins.models.named_weights import write_network
from awb_plugins.models.ser_cnn import SPEC, SerCnnParameters, features
from awb_plugins.models.ser_cnn.features import N_FEATURES, SIZES, clip_features
from awb_plugins.models.ser_cnn.network import SPECTRUM, SerCnn
from golden.make_ser_digits import FILE, recording

EMOTIONS = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
EPOCHS = 10


pytestmark = pytest.mark.usefixtures("one_thread")


def usual_features(waveform: AudioArray) -> Any:
    """What public code for speech emotions computes, call by call."""
    rate_hz = 22_050
    stft = np.abs(librosa.stft(waveform))
    harmonic = librosa.effects.harmonic(waveform)
    parts = [
        librosa.feature.mfcc(y=waveform, sr=rate_hz, n_mfcc=40),
        librosa.feature.chroma_stft(S=stft, sr=rate_hz),
        librosa.feature.melspectrogram(y=waveform, sr=rate_hz),
        librosa.feature.spectral_contrast(S=stft, sr=rate_hz),
        librosa.feature.tonnetz(y=harmonic, sr=rate_hz),
    ]
    return np.concatenate([np.mean(part.T, axis=0) for part in parts])


def sound(n: int = 8_000) -> AudioArray:
    time = np.arange(n) / 22_050
    glide = np.sin(2 * np.pi * (200 + 300 * time) * time)
    return (0.5 * glide + 0.01 * np.random.default_rng(0).normal(size=n)).astype(np.float32)


def test_features_are_the_usual_ones() -> None:
    found = make_extractor("ser").vectors(sound()[np.newaxis])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = usual_features(sound())
    assert N_FEATURES == sum(SIZES.values()) == 193
    np.testing.assert_allclose(found[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("clip", [np.zeros(4_000), np.full(10, 0.1)], ids=["silence", "short"])
def test_features_are_always_finite(clip: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isfinite(clip_features(clip.astype(np.float32))).all()


def plain_harmonic_share(magnitude: Any) -> Any:
    """The soft mask of the harmonic part, with medians over what was mirrored by hand."""

    def median(axis: int) -> Any:
        margin = [(0, 0), (0, 0)]
        margin[axis] = (15, 15)
        wide = np.pad(magnitude, margin, mode="symmetric")
        return np.median(np.lib.stride_tricks.sliding_window_view(wide, 31, axis=axis), axis=-1)

    along_time, along_frequency = median(1) ** 2, median(0) ** 2
    return along_time / (along_time + along_frequency)


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")
@pytest.mark.parametrize("n_samples", [300, 600, 1_025, 1_500, 2_000, 6_000])
def test_the_harmonic_part_of_short_clips(n_samples: int) -> None:
    spectrum = librosa.stft((sound() + 0.1)[:n_samples])
    expected = librosa.istft(spectrum * plain_harmonic_share(np.abs(spectrum)), length=n_samples)
    found = features._harmonic(spectrum, n_samples)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_an_empty_clip_is_refused() -> None:
    with pytest.raises(AudioError, match="too short for ser features"):
        make_extractor("ser").vectors(np.zeros((1, 0), dtype=np.float32))


def test_the_network_has_the_published_size() -> None:
    assert sum(one.numel() for one in SerCnn(8).parameters()) == 768 + 82_048 + 24_584 == 107_400


def write(path: Path) -> Path:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = SerCnn(len(EMOTIONS))
    network.fit_scale(torch.tensor(np.load(FILE)["features"]))
    write_network(path, network, EMOTIONS)
    return path


def test_the_model_scores_features(tmp_path: Path) -> None:
    model = SPEC.factory(SerCnnParameters(weights=write(tmp_path / "ser.safetensors")))
    clips = np.stack([sound(), sound()[::-1]])
    scores = model.scores(clips)
    assert tuple(model.classes) == EMOTIONS
    probabilities = 1 / (1 + np.exp(-scores.astype(np.float64)))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    alone = np.concatenate([model.scores(clip[np.newaxis]) for clip in clips])
    np.testing.assert_allclose(scores, alone, atol=1e-5)
    assert not isinstance(model, (DifferentiableModel, FrameFeatureModel))


def test_noise_where_the_training_data_had_nothing_is_no_catastrophe() -> None:
    rng = np.random.default_rng(0)
    voices = [librosa.resample(sound(n), orig_sr=8_000, target_sr=22_050) for n in (5_000, 6_000)]
    network = SerCnn(2).eval()
    network.fit_scale(torch.tensor(np.stack([clip_features(voice) for voice in voices])))
    noisy = voices[0] + 0.05 * rng.standard_normal(voices[0].size).astype(np.float32)
    vector = torch.tensor(clip_features(noisy)).float()[np.newaxis]
    standardized = (vector - network.feature_mean) * network.feature_scale
    assert float(standardized.abs().max()) < 1_000
    assert list(SIZES) == ["mfcc", "chroma", "mel", "contrast", "tonnetz"]
    assert (SPECTRUM.start, SPECTRUM.stop) == (40 + 12, 40 + 12 + SIZES["mel"])


def test_bad_weights(tmp_path: Path) -> None:
    file = tmp_path / "bad.safetensors"
    header = {"classes": json.dumps(["a", "b"])}
    save_file(SerCnn(3).state_dict(), file, metadata=header)
    with pytest.raises(WeightsError, match=r"dense\.weight has shape \(3, 3072\), expected \(2,"):
        SPEC.factory(SerCnnParameters(weights=file))
    for metadata in (None, {"classes": "["}, {"classes": '["one"]'}):
        save_file(SerCnn(2).state_dict(), file, metadata=metadata)
        with pytest.raises(WeightsError, match="the header of"):
            SPEC.factory(SerCnnParameters(weights=file))
    file.write_bytes(b"nothing")
    with pytest.raises(WeightsError, match="not a valid safetensors file"):
        SPEC.factory(SerCnnParameters(weights=file))


class Digits:
    """Features of 120 spoken digits, each with a noisy copy; see golden/make_ser_digits.py."""

    def __init__(self) -> None:
        held = np.load(FILE)
        self.features = held["features"]
        self.digits = held["digits"].astype(np.int64)
        self.speakers, self.sources = held["speakers"], held["sources"]
        self.n = len(self.features)

    def leaking_split(self) -> Any:
        """Augmented first, split at random after: True for the test part."""
        test = np.zeros(self.n, dtype=bool)
        test[np.random.default_rng(0).permutation(self.n)[: self.n // 4]] = True
        return test


@pytest.fixture(scope="module")
def spoken() -> Digits:
    return Digits()


def test_the_golden_features_are_those_of_the_recordings(test_data: Path, spoken: Digits) -> None:
    folder = test_data / "free-spoken-digit-dataset" / "recordings"
    found = clip_features(recording(folder, 0, "george", 0))
    np.testing.assert_allclose(found, spoken.features[0], rtol=1e-3, atol=1e-3)
    assert (spoken.speakers[0], spoken.digits[0], spoken.sources[0]) == (0, 0, 0)


def trained_accuracy(spoken: Digits, test: Any) -> float:
    """Train the network on what is not tested; the share of tested digits that it recognizes."""
    features, digits = torch.tensor(spoken.features), torch.tensor(spoken.digits)
    rows = torch.tensor(np.flatnonzero(~test))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = SerCnn(10).train()
        network.fit_scale(features[rows])
        adam = torch.optim.Adam(network.parameters(), lr=2e-3)
        for _ in range(EPOCHS):
            for batch in rows[torch.randperm(len(rows))].split(32):
                adam.zero_grad()
                torch.nn.functional.cross_entropy(
                    network(features[batch]), digits[batch]
                ).backward()
                adam.step()
    with torch.inference_mode():
        found = network.eval()(features[test]).argmax(dim=1)
    return float((found == digits[test]).float().mean())


def test_the_lesson_of_the_leak_on_the_network(spoken: Digits) -> None:
    """Split at random after augmentation, copies and voices of the test are trained on."""
    leaking = trained_accuracy(spoken, spoken.leaking_split())
    by_speaker = trained_accuracy(spoken, spoken.speakers == 0)
    assert leaking > 0.7
    assert by_speaker < 0.5
    assert leaking - by_speaker > 0.3


def test_the_lesson_of_the_leak_step_by_step(spoken: Digits) -> None:
    """Copies apart, accuracy falls; speakers apart too, it falls to what a new voice would get."""

    def accuracy(test: Any) -> float:
        fitted = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(
            spoken.features[~test], spoken.digits[~test]
        )
        return float(fitted.score(spoken.features[test], spoken.digits[test]))

    leaking = accuracy(spoken.leaking_split())
    copies_apart = np.mean([accuracy(spoken.sources % 3 == take) for take in range(3)])
    speakers_apart = np.mean([accuracy(spoken.speakers == place) for place in range(4)])
    assert leaking > 0.9
    assert leaking > copies_apart > speakers_apart + 0.3
    assert speakers_apart < 0.4
