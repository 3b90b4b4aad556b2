"""The keyword model: its contract, its training parts, and what it hears of an unknown voice."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from awb.errors import AudioError, PluginError, WeightsError
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.run import run
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import DifferentiableModel, FrameFeatureModel, SpectrogramModel
from awb.training import TrainingJob
from awb.types import AudioArray, Clip
from awb_datasets.kws import SPEC as KWS
from awb_datasets.kws import KwsParameters
from awb_plugins.models.kws_cnn import EMBEDDED, SPEC
from awb_plugins.models.kws_cnn.model import KwsCnn
from awb_plugins.models.kws_cnn.network import FORMAT, BackEnd
from awb_plugins.models.kws_cnn.recipe import calibrate, finish, kws_recipe
from awb_plugins.models.kws_cnn.voices import OtherVoices
from awb_plugins.training.procedure import train
from spoken_digits import write_recordings

RATE_HZ = 8000


@pytest.fixture(scope="module")
def model() -> KwsCnn:
    return KwsCnn(EMBEDDED)


@pytest.fixture(scope="module")
def spoken(test_data: Path) -> list[Clip]:
    """Sequences of the test speaker, whom the model has never heard."""
    folder = test_data / "free-spoken-digit-dataset" / "recordings"
    dataset = KWS.factory(KwsParameters(recordings=folder, clips=120))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def noise(*shape: int) -> AudioArray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32) * np.float32(0.1)


def test_it_can_do_what_explainers_may_ask_for(model: KwsCnn) -> None:
    made = SPEC.factory(SPEC.parameters())
    assert isinstance(made, DifferentiableModel)
    assert isinstance(made, SpectrogramModel)
    assert isinstance(made, FrameFeatureModel)
    assert EMBEDDED.stat().st_size < 1_000_000
    assert tuple(model.classes) == ("seven",)
    assert SPEC.class_list is not None
    assert tuple(SPEC.class_list(SPEC.parameters())[0]) == ("seven",)
    layer = dict(model.back_end.named_modules())[model.last_convolution]
    assert isinstance(layer, torch.nn.Conv2d)


def test_it_understands_an_unknown_voice(model: KwsCnn, spoken: list[Clip]) -> None:
    truth = np.array([bool(clip.events) for clip in spoken])
    scores = np.concatenate([model.scores(clip.waveform[None])[:, 0] for clip in spoken])
    assert {clip.group for clip in spoken} == {"yweweler"}
    assert np.mean((scores >= 0) == truth) >= 0.95


def test_it_hears_the_keyword_and_not_the_rest(model: KwsCnn, spoken: list[Clip]) -> None:
    falls = []
    for clip in spoken:
        for event in clip.events:
            batch = np.tile(clip.waveform, (2, 1))
            onset, offset = round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ)
            batch[1, onset:offset] = 0
            whole, without = model.scores(batch)[:, 0]
            falls.append(whole - without)
    assert np.mean(falls) > 3
    assert np.mean(np.array(falls) > 0) > 0.9


def test_features_are_frames_of_their_own_windows(model: KwsCnn) -> None:
    waveforms = noise(1, 8000)
    features = model.features(waveforms)
    starts = model.frame_starts(8000)
    assert features.shape == (1, 100, 40)
    assert starts.shape == (100,)
    changed = waveforms.copy()
    changed[0, 4000:4040] += 0.5
    touched = np.flatnonzero(np.abs(model.features(changed) - features).max(axis=2)[0] > 1e-4)
    inside = (starts < 4040) & (starts + model.frame_samples > 4000)
    assert set(touched) <= set(np.flatnonzero(inside))
    assert touched.size > 0
    centers = model.frame_centers_s(100)
    np.testing.assert_allclose(centers * RATE_HZ, starts + model.frame_samples / 2)


def test_a_tone_is_heard_in_its_bin(model: KwsCnn) -> None:
    centers = model.bin_centers_hz(40)
    assert (np.diff(centers) > 0).all()
    for place in (5, 20, 38):
        tone = 0.3 * np.sin(2 * np.pi * centers[place] * np.arange(4000) / RATE_HZ)
        loudest = model.features(tone[None].astype(np.float32))[0, 25].argmax()
        assert abs(int(loudest) - place) <= 1


def test_scores_are_front_and_back_end_for_any_length(model: KwsCnn) -> None:
    for n_samples in (1, 79, 8000, 48_001):
        waveforms = noise(2, n_samples)
        with torch.no_grad():
            expected = model.back_end(model.front_end(torch.from_numpy(waveforms))).numpy()
        waveforms.flags.writeable = False
        np.testing.assert_array_equal(model.scores(waveforms), expected)


@pytest.mark.parametrize("bad", [noise(8), noise(1, 0), noise(1, 8).astype(np.float64)])
def test_other_arrays_are_refused(model: KwsCnn, bad: np.ndarray) -> None:
    with pytest.raises(AudioError, match="kws-cnn takes float32 waveforms"):
        model.scores(bad)


def test_pooling_against_a_plain_loop(model: KwsCnn) -> None:
    features = model.features(noise(1, 16_000))
    back_end = model.back_end
    assert isinstance(back_end, BackEnd)
    with torch.no_grad():
        scaled = (torch.from_numpy(features) - back_end.bin_mean) * back_end.bin_scale
        moments = back_end.convolutions(scaled[:, None])[..., 0].transpose(1, 2)
        scores = back_end.head(moments)[0, :, 0].double().tolist()
        inverse = math.exp(float(back_end.sharpness[0]))
    mean = sum(math.exp(score * inverse) for score in scores) / len(scores)
    expected = math.log(mean) / inverse
    assert model.feature_scores(features)[0, 0] == pytest.approx(expected, rel=1e-4)


def test_finishing_changes_nothing_that_is_heard() -> None:
    torch.manual_seed(0)
    network = kws_recipe().make(1)
    back_end = network.back_end
    features = network.front_end(torch.from_numpy(noise(4, 16_000)))
    calibrate(network, features)
    back_end.train()
    for _ in range(3):
        back_end(features)
    back_end.eval()
    finished = finish(back_end)
    with torch.no_grad():
        torch.testing.assert_close(finished(features), back_end(features), atol=1e-4, rtol=1e-4)
    assert set(finished.state_dict()) == set(BackEnd(1).state_dict())
    with pytest.raises(PluginError, match="expected kws-cnn's back end"):
        finish(torch.nn.Identity())


def test_other_voices_are_heard_in_training_only() -> None:
    features = torch.from_numpy(noise(3, 50, 40))
    voices = OtherVoices()
    assert voices.eval()(features) is features
    torch.manual_seed(0)
    voices.train()
    first = voices(features)
    torch.testing.assert_close(first, features, atol=1e-4, rtol=1e-4)  # the ramp starts at nothing
    for _ in range(600):
        changed = voices(features[:, :2])
    assert changed.shape[0] == 3
    assert changed.shape[1] >= 2
    assert changed.shape[2] == 40
    assert (changed[:, :2] - features[:, :2]).abs().mean() > 0.05


def test_a_stretched_clip_keeps_its_end() -> None:
    torch.manual_seed(1)
    features = torch.zeros(64, 100, 40)
    features[:, 95:] = 1000.0
    voices = OtherVoices().train()
    voices._batches = 10_000
    stretched = voices(features)
    assert stretched.shape[1] > 100
    assert (stretched[..., 20].amax(dim=1) > 500).all()
    onset = (stretched[..., 20] > 500).float().argmax(dim=1)
    assert onset.min() < 85
    assert onset.max() > 110


def test_bad_weights_are_told(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no weights file"):
        KwsCnn(tmp_path / "none.safetensors")
    tensors = load_file(EMBEDDED)
    path = tmp_path / "small.safetensors"
    header = {"classes": '["seven"]', "mids": "[]"}
    save_file({**tensors, "head.bias": torch.zeros(2)}, path, metadata=header)
    with pytest.raises(WeightsError, match=r"does not fit: .*head\.bias"):
        KwsCnn(path)
    assert FORMAT.sample_rate_hz == RATE_HZ


def test_a_board_of_the_dataset_s_own_model(test_data: Path, tmp_path: Path) -> None:
    folder = test_data / "free-spoken-digit-dataset" / "recordings"
    config = make_config(
        datasets=[f"kws:{folder}"],
        explainers=["run-correlation", "oracle", "constant"],
        metrics=["roc-auc", "deletion-area"],
        samples=200,
        clips=6,
    )
    [board] = boards(run(config, tmp_path / "run", Resources(jobs=1)), load())
    cells = {row.explainer: [cell.mean for cell in row.cells] for row in board.rows}
    assert (board.model, board.skipped) == ("kws-cnn", {"no events": 5})
    assert cells["oracle"][0] == 1.0
    assert cells["run-correlation"][0] > 0.75
    assert cells["run-correlation"][1] < cells["constant"][1]


def test_it_can_be_trained_on_another_keyword(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "recordings", takes=1)
    resolved = resolve(load(), "model", "kws-cnn")
    job = TrainingJob(
        model=resolved.label,
        dataset=f"kws:recordings={folder},keyword=three,clips=8",
        epochs=1,
        out=tmp_path / "three.safetensors",
    )
    trained = train(
        resolved.spec.trainable(resolved.parameters).recipe,
        job,
        progress=lambda *_: None,
        tell=lambda _: None,
    )
    assert set(trained.judgements) == {"validation", "test"}
    made = KwsCnn(tmp_path / "three.safetensors")
    assert tuple(made.classes) == ("three",)
    assert made.scores(noise(1, 48_000)).shape == (1, 1)
