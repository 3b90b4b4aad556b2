"""YAMNet in its LiteRT form: the real file, against a plain re-implementation."""

from __future__ import annotations

import csv
import hashlib
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from awb.audio import read_audio, resample
from awb.designs import pooled
from awb.errors import ParameterError
from awb.maskers import zeros
from awb.perturbation import Perturber
from awb.protocols import AudioModel, DifferentiableModel, PatchModel, ScoreArray
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Instance
from awb_plugins.models.yamnet import SPEC, YamnetParameters, weights
from awb_plugins.models.yamnet.framing import (
    EPSILON,
    N_CLASSES,
    PATCH_SAMPLES,
    log_odds,
    read_class_map,
)
from awb_plugins.models.yamnet.litert import Yamnet, make_interpreter

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def tflite(test_data: Path) -> Path:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    return test_data / "yamnet" / "yamnet.tflite"


@pytest.fixture(scope="module")
def model(tflite: Path) -> AudioModel:
    return SPEC.factory(YamnetParameters(path=tflite))


@pytest.fixture(scope="module")
def dog(test_data: Path) -> AudioArray:
    return resample(*read_audio(test_data / "sounds" / "dog.wav"), RATE_HZ)


def plain_scores(tflite: Path, waveform: AudioArray, starts: list[int]) -> list[float]:
    """Oracle: an interpreter of its own, one patch after the other, and log-odds by hand."""
    interpreter = make_interpreter(tflite.read_bytes())
    best = [-math.inf] * N_CLASSES
    for start in starts:
        patch = np.zeros(PATCH_SAMPLES, dtype=np.float32)
        heard = waveform[start : start + PATCH_SAMPLES]
        patch[: heard.size] = heard
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], patch)
        interpreter.invoke()
        output = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])[0]
        for index, probability in enumerate(output.tolist()):
            clipped = min(max(probability, EPSILON), 1 - EPSILON)
            best[index] = max(best[index], math.log(clipped / (1 - clipped)))
    return best


