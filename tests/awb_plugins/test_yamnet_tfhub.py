"""YAMNet's TensorFlow form, on a tiny SavedModel with its signature; the choice of backend."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from awb.errors import MissingExtraError, ParameterError, WeightsError
from awb.protocols import PatchModel
from awb.types import AudioArray
from awb_plugins.models import yamnet
from awb_plugins.models.yamnet import SPEC, YamnetParameters, choose_backend
from awb_plugins.models.yamnet.framing import N_CLASSES, PATCH_SAMPLES, log_odds

HOP = 7_680  # the published hop of 0.48 s


def needs_tensorflow() -> Any:
    for module in ("tensorflow", "tensorflow_hub"):
        if find_spec(module) is None:
            pytest.skip(f"needs {module} (extra tfhub)")
    import tensorflow

    return tensorflow


def save_model(folder: Path, *, n_classes: int = N_CLASSES) -> Path:
    """Save a module with YAMNet's signature; probabilities follow the energy of a patch."""
    tf = needs_tensorflow()
    rng = np.random.default_rng(0)

    class Tiny(tf.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.slopes = tf.Variable(rng.normal(size=n_classes), dtype=tf.float32)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])  # type: ignore[misc]
        def __call__(self, waveform: Any) -> Any:
            first = tf.maximum(PATCH_SAMPLES - tf.shape(waveform)[0], 0)
            rest = tf.maximum(tf.shape(waveform)[0] - PATCH_SAMPLES, 0)
            missing = first + (-rest) % HOP
            padded = tf.pad(waveform, [[0, missing]])
            frames = tf.signal.frame(padded, PATCH_SAMPLES, HOP)
            energy = 10 * tf.reduce_mean(frames**2, axis=1, keepdims=True)
            scores = tf.sigmoid(energy * self.slopes - 1)
            return scores, tf.zeros([tf.shape(frames)[0], 1024]), tf.zeros([96, 64])

    tf.saved_model.save(Tiny(), str(folder))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(tmp_path_factory.mktemp("saved") / "yamnet")


@pytest.fixture(scope="module")
def model(folder: Path) -> Any:
    return SPEC.factory(YamnetParameters(path=folder))


@pytest.fixture
def clip() -> AudioArray:
    rng = np.random.default_rng(3)
    waveform = 0.05 * rng.standard_normal(40_000)
    waveform[20_000:24_000] *= 8
    return waveform.clip(-1, 1).astype(np.float32)


def slopes() -> Any:
    return np.random.default_rng(0).normal(size=N_CLASSES).astype(np.float32)


def plain(waveform: AudioArray, starts: list[int]) -> Any:
    patches = [waveform[start : start + PATCH_SAMPLES] for start in starts]
    energy = np.array([10 * np.mean(patch.astype(np.float64) ** 2) for patch in patches])
    return energy[:, np.newaxis] * slopes() - 1


def test_scores_are_the_pooled_log_odds_of_the_patches(model: Any, clip: AudioArray) -> None:
    assert isinstance(model, PatchModel)
    starts = [0, 7_680, 15_360, 23_040, 24_400]
    assert model.patch_starts(clip.size).tolist() == starts
    expected = plain(clip, starts).max(axis=0)
    np.testing.assert_allclose(model.scores(clip[np.newaxis])[0], expected, atol=1e-4)


def test_mean_pooling_and_another_hop(folder: Path, clip: AudioArray) -> None:
    made = SPEC.factory(YamnetParameters(path=folder, hop_s=0.975, pooling="mean"))
    expected = plain(clip, [0, 15_600, 24_400]).mean(axis=0)
    np.testing.assert_allclose(made.scores(clip[np.newaxis])[0], expected, atol=1e-4)


