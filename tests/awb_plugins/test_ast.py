"""AST: its features against the reference, its scores against transformers, and bad checkpoints."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import ASTConfig, ASTFeatureExtractor, ASTForAudioClassification

import mini_audioset
from awb.errors import ParameterError, WeightsError
from awb.protocols import (
    AttentionModel,
    AudioModel,
    DifferentiableModel,
    FrameFeatureModel,
    RandomizableModel,
)
from awb.types import AudioArray
from awb_plugins.models.ast import SPEC
from awb_plugins.models.ast.features import FilterBank
from awb_plugins.models.ast.model import Ast
from awb_plugins.models.ast.parameters import AstParameters
from awb_plugins.models.audioset_labels import audioset_classes

RATE_HZ = 16_000


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder() -> Path:
    return mini_audioset.tiny_ast()


@pytest.fixture(scope="module")
def model(folder: Path) -> Ast:
    made = SPEC.factory(AstParameters(checkpoint=str(folder), device="cpu"))
    assert isinstance(made, Ast)
    return made


def sounds(seconds: float) -> AudioArray:
    """Noise, a full-scale tone, silence, near silence, and clicks on an offset."""
    n = round(seconds * RATE_HZ)
    rng = np.random.default_rng(n)
    time = np.arange(n)
    rows = [
        rng.uniform(-1, 1, n),
        np.sin(2 * np.pi * 440 * time / RATE_HZ),
        np.zeros(n),
        1e-5 * rng.standard_normal(n),
        np.where(time % 3000 < 20, 0.7, 0.0) + 0.3,
    ]
    return np.stack(rows).astype(np.float32)


def reference(extractor: Any, waveforms: AudioArray) -> AudioArray:
    found = extractor(list(waveforms), sampling_rate=RATE_HZ)["input_values"]
    return np.stack(found).astype(np.float32)


def padded(bank: FilterBank, waveforms: AudioArray) -> AudioArray:
    features = bank(torch.from_numpy(waveforms))
    missing = bank.max_frames - features.shape[1]
    return torch.nn.functional.pad(features, (0, 0, 0, missing), value=bank.padding).numpy()


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 2.73, 5.0, 9.99, 10.0, 10.24, 10.27, 12.0])
def test_features_agree_with_the_reference_extractor(seconds: float) -> None:
    extractor = ASTFeatureExtractor()
    waveforms = sounds(seconds)
    found = padded(FilterBank(extractor), waveforms)
    np.testing.assert_allclose(found, reference(extractor, waveforms), atol=1e-4, rtol=0)


@settings(deadline=None, max_examples=15)
@given(samples=st.integers(3_200, 40_000), seed=st.integers(0, 99), level=st.floats(1e-6, 1.0))
def test_features_agree_for_any_length_and_level(samples: int, seed: int, level: float) -> None:
    extractor = ASTFeatureExtractor(max_length=300, num_mel_bins=64, do_normalize=seed % 2 == 0)
    noise = np.random.default_rng(seed).uniform(-level, level, (1, samples)).astype(np.float32)
    found = padded(FilterBank(extractor), noise)
    np.testing.assert_allclose(found, reference(extractor, noise), atol=1e-4, rtol=0)


def test_only_frames_of_audio_are_made_and_centred(model: Ast) -> None:
    bank = FilterBank(ASTFeatureExtractor())
    assert bank(torch.zeros(2, 10 * RATE_HZ)).shape == (2, 998, 128)
    assert bank(torch.zeros(1, 12 * RATE_HZ)).shape == (1, 1024, 128)
    assert bank(torch.zeros(1, 100)).shape == (1, 1, 128)
    np.testing.assert_allclose(model.frame_centers_s(3), [0.0125, 0.0225, 0.0325])


def test_what_lies_beyond_what_it_hears_changes_nothing(model: Ast) -> None:
    waveforms = sounds(12.0)
    silenced = waveforms.copy()
    silenced[:, round(model.hears_s * RATE_HZ) :] = 0
    np.testing.assert_array_equal(model.scores(silenced), model.scores(waveforms))
    assert model.hears_s == pytest.approx(10.255)


@pytest.mark.parametrize("seconds", [0.3, 3.0, 10.0, 12.0])
def test_scores_are_those_of_transformers(folder: Path, model: Ast, seconds: float) -> None:
    network = ASTForAudioClassification.from_pretrained(folder).eval()
    extractor = ASTFeatureExtractor.from_pretrained(folder)
    waveforms = sounds(seconds)
    with torch.no_grad():
        expected = network(torch.from_numpy(reference(extractor, waveforms))).logits.numpy()
    np.testing.assert_allclose(model.scores(waveforms), expected, atol=1e-4)


@pytest.mark.parametrize(("step_bins", "step_frames"), [(10, 10), (16, 7)])
def test_patches_may_overlap_unevenly(step_bins: int, step_frames: int) -> None:
    torch.manual_seed(0)
    config = ASTConfig(
        hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8,
        num_labels=3, num_mel_bins=32, max_length=100, time_stride=step_frames,
        frequency_stride=step_bins,
    )  # fmt: skip
    network = ASTForAudioClassification(config).eval()
    extractor = ASTFeatureExtractor(num_mel_bins=32, max_length=100)
    for seconds in (0.1, 0.31, 0.9, 2.0):
        waveforms = sounds(seconds)
        with torch.no_grad():
            expected = network(torch.from_numpy(reference(extractor, waveforms))).logits.numpy()
        made = Ast(
            _copy(network, config), extractor, problem="multi-label",
            device=torch.device("cpu"), batch_size=2,
        )  # fmt: skip
        np.testing.assert_allclose(made.scores(waveforms), expected, atol=1e-4)


def _copy(network: Any, config: Any) -> Any:
    copied = ASTForAudioClassification(config).eval()
    copied.load_state_dict(network.state_dict())
    return copied


def test_it_knows_the_sounds_it_was_trained_on(model: Ast) -> None:
    waveforms, labels = mini_audioset.training_clips()
    right = (model.scores(waveforms[:32]) > 0) == (labels[:32] > 0)
    assert right.mean() > 0.85


def test_it_is_what_explainers_ask_for(model: Ast) -> None:
    assert isinstance(model, AudioModel)
    assert isinstance(model, DifferentiableModel)
    assert isinstance(model, AttentionModel)
    waveform = torch.from_numpy(sounds(4.0)[:1])
    features = model.front_end(waveform).requires_grad_()
    scores = model.back_end(features)
    np.testing.assert_allclose(scores.detach(), model.scores(waveform.numpy()), atol=1e-5)
    (gradient,) = torch.autograd.grad(scores[0, 0], features)
    assert gradient.shape == features.shape
    assert gradient.abs().max() > 0
    assert len(model.frame_centers_s(features.shape[1])) == 398


@pytest.mark.parametrize("samples", [100, 400, 559, 560, 3_207, 170_000])
def test_frames_are_features_of_their_own_windows(model: Ast, samples: int) -> None:
    assert isinstance(model, FrameFeatureModel)
    rng = np.random.default_rng(samples)
    waveforms = rng.uniform(-0.5, 0.5, (3, samples)).astype(np.float32)
    features, starts = model.features(waveforms), model.frame_starts(samples)
    assert features.shape[1] == len(starts)
    for frame in {0, len(starts) // 2, len(starts) - 1}:
        window = waveforms[:, starts[frame] : starts[frame] + model.frame_samples]
        np.testing.assert_allclose(model.features(window)[:, 0], features[:, frame], atol=1e-6)
    np.testing.assert_allclose(model.feature_scores(features), model.scores(waveforms), atol=1e-5)


def test_maps_of_the_last_convolution_cover_the_audio_alone(model: Ast) -> None:
    shapes = []
    layer = model.back_end.get_submodule(model.last_convolution)
    handle = layer.register_forward_hook(lambda _, __, out: shapes.append(tuple(out.shape)))
    model.scores(sounds(3.2)[:1])
    handle.remove()
    assert shapes == [(1, 48, 10, 1)]  # 318 frames, a patch every 32


def test_attention_and_where_its_tokens_lie(model: Ast) -> None:
    waveform = sounds(3.2)[0]
    layers = list(model.attentions(waveform))
    spans_s = model.token_spans_s(waveform.size)
    assert len(layers) == 2
    assert layers[0].shape == (2, len(spans_s), len(spans_s))
    np.testing.assert_allclose(layers[1].sum(axis=-1), 1.0, atol=1e-5)
    assert np.isnan(spans_s[:2]).all()
    np.testing.assert_allclose(spans_s[2:4], [[0.0, 0.655], [0.32, 0.975]])
    assert spans_s[-1].tolist() == [3.2, 3.2]
    before = model.scores(waveform[np.newaxis])
    np.testing.assert_array_equal(model.scores(waveform[np.newaxis]), before)


def test_a_batch_that_does_not_fit_is_halved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SPEC.factory(AstParameters(checkpoint=str(folder), device="cpu", batch_size=8))
    waveforms = np.repeat(sounds(1.0), 2, axis=0)
    expected = made.scores(waveforms)
    forward, tried = made._forward, []  # type: ignore[attr-defined]

    def small_memory(batch: AudioArray) -> torch.Tensor:
        tried.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(batch)

    monkeypatch.setattr(made, "_forward", small_memory)
    np.testing.assert_allclose(made.scores(waveforms), expected, atol=1e-5)
    assert tried == [8, 4, 2, 2, 2, 2, 2]
    monkeypatch.setattr(made, "_forward", lambda batch: _run_out())
    with pytest.raises(ParameterError, match="does not fit the memory"):
        made.scores(waveforms)


def _run_out() -> torch.Tensor:
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def test_other_errors_are_not_taken_for_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = SPEC.factory(AstParameters(checkpoint=str(folder), device="cpu"))

    def broken(batch: AudioArray) -> torch.Tensor:
        raise RuntimeError("something else")

    monkeypatch.setattr(made, "_forward", broken)
    with pytest.raises(RuntimeError, match="something else"):
        made.scores(sounds(1.0))


def test_a_single_label_checkpoint_gives_softmax_log_odds(folder: Path, model: Ast) -> None:
    single = SPEC.factory(
        AstParameters(checkpoint=str(folder), device="cpu", labels="single-label")
    )
    waveforms = sounds(2.0)
    logits = model.scores(waveforms).astype(np.float64)
    odds = np.exp(logits)
    expected = np.log(odds / (odds.sum(axis=1, keepdims=True) - odds))
    np.testing.assert_allclose(single.scores(waveforms), expected, atol=1e-4)


def test_classes_are_known_with_and_without_the_weights(folder: Path, model: Ast) -> None:
    assert SPEC.class_list is not None
    names, mids = SPEC.class_list(AstParameters()) or ((), ())
    assert (len(names), names[0], mids[0]) == (527, "Speech", "/m/09x0r")
    assert SPEC.class_list(AstParameters(checkpoint=str(folder))) == (
        tuple(model.classes),
        tuple(model.mids),
    )
    assert tuple(model.classes) == mini_audioset.CLASSES
    assert model.mids[1] == audioset_classes()["White noise"]
    assert SPEC.class_list(AstParameters(checkpoint="someone/else")) is None


def test_the_hash_is_of_the_weights_not_of_the_file(folder: Path, model: Ast) -> None:
    again = SPEC.factory(AstParameters(checkpoint=str(folder), device="cpu"))
    assert again.weights_sha256 == model.weights_sha256  # type: ignore[attr-defined]
    assert len(model.weights_sha256) == 64


def _refusal(checkpoint: str, **given: Any) -> str:
    with pytest.raises((WeightsError, ParameterError)) as caught:
        SPEC.factory(AstParameters(checkpoint=checkpoint, **{"device": "cpu", **given}))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_bad_checkpoints(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no such folder" in _refusal("./nowhere")
    assert "no such folder" in _refusal("/no/such/folder")
    assert "is a file" in _refusal(str(folder / "config.json"))
    assert "cannot be loaded" in _refusal(str(tmp_path))
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "cannot be loaded" in _refusal(str(broken))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "--model ast:checkpoint=FOLDER" in _refusal("nobody/no-such-model")


def test_a_checkpoint_that_lacks_weights_is_refused(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    shutil.copytree(folder, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(kept, tmp_path / "headless" / "model.safetensors", metadata={"format": "pt"})
    assert "is it fine-tuned" in _refusal(str(tmp_path / "headless"))


def test_features_and_network_must_fit(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "other")
    path = tmp_path / "other" / "preprocessor_config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "max_length": 512}))
    assert "1024 frames of 64 bins, its features are 512 of 64" in _refusal(str(tmp_path / "other"))


def test_an_unknown_device(folder: Path) -> None:
    assert "Known: auto, cpu" in _refusal(str(folder), device="cdua")


@pytest.mark.parametrize(
    "waveforms",
    [np.zeros(100, np.float32), np.zeros((1, 100)), np.zeros((2, 0), np.float32)],
)
def test_waveforms_of_a_wrong_shape(model: Ast, waveforms: Any) -> None:
    with pytest.raises(ParameterError, match="waveforms must be float32"):
        model.scores(waveforms)


def test_mixed_precision_scores_nearly_the_same_and_says_so(folder: Path, model: Ast) -> None:
    mixed = SPEC.factory(AstParameters(checkpoint=str(folder), device="cpu", precision="bfloat16"))
    waveforms = sounds(1.0)
    expected, found = model.scores(waveforms), mixed.scores(waveforms)
    assert (found != expected).any()
    np.testing.assert_allclose(found, expected, atol=0.2)
    assert (mixed.precision, model.precision) == ("bfloat16", "float32")  # type: ignore[attr-defined]


def test_its_weights_can_be_put_out_of_order(model: Ast) -> None:
    waveforms = sounds(2.0)
    before = model.scores(waveforms)
    twin = model.randomized(1.0, np.random.default_rng(0))
    assert isinstance(twin, RandomizableModel)
    assert not np.allclose(twin.scores(waveforms), before)
    assert np.array_equal(model.scores(waveforms), before)
    # Its own patches, not those of the trained model: spans and features go on working.
    assert twin.token_spans_s(waveforms.shape[1]).shape[1] == 2
    features = twin.features(waveforms)
    np.testing.assert_allclose(twin.feature_scores(features), twin.scores(waveforms), atol=1e-5)