def test_spec_loads_nothing_heavy() -> None:
    code = (
        "import sys; import awb_plugins.models.yamnet;"
        "sys.exit(any(name in sys.modules for name in ('ai_edge_litert', 'torch', 'pooch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_class_map_is_the_published_one(test_data: Path) -> None:
    names, mids = read_class_map()
    with (test_data / "yamnet" / "yamnet_class_map.csv").open(encoding="utf-8", newline="") as file:
        published = list(csv.DictReader(file))
    assert list(names) == [row["display_name"] for row in published]
    assert list(mids) == [row["mid"] for row in published]


def test_class_map_is_whole() -> None:
    names, mids = read_class_map()
    assert len(set(names)) == len(set(mids)) == N_CLASSES
    assert names.index("Dog") == 69


def test_capabilities(model: AudioModel) -> None:
    assert isinstance(model, PatchModel)
    assert not isinstance(model, DifferentiableModel)
    assert (model.sample_rate_hz, model.patch_samples) == (RATE_HZ, PATCH_SAMPLES)
    assert len(model.classes) == N_CLASSES


def test_weights_are_named_by_their_hash(model: Yamnet) -> None:
    assert model.weights_sha256 in weights.KNOWN_SHA256


def test_hears_the_dog(model: AudioModel, dog: AudioArray) -> None:
    scores = model.scores(dog[None])[0]
    assert scores[model.classes.index("Dog")] > 1
    assert scores[model.classes.index("Dog")] > scores[model.classes.index("Crow")] + 3


def test_scores_equal_the_plain_path(tflite: Path, model: AudioModel, dog: AudioArray) -> None:
    starts = [0, 7680, 15360, 20000 - PATCH_SAMPLES + 15360]
    clip = dog[: starts[-1] + PATCH_SAMPLES]
    expected = plain_scores(tflite, clip, sorted(starts))
    np.testing.assert_allclose(model.scores(clip[None])[0], expected, rtol=1e-6)


@pytest.mark.parametrize("n_samples", [1, 8_000, PATCH_SAMPLES - 1])
def test_short_clip_is_followed_by_zeros(
    tflite: Path, model: AudioModel, dog: AudioArray, n_samples: int
) -> None:
    clip = dog[2_000 : 2_000 + n_samples]
    found = model.scores(clip[None])[0]
    np.testing.assert_allclose(found, plain_scores(tflite, clip, [0]), rtol=1e-6)


def test_silence_is_finite(model: AudioModel) -> None:
    assert np.isfinite(model.scores(np.zeros((1, RATE_HZ), dtype=np.float32))).all()


def test_scores_do_not_depend_on_the_batch(model: AudioModel, dog: AudioArray) -> None:
    batch = np.stack([dog[:20_000], dog[30_000:50_000], dog[:20_000]])
    together = model.scores(batch)
    np.testing.assert_array_equal(together[0], together[2])
    np.testing.assert_array_equal(together[1], model.scores(batch[1:2])[0])


@pytest.mark.parametrize("hop_s", [0.1, 0.48, 0.975])
@pytest.mark.parametrize("n_samples", [1, 15_599, 15_600, 15_601, 31_200, 48_000, 160_000])
def test_no_audio_goes_unheard(tflite: Path, hop_s: float, n_samples: int) -> None:
    starts = Yamnet(tflite.read_bytes(), hop_s=hop_s).patch_starts(n_samples)
    stops = starts + PATCH_SAMPLES
    assert starts[0] == 0
    assert (np.diff(starts) > 0).all()
    assert (starts[1:] <= stops[:-1]).all()
    assert stops[-1] == max(n_samples, PATCH_SAMPLES)


@pytest.mark.parametrize("pooling", ["max", "mean"])
def test_patch_path_equals_plain_path(tflite: Path, dog: AudioArray, pooling: str) -> None:
    model = SPEC.factory(YamnetParameters.model_validate({"path": tflite, "pooling": pooling}))

    class Plain:
        sample_rate_hz, classes, batch_size = model.sample_rate_hz, model.classes, 2

        def scores(self, waveforms: AudioArray) -> ScoreArray:
            return model.scores(waveforms)

    clip = Clip("dog", dog[:24_100], RATE_HZ)
    segments = Segments(clip.waveform.size, RATE_HZ)
    instance = Instance("test", clip, "Dog", model.classes.index("Dog"), np.array([[0.1, 0.5]]))
    masks = pooled(segments.n, 9, np.random.default_rng(0))
    fast, slow = (
        Perturber(each, instance, segments, zeros, RandomKey((0,))) for each in (model, Plain())
    )
    np.testing.assert_array_equal(fast.scores(masks), slow.scores(masks))
    assert len(set(fast.scores(masks))) > 3


def test_pooling_of_one_class_equals_that_of_all(tflite: Path) -> None:
    scores = np.random.default_rng(0).normal(size=(3, 20, 50)).astype(np.float32)
    for pooling, reduce in (("max", np.max), ("mean", np.mean)):
        pool = Yamnet(tflite.read_bytes(), pooling=pooling).pool  # type: ignore[arg-type]
        assert pool(scores).dtype == np.float32
        np.testing.assert_allclose(pool(scores), reduce(scores, axis=-2), rtol=1e-4, atol=1e-6)
        np.testing.assert_array_equal(pool(scores[..., 7:8])[..., 0], pool(scores)[..., 7])


def test_a_new_process_gives_the_same_bits_and_needs_no_more_threads(
    tflite: Path, model: AudioModel
) -> None:
    code = f"""
import sys, hashlib, pathlib, numpy as np
from awb_plugins.models.yamnet import SPEC, YamnetParameters
model = SPEC.factory(YamnetParameters(path=pathlib.Path({str(tflite)!r})))
tasks = pathlib.Path("/proc/self/task")
before = len(list(tasks.iterdir())) if tasks.is_dir() else 0
rng = np.random.default_rng(0)
scores = model.scores(rng.uniform(-1, 1, (1, 20000)).astype(np.float32))
after = len(list(tasks.iterdir())) if tasks.is_dir() else 0
assert before == after, (before, after)
assert "torch" not in sys.modules and "tensorflow" not in sys.modules
sys.stdout.write(hashlib.sha256(scores.tobytes()).hexdigest())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    noise = np.random.default_rng(0).uniform(-1, 1, (1, 20_000)).astype(np.float32)
    assert done.stdout == hashlib.sha256(model.scores(noise).tobytes()).hexdigest()


def test_log_odds_are_finite_odd_and_monotone() -> None:
    probabilities = np.concatenate([[0], np.logspace(-45, -1, 40), [0.5, 0.9, 1]]).astype(
        np.float32
    )
    found = log_odds(probabilities)
    assert np.isfinite(found).all()
    assert (np.diff(found) >= 0).all()
    assert found[0] == -found[-1]
    assert log_odds(np.float32([0.9]))[0] == pytest.approx(math.log(9), rel=1e-6)


@pytest.mark.parametrize("shape", [(2, 15_599), (15_600,), (1, 1, 15_600)])
def test_patches_of_another_shape(model: PatchModel, shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match=r"float32 of shape \(n, 15600\)"):
        model.patch_scores(np.zeros(shape, dtype=np.float32))


def test_waveforms_of_another_shape_or_type(model: AudioModel) -> None:
    for waveforms in (np.zeros(9, np.float32), np.zeros((1, 0), np.float32), np.zeros((1, 9))):
        with pytest.raises(ParameterError, match=r"float32 of shape \(batch, samples\)"):
            model.scores(waveforms)


@pytest.mark.parametrize(
    "settings", [{"hop_s": 0}, {"hop_s": 1.0}, {"pooling": "median"}, {"treads": 2}]
)
def test_settings_are_validated(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        YamnetParameters.model_validate(settings)
