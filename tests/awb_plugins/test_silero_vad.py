"""silero-vad: the network read from the package's file is the one that ONNX Runtime runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("onnx", reason="needs onnx (extra silero)")
pytest.importorskip("onnxruntime", reason="needs onnxruntime (extra onnx)")

from awb.errors import AudioError, WeightsError
from awb.protocols import FrameScoreModel, LocalModel, SpectrogramModel
from awb_plugins.models.silero_vad import network
from awb_plugins.models.silero_vad.model import SileroVad
from awb_plugins.models.silero_vad.weights import shipped

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def model() -> SileroVad:
    return SileroVad(shipped())


def _vowel(n_samples: int) -> np.ndarray:
    """Pulses of a voice through two formants, some of the time, in noise."""
    rng = np.random.default_rng(0)
    times_s = np.arange(n_samples) / RATE_HZ
    pitch_hz = 120 + 15 * np.sin(2 * np.pi * 3 * times_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    voice = sum(
        np.exp(-abs(120 * k - 700) / 300) * np.sin(k * phase)
        + np.exp(-abs(120 * k - 1200) / 400) * np.sin(k * phase)
        for k in range(1, 30)
    )
    spoken = (times_s % 1.0 > 0.4) & (times_s > 0.5)
    mixed = 0.05 * voice * spoken + 0.002 * rng.standard_normal(n_samples)
    return mixed.astype(np.float32)


def _as_published(waveform: np.ndarray) -> np.ndarray:
    """Run the package's file step by step, the context before each and the state carried over."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(shipped()), providers=["CPUExecutionProvider"])
    hidden = cell = np.zeros((1, 1, 128), dtype=np.float32)
    context = np.zeros(64, dtype=np.float32)
    found = []
    for start in range(0, waveform.size, 512):
        step = np.zeros(512, dtype=np.float32)
        part = waveform[start : start + 512]
        step[: part.size] = part
        given = {"input": np.concatenate([context, step])[None], "h": hidden, "c": cell}
        speech, hidden, cell = session.run(["speech_probs", "hn", "cn"], given)
        context = step[-64:]
        found.append(float(speech[0]))
    return np.array(found)


@pytest.mark.parametrize("n_samples", [3 * RATE_HZ, 2 * RATE_HZ + 123])
def test_steps_are_those_of_the_published_file(model: SileroVad, n_samples: int) -> None:
    waveform = _vowel(n_samples)
    expected = _as_published(waveform)
    assert expected.max() > 0.5 > expected.min(), "the vowel is not told from noise"
    found = 1 / (1 + np.exp(-model.frame_scores(waveform).astype(np.float64)))
    np.testing.assert_allclose(found[:, 0], expected, atol=1e-5)
    odds = np.log(expected.max() / (1 - expected.max()))
    assert model.scores(waveform[None])[0, 0] == pytest.approx(odds, abs=1e-3)


def test_what_it_can_do(model: SileroVad) -> None:
    for capability in (FrameScoreModel, LocalModel, SpectrogramModel):
        assert isinstance(model, capability)
    assert list(model.classes) == ["Speech"]
    spans_s = model.frame_score_spans_s(RATE_HZ)
    assert spans_s.shape == (network.steps_of(RATE_HZ), 2)
    assert spans_s[1].tolist() == [0.032, 0.064]
    assert spans_s[-1, 1] == 1.0  # the last step is not full


@pytest.mark.parametrize("given", [np.zeros((1, 0), np.float32), np.zeros(9, np.float32)])
def test_wrong_waveforms_are_refused(model: SileroVad, given: np.ndarray) -> None:
    with pytest.raises(AudioError, match="silero-vad takes float32 waveforms"):
        model.scores(given)


def test_wrong_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.onnx"
    with pytest.raises(WeightsError, match="does not exist"):
        SileroVad(path)
    path.write_bytes(b"no network")
    with pytest.raises(WeightsError, match=r"is not silero_vad_16k_sequence\.onnx"):
        SileroVad(path)
    path.write_bytes((shipped().parent / "silero_vad_16k_op15.onnx").read_bytes())
    with pytest.raises(WeightsError, match=r"is not silero_vad_16k_sequence\.onnx"):
        SileroVad(path)


def test_a_twin_with_random_weights_differs(model: SileroVad) -> None:
    waveform = _vowel(RATE_HZ)[None]
    twin = model.randomized(1.0, np.random.default_rng(0))
    assert twin.scores(waveform) != pytest.approx(model.scores(waveform), abs=0.1)
    assert twin.weights_sha256 == ""
    assert torch.equal(twin.front_end.basis, model.front_end.basis)  # type: ignore[arg-type]
