"""The embedded model: its contract, its features, what it learned, and bad files."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import average_precision_score

from awb.errors import AudioError, WeightsError
from awb.plugins import discovery
from awb.protocols import AudioModel, DifferentiableModel
from awb.types import AudioArray, Clip
from awb_plugins.models.soundscape_cnn import SPEC, SoundscapeCnnParameters
from awb_plugins.models.soundscape_cnn.model import SoundscapeCnn
from awb_plugins.models.soundscape_cnn.weights import EMBEDDED
from awb_plugins.training.weights import file_sha256

RATE_HZ = 16_000
Damage = Callable[[Path], None]


@pytest.fixture(scope="module")
def model() -> SoundscapeCnn:
    return SoundscapeCnn(EMBEDDED)


@pytest.fixture(scope="module")
def scenes() -> list[Clip]:
    spec = discovery.load().get("dataset", "soundscapes").spec
    dataset = spec.factory(spec.parameters(split="validation", clips=64))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def noise(*shape: int) -> AudioArray:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32) * np.float32(0.1)


def test_it_is_a_differentiable_model(model: SoundscapeCnn) -> None:
    made = SPEC.factory(SoundscapeCnnParameters())
    assert isinstance(made, AudioModel)
    assert isinstance(made, DifferentiableModel)
    layer = dict(model.back_end.named_modules())[model.last_convolution]
    assert isinstance(layer, torch.nn.Conv2d)
    assert EMBEDDED.stat().st_size < 2_000_000
    assert model.weights_sha256 == file_sha256(EMBEDDED)


def test_its_classes_are_those_of_the_scenes(model: SoundscapeCnn, scenes: list[Clip]) -> None:
    occurring = {(event.label, event.mid) for clip in scenes for event in clip.events}
    assert set(zip(model.classes, model.mids, strict=True)) == occurring
    assert SPEC.class_list is not None
    assert SPEC.class_list(SoundscapeCnnParameters()) == (model.classes, model.mids)


def test_it_tells_the_classes_apart(model: SoundscapeCnn, scenes: list[Clip]) -> None:
    truth = np.array(
        [[name in {e.label for e in clip.events} for name in model.classes] for clip in scenes]
    )
    scores = np.concatenate([model.scores(clip.waveform[None]) for clip in scenes])
    assert average_precision_score(truth, scores, average="macro") > 0.85
    assert np.mean(scores[truth] >= 0) > 0.8


def test_it_listens_to_the_target(model: SoundscapeCnn, scenes: list[Clip]) -> None:
    rng = np.random.default_rng(0)
    falls, others = [], []
    for clip in scenes[:40]:
        event = clip.events[int(rng.integers(len(clip.events)))]
        column = model.classes.index(event.label)
        start, stop = (round(time_s * RATE_HZ) for time_s in (event.onset_s, event.offset_s))
        batch = np.tile(clip.waveform, (3, 1))
        for other in clip.events:
            if other.label == event.label:
                onset, offset = (round(t * RATE_HZ) for t in (other.onset_s, other.offset_s))
                batch[1, onset:offset] = 0
        batch[2] = np.roll(batch[2], 80_000 - (start + stop) // 2)
        quiet = (stop - start) // 2
        batch[2, :quiet] = batch[2, -quiet:] = 0  # as much audio, far from this event
        whole, without, elsewhere = model.scores(batch)[:, column]
        falls.append(whole - without)
        others.append(whole - elsewhere)
    assert np.mean(falls) > 4
    assert np.mean(falls) > 2 * np.mean(others)
    assert np.mean(np.array(falls) > 0) > 0.9


def test_scores_are_front_and_back_end(model: SoundscapeCnn) -> None:
    waveforms = noise(3, 20_000)
    with torch.no_grad():
        expected = model.back_end(model.front_end(torch.from_numpy(waveforms))).numpy()
    found = model.scores(waveforms)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, expected)


def test_a_clip_s_score_does_not_depend_on_its_batch(model: SoundscapeCnn) -> None:
    waveforms = noise(16, 48_000)
    rolled = model.scores(np.roll(waveforms, 5, axis=0))
    np.testing.assert_allclose(np.roll(rolled, -5, axis=0), model.scores(waveforms), atol=1e-4)
    np.testing.assert_allclose(model.scores(waveforms[:1]), rolled[5:6], atol=1e-4)


@pytest.mark.parametrize("n_samples", [1, 319, 1_600, 16_001, 960_000])
def test_any_length_will_do(model: SoundscapeCnn, n_samples: int) -> None:
    scores = model.scores(noise(1, n_samples))
    assert scores.shape == (1, 16)
    assert np.isfinite(scores).all()


def test_read_only_audio_is_taken_in_silence(model: SoundscapeCnn) -> None:
    waveforms = noise(2, 1_600)
    expected = model.scores(waveforms)
    waveforms.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(model.scores(waveforms), expected)


def test_nothing_global_changes(model: SoundscapeCnn) -> None:
    before = torch.get_num_threads(), torch.is_grad_enabled(), torch.get_rng_state()
    SoundscapeCnn(EMBEDDED).scores(noise(1, 1_600))
    assert before[:2] == (torch.get_num_threads(), torch.is_grad_enabled())
    assert torch.equal(before[2], torch.get_rng_state())


@pytest.mark.parametrize("wrong", [noise(5), noise(2, 0), noise(2, 9).astype(np.float64)])
def test_wrong_audio_is_refused(model: SoundscapeCnn, wrong: AudioArray) -> None:
    with pytest.raises(AudioError, match="float32 waveforms of shape"):
        model.scores(wrong)


def test_gradients_reach_the_waveform_and_spare_the_weights(model: SoundscapeCnn) -> None:
    waveforms = torch.from_numpy(noise(1, 8_000)).requires_grad_()
    model.back_end(model.front_end(waveforms))[0, 3].backward()
    assert waveforms.grad is not None
    assert waveforms.grad.abs().sum() > 0
    assert not any(parameter.requires_grad for parameter in model.back_end.parameters())


def test_frame_centres_are_where_an_impulse_is(model: SoundscapeCnn) -> None:
    for position in (160, 8_000, 8_137, 15_840):
        waveform = np.zeros((1, RATE_HZ), dtype=np.float32)
        waveform[0, position] = 1.0
        energy = model.front_end(torch.from_numpy(waveform))[0].exp().sum(dim=1).numpy()
        centers_s = model.frame_centers_s(energy.size)
        assert energy.size == 50
        heard = energy - energy.min()
        assert np.sum(heard * centers_s) / heard.sum() == pytest.approx(
            position / RATE_HZ, abs=4e-3
        )
        assert centers_s[np.argmax(energy)] == pytest.approx(position / RATE_HZ, abs=0.0101)


def test_a_frame_depends_on_its_own_window_only(model: SoundscapeCnn) -> None:
    one = noise(1, RATE_HZ)
    other = one.copy()
    other[0, 6_400:8_000] = 0.0
    first, second = (model.front_end(torch.from_numpy(w))[0].numpy() for w in (one, other))
    start, stop = 320 * np.arange(50) - 96, 320 * np.arange(50) + 416
    apart = (stop <= 6_400) | (start >= 8_000)
    np.testing.assert_array_equal(first[apart], second[apart])
    assert (first[~apart] != second[~apart]).any(axis=1).all()


@pytest.mark.parametrize("n_samples", [500, 8000, 48000])
def test_frames_computed_a_few_clips_at_a_time_are_those_of_all_at_once(
    model: SoundscapeCnn, n_samples: int
) -> None:
    waveforms = np.random.default_rng(0).normal(0, 0.1, (7, n_samples)).astype(np.float32)
    with torch.inference_mode():
        expected = model.front_end(torch.from_numpy(waveforms)).numpy()
    np.testing.assert_array_equal(model.features(waveforms), expected)


def test_silence_has_the_features_of_the_floor(model: SoundscapeCnn) -> None:
    features = model.front_end(torch.zeros(1, 3_200))
    np.testing.assert_allclose(features.numpy(), np.log(1e-8), rtol=1e-6)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def scramble(path: Path) -> None:
    path.write_bytes(b"no weights at all")


def remove(path: Path) -> None:
    path.unlink()


def _rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata=metadata)


def reshape(path: Path) -> None:
    _rewrite(path, lambda tensors: tensors.update({"head.weight": torch.zeros(16, 5)}))


def take_away(path: Path) -> None:
    _rewrite(path, lambda tensors: tensors.pop("head.bias"))


def poison(path: Path) -> None:
    _rewrite(path, lambda tensors: tensors["head.bias"].fill_(float("nan")))


def make_whole(path: Path) -> None:
    _rewrite(path, lambda tensors: tensors.update({"head.bias": tensors["head.bias"].int()}))


def forget_classes(path: Path) -> None:
    save_file(load_file(path), path)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncate, "not a valid safetensors file"),
        (scramble, "not a valid safetensors file"),
        (remove, "there is no weights file"),
        (reshape, "head.weight"),
        (take_away, "head.bias"),
        (poison, "head.bias is not finite"),
        (make_whole, "head.bias is int32, expected float32"),
        (forget_classes, "names no classes"),
    ],
)
def test_bad_weights_are_refused(tmp_path: Path, damage: Damage, words: str) -> None:
    path = tmp_path / "own.safetensors"
    path.write_bytes(EMBEDDED.read_bytes())
    assert SPEC.factory(SoundscapeCnnParameters(weights=path)).classes
    damage(path)
    with pytest.raises(WeightsError, match=words) as caught:
        SPEC.factory(SoundscapeCnnParameters(weights=path))
    assert "\n" not in str(caught.value)
    assert "awb train soundscape-cnn --dataset" in str(caught.value)


def test_the_spec_and_the_class_list_load_no_torch() -> None:
    code = (
        "import sys; from awb_plugins.models.soundscape_cnn import SPEC;"
        "names, mids = SPEC.class_list(SPEC.parameters());"
        "sys.exit('torch' in sys.modules or not len(names) == len(mids) == 16)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
