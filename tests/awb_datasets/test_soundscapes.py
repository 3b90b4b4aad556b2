"""The soundscapes dataset: what it promises about its clips, checked on the clips themselves."""

from __future__ import annotations

import csv
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pydantic
import pytest
from scipy import signal
from sklearn.metrics import roc_auc_score

from awb.errors import DataError
from awb.intervals import FloatArray, to_samples, total_s, union
from awb.protocols import Dataset
from awb.segments import IGNORED, POSITIVE, Segments, labels_from_coverage
from awb.types import Clip
from awb_datasets.soundscapes import SPEC, SoundscapesParameters
from awb_datasets.soundscapes.classes import CLASSES
from awb_datasets.soundscapes.dataset import Soundscapes
from awb_datasets.soundscapes.scenes import energy_band_hz
from awb_datasets.soundscapes.shaping import SAMPLE_RATE_HZ

RATE_HZ = 16_000
SEGMENTS = Segments(160_000, RATE_HZ)


def opened(split: str = "validation", clips: int = 130, seed: int = 0) -> Dataset:
    parameters = SoundscapesParameters.model_validate(
        {"split": split, "clips": clips, "seed": seed}
    )
    return SPEC.factory(parameters)


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    dataset = opened()
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def intervals_of(clip: Clip, label: str) -> FloatArray:
    return np.array([(e.onset_s, e.offset_s) for e in clip.events if e.label == label])


def pairs(clips: list[Clip]) -> list[tuple[Clip, str]]:
    return [(clip, label) for clip in clips for label in sorted({e.label for e in clip.events})]


def test_ids_and_default() -> None:
    dataset = SPEC.factory(SoundscapesParameters())
    assert isinstance(dataset, Dataset)
    assert len(dataset.clip_ids()) == 44
    assert dataset.clip_ids()[7] == "test-0-0007"
    assert opened("train", 2, 3).clip_ids() == ("train-3-0000", "train-3-0001")


def test_a_clip_is_always_the_same() -> None:
    one, other = opened(clips=5).load("validation-0-0003"), opened(clips=90)
    other.load("validation-0-0004")
    again = other.load("validation-0-0003")
    np.testing.assert_array_equal(one.waveform, again.waveform)
    assert one.events == again.events


def test_splits_and_seeds_share_no_scene() -> None:
    datasets = [
        opened("test", 8),
        opened("validation", 8),
        opened("train", 8),
        opened("test", 8, 1),
    ]
    loaded = [dataset.load(clip_id) for dataset in datasets for clip_id in dataset.clip_ids()]
    assert len({clip.id for clip in loaded}) == 32
    assert len({clip.waveform.tobytes() for clip in loaded}) == 32
    assert len({clip.events for clip in loaded}) == 32


@pytest.mark.parametrize("clip_id", ["validation-0-0002", "test-0-0000", "nonsense"])
def test_an_unknown_clip_is_refused(clip_id: str) -> None:
    with pytest.raises(DataError, match="ids run from validation-0-0000 to validation-0-0001"):
        opened(clips=2).load(clip_id)


@pytest.mark.parametrize("wrong", [{"split": "dev"}, {"clips": 0}, {"seed": -1}, {"clip": 3}])
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(pydantic.ValidationError):
        SoundscapesParameters.model_validate(wrong)


def test_audio_and_events_are_well_formed(clips: list[Clip]) -> None:
    for clip in clips:
        assert clip.sample_rate_hz == RATE_HZ
        assert clip.waveform.shape == (160_000,)
        np.testing.assert_array_equal(clip.waveform * 2**15, np.rint(clip.waveform * 2**15))
        assert 0.1 < np.abs(clip.waveform).max() <= 1
        assert 1 <= len(clip.events) <= 4
        for event in clip.events:
            assert 0 <= event.onset_s < event.offset_s <= 10
            assert event.offset_s - event.onset_s >= 0.25


