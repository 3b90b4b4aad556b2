"""VGGish: features and embeddings against plain forms, its memory, short clips, both backends."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("skops", reason="needs skops (extra sklearn)")

import torch
from torch import Tensor
from torch.nn import functional

import mini_vggish
from awb.errors import AudioError, WeightsError
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import AudioModel, FrameFeatureModel, PatchModel, ScoreArray
from awb.segments import Segments
from awb.types import AudioArray
from awb_plugins.models.extractors import make_extractor
from awb_plugins.models.vggish import SPEC, VggishParameters, front_end
from awb_plugins.models.vggish.embeddings import VggishEmbeddings
from awb_plugins.models.vggish.torch_port import TorchVggish, VggishNetwork, layout

RATE_HZ = 16_000
CLASSES = ("Dog", "Rain", "Siren")


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vggish")
    mini_vggish.write(folder / "vggish.pth")
    mini_vggish.write_classifier(folder / "256.skops", 256, CLASSES)
    mini_vggish.write_classifier(folder / "128.skops", 128, CLASSES)
    return folder


def made(folder: Path, **settings: Any) -> AudioModel:
    log_mel = settings.get("features") == "log-mel"
    settings = {"path": folder / ("128.skops" if log_mel else "256.skops"), **settings}
    return SPEC.factory(VggishParameters(**{"weights": folder / "vggish.pth", **settings}))


def noise(n: int, rows: int = 1, seed: int = 0) -> AudioArray:
    clips = np.random.default_rng(seed).uniform(-0.5, 0.5, (rows, n))
    clips[:, n // 3 : n // 2] *= 0.01
    return clips.astype(np.float32)


def slow_log_mel(waveform: AudioArray) -> Any:
    """The published features, frame by frame and filter by filter."""

    def mel(hz: float) -> float:
        return float(1127.0 * np.log(1.0 + hz / 700.0))

    edges = np.linspace(mel(125.0), mel(7500.0), 66)
    window = np.array([0.5 - 0.5 * np.cos(2 * np.pi / 400 * sample) for sample in range(400)])
    rows = []
    for start in range(0, len(waveform) - 399, 160):
        magnitude = np.abs(np.fft.rfft(waveform[start : start + 400] * window, 512))
        row = []
        for band in range(64):
            low, middle, high = edges[band : band + 3]
            total = 0.0
            for index in range(1, 257):
                place = mel(index * 8000.0 / 256)
                rising = (place - low) / (middle - low)
                falling = (high - place) / (high - middle)
                total += magnitude[index] * max(0.0, min(rising, falling))
            row.append(np.log(total + 0.01))
        rows.append(row)
    return np.array(rows)


def test_features_are_those_of_the_published_code() -> None:
    clip = noise(2_000)[0]
    found = front_end.log_mel(clip[np.newaxis])[0]
    assert found.shape == (11, 64)
    np.testing.assert_allclose(found, slow_log_mel(clip), atol=2e-6)
    silence = front_end.log_mel(np.zeros((1, 400), dtype=np.float32))
    np.testing.assert_allclose(silence, np.log(0.01), rtol=1e-6)


@pytest.mark.parametrize(
    ("n", "patches"), [(15_599, 0), (15_600, 1), (30_959, 1), (30_960, 2), (160_000, 10)]
)
def test_patches_do_not_overlap(n: int, patches: int) -> None:
    starts = front_end.patch_starts(n)
    assert len(starts) == patches
    assert (np.diff(starts) == 15_360).all()


def plain_network(state: dict[str, Tensor], patches: Tensor) -> Tensor:
    """The port's forward pass: channels go last before the dense layers."""
    maps = patches[:, None]
    for layer, pooled in ((0, True), (3, True), (6, False), (8, True), (11, False), (13, True)):
        weight, bias = (state[f"features.{layer}.{part}"] for part in ("weight", "bias"))
        maps = functional.relu(functional.conv2d(maps, weight, bias, padding=1))
        maps = functional.max_pool2d(maps, 2) if pooled else maps
    hidden = torch.transpose(torch.transpose(maps, 1, 3), 1, 2).reshape(len(patches), -1)
    for layer in (0, 2, 4):
        weight, bias = (state[f"embeddings.{layer}.{part}"] for part in ("weight", "bias"))
        hidden = functional.relu(functional.linear(hidden, weight, bias))
    return hidden


def test_embeddings_are_those_of_the_published_network(folder: Path) -> None:
    clips = noise(front_end.PATCH_SAMPLES, rows=10)
    found = TorchVggish(folder / "vggish.pth").embed(clips)
    patches = torch.from_numpy(front_end.log_mel(clips))
    expected = plain_network(mini_vggish.state(), patches).numpy()
    assert found.shape == (10, 128)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert (expected > 0).any()


def test_the_full_size_has_the_published_layout() -> None:
    shapes = layout()
    assert next(iter(shapes)) == "features.0.weight"
    assert {name.split(".")[1] for name in shapes if name.startswith("features")} == {
        *("0", "3", "6", "8", "11", "13")
    }
    assert shapes["features.13.weight"] == (512, 512, 3, 3)
    assert shapes["embeddings.0.weight"] == (4096, 12_288)
    assert shapes["embeddings.4.bias"] == (128,)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 72_141_184


