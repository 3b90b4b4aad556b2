"""How the embedded model is made: features, pooling, augmentation, and a very short training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from sklearn.metrics import average_precision_score

from awb.errors import DataError
from awb.intervals import FloatArray
from awb.types import AudioArray, Clip, Event
from awb_plugins.models.log_mel_front_end import FrontEnd, mel_filters
from awb_plugins.models.soundscape_cnn import augment
from awb_plugins.models.soundscape_cnn.data import LabelledClips, render
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.network import BackEnd
from awb_plugins.models.soundscape_cnn.train import Settings, average_precisions, fit, main, predict

N_SAMPLES = 8_000
TONES_HZ = {"Low": 400.0, "High": 3_000.0}


class Tones:
    """A dataset of noise, every other clip with a low tone and every third with a high one."""

    def __init__(self, clips: int) -> None:
        self._ids = [f"tones-{number}" for number in range(clips)]

    def clip_ids(self) -> list[str]:
        return self._ids

    def load(self, clip_id: str) -> Clip:
        if clip_id not in self._ids:
            raise DataError(clip_id)
        number = self._ids.index(clip_id)
        rng = np.random.default_rng(number)
        waveform = 0.01 * rng.standard_normal(N_SAMPLES)
        events = []
        for name, every in (("Low", 2), ("High", 3)):
            if number % every == 0:
                start = int(rng.integers(N_SAMPLES - 3_200))
                tone = np.sin(2 * np.pi * TONES_HZ[name] * np.arange(3_200) / 16_000)
                waveform[start : start + 3_200] += 0.2 * tone
                events.append(Event(start / 16_000, (start + 3_200) / 16_000, name))
        return Clip(clip_id, waveform.astype(np.float32), 16_000, tuple(events))


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def log_mel_slowly(waveform: FloatArray) -> FloatArray:
    """Compute the features of a waveform frame by frame, with plain numpy."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(512) / 512)
    frames = []
    for start in range(0, waveform.size, 320):
        window = np.zeros(512)
        for k in range(512):
            position = start - 96 + k
            if 0 <= position < waveform.size:
                window[k] = waveform[position] * hann[k]
        power = np.abs(np.fft.fft(window)[:257]) ** 2 / np.sum(hann**2)
        frames.append(np.log(power @ mel_filters().numpy().astype(float) + 1e-8))
    return np.array(frames)


def test_features_agree_with_slow_ones() -> None:
    waveform = 0.1 * rng().standard_normal(3_300)
    fast = FrontEnd()(torch.from_numpy(waveform[None].astype(np.float32)))[0].numpy()
    np.testing.assert_allclose(fast, log_mel_slowly(waveform), atol=2e-3)


def test_every_mel_filter_is_a_triangle_that_hears_something() -> None:
    filters = mel_filters().numpy()
    assert filters.shape == (257, 64)
    assert (filters >= 0).all()
    assert (filters <= 1).all()
    assert (filters.sum(axis=0) > 0.9).all()
    peaks = filters.argmax(axis=0)
    assert (np.diff(peaks) >= 0).all()
    for column in filters.T:
        rises = np.diff(column[column > 0])
        assert (np.diff(np.sign(rises)) <= 0).all()


def test_white_noise_has_its_variance_in_every_bin() -> None:
    waveform = 0.1 * rng().standard_normal((1, 160_000)).astype(np.float32)
    power = FrontEnd()(torch.from_numpy(waveform))[0].exp().mean(dim=0)
    np.testing.assert_allclose((power / mel_filters().sum(dim=0)).numpy()[5:], 0.01, rtol=0.25)


def random_back_end(*, batch_norm: bool) -> BackEnd:
    torch.manual_seed(0)
    back_end = BackEnd(4, batch_norm=batch_norm)
    with torch.no_grad():
        for parameter in back_end.parameters():
            parameter.uniform_(-0.3, 0.3)
        back_end.bin_mean.uniform_(-1, 1)
        back_end.bin_scale.uniform_(0.5, 1.5)
    return back_end


def test_folding_keeps_the_function() -> None:
    normed = random_back_end(batch_norm=True).train()
    features = torch.randn(6, 30, 64)
    normed(features)  # so that the running statistics are not 0 and 1
    folded = normed.eval().folded()
    assert not any("norm" in name for name, _ in folded.named_modules())
    with torch.no_grad():
        np.testing.assert_allclose(folded(features), normed(features), rtol=1e-4, atol=1e-4)


def test_pooling_is_log_mean_exp_of_the_moments() -> None:
    back_end = random_back_end(batch_norm=False).eval()
    features = torch.randn(2, 41, 64)
    with torch.no_grad():
        moments = back_end.moments(features).double().numpy()
        pooled = back_end(features).numpy()
    sharp = np.exp(back_end.sharpness.detach().double().numpy())
    assert moments.shape == (2, 11, 4)
    slow = np.log(np.mean(np.exp(sharp * moments), axis=1)) / sharp
    np.testing.assert_allclose(pooled, slow, rtol=1e-4)
    assert (pooled >= moments.mean(axis=1) - 1e-4).all()
    assert (pooled <= moments.max(axis=1) + 1e-4).all()


