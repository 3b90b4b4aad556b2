"""Cnn14: its features and scores against plain forms, its capabilities, heads, bad checkpoints."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("librosa", reason="needs librosa (extra ser)")

import librosa
import torch
from torch import Tensor
from torch.nn import functional

import mini_cnn14
from awb.errors import AudioError, WeightsError
from awb.perturbation.scorers.clips import ClipScorer
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import DifferentiableModel, FrameFeatureModel, SpectrogramModel
from awb.segments import Segments
from awb.types import AudioArray
from awb_plugins.models.cnn14 import SPEC, front_end
from awb_plugins.models.cnn14.esc50 import CLASSES
from awb_plugins.models.cnn14.model import Cnn14
from awb_plugins.models.cnn14.network import Cnn14Network
from awb_plugins.models.cnn14.parameters import Cnn14Parameters
from awb_plugins.models.cnn14.weights import published_layout, read_checkpoint

RATE_HZ = 32_000


pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mini_cnn14.write(tmp_path_factory.mktemp("cnn14") / "Cnn14_mAP=0.431.pth")


def made(path: Path, **settings: Any) -> Cnn14:
    model = SPEC.factory(Cnn14Parameters(path=path, device="cpu", **settings))
    assert isinstance(model, Cnn14)
    return model


def sounds(n: int) -> AudioArray:
    rng = np.random.default_rng(n)
    time = np.arange(n) / RATE_HZ
    rows = [
        rng.uniform(-1, 1, n),
        np.sin(2 * np.pi * 440 * time),
        np.zeros(n),
        1e-5 * rng.standard_normal(n),
    ]
    return np.stack(rows).astype(np.float32)


def plain_log_mel(waveform: AudioArray) -> Any:
    """The published features by librosa, in double precision."""
    spectrum = librosa.stft(
        waveform.astype(np.float64), n_fft=1024, hop_length=320, center=True, pad_mode="reflect"
    )
    power = np.abs(spectrum) ** 2
    mel = librosa.filters.mel(
        sr=RATE_HZ, n_fft=1024, n_mels=64, fmin=50, fmax=14_000, dtype=np.float64
    )
    return librosa.power_to_db(mel @ power, ref=1.0, amin=1e-10, top_db=None).T


def plain_network(state: dict[str, Tensor], waveforms: AudioArray) -> Tensor:
    """The published forward pass, step by step, with the checkpoint's own tables."""

    def normalized(maps: Tensor, name: str) -> Tensor:
        parts = [f"{name}.{part}" for part in ("running_mean", "running_var", "weight", "bias")]
        return functional.batch_norm(maps, *(state[part] for part in parts))

    padded = functional.pad(torch.tensor(waveforms)[:, None], (512, 512), mode="reflect")
    real, imaginary = (
        functional.conv1d(
            padded, state[f"spectrogram_extractor.stft.conv_{part}.weight"], stride=320
        )
        for part in ("real", "imag")
    )
    power = (real**2 + imaginary**2)[:, None].transpose(2, 3)
    mel = torch.matmul(power, state["logmel_extractor.melW"])
    maps = 10.0 * torch.log10(torch.clamp(mel, min=1e-10))
    maps = normalized(maps.transpose(1, 3), "bn0").transpose(1, 3)
    for block in range(1, 7):
        for half in (1, 2):
            name = f"conv_block{block}"
            maps = functional.conv2d(maps, state[f"{name}.conv{half}.weight"], padding=1)
            maps = functional.relu(normalized(maps, f"{name}.bn{half}"))
        if block < 6:
            maps = functional.avg_pool2d(maps, 2)
    over_time = maps.mean(dim=3)
    pooled = over_time.max(dim=2).values + over_time.mean(dim=2)
    hidden = functional.relu(functional.linear(pooled, state["fc1.weight"], state["fc1.bias"]))
    return functional.linear(hidden, state["fc_audioset.weight"], state["fc_audioset.bias"])


