"""Drums: ten hits, exact labels, hits of their own for every part, and kits of real files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.audio import read_audio
from awb.errors import DataError
from awb.intervals import FloatArray
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.segments import Segments
from awb_datasets.drums import SPEC, DrumsParameters, create
from awb_datasets.drums.dataset import CARRIES_OVER, CLASSES, Drums
from awb_datasets.drums.hits import KICK, RECIPES, TOM
from awb_datasets.drums.kit import FOLDERS, read_hit, read_kit
from awb_datasets.drums.sequences import (
    APART,
    CLIP_SAMPLES,
    DENSE,
    LONGEST_KICK_S,
    Mixing,
    audible,
    draw_onsets,
)
from awb_datasets.drums.varied_hits import VARIED

RATE_HZ = 16_000
Recipes = Mapping[str, Callable[[np.random.Generator], FloatArray]]


@pytest.fixture(scope="module")
def drums() -> Drums:
    return Drums("test", 24, 0)


@pytest.fixture(scope="module")
def kit_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kit")
    rng = np.random.default_rng(0)
    for instrument, name in FOLDERS.items():
        (folder / name / "more").mkdir(parents=True)
        for number in range(6):
            hit = np.concatenate([np.zeros(800), RECIPES[instrument](rng)])
            place = folder / name / ("more" if number == 5 else "") / f"{name} {number}"
            suffix = ".flac" if number == 4 else ".wav"
            rate_hz = 44_100 if number == 3 else RATE_HZ
            soundfile.write(f"{place}{suffix}", 0.5 * hit / np.abs(hit).max(), rate_hz)
    return folder


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_class_is_the_number_of_kicks_and_the_events_are_the_kicks(drums: Drums) -> None:
    for number, clip_id in enumerate(drums.clip_ids()):
        clip, sequence = drums.load(clip_id), drums.sequence(clip_id)
        assert len(sequence.hits) == 10
        kicks = [hit for hit in sequence.hits if hit.instrument == KICK]
        assert clip.labels == (CLASSES[len(kicks)],) == (CLASSES[number % 6],)
        assert [(event.onset_s, event.offset_s) for event in clip.events] == sequence.kicks_s
        assert {event.label for event in clip.events} <= set(clip.labels)
        assert clip.waveform.size == CLIP_SAMPLES
        assert 0.1 < np.abs(clip.waveform).max() < 1


def test_a_kick_sounds_where_its_label_is_and_nowhere_else(drums: Drums) -> None:
    clip_id = drums.clip_ids()[5]
    sequence = drums.sequence(clip_id)
    kicks = tuple(hit for hit in sequence.hits if hit.instrument == KICK)
    assert len(kicks) == 5
    without = sequence.background.copy()
    for hit in sequence.hits:
        if hit.instrument != KICK:
            without[hit.start : hit.start + hit.sound.size] += hit.sound
    whole = sequence.mix().astype(np.float64)
    scale = 10 ** (sequence.peak_db / 20)
    total = without.copy()
    for hit in kicks:
        total[hit.start : hit.start + hit.sound.size] += hit.sound
    gain = scale / np.abs(total).max()
    difference = np.abs(whole - gain * without) > 1e-4
    labelled = np.zeros(CLIP_SAMPLES, dtype=bool)
    for event in drums.load(clip_id).events:
        labelled[round(event.onset_s * RATE_HZ) : round(event.offset_s * RATE_HZ)] = True
    assert not difference[~labelled].any()
    assert difference[labelled].mean() > 0.8


def test_kicks_never_last_longer_than_the_protocol_allows(drums: Drums) -> None:
    covered = []
    for clip_id in drums.clip_ids():
        spans = drums.sequence(clip_id).kicks_s
        assert sum(stop - start for start, stop in spans) <= 0.1875 * 8 + 1e-9
        assert all(0.05 <= stop - start <= LONGEST_KICK_S + 1e-9 for start, stop in spans)
        segments = Segments(CLIP_SAMPLES, RATE_HZ)
        covered += [bool((segments.coverage([span]) > 0.9).any()) for span in spans]
    assert np.mean(covered) > 0.9


@pytest.mark.parametrize("mixing", [APART, DENSE])
@pytest.mark.parametrize("seed", range(3))
def test_hits_keep_apart_and_lie_on_no_grid(seed: int, mixing: Mixing) -> None:
    onsets_s = draw_onsets(rng(seed), mixing.least_gap_s)
    gaps_s = np.diff(onsets_s)
    assert onsets_s[0] >= 0.05
    assert onsets_s[-1] <= 7.6
    assert gaps_s.min() >= mixing.least_gap_s - 1e-9
    assert np.std(gaps_s) > 0.02


def test_what_is_inaudible_is_cut_off_and_faded() -> None:
    time_s = np.arange(RATE_HZ) / RATE_HZ
    hit = rng().standard_normal(RATE_HZ) * 10 ** (-3 * time_s / 0.5)
    kept = audible(hit, 0.9)
    assert kept.size / RATE_HZ == pytest.approx(0.25, abs=0.03)
    assert abs(kept[-1]) < 1e-3 * np.abs(kept).max()
    assert audible(hit, 0.1).size == 1600


def test_every_clip_is_its_own_and_repeatable(drums: Drums) -> None:
    again = Drums("test", 3, 0)
    for clip_id in again.clip_ids():
        np.testing.assert_array_equal(again.load(clip_id).waveform, drums.load(clip_id).waveform)
    others = [Drums("train", 1, 0), Drums("validation", 1, 0), Drums("test", 1, 1)]
    waveforms = [one.load(one.clip_ids()[0]).waveform for one in [*others, again]]
    for place, one in enumerate(waveforms):
        assert not any(np.array_equal(one, other) for other in waveforms[place + 1 :])
    assert len({one.group for one in [*others[:2], again]}) == 3


@pytest.mark.parametrize("recipes", [RECIPES, VARIED])
def test_the_synthesizer_varies(recipes: Recipes) -> None:
    for instrument, recipe in recipes.items():
        sounds = [recipe(rng(seed)) for seed in range(20)]
        centres = []
        for sound in sounds:
            power = np.abs(np.fft.rfft(sound, 16_384)) ** 2
            centres.append(np.sum(power * np.arange(power.size)) / power.sum())
        assert np.std(centres) / np.mean(centres) > 0.05, instrument


def test_kicks_and_toms_are_apart_in_pitch_for_clever_hans_and_meet_in_drums() -> None:
    def peaks_hz(recipes: Recipes, name: str) -> list[float]:
        sounds = [recipes[name](rng(seed)) for seed in range(30)]
        return [float(np.argmax(np.abs(np.fft.rfft(sound, RATE_HZ)))) for sound in sounds]

    assert max(peaks_hz(RECIPES, KICK)) < min(peaks_hz(RECIPES, TOM))
    assert max(peaks_hz(VARIED, KICK)) > min(peaks_hz(VARIED, TOM))
    assert np.median(peaks_hz(VARIED, KICK)) < np.median(peaks_hz(VARIED, TOM))


def test_every_recipe_is_finite_and_heard_from_the_start() -> None:
    for name, recipe in VARIED.items():
        for seed in range(25):
            sound = recipe(rng(seed))
            assert np.isfinite(sound).all(), (name, seed)
            assert np.abs(sound[: RATE_HZ // 10]).max() > 0.2 * np.abs(sound).max(), (name, seed)


def test_loudness_finds_kicks_only_in_part(drums: Drums) -> None:
    segments = Segments(CLIP_SAMPLES, RATE_HZ)
    found = []
    for clip_id in drums.clip_ids():
        clip = drums.load(clip_id)
        coverage = segments.coverage([(one.onset_s, one.offset_s) for one in clip.events])
        power = np.square(clip.waveform.reshape(-1, 1600), dtype=np.float64).mean(axis=1)
        inside, outside = power[coverage > 0.9], power[coverage == 0]
        if inside.size:
            found.append(float(np.mean(inside[:, None] > outside)))
    assert len(found) == 20
    assert 0.5 < np.mean(found) < 0.8


def test_unknown_clips_and_settings_are_refused(drums: Drums) -> None:
    with pytest.raises(DataError, match="ids run from test-0-0000 to test-0-0023"):
        drums.load("train-0-0000")
    assert resolve(load(), "dataset", "drums:clips=3").label == "drums:clips=3"
    assert SPEC.models == ("drums-crnn",)


def test_a_kit_gives_its_hits_and_each_part_other_ones(kit_folder: Path) -> None:
    kit = read_kit(kit_folder)
    for instrument, files in kit.files.items():
        parts = {split: kit.part(instrument, split) for split in ("train", "validation", "test")}
        assert sorted(path for part in parts.values() for path in part) == sorted(files)
        assert {split: len(part) for split, part in parts.items()} == {
            "train": 4,
            "validation": 1,
            "test": 1,
        }
    dataset = create(DrumsParameters(kit=kit_folder, clips=6))
    clip = dataset.load(dataset.clip_ids()[5])
    assert len(clip.events) == 5
    assert str(kit_folder) in clip.group
    assert dataset.notes() == (CARRIES_OVER,)  # type: ignore[attr-defined]
    first = clip.events[0]
    start = round(first.onset_s * RATE_HZ)
    heard = clip.waveform[start : start + 1600].astype(np.float64)
    hit = read_hit(kit.part("kick", "test")[0])[:1600]
    assert np.corrcoef(heard, hit)[0, 1] > 0.9


def test_a_hit_starts_at_its_onset_at_any_rate(kit_folder: Path) -> None:
    for path in sorted((kit_folder / "kick").glob("*.wav")):
        hit = read_hit(path)
        assert np.abs(hit).max() <= 1.0
        assert np.abs(hit[:10]).max() >= 0.05
    waveform, rate_hz = read_audio(kit_folder / "kick" / "kick 3.wav")
    assert rate_hz == 44_100
    assert read_hit(kit_folder / "kick" / "kick 3.wav").size < waveform.size / 2


def _remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _without_toms(folder: Path) -> None:
    shutil.rmtree(folder / "toms")


def _two_snares(folder: Path) -> None:
    for path in sorted((folder / "snare").rglob("*.wav"))[:4]:
        path.unlink()


def _silent(folder: Path) -> None:
    soundfile.write(folder / "kick" / "kick 0.wav", np.zeros(4000), RATE_HZ)


def _no_audio(folder: Path) -> None:
    (folder / "overheads" / "overheads 1.wav").write_bytes(b"not a sound")


def _a_file(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.write_text("kit")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_remove, "does not exist; expected kick/, snare/, toms/, overheads/"),
        (_a_file, "is a file; expected kick/"),
        (_without_toms, "has no folder toms/; expected"),
        (_two_snares, "snare/ holds 2 audio files, but train, validation and test need"),
        (_silent, "kick 0.wav is silent"),
        (_no_audio, "overheads 1.wav is not audio that can be read"),
    ],
)
def test_a_broken_kit_is_told(kit_folder: Path, tmp_path: Path, damage: object, words: str) -> None:
    folder = tmp_path / "kit"
    shutil.copytree(kit_folder, folder)
    damage(folder)  # type: ignore[operator]
    with pytest.raises(DataError, match=words) as caught:
        create(DrumsParameters(kit=folder))
    assert "\n" not in str(caught.value)


def test_the_kit_is_part_of_the_fingerprint(kit_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    shutil.copytree(kit_folder, folder)
    before = Drums("test", 1, 0, read_kit(folder)).fingerprint()
    (folder / "kick" / "kick 0.wav").unlink()
    assert before != Drums("test", 1, 0, read_kit(folder)).fingerprint()
    assert Drums("test", 1, 0).fingerprint() == ""
    assert Drums("test", 1, 0).notes() == ()
