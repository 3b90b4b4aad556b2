"""wav2vec 2.0: scores against transformers, padding and masks, single and multi label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from transformers import AutoFeatureExtractor, AutoModelForAudioClassification

import mini_audioset
from awb.errors import WeightsError
from awb.protocols import AudioModel, DifferentiableModel
from awb.types import AudioArray
from awb_plugins.models.wav2vec2 import SPEC
from awb_plugins.models.wav2vec2.model import Wav2Vec2
from awb_plugins.models.wav2vec2.parameters import Wav2Vec2Parameters

RATE_HZ = 16_000


pytestmark = pytest.mark.usefixtures("one_thread")


def made(folder: Path, **given: Any) -> Wav2Vec2:
    found = SPEC.factory(Wav2Vec2Parameters(checkpoint=str(folder), device="cpu", **given))
    assert isinstance(found, Wav2Vec2)
    return found


def noise(*seconds: float) -> list[AudioArray]:
    rng = np.random.default_rng(1)
    return [
        rng.uniform(-0.5, 0.5, round(length * RATE_HZ)).astype(np.float32) for length in seconds
    ]


def reference(folder: Path, waveforms: list[AudioArray]) -> Any:
    """Score with transformers alone.

    Its extractor normalizes clips over their padding where it returns no masks, so that a score
    depends on the longest clip of the batch. There, clips are normalized one by one and padded.
    """
    network = AutoModelForAudioClassification.from_pretrained(folder).eval()
    extractor = AutoFeatureExtractor.from_pretrained(folder)
    if extractor.return_attention_mask:
        inputs = extractor(waveforms, sampling_rate=RATE_HZ, padding=True, return_tensors="pt")
    else:
        alone = [extractor(one, sampling_rate=RATE_HZ)["input_values"][0] for one in waveforms]
        longest = max(map(len, alone))
        rows = [np.pad(one, (0, longest - len(one))) for one in alone]
        inputs = {"input_values": torch.from_numpy(np.stack(rows))}
    with torch.no_grad():
        return network(**inputs).logits.numpy()


@pytest.mark.parametrize("layer_norm", [True, False])
def test_scores_are_those_of_transformers(layer_norm: bool) -> None:
    folder = mini_audioset.tiny_wav2vec2(layer_norm=layer_norm)
    model = made(folder)
    assert isinstance(model, AudioModel)
    assert isinstance(model, DifferentiableModel)
    clips = noise(2.0, 2.0, 2.0, 2.0, 2.0, 2.0)
    expected = reference(folder, clips)
    np.testing.assert_allclose(model.scores(np.stack(clips)), expected, atol=1e-4)


@pytest.mark.parametrize("layer_norm", [True, False])
def test_a_clip_scores_as_transformers_scores_it_alone(layer_norm: bool) -> None:
    folder = mini_audioset.tiny_wav2vec2(layer_norm=layer_norm)
    model, clips = made(folder), noise(2.0, 0.7, 1.3)
    found = np.concatenate([model.scores(clip[np.newaxis]) for clip in clips])
    expected = np.concatenate([reference(folder, [clip]) for clip in clips])
    np.testing.assert_allclose(found, expected, atol=1e-4)
    if layer_norm:  # its masks hide the padding
        np.testing.assert_allclose(found, reference(folder, clips), atol=1e-4)


def test_single_label_gives_softmax_log_odds() -> None:
    folder = mini_audioset.tiny_wav2vec2(single_label=True)
    clips = noise(1.0, 1.0)
    odds = np.exp(reference(folder, clips).astype(np.float64))
    expected = np.log(odds / (odds.sum(axis=1, keepdims=True) - odds))
    np.testing.assert_allclose(made(folder).scores(np.stack(clips)), expected, atol=1e-4)
    multi = made(folder, labels="multi-label").scores(np.stack(clips))
    np.testing.assert_allclose(multi, np.log(odds), atol=1e-4)


@pytest.mark.parametrize("samples", [1, 100, 799])
def test_clips_shorter_than_the_convolutions_reach(samples: int) -> None:
    model = made(mini_audioset.tiny_wav2vec2())
    scores = model.scores(np.full((2, samples), 0.1, dtype=np.float32))
    assert scores.shape == (2, 4)
    assert np.isfinite(scores).all()


def test_silence_has_finite_scores() -> None:
    model = made(mini_audioset.tiny_wav2vec2())
    assert np.isfinite(model.scores(np.zeros((1, RATE_HZ), dtype=np.float32))).all()


def test_it_says_what_it_is() -> None:
    folder = mini_audioset.tiny_wav2vec2()
    model = made(folder, batch_size=3)
    assert tuple(model.classes) == mini_audioset.CLASSES
    assert len(model.mids) == 4
    assert (model.sample_rate_hz, model.batch_size) == (RATE_HZ, 3)
    assert SPEC.class_list is not None
    listed = SPEC.class_list(Wav2Vec2Parameters(checkpoint=str(folder)))
    assert listed == (tuple(model.classes), tuple(model.mids))


def test_a_spectrogram_transformer_is_sent_elsewhere() -> None:
    with pytest.raises(WeightsError, match="type --model ast:checkpoint"):
        made(mini_audioset.tiny_ast())


def test_its_weights_can_be_put_out_of_order() -> None:
    model = made(mini_audioset.tiny_wav2vec2(layer_norm=True))
    clips = np.stack(noise(1.0, 1.0))
    before = model.scores(clips)
    twin = model.randomized(1.0, np.random.default_rng(0))
    assert not np.allclose(twin.scores(clips), before)
    assert np.array_equal(model.scores(clips), before)