@pytest.mark.parametrize("n", [9_920, 16_000, 20_345])
def test_features_are_those_of_the_published_code(path: Path, n: int) -> None:
    found = made(path).features(sounds(n))
    expected = np.stack([plain_log_mel(row) for row in sounds(n)])
    assert found.shape == expected.shape == (4, n // 320 + 1, 64)
    # Bins far below the loudest of their frame carry the round-off of float32.
    loud = expected > expected.max(axis=2, keepdims=True) - 80
    assert np.abs(found - expected)[loud].max() < 0.02
    assert np.median(np.abs(found - expected)) < 1e-4
    np.testing.assert_array_equal(found[2], np.full_like(found[2], -100.0))


def test_the_transform_is_the_checkpoints_table() -> None:
    for own, published in zip(front_end.stft_tables(), mini_cnn14.dft_tables(), strict=True):
        torch.testing.assert_close(own, published, atol=1e-6, rtol=0)


def test_scores_are_those_of_the_published_network(path: Path) -> None:
    state, _ = read_checkpoint(path)
    expected = plain_network(state, sounds(16_000)).numpy()
    for front in ("mel", "stft"):
        found = made(path, front=front).scores(sounds(16_000))
        np.testing.assert_allclose(found, expected, atol=2e-3)
    assert np.ptp(expected, axis=0).max() > 0.1


def test_the_full_size_has_the_published_layout() -> None:
    layout = published_layout()
    with torch.device("meta"):
        network = Cnn14Network(527)
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name, shape in layout.items():
        if name.startswith(("conv_block", "fc1")):
            assert own.pop(name) == shape
    assert own.pop("head.weight") == layout["fc_audioset.weight"] == (527, 2048)
    assert own.pop("head.bias") == layout["fc_audioset.bias"]
    assert own == {"bin_scale": (64,), "bin_shift": (64,)}
    tables = 2 * 513 * 1024 + 513 * 64
    learned = [
        int(np.prod(shape))
        for name, shape in layout.items()
        if not name.endswith(("running_mean", "running_var", "num_batches_tracked"))
    ]
    assert sum(learned) - tables == 80_753_615  # as published
    assert layout["conv_block6.conv2.weight"] == (2048, 2048, 3, 3)
    assert layout["spectrogram_extractor.stft.conv_real.weight"] == (513, 1, 1024)
    assert layout["logmel_extractor.melW"] == (513, 64)


def test_capabilities(path: Path) -> None:
    for front, bins in (("mel", 64), ("stft", 513)):
        model = made(path, front=front)
        for capability in (DifferentiableModel, SpectrogramModel, FrameFeatureModel):
            assert isinstance(model, capability)
        shape = model.features(sounds(16_000)).shape
        assert shape[2] == bins
        assert len(model.frame_starts(16_000)) == len(model.frame_centers_s(shape[1])) == shape[1]
        centers_hz = model.bin_centers_hz(bins)
        assert (np.diff(centers_hz) > 0).all()


def test_mel_centres_are_librosas() -> None:
    expected = librosa.mel_frequencies(n_mels=66, fmin=50, fmax=14_000)[1:-1]
    np.testing.assert_allclose(front_end.mel_centers_hz(), expected, rtol=1e-6)


@pytest.mark.parametrize("n", [16_000, 17_777])
@pytest.mark.parametrize("front", ["mel", "stft"])
def test_gathered_frames_give_the_plain_scores(path: Path, n: int, front: str) -> None:
    model = made(path, front=front)
    waveform, fill = sounds(n)[0], np.zeros(n, dtype=np.float32)
    segments = Segments(n, RATE_HZ, 0.1, 0.1)
    renderer = Renderer(waveform, fill, segments.edges_samples)
    drops = np.random.default_rng(0).random((5, segments.n_cells)) < 0.4
    plain = ClipScorer(model, renderer, 3).scores(drops)
    gathered = FrameScorer(model, renderer, segments, 3).scores(drops)
    np.testing.assert_array_equal(gathered, plain)


def test_a_score_does_not_depend_on_the_batch(path: Path) -> None:
    clips = np.random.default_rng(1).uniform(-1, 1, (5, 12_000)).astype(np.float32)
    together = made(path, batch_size=3).scores(clips)
    alone = np.concatenate([made(path).scores(clip[np.newaxis]) for clip in clips])
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_a_transfer_head_gives_log_odds_of_a_softmax(path: Path, tmp_path: Path) -> None:
    model = made(path, head=mini_cnn14.write_head(tmp_path / "esc50.safetensors", None))
    assert tuple(model.classes) == CLASSES
    assert not model.mids
    assert len(set(CLASSES)) == 50
    scores = model.scores(sounds(12_000)).astype(np.float64)
    probabilities = 1 / (1 + np.exp(-scores))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-4)
    features = torch.tensor(model.features(sounds(12_000)))
    logits = model.back_end.head(model.back_end.embedding(features)).double()
    expected = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_a_heads_own_classes(path: Path, tmp_path: Path) -> None:
    head = mini_cnn14.write_head(tmp_path / "own.safetensors", ("yes", "no"))
    assert made(path, head=head).classes == ("yes", "no")
    assert SPEC.class_list is not None
    assert SPEC.class_list(Cnn14Parameters(head=head)) == (("yes", "no"), ())
    for names, rows in ((("yes",), 2), (None, 3)):
        wrong = mini_cnn14.write_head(tmp_path / "wrong.safetensors", names, rows=rows)
        with pytest.raises(WeightsError, match=f"{rows} rows"):
            made(path, head=wrong)


