"""The folder dataset built from real recordings, and the real YAMNet on it."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import real_sounds
from awb.audio import resample
from awb.intervals import total_s, union
from awb.types import Clip
from awb_datasets.folder import SPEC as FOLDER
from awb_datasets.folder import FolderParameters
from awb_plugins.models.yamnet import SPEC as YAMNET
from awb_plugins.models.yamnet import YamnetParameters

CLIPS = 9


@pytest.fixture(scope="module")
def sounds(test_data: Path) -> Path:
    return test_data / "sounds"


@pytest.fixture(scope="module")
def folder(sounds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return real_sounds.build(tmp_path_factory.mktemp("real"), sounds, clips=CLIPS)


@pytest.fixture(scope="module")
def clips(folder: Path) -> list[Clip]:
    dataset = FOLDER.factory(FolderParameters(path=folder))
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def target_of(clip: Clip) -> str:
    stems = {Path(source.file).stem: source.label for source in real_sounds.TARGETS}
    return stems[clip.id.rsplit("-", 1)[0]]


def test_every_target_takes_its_turn(clips: list[Clip]) -> None:
    labelled = [clip for clip in clips if clip.events]
    assert len(labelled) == CLIPS
    assert len(clips) == CLIPS + 1
    assert set(Counter(target_of(clip) for clip in labelled).values()) == {CLIPS // 3}
    assert any({event.label for event in clip.events} - {target_of(clip)} for clip in labelled)


def test_events_are_short_apart_and_long_enough_to_label(clips: list[Clip]) -> None:
    for clip in clips:
        assert clip.duration_s == real_sounds.CLIP_S
        times = sorted((event.onset_s, event.offset_s) for event in clip.events)
        gaps = [later[0] - earlier[1] for earlier, later in pairwise(times)]
        assert all(gap >= real_sounds.LEAST_GAP_S - 1e-3 for gap in gaps)
        # 0.2 s or more always fills one segment of 0.1 s, wherever it lies.
        assert all(event.offset_s - event.onset_s >= 0.2 for event in clip.events)
        for label in {event.label for event in clip.events}:
            own = union([(e.onset_s, e.offset_s) for e in clip.events if e.label == label])
            assert total_s(own) <= 0.2 * clip.duration_s


def test_events_are_where_the_sound_is(clips: list[Clip]) -> None:
    for clip in clips:
        power = np.square(clip.waveform.astype(np.float64))
        inside = np.zeros(power.size, dtype=bool)
        for event in clip.events:
            span = slice(*(round(t * clip.sample_rate_hz) for t in (event.onset_s, event.offset_s)))
            inside[span] = True
        background = power[~inside].mean()
        assert background == pytest.approx(real_sounds.BACKGROUND_RMS**2, rel=0.1)
        if inside.any():
            assert power[inside].mean() > 8 * background


def test_same_seed_same_files(folder: Path, sounds: Path, tmp_path: Path) -> None:
    def contents(where: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in where.rglob("*.*")}

    again = real_sounds.build(tmp_path / "again", sounds, clips=CLIPS)
    other = real_sounds.build(tmp_path / "other", sounds, clips=CLIPS, seed=1)
    assert contents(again) == contents(folder)
    assert contents(other) != contents(folder)


def test_looped_background_has_no_step(sounds: Path) -> None:
    tone = real_sounds.load(sounds / "room_tone.wav")
    long = real_sounds.looped(tone, 3 * tone.size)
    assert np.abs(np.diff(long)).max() <= 1.5 * np.abs(np.diff(tone)).max()


def test_yamnet_hears_the_targets(test_data: Path, clips: list[Clip]) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    model = YAMNET.factory(YamnetParameters(path=test_data / "yamnet" / "yamnet.tflite"))
    heard: dict[str, list[bool]] = {}
    for clip in clips:
        if clip.events:
            waveform = resample(clip.waveform, clip.sample_rate_hz, model.sample_rate_hz)
            score = model.scores(waveform[None])[0, model.classes.index(target_of(clip))]
            heard.setdefault(target_of(clip), []).append(bool(score >= 0))
    assert len(heard) == 3
    assert all(sum(found) > len(found) / 2 for found in heard.values()), heard