def test_all_classes_occur_and_events_lie_off_the_grid(clips: list[Clip]) -> None:
    events = [event for clip in clips for event in clip.events]
    assert {(e.label, e.mid) for e in events} == {(c.name, c.mid) for c in CLASSES}
    assert len({c.name for c in CLASSES}) == len({c.mid for c in CLASSES}) == len(CLASSES) >= 12
    onsets = to_samples([event.onset_s for event in events], RATE_HZ)
    assert np.mean(onsets % 1600 == 0) < 0.05


def test_names_and_machine_ids_are_audioset_s(test_data: Path) -> None:
    with (test_data / "audioset" / "class_labels_indices.csv").open(encoding="utf-8") as file:
        published = {row["mid"]: row["display_name"] for row in csv.DictReader(file)}
    assert {c.mid: published.get(c.mid) for c in CLASSES} == {c.mid: c.name for c in CLASSES}


def test_some_targets_are_too_long_for_the_selection(clips: list[Clip]) -> None:
    fractions = [
        total_s(union(intervals_of(clip, label))) / clip.duration_s for clip, label in pairs(clips)
    ]
    assert 0.1 < np.mean(np.array(fractions) > 0.2) < 0.5, "a minority"


def test_some_targets_come_more_than_once(clips: list[Clip]) -> None:
    counts = [len(union(intervals_of(clip, label))) for clip, label in pairs(clips)]
    assert np.bincount(counts).nonzero()[0].tolist() == [1, 2, 3]
    assert np.mean(np.array(counts) > 1) > 0.1


def test_some_events_overlap(clips: list[Clip]) -> None:
    overlapping = 0
    for clip in clips:
        ordered = sorted((event.onset_s, event.offset_s) for event in clip.events)
        overlapping += any(first[1] > second[0] for first, second in pairwise(ordered))
    assert 0.05 < overlapping / len(clips) < 0.6


def test_every_target_has_a_positive_segment(clips: list[Clip]) -> None:
    for clip, label in pairs(clips):
        labels = labels_from_coverage(SEGMENTS.coverage(intervals_of(clip, label)))
        assert POSITIVE in labels


def test_loudness_does_not_tell_which_sound_is_meant(clips: list[Clip]) -> None:
    areas = []
    for clip, label in pairs(clips):
        intervals_s = intervals_of(clip, label)
        if total_s(union(intervals_s)) > 2.0:
            continue
        labels = labels_from_coverage(SEGMENTS.coverage(intervals_s))
        heard = labels != IGNORED
        level = np.sqrt(np.mean(clip.waveform.reshape(100, 1600) ** 2, axis=1))
        areas.append(roc_auc_score(labels[heard] == POSITIVE, level[heard]))
    assert 0.5 < np.mean(areas) < 0.7


def test_the_band_of_an_event_has_95_percent_of_its_energy() -> None:
    scene = Soundscapes("test", 3, 0).scene("test-0-0001")
    for layer in scene.layers:
        band = layer.event.band_hz
        assert band is not None
        hz, power = signal.periodogram(layer.sound, SAMPLE_RATE_HZ, detrend=False)
        for tail in (hz < band[0] - 1, hz > band[1] + 1):
            assert power[tail].sum() <= 0.025 * power.sum() * (1 + 1e-6)
        for less in (hz < band[0] + 1, hz > band[1] - 1):
            assert power[less].sum() >= 0.025 * power.sum() * (1 - 1e-6)


def test_a_tone_has_a_band_of_its_own_and_noise_nearly_all() -> None:
    times_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    assert energy_band_hz(np.sin(2 * np.pi * 440 * times_s)) == (440.0, 441.0)
    low_hz, high_hz = energy_band_hz(np.random.default_rng(0).standard_normal(SAMPLE_RATE_HZ))
    assert (low_hz, high_hz) == pytest.approx((200.0, 7800.0), abs=40)


def test_the_spec_loads_nothing_heavy() -> None:
    code = (
        "import sys; from awb_datasets.soundscapes import SPEC;"
        "SPEC.factory(SPEC.parameters()).clip_ids();"
        "sys.exit(bool({'torch', 'sklearn', 'scipy', 'librosa'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