def test_audiosets_classes(path: Path) -> None:
    model = made(path)
    assert len(model.classes) == len(model.mids) == 527
    assert (model.classes[0], model.mids[0]) == ("Speech", "/m/09x0r")


def saved(state: dict[str, Tensor], path: Path) -> Path:
    torch.save({"model": state}, path)
    return path


def test_bad_checkpoints(tmp_path: Path) -> None:
    file = tmp_path / "bad.pth"
    state = mini_cnn14.state()
    cases: list[tuple[dict[str, Tensor], str]] = [
        ({key: value for key, value in state.items() if "fc1" not in key}, "lacks 2 tensors"),
        ({**state, "fc2.weight": torch.zeros(1)}, "unknown tensors, fc2"),
        ({**state, "fc1.bias": torch.zeros(3)}, r"fc1.bias has shape \(3,\)"),
        ({**state, "fc1.bias": state["fc1.bias"] * torch.nan}, "fc1.bias is not finite"),
        ({**state, "fc1.bias": state["fc1.bias"].int()}, "fc1.bias is int32, expected float32"),
        (
            {**state, "spectrogram_extractor.stft.conv_real.weight": torch.zeros(513, 1, 1024)},
            "periodic Hann",
        ),
    ]
    for broken, message in cases:
        with pytest.raises(WeightsError, match=message):
            made(saved(broken, file))


class Trap:
    """Unpickled, it would print."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("the trap was sprung",)


def test_nothing_in_a_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "trap.pth"
    torch.save({"model": Trap()}, file)
    with pytest.raises(WeightsError, match="not a plain PyTorch weights file"):
        made(file)
    file.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(WeightsError, match="trap"):
        made(file)
    for content in (b"", b"hello", b"e", b"RIFF$\x00\x00\x00WAVEfmt ", b"<html></html>"):
        file.write_bytes(content)
        with pytest.raises(WeightsError, match="trap"):
            made(file)
    with pytest.raises(WeightsError, match=r"absent.pth does not exist. Type --model cnn14"):
        made(tmp_path / "absent.pth")
    assert not capsys.readouterr().out


def test_a_clip_too_short_for_the_poolings(path: Path) -> None:
    model = made(path)
    assert np.isfinite(model.scores(np.zeros((1, 9_920), dtype=np.float32))).all()
    with pytest.raises(AudioError, match=r"five poolings need 0\.31 s"):
        model.scores(np.zeros((1, 9_919), dtype=np.float32))


def test_loading_leaves_torchs_random_state_alone(path: Path) -> None:
    before = torch.random.get_rng_state()
    made(path)
    assert torch.equal(before, torch.random.get_rng_state())
