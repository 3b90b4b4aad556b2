"""Long recordings: windows, their events, and tracks that are put together again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.audio import read_audio
from awb.data.annotations.tracks import Recording, Span, Track
from awb.data.windows import Window, window_named, windows_of
from awb.errors import AudioError, ParameterError
from awb.report.stitching import stitched
from awb_datasets.folder.dataset import FolderDataset

RATE_HZ = 1_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of 25 s that says what time it is, and its labels in Audacity's format."""
    path = tmp_path_factory.mktemp("long")
    time_s = np.arange(25 * RATE_HZ) / RATE_HZ
    soundfile.write(path / "day.wav", (time_s / 100).astype(np.float32), RATE_HZ, subtype="FLOAT")
    soundfile.write(path / "short.wav", np.full(5 * RATE_HZ, 0.1), RATE_HZ)
    (path / "day.txt").write_text("1\t2\tDog\n7\t9\tDog\n9.99\t10.2\tCat\n24\t30\tCat\n")
    return path


def opened(folder: Path, window_s: float = 10.0, overlap_s: float = 2.0) -> FolderDataset:
    return FolderDataset(folder, window_s=window_s, overlap_s=overlap_s)


def test_windows_are_clips_and_events_are_carried_over_edges(folder: Path) -> None:
    dataset = opened(folder)
    assert dataset.clip_ids() == ["day.wav@0-10", "day.wav@8-18", "day.wav@15-25", "short.wav"]
    found = {
        name: [(one.onset_s, one.offset_s, one.label) for one in dataset.load(name).events]
        for name in dataset.clip_ids()
    }
    assert found["day.wav@0-10"] == [(1.0, 2.0, "Dog"), (7.0, 9.0, "Dog")]
    second = [(round(a, 9), round(b, 9), label) for a, b, label in found["day.wav@8-18"]]
    assert second == [(0.0, 1.0, "Dog"), (1.99, 2.2, "Cat")]
    assert found["day.wav@15-25"] == [(9.0, 10.0, "Cat")]
    clip = dataset.load("day.wav@8-18")
    assert (clip.duration_s, clip.group) == (10.0, "day.wav")
    np.testing.assert_allclose(clip.waveform[[0, -1]], [0.08, 0.17999], atol=1e-6)
    assert dataset.load("short.wav").duration_s == 5.0


@pytest.mark.parametrize(("window_s", "overlap_s"), [(10.0, 2.0), (3.0, 0.0), (0.7, 0.3)])
def test_windows_cover_everything_with_one_length(window_s: float, overlap_s: float) -> None:
    for duration_s in (window_s * 1.5, 25.0, 61.234):
        found = windows_of("day.wav", duration_s, window_s, overlap_s)
        assert found[0].start_s == 0.0
        assert duration_s - 0.03 <= found[-1].end_s <= duration_s + 1e-9
        assert all(round(one.end_s - one.start_s, 9) == window_s for one in found)
        steps_s = np.diff([one.start_s for one in found])
        assert (steps_s > 0).all()
        assert (steps_s <= window_s - overlap_s + 1e-9).all()
        assert all(window_named(one.name) is not None for one in found)
        assert len({one.name for one in found}) == len(found)


def test_windows_that_cannot_be(folder: Path) -> None:
    with pytest.raises(ParameterError, match="cannot overlap by 10 s"):
        opened(folder, 10.0, 10.0)


def test_a_stretch_of_a_file(folder: Path) -> None:
    whole, _ = read_audio(folder / "day.wav")
    part, rate_hz = read_audio(folder / "day.wav", 24.5, 2.0)
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(part, whole[24_500:])
    with pytest.raises(AudioError, match="has nothing at 25 s"):
        read_audio(folder / "day.wav", 25.0, 1.0)


def _clip(window: Window, value: float, *spans: Span) -> Recording:
    tracks = (
        Track("labels", "Dog", (Span(7.0, 9.0, "Dog"),) if window.start_s == 0 else ()),
        Track("model", "Dog", (Span(0.0, 10.0, "Dog", value),)),
        Track("naive", "Dog", spans),
    )
    return Recording(window.name, 10.0, 500.0, "loudness", tracks)


def test_tracks_of_windows_are_those_of_the_recording() -> None:
    first, second = Window("day.wav", 0.0, 10.0), Window("day.wav", 8.0, 18.0)
    other = Recording("short.wav", 5.0, 500.0, "loudness", ())
    clips = [
        _clip(second, 3.0, Span(0.5, 2.0, "Dog", 8.0, 1.0)),
        other,
        _clip(first, 1.0, Span(2.0, 3.0, "Dog", 2.0, 0.5), Span(8.5, 9.5, "Dog", 4.0, 1.0)),
    ]
    kept, day = stitched(clips)
    assert kept == other
    assert (day.name, day.duration_s) == ("day.wav", 18.0)
    labels, model, naive = day.tracks
    assert labels.spans == (Span(7.0, 9.0, "Dog"),)
    assert model.spans == (Span(0.0, 9.0, "Dog", 1.0), Span(9.0, 18.0, "Dog", 3.0))
    assert naive.spans == (
        Span(2.0, 3.0, "Dog", 2.0, 0.25),
        Span(8.5, 9.0, "Dog", 4.0, 0.5),
        Span(9.0, 10.0, "Dog", 8.0, 1.0),
    )


def test_windows_around_events_of_one_recording(folder: Path) -> None:
    recording = folder / "day.wav"
    dataset = FolderDataset(recording, tables=["day.txt"], window_s=4.0, events_only=True)
    assert dataset.clip_ids() == [
        "day.wav@0-4",
        "day.wav@6-10",
        "day.wav@8.095-12.095",
        "day.wav@21-25",
    ]
    events = [(one.onset_s, one.offset_s, one.label) for one in dataset.load("day.wav@6-10").events]
    assert events == [(1.0, 3.0, "Dog")]
    assert FolderDataset(
        recording, tables=["day.txt"], window_s=60.0, events_only=True
    ).clip_ids() == ["day.wav"]
