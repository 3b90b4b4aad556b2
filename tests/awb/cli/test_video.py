"""``awb video``: sound and picture of one instance, as long as the clip."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from awb.plugins.discovery import load
from awb.report.video import Timing, draw_frames
from awb.report.views.board import read_views
from awb.report.views.clips import RunClips, require
from browser import awb, make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("video")
    data = small_data.build(folder / "data", 1)
    small_data.write_clip(data / "audio" / "odd.wav", [0.8], seconds=2.337)
    with (data / "events.tsv").open("a", encoding="utf-8") as stream:
        stream.write("odd.wav\t0.8\t1.2\tLoud\n")
    return make_run(folder / "run", data)


def _boxes(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the boxes of an MP4 file or box: type and content."""
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        yield kind.decode("latin-1"), content[at + 8 : at + size]
        at += size


def _box(content: bytes, *path: str) -> bytes:
    for kind in path:
        content = next(inside for name, inside in _boxes(content) if name == kind)
    return content


def _header_s(header: bytes) -> float:
    """Duration in an mvhd or mdhd box of version 0."""
    assert header[0] == 0
    scale, duration = struct.unpack_from(">II", header, 12)
    return float(duration / scale)


@pytest.mark.parametrize(("clip", "seconds"), [("clip-0.wav", 3.0), ("odd.wav", 2.337)])
def test_the_video_has_sound_and_is_as_long_as_the_clip(
    run: Path, clip: str, seconds: float, tmp_path: Path
) -> None:
    path = tmp_path / "one.mp4"
    result = awb("video", run, f"{clip}/Loud", "--out", path, "--explainers", "naive,oracle")
    assert result.exit_code == 0, result.output
    movie = _box(path.read_bytes(), "moov")
    assert _header_s(_box(movie, "mvhd")) == pytest.approx(seconds, abs=0.02)
    kinds = {}
    for name, track in _boxes(movie):
        if name == "trak":
            kind = _box(track, "mdia", "hdlr")[8:12].decode()
            kinds[kind] = _header_s(_box(track, "mdia", "mdhd"))
    assert set(kinds) == {"vide", "soun"}
    assert kinds["vide"] == pytest.approx(seconds, abs=0.02)
    assert kinds["soun"] == pytest.approx(seconds, abs=0.15), "AAC fills its last block"


def test_the_cursor_is_where_the_sound_is(run: Path) -> None:
    folder = RunFolder.open(run)
    view = read_views(folder, load())[0]
    one = view.instance("clip-0.wav")
    heard = require(RunClips(folder, load()), one)
    frames = list(draw_frames(one, heard, one.explanations[:2], "roc-auc"))
    assert len(frames) == Timing.of(3.0).frames == 75
    assert frames[0].shape == (720, 1280, 3)
    columns = [int(np.median(np.argwhere((frame == (190, 30, 30)).all(axis=2))[:, 1]))
               for frame in frames]  # fmt: skip
    steps = np.diff(columns)
    assert steps.min() > 0
    assert steps.max() - steps.min() <= 1, "the cursor moves evenly"
    assert columns[-1] - columns[0] > 900


def test_mistakes_get_one_clear_line(run: Path, tmp_path: Path) -> None:
    for words, message in (
        (["clip-7.wav"], "Did you mean"),
        (["1", "--out", str(tmp_path / "one.avi")], "must end in .mp4"),
        (["1", "--out", "/no/such/folder/one.mp4"], "folder does not exist"),
        (["1", "--explainers", "naiv"], "Did you mean naive"),
        (["1", "--metric", "auc"], "Did you mean roc-auc"),
    ):
        result = awb("video", run, *words)
        assert result.exit_code == 2
        assert message in result.stderr
        assert isinstance(result.exception, SystemExit)
