"""Reading audio: every format, and every kind of invalid file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.audio import duration_s, read_audio, resample
from awb.audio.containers import missing_bytes
from awb.errors import AudioError
from awb.types import AudioArray

RATE_HZ = 16_000


def tone(n_samples: int = 12_000, amplitude: float = 0.5) -> AudioArray:
    rng = np.random.default_rng(0)
    wave = np.sin(np.arange(n_samples) * 0.2) + 0.1 * rng.standard_normal(n_samples)
    return np.asarray(amplitude * wave / np.abs(wave).max(), dtype=np.float32)


def saved(path: Path, samples: AudioArray, rate_hz: int = RATE_HZ, **options: str) -> Path:
    soundfile.write(path, samples, rate_hz, **options)
    return path


def cut_short(path: Path, part: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    return path


def problem_of(path: Path) -> str:
    with pytest.raises(AudioError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "A.WAV"])
def test_formats(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, tone())
    waveform, rate_hz = read_audio(path)
    assert (waveform.dtype, waveform.shape, rate_hz) == (np.float32, (12_000,), RATE_HZ)
    assert np.corrcoef(waveform, tone())[0, 1] > 0.9
    assert duration_s(path) == 0.75


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_100, 96_000])
def test_any_rate(tmp_path: Path, rate_hz: int) -> None:
    assert read_audio(saved(tmp_path / "a.wav", tone(), rate_hz))[1] == rate_hz


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_any_sample_format(tmp_path: Path, subtype: str) -> None:
    waveform, _ = read_audio(saved(tmp_path / "a.wav", tone(), subtype=subtype))
    np.testing.assert_allclose(waveform, tone(), atol=0.01)


@pytest.mark.parametrize("subtype", ["ALAW", "ULAW", "GSM610", "MS_ADPCM"])
def test_any_telephone(tmp_path: Path, subtype: str) -> None:
    path = saved(tmp_path / "a.wav", tone(), 8_000, subtype=subtype)
    waveform, _ = read_audio(path)
    assert waveform.size == pytest.approx(12_000, abs=500)  # some are written in blocks
    assert np.abs(waveform).max() > 0.3


def test_channels_are_averaged(tmp_path: Path) -> None:
    left, right = tone(), np.zeros(12_000, dtype=np.float32)
    path = saved(tmp_path / "a.wav", np.stack([left, right, left], axis=1), subtype="FLOAT")
    np.testing.assert_allclose(read_audio(path)[0], left * 2 / 3, rtol=1e-6)


def test_silence_is_audio(tmp_path: Path) -> None:
    waveform, _ = read_audio(saved(tmp_path / "a.flac", np.zeros(9, dtype=np.float32)))
    assert not waveform.any()


def test_overshoot_is_clipped(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.wav", tone(amplitude=1.9), subtype="FLOAT")
    waveform, _ = read_audio(path)
    np.testing.assert_array_equal(waveform, np.clip(tone(amplitude=1.9), -1, 1))


def test_peaks_beyond_two_are_refused(tmp_path: Path) -> None:
    for samples in (tone(amplitude=2.1), np.minimum(tone(amplitude=2.1), 0.5)):
        path = saved(tmp_path / "a.wav", samples, subtype="FLOAT")
        assert "float samples must be in [-1, 1]" in problem_of(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(tmp_path: Path, value: float) -> None:
    samples = tone()
    samples[[5, 700]] = value
    path = saved(tmp_path / "a.wav", samples, subtype="FLOAT")
    assert "2 NaN or infinite of 12000 samples" in problem_of(path)


def test_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in problem_of(tmp_path / "a.wav")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in problem_of(tmp_path)


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.raw"])
def test_zero_bytes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert "zero bytes" in problem_of(tmp_path / name)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.raw"])
def test_not_audio(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<html>404</html>\n" * 50, encoding="ascii")
    message = problem_of(tmp_path / name)
    assert "not audio" in message
    assert ".flac" in message
    assert "exist" not in message  # what libsndfile says of a bad mp3


@pytest.mark.parametrize("name", ["a.wav", "a.ogg"])
def test_zero_length(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path / name, np.zeros(0, dtype=np.float32))
    assert "zero length" in problem_of(path)
    with pytest.raises(AudioError, match="zero length"):
        duration_s(path)


@pytest.mark.parametrize("part", [0.002, 0.01, 0.3, 0.5, 0.99, 0.9999])
@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_truncated(tmp_path: Path, name: str, part: float) -> None:
    path = cut_short(saved(tmp_path / name, tone(50_000)), part)
    assert any(word in problem_of(path) for word in ("truncated", "header is damaged"))


@pytest.mark.parametrize("part", [0.3, 0.5, 0.99])
def test_truncated_mp3(tmp_path: Path, part: float) -> None:
    message = problem_of(cut_short(saved(tmp_path / "a.mp3", tone(50_000)), part))
    assert "truncated: its header declares 50000 samples" in message


def test_truncated_wav_with_other_chunks_and_byte_orders(tmp_path: Path) -> None:
    for order, name in (("<", b"RIFF"), (">", b"RIFX")):
        odd = b"LIST" + struct.pack(f"{order}I", 3) + b"abc\0"
        data = b"data" + struct.pack(f"{order}I", 100) + bytes(60)
        path = tmp_path / f"{name.decode()}.wav"
        path.write_bytes(name + struct.pack(f"{order}I", 4) + b"WAVE" + odd + data)
        assert missing_bytes(path) == 40


def test_wav_of_unknown_length_is_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.wav", tone(), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    size_at = content.index(b"data") + 4
    content[size_at : size_at + 4] = b"\xff" * 4  # what a program writes that streams to a pipe
    path.write_bytes(content)
    assert read_audio(path)[0].size == 12_000


def test_absurd_length_is_refused_without_reserving_memory(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.flac", tone())
    content = bytearray(path.read_bytes())
    content[21] |= 0x0F  # the highest bits of the number of samples, after "fLaC" and 17 bytes
    path.write_bytes(content)
    assert "declares" in problem_of(path)


def test_complete_ogg_pages_have_no_missing_bytes(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.ogg", tone(50_000))
    assert missing_bytes(path) == 0
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-7])
    assert missing_bytes(path) == 7
    assert path.stat().st_size == size - 7


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(44_100, 16_000), (8_000, 16_000), (96_000, 16_000)]
)
@pytest.mark.parametrize("n_samples", [1_000, 12_345, 44_101])
def test_resample_keeps_length_and_pitch(from_hz: int, to_hz: int, n_samples: int) -> None:
    wave = np.sin(2 * np.pi * 440 * np.arange(n_samples) / from_hz).astype(np.float32) / 2
    resampled = resample(wave, from_hz, to_hz)
    assert resampled.dtype == np.float32
    assert abs(resampled.size - n_samples * to_hz / from_hz) <= 0.5
    expected = np.sin(2 * np.pi * 440 * np.arange(resampled.size) / to_hz) / 2
    edge = min(200, resampled.size // 4)  # the filter rings at the ends
    np.testing.assert_allclose(resampled[edge:-edge], expected[edge:-edge], atol=2e-3)


def test_resample_clips_ringing() -> None:
    square = np.sign(np.sin(np.arange(44_100) * 0.05)).astype(np.float32)
    assert np.abs(resample(square, 44_100, 16_000)).max() == 1.0


def test_resample_to_the_same_rate_and_of_silence() -> None:
    np.testing.assert_array_equal(resample(tone(), 16_000, 16_000), tone())
    assert not resample(np.zeros(4_410, dtype=np.float32), 44_100, 16_000).any()


def test_resample_refuses() -> None:
    with pytest.raises(AudioError, match="positive"):
        resample(tone(), 0, 16_000)
    with pytest.raises(AudioError, match="mono float32"):
        resample(np.zeros((2, 9), dtype=np.float32), 8_000, 16_000)
    with pytest.raises(AudioError, match="too short"):
        resample(np.ones(1, dtype=np.float32), 44_100, 16_000)
