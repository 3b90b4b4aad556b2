"""``transformers:PATH``: any checkpoint for audio classification gives transformers' own scores."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

import awb
import mini_audioset
import mini_checkpoints
from awb.conformance.rules import check
from awb.errors import AwbError, MissingExtraError, WeightsError
from awb.harness.config.choice import _placed
from awb.harness.config.run_config import make_config
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import AttentionModel, DifferentiableModel
from awb.types import AudioArray, Clip
from awb_plugins.explainers.captum_adapter import SPEC as CAPTUM
from awb_plugins.models.transformers_any import SPEC
from awb_plugins.models.transformers_any.parameters import TransformersParameters
from fakes import perturber_for

RATE_HZ = 16_000
KINDS = ["ast", "wav2vec2", "hubert", "wavlm", "whisper", "wav2vec2-bert"]


pytestmark = pytest.mark.usefixtures("one_thread")


def made(folder: Path, **given: Any) -> Any:
    return SPEC.factory(TransformersParameters(checkpoint=str(folder), device="cpu", **given))


def noise(n: int, seconds: float = 2.0) -> AudioArray:
    rng = np.random.default_rng(1)
    return rng.uniform(-0.5, 0.5, (n, round(seconds * RATE_HZ))).astype(np.float32)


def reference(folder: Path, waveforms: AudioArray) -> Any:
    """Logits of transformers alone, clip by clip."""
    network = AutoModelForAudioClassification.from_pretrained(folder).eval()
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    rows = []
    for waveform in waveforms:
        given = extractor(waveform, sampling_rate=RATE_HZ, return_tensors="pt")
        with torch.no_grad():
            rows.append(network(**given).logits.numpy()[0])
    return np.stack(rows)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("problem", ["multi_label_classification", None])
def test_scores_are_those_of_transformers(kind: str, problem: str | None) -> None:
    folder = mini_checkpoints.random_checkpoint(kind, problem)
    model, waveforms = made(folder, batch_size=2), noise(3)
    logits = reference(folder, waveforms)
    if problem is None:  # then transformers takes its classes for exclusive
        odds = np.exp(logits.astype(np.float64))
        logits = np.log(odds / (odds.sum(axis=1, keepdims=True) - odds))
    np.testing.assert_allclose(model.scores(waveforms), logits, atol=1e-4)
    assert np.ptp(logits, axis=0).max() > 1e-4
    assert (model.sample_rate_hz, tuple(model.classes)) == (RATE_HZ, mini_audioset.CLASSES)
    assert isinstance(model, DifferentiableModel) == (kind != "wav2vec2-bert")
    assert isinstance(model, AttentionModel) == (kind != "wav2vec2-bert")


@pytest.mark.parametrize("kind", ["whisper", "wav2vec2-bert"])
def test_they_keep_the_rules_for_models(kind: str) -> None:
    folder = mini_checkpoints.random_checkpoint(kind)
    text = f"transformers:checkpoint={folder},device=cpu"
    verdicts = check(resolve(load(), "model", text), slow=False)
    assert {one.rule for one in verdicts if one.status != "ok"} <= {"monotone"}, verdicts
    assert not [one for one in verdicts if one.failed]  # random weights hear nothing clearly


def test_whisper_is_looked_into_where_there_is_audio() -> None:
    model = made(mini_checkpoints.random_checkpoint("whisper"))
    waveform = noise(1, 1.05)
    with torch.no_grad():
        features = model.front_end(torch.from_numpy(waveform))
    assert features.shape == (1, 107, 20)
    assert model.frame_centers_s(107)[-1] == pytest.approx(1.06)
    clip = Clip("noise", waveform[0], RATE_HZ)
    explainer = CAPTUM.factory(CAPTUM.parameters(method="LayerGradCam"))  # type: ignore[call-arg]
    view = perturber_for(model, clip).view()
    found = explainer(view, view._instance, np.random.default_rng(0))
    assert np.asarray(found.relevance).shape == (11,)
    assert np.ptp(found.relevance) > 0


def test_whisper_says_how_much_it_hears() -> None:
    model = made(mini_checkpoints.random_checkpoint("whisper"))
    heard = round(model.hears_s * RATE_HZ)
    waveforms = noise(2, model.hears_s + 1.0)
    np.testing.assert_array_equal(model.scores(waveforms[:, :heard]), model.scores(waveforms))


def test_its_weights_can_be_put_out_of_order() -> None:
    for kind in ("whisper", "wav2vec2-bert"):
        model, waveforms = made(mini_checkpoints.random_checkpoint(kind)), noise(1)
        before = model.scores(waveforms)
        twin = model.randomized(1.0, np.random.default_rng(0))
        assert not np.allclose(twin.scores(waveforms), before)
        assert np.array_equal(model.scores(waveforms), before)


def test_labels_can_be_overruled_and_classes_are_told_without_weights() -> None:
    folder = mini_checkpoints.random_checkpoint("hubert")
    multi = made(folder, labels="multi-label").scores(noise(1))
    np.testing.assert_allclose(multi, reference(folder, noise(1)), atol=1e-4)
    assert SPEC.class_list is not None
    listed = SPEC.class_list(TransformersParameters(checkpoint=str(folder)))
    assert listed is not None
    assert listed[0] == mini_audioset.CLASSES
    assert SPEC.class_list(TransformersParameters(checkpoint="owner/name")) is None


def test_it_is_typed_as_a_path_and_told_where_to_compute() -> None:
    folder = mini_checkpoints.random_checkpoint("hubert")
    plain = resolve(load(), "model", f"transformers:{folder}")
    assert plain.label == f"transformers:{folder}"
    placed = _placed(load(), f"transformers:{folder}", make_config(device="cpu"))
    assert placed.label == plain.label
    assert placed.parameters.model_dump()["device"] == "cpu"
    assert placed.parameters.model_dump()["checkpoint"] == str(folder)


def test_in_python_it_is_a_model_that_runs_by_its_reference() -> None:
    folder = mini_checkpoints.random_checkpoint("wavlm")
    model = awb.transformers_model(folder, device="cpu")
    assert model.scores(noise(1)).shape == (1, 4)
    assert model.reference == f"transformers:checkpoint={folder},device=cpu"  # type: ignore[attr-defined]


def _pickled(folder: Path) -> None:
    path = next(folder.glob("*.safetensors"))
    torch.save({"a": torch.zeros(1)}, folder / "pytorch_model.bin")
    path.unlink()


def _half(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    path = next(folder.glob("*.safetensors"))
    kept = {key: one for key, one in load_file(path).items() if not key.startswith("classifier")}
    save_file(kept, path, metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_pickled, "weights in a pickle"),
        (_half, "is it fine-tuned for audio classification"),
        (lambda folder: (folder / "preprocessor_config.json").unlink(), "cannot be loaded"),
        (lambda folder: (folder / "config.json").write_text("{"), "cannot be loaded"),
    ],
)
def test_checkpoints_that_are_not_whole_are_refused(
    spoil: Any, message: str, tmp_path: Path
) -> None:
    folder = tmp_path / "spoilt"
    shutil.copytree(mini_checkpoints.random_checkpoint("hubert"), folder)
    spoil(folder)
    with pytest.raises(WeightsError, match=message):
        made(folder)


def test_nothing_is_fetched_unless_it_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="checkpoint=nobody/nothing,download=true"):
        made(Path("nobody/nothing"))
    with pytest.raises(WeightsError, match="no such folder"):
        made(tmp_path / "nowhere")


def test_it_needs_a_checkpoint_and_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AwbError, match="transformers needs checkpoint"):
        resolve(load(), "model", "transformers")
    monkeypatch.setattr("awb.plugins.discovery.missing_modules", lambda spec: ["transformers"])
    with pytest.raises(MissingExtraError, match=r"audio-where-benchmark\[ast\]"):
        resolve(load(), "model", "transformers:somewhere")
