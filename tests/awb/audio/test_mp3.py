"""MP3 files without a frame count are read completely."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.audio import duration_s, read_audio
from awb.audio.mp3 import counted
from awb.errors import AudioError
from awb.intervals import FloatArray

SECONDS = 3.0
ONSET_S = 2.0
DELAY_S = 0.15  # of the encoder: up to 1,105 samples, at 8 kHz


def click(rate_hz: int, channels: int = 1) -> FloatArray:
    """Quiet noise, and loud noise from `ONSET_S` on: the first bit rate is not that of the rest."""
    rng = np.random.default_rng(0)
    time_s = np.arange(int(SECONDS * rate_hz)) / rate_hz
    level = np.where(time_s < ONSET_S, 1e-4, 0.2)
    return np.repeat((level * rng.standard_normal(time_s.size).clip(-3, 3))[:, None], channels, 1)


def mp3(path: Path, rate_hz: int, channels: int = 1, mode: str = "VARIABLE") -> bytes:
    """Write a file, and return its frames without the first, which contains the count."""
    soundfile.write(path, click(rate_hz, channels), rate_hz, format="MP3", bitrate_mode=mode)
    content = path.read_bytes()
    assert counted(path) is None
    return content[content.index(content[:2], 40) :]


def onset_s(path: Path) -> float:
    waveform, rate_hz = read_audio(path)
    assert waveform.size / rate_hz == duration_s(path) == pytest.approx(SECONDS, abs=DELAY_S)
    return float(np.flatnonzero(np.abs(waveform) > 0.1)[0] / rate_hz)


@pytest.mark.parametrize("mode", ["VARIABLE", "CONSTANT"])
@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(44_100, 2), (44_100, 1), (22_050, 2), (16_000, 1), (8_000, 1)]
)
def test_all_of_it_is_read(tmp_path: Path, rate_hz: int, channels: int, mode: str) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(mp3(path, rate_hz, channels, mode))
    assert onset_s(path) == pytest.approx(ONSET_S, abs=DELAY_S)


@pytest.mark.parametrize("around", ["cover", "zeros", "tag", "junk", "middle"])
def test_bytes_that_are_not_frames_are_skipped(tmp_path: Path, around: str) -> None:
    path = tmp_path / "a.mp3"
    frames = mp3(path, 16_000)
    half = frames.index(frames[:2], len(frames) // 2)
    size = bytes([0, 0, 40, 0])  # seven bits each
    cover = b"ID3\x03\0\0" + size + b"\xff\xfb\x90" * 1000 + bytes(40 * 128 - 3000)
    path.write_bytes(
        {
            "cover": cover + frames,
            "zeros": cover + bytes(500) + frames,
            "tag": frames + b"TAG" + b"x" * 125,
            "junk": frames + bytes(3000),
            "middle": frames[:half] + b"\xff\xfb\x90" * 50 + frames[half:],
        }[around]
    )
    assert onset_s(path) == pytest.approx(ONSET_S, abs=DELAY_S)


def test_the_first_frame_of_another_encoder_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    frames = mp3(path, 44_100)
    size = frames.index(frames[:2], 40)
    path.write_bytes(frames)
    bare = duration_s(path)
    path.write_bytes((frames[:4] + bytes(32) + b"VBRI").ljust(size, b"\0") + frames)
    assert duration_s(path) == bare


def test_a_truncated_frame_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(mp3(path, 16_000)[:-20])
    with pytest.raises(AudioError, match="truncated"):
        read_audio(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"ID3", b"ID3\x03\0\0\0\0\0\0", b"\xff\xfb", b"\xff\xfb\x90\x00" * 3, b"\xff" * 9],
)
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    assert counted(path) is None