def test_mixing_unites_labels_and_leaves_its_input() -> None:
    waveforms = rng().uniform(-0.1, 0.1, (40, 100)).astype(np.float32)
    labels = np.eye(40, dtype=np.float32)
    kept = waveforms.copy()
    mixed, united = augment.mix(waveforms, labels, rng())
    np.testing.assert_array_equal(waveforms, kept)
    np.testing.assert_array_equal(labels, np.eye(40))
    assert mixed.dtype == np.float32
    assert np.abs(mixed).max() <= 1
    assert (united.diagonal() == 1).all()
    assert set(united.sum(axis=1)) == {1.0, 2.0}


def test_dropping_changes_whole_segments_of_some_clips() -> None:
    waveforms = rng().uniform(0.1, 0.2, (60, 16_050)).astype(np.float32)
    dropped = waveforms.copy()
    augment.drop_segments(dropped, rng())
    changed = dropped != waveforms
    assert not changed[:, 16_000:].any()
    segments = changed[:, :16_000].reshape(60, 10, 1_600)
    np.testing.assert_array_equal(segments.any(axis=2), segments.all(axis=2))
    share = segments.all(axis=2).mean(axis=1)
    assert share.max() <= 0.4
    assert 0.3 < np.mean(share > 0) < 0.9
    assert (dropped[changed] == 0).any()
    assert (dropped[changed] != 0).any()


def test_a_dropped_band_is_constant_in_time() -> None:
    features = torch.randn(30, 12, 64)
    dropped = features.clone()
    augment.drop_bands(dropped, rng())
    for before, after in zip(features, dropped, strict=True):
        changed = (before != after).any(dim=0)
        assert changed.sum() <= 8
        band = after[:, changed]
        np.testing.assert_allclose(band, band[:1].expand_as(band), atol=1e-5)


@pytest.fixture(scope="module")
def tones() -> LabelledClips:
    dataset = Tones(72)
    clips = [dataset.load(clip_id) for clip_id in dataset.clip_ids()]
    samples = np.stack([np.rint(clip.waveform * 2**15).astype(np.int16) for clip in clips])
    present = tuple(frozenset((event.label, "") for event in clip.events) for clip in clips)
    return LabelledClips(samples, present)


def train(clips: LabelledClips, epochs: int) -> tuple[BackEnd, AudioArray]:
    labels = clips.labels(clips.classes())
    return fit(clips, labels, clips, labels, Settings(epochs, seed=1)), labels


def test_it_learns_from_which_and_not_when(tones: LabelledClips) -> None:
    back_end, labels = train(tones, 8)
    assert tones.classes() == [("High", ""), ("Low", "")]
    np.testing.assert_array_equal(labels[:4], [[1, 1], [0, 0], [0, 1], [1, 0]])
    precisions = average_precisions(labels, predict(FrontEnd(), back_end, tones))
    assert precisions.min() > 0.95


def test_training_can_be_repeated(tones: LabelledClips) -> None:
    first, second = (train(tones, 1)[0].state_dict() for _ in range(2))
    for name, tensor in first.items():
        torch.testing.assert_close(second[name], tensor, rtol=1e-4, atol=1e-5)


def test_average_precisions_are_those_of_scikit_learn() -> None:
    labels = (rng().uniform(size=(30, 3)) < 0.4).astype(np.float32)
    scores = rng().standard_normal((30, 3)).astype(np.float32)
    expected = [average_precision_score(labels[:, k], scores[:, k]) for k in range(3)]
    np.testing.assert_allclose(average_precisions(labels, scores), expected)


def test_rendering_keeps_the_samples_and_drops_the_times(tmp_path: Path) -> None:
    dataset = Tones(3)
    clips = render(dataset, tmp_path / "clips.npy", workers=1)
    assert clips.present == (
        frozenset({("Low", ""), ("High", "")}),
        frozenset(),
        frozenset({("Low", "")}),
    )
    expected = [dataset.load(clip_id).waveform for clip_id in dataset.clip_ids()]
    np.testing.assert_allclose(clips.waveforms(slice(None)), expected, atol=0.51 / 2**15)


def test_the_command_writes_weights_that_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tones: LabelledClips
) -> None:
    monkeypatch.setattr(
        "awb_plugins.models.soundscape_cnn.train.load_split", lambda *arguments: tones
    )
    monkeypatch.setattr(torch, "set_num_threads", lambda threads: None)
    path = tmp_path / "own.safetensors"
    outcome = CliRunner().invoke(main, ["--clips", "72", "--epochs", "1", "--output", str(path)])
    assert outcome.exit_code == 0, outcome.output
    model = SoundscapeCnn(path)
    assert (model.classes, model.mids) == (("High", "Low"), ())
    assert "head.weight" in load_file(path)
    assert model.scores(tones.waveforms(slice(2))).shape == (2, 2)
