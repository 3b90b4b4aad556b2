"""Soundscape-ast: contract, accuracy, and that it is the network of transformers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from safetensors.torch import load_file
from sklearn.metrics import average_precision_score
from transformers import ASTForAudioClassification

from awb.plugins.discovery import load
from awb.protocols import (
    AttentionModel,
    FrameFeatureModel,
    RandomizableModel,
    SpectrogramModel,
    TensorModel,
    TokenModel,
)
from awb.types import AudioArray, Clip
from awb_plugins.models.log_mel_front_end import FrontEnd
from awb_plugins.models.soundscape_ast import EMBEDDED, NAME, SPEC
from awb_plugins.models.soundscape_ast.model import SoundscapeAst
from awb_plugins.models.soundscape_ast.network import FORMAT, Frames
from awb_plugins.models.soundscape_ast.recipe import make
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED as CNN

RATE_HZ = 16_000

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model() -> SoundscapeAst:
    return SoundscapeAst(NAME, EMBEDDED)


@pytest.fixture(scope="module")
def scenes() -> list[Clip]:
    spec = load().get("dataset", "soundscapes").spec
    dataset = spec.factory(spec.parameters(split="validation", clips=16))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def noise(samples: int, rows: int = 2) -> AudioArray:
    return (0.1 * np.random.default_rng(samples).standard_normal((rows, samples))).astype(
        np.float32
    )


def test_the_contract(model: SoundscapeAst) -> None:
    made = SPEC.factory(SPEC.parameters())
    for capability in (
        AttentionModel,
        FrameFeatureModel,
        RandomizableModel,
        SpectrogramModel,
        TensorModel,
        TokenModel,
    ):
        assert isinstance(made, capability)
    assert EMBEDDED.stat().st_size < 1_500_000
    assert SPEC.class_list is not None
    assert SPEC.class_list(SPEC.parameters()) == (model.classes, model.mids)
    named = dict(zip(model.classes, model.mids, strict=True))
    cnn = SoundscapeCnn(CNN)
    assert named == dict(zip(cnn.classes, cnn.mids, strict=True))


def test_it_tells_the_classes_apart(model: SoundscapeAst, scenes: list[Clip]) -> None:
    truth = np.array(
        [[name in {e.label for e in clip.events} for name in model.classes] for clip in scenes]
    )
    scores = model.scores(np.stack([clip.waveform for clip in scenes]))
    heard = truth.any(axis=0)
    assert average_precision_score(truth[:, heard], scores[:, heard], average="macro") > 0.6
    assert np.mean(scores[truth] >= 0) > 0.4


@pytest.mark.parametrize("samples", [4_000, 40_123, 160_000, 180_000])
def test_scores_are_those_of_transformers(model: SoundscapeAst, samples: int) -> None:
    """A network of the published class, on frames padded with silence to the longest input."""
    network = ASTForAudioClassification(model.back_end.network.config).eval()
    weights = load_file(EMBEDDED)
    network.load_state_dict({name.removeprefix("network."): one for name, one in weights.items()})
    waveforms = noise(samples)
    log_mel = FrontEnd(FORMAT)(torch.from_numpy(waveforms))[:, :1024]
    frames = torch.full((2, 1024, 64), float(np.log(1e-8)))
    frames[:, : log_mel.shape[1]] = log_mel
    with torch.no_grad():
        expected = network((frames + 7.5) / 2.4).logits
    np.testing.assert_allclose(model.scores(waveforms), expected, atol=1e-3)


def test_training_hears_the_same_frames_padded_with_silence() -> None:
    waveforms = torch.from_numpy(noise(16_000))
    padded, plain = make(3).front_end(waveforms), Frames()(waveforms)
    assert padded.shape == (2, 1024, 64)
    torch.testing.assert_close(padded[:, :100], plain)
    torch.testing.assert_close(
        padded[:, 100:], Frames()(torch.zeros(1, 16_000))[:1, :1].expand(2, 924, 64)
    )


@pytest.mark.parametrize("samples", [1_600, 40_123])
def test_frames_are_features_of_their_own_windows(model: SoundscapeAst, samples: int) -> None:
    waveforms = noise(samples, 3)
    features, starts = model.features(waveforms), model.frame_starts(samples)
    assert features.shape[1] == len(starts) == -(-samples // 160)
    np.testing.assert_allclose(
        model.frame_centers_s(len(starts)), (starts + model.frame_samples / 2) / RATE_HZ
    )
    changed = waveforms.copy()
    start = int(starts[len(starts) // 2])
    changed[:, start : start + model.frame_samples] += 0.3
    moved = (np.abs(model.features(changed) - features) > 1e-4).any(axis=(0, 2))
    touched = (starts < start + model.frame_samples) & (starts + model.frame_samples > start)
    np.testing.assert_array_equal(moved, touched)
    np.testing.assert_allclose(model.feature_scores(features), model.scores(waveforms), atol=1e-4)


def test_attention_and_where_its_tokens_lie(model: SoundscapeAst) -> None:
    waveform = noise(51_200)[0]
    layers = list(model.attentions(waveform))
    spans_s = model.token_spans_s(waveform.size)
    assert len(layers) == 2
    assert layers[0].shape == (4, len(spans_s), len(spans_s)) == (4, 258, 258)
    np.testing.assert_allclose(layers[1].sum(axis=-1), 1.0, atol=1e-5)
    assert np.isnan(spans_s[:2]).all()
    np.testing.assert_allclose(spans_s[2:4], [[0.0, 0.171], [0.149, 0.331]])
    np.testing.assert_allclose(
        model.token_cells(320, 64)[[0, 2, 3, 66]],
        [[0] * 4, [0, 16, 0, 16], [16, 32, 0, 16], [0, 16, 16, 32]],
    )


def test_the_spec_and_its_class_list_load_no_torch() -> None:
    code = (
        "import sys; from awb_plugins.models.soundscape_ast import SPEC as s;"
        "sys.exit('torch' in sys.modules or len(s.class_list(s.parameters())[0]) != 16)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