def test_scores_come_from_mean_and_deviation(folder: Path) -> None:
    import skops.io

    clips = noise(50_000, rows=3)
    patches = [
        np.stack([clip[start : start + 15_600] for start in (0, 15_360, 30_720)]) for clip in clips
    ]
    network = TorchVggish(folder / "vggish.pth")
    embeddings = np.stack([network.embed(some) for some in patches]).astype(np.float64)
    vectors = np.concatenate([embeddings.mean(axis=1), embeddings.std(axis=1)], axis=1)
    probabilities = skops.io.load(folder / "256.skops").predict_proba(vectors)
    expected = np.log(probabilities / (1 - probabilities))
    model = made(folder)
    assert tuple(model.classes) == CLASSES
    np.testing.assert_allclose(model.scores(clips), expected, rtol=1e-3, atol=1e-3)
    assert not isinstance(model, PatchModel)


class Counting:
    """An embedder that counts what it is asked for."""

    weights_sha256 = "none"

    def __init__(self) -> None:
        self.seen = 0

    def embed(self, patches: AudioArray) -> ScoreArray:
        self.seen += len(patches)
        power = np.square(patches).mean(axis=1, keepdims=True)
        return (power * np.arange(128)).astype(np.float32)


def test_a_patch_is_embedded_once() -> None:
    counting = Counting()
    extractor = VggishEmbeddings(counting, remembered=4)
    clips = noise(31_000, rows=2)
    changed = clips.copy()
    changed[:, :100] = 0.0
    first = extractor.vectors(clips)
    assert counting.seen == 4
    np.testing.assert_array_equal(extractor.vectors(clips), first)
    assert counting.seen == 4
    extractor.vectors(changed)
    assert counting.seen == 6
    np.testing.assert_array_equal(extractor.vectors(clips), first)  # forgotten, and made anew
    assert counting.seen == 8
    assert extractor.vectors(np.concatenate([clips, clips])).shape == (4, 256)


def test_log_mel_statistics(folder: Path) -> None:
    model = made(folder, features="log-mel")
    assert isinstance(model, FrameFeatureModel)
    n = 20_000
    clip, fill = noise(n)[0], np.zeros(n, dtype=np.float32)
    segments = Segments(n, RATE_HZ, 0.1, 0.1)
    renderer = Renderer(clip, fill, segments.edges_samples)
    drops = np.random.default_rng(0).random((5, segments.n_cells)) < 0.4
    np.testing.assert_allclose(
        FrameScorer(model, renderer, segments, 1).scores(drops),
        ClipScorer(model, renderer, 1).scores(drops),
        atol=1e-6,
    )
    vectors = make_extractor("log-mel").vectors(clip[np.newaxis])
    frames = front_end.log_mel(clip[np.newaxis])[0].astype(np.float64)
    np.testing.assert_allclose(vectors[0, :64], frames.mean(axis=0))
    np.testing.assert_allclose(vectors[0, 64:], frames.std(axis=0))


@pytest.mark.parametrize("features", ["embeddings", "log-mel"])
def test_a_clip_shorter_than_a_patch_is_refused(folder: Path, features: str) -> None:
    model = made(folder, features=features)
    assert np.isfinite(model.scores(noise(15_600))).all()
    with pytest.raises(AudioError, match=r"0\.900 s is too short for .* need 0\.975 s"):
        model.scores(noise(14_400))
    assert SPEC.minimum_duration_s is not None
    assert SPEC.minimum_duration_s(VggishParameters(path=folder, features=features)) == 0.975


def test_bad_weights(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.pth"
    torch.save({**mini_vggish.state(), "pproc.means": torch.zeros(1)}, bad)
    with pytest.raises(WeightsError, match=r"unknown tensors, pproc\.means"):
        made(folder, weights=bad)
    with pytest.raises(WeightsError, match=r"absent\.pth does not exist"):
        made(folder, weights=tmp_path / "absent.pth")
    with pytest.raises(WeightsError, match=r"fitted on 128 features, vggish gives 256"):
        made(folder, path=folder / "128.skops")


def save_model(folder: Path, size: int = 128) -> Path:
    """Save a module with VGGish's signature; the embedding follows the energy of a patch."""
    for module in ("tensorflow", "tensorflow_hub"):
        if find_spec(module) is None:
            pytest.skip(f"needs {module} (extra tfhub)")
    import tensorflow as tf

    class Tiny(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[misc]
        def __call__(self, waveform: Any) -> Any:
            frames = tf.signal.frame(waveform, 15_600, 15_360)
            energy = tf.reduce_mean(frames**2, axis=1, keepdims=True)
            return energy * tf.range(size, dtype=tf.float32)

    tf.saved_model.save(Tiny(), str(folder))
    return folder


def test_a_saved_model(folder: Path, tmp_path: Path) -> None:
    saved = save_model(tmp_path / "saved")
    clips = noise(31_000, rows=2)
    found = make_extractor("vggish", saved).vectors(clips)
    expected = VggishEmbeddings(Counting()).vectors(clips)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    model = made(folder, weights=saved)
    assert model.scores(clips).shape == (2, 3)
    with pytest.raises(WeightsError, match=r"gives shape \(1, 64\), expected \(1, 128\)"):
        made(folder, weights=save_model(tmp_path / "small", size=64))
    with pytest.raises(WeightsError, match=r"contains no saved_model\.pb"):
        made(folder, weights=folder)


def test_loading_leaves_torchs_random_state_alone(folder: Path) -> None:
    before = torch.random.get_rng_state()
    TorchVggish(folder / "vggish.pth")
    assert torch.equal(before, torch.random.get_rng_state())
    assert sum(one.numel() for one in VggishNetwork(2, 8).parameters()) < 10_000