def test_a_short_clip_is_followed_by_zeros(model: Any, clip: AudioArray) -> None:
    padded = np.pad(clip[:5_000], (0, PATCH_SAMPLES - 5_000))
    np.testing.assert_array_equal(
        model.scores(clip[np.newaxis, :5_000]), model.scores(padded[np.newaxis])
    )


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_the_gradient_is_that_of_the_score(folder: Path, clip: AudioArray, pooling: str) -> None:
    made: Any = SPEC.factory(YamnetParameters(path=folder, pooling=pooling))
    which = int(np.argmax(slopes()))
    score, gradient = made.waveform_gradient(clip, which)
    assert score == pytest.approx(made.scores(clip[np.newaxis])[0, which], abs=1e-4)
    starts = made.patch_starts(clip.size).tolist()
    odds = plain(clip, starts)[:, which]
    heard = [int(np.argmax(odds))] if pooling == "max" else range(len(starts))
    expected = np.zeros(clip.size)
    for patch in heard:
        span = slice(starts[patch], starts[patch] + PATCH_SAMPLES)
        expected[span] += 20 * slopes()[which] * clip[span] / PATCH_SAMPLES / len(list(heard))
    np.testing.assert_allclose(gradient, expected, atol=1e-7)


def test_the_gradient_of_a_short_clip(model: Any, clip: AudioArray) -> None:
    _, gradient = model.waveform_gradient(clip[:300], 0)
    assert gradient.shape == (300,)
    with pytest.raises(ParameterError, match="class index 521"):
        model.waveform_gradient(clip, N_CLASSES)
    with pytest.raises(ParameterError, match="float32 waveform"):
        model.waveform_gradient(clip[np.newaxis], 0)


def test_the_hash_follows_the_weights(folder: Path, model: Any, tmp_path: Path) -> None:
    again = SPEC.factory(YamnetParameters(path=folder))
    assert again.weights_sha256 == model.weights_sha256  # type: ignore[attr-defined]
    other = save_model(tmp_path / "other")
    (other / "variables" / "variables.index").touch()
    assert len(model.weights_sha256) == 64


def test_another_savedmodel_is_refused(tmp_path: Path) -> None:
    wrong = save_model(tmp_path / "wrong", n_classes=3)
    with pytest.raises(WeightsError, match=r"shape \(1, 3\), expected \(1, 521\)"):
        SPEC.factory(YamnetParameters(path=wrong))


def test_a_broken_savedmodel_is_refused(tmp_path: Path) -> None:
    needs_tensorflow()
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(WeightsError, match="is not YAMNet"):
        SPEC.factory(YamnetParameters(path=tmp_path))


def test_a_folder_without_a_savedmodel(tmp_path: Path) -> None:
    needs_tensorflow()
    with pytest.raises(WeightsError, match=r"contains no saved_model\.pb"):
        SPEC.factory(YamnetParameters(path=tmp_path, backend="tfhub"))
    with pytest.raises(WeightsError, match="is not a folder"):
        SPEC.factory(YamnetParameters(path=tmp_path / "nowhere", backend="tfhub"))


@pytest.mark.parametrize(
    ("installed", "given", "expected"),
    [
        ({"ai_edge_litert", "tensorflow_hub"}, {}, "litert"),
        ({"tensorflow_hub"}, {}, "tfhub"),
        ({"ai_edge_litert"}, {}, "litert"),
        ({"ai_edge_litert", "tensorflow_hub"}, {"backend": "tfhub"}, "tfhub"),
        ({"ai_edge_litert", "tensorflow_hub"}, {"path": "folder"}, "tfhub"),
        ({"ai_edge_litert", "tensorflow_hub"}, {"path": "file"}, "litert"),
        ({"ai_edge_litert"}, {"backend": "tfhub"}, r"audio-where-benchmark\[tfhub\]"),
        ({"tensorflow_hub"}, {"path": "file"}, r"audio-where-benchmark\[yamnet\]"),
        (set(), {}, "needs ai_edge_litert"),
    ],
)
def test_the_choice_of_backend(
    installed: set[str],
    given: dict[str, str],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").touch()
    monkeypatch.setattr(yamnet, "find_spec", lambda name: name in installed or None)
    settings: dict[str, Any] = dict(given)
    if "path" in given:
        settings["path"] = tmp_path / given["path"]
    parameters = YamnetParameters(**settings)
    if expected in ("litert", "tfhub"):
        assert choose_backend(parameters) == expected
    else:
        with pytest.raises(MissingExtraError, match=expected):
            choose_backend(parameters)


def test_both_forms_clip_probabilities_alike(folder: Path) -> None:
    made: Any = SPEC.factory(YamnetParameters(path=folder, hop_s=0.975))
    loud = np.ones(PATCH_SAMPLES, dtype=np.float32)
    assert np.abs(made.scores(loud[np.newaxis])).max() <= log_odds(np.array([1.0], np.float32))[0]
