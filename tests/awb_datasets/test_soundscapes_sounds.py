"""How the scenes of soundscapes are made: labels that are exact, levels, noise and sounds."""

from __future__ import annotations

import numpy as np
import pytest

from awb.randomness import RandomKey
from awb_datasets.soundscapes.background import SLOPE_RANGE, coloured_noise, power_drift
from awb_datasets.soundscapes.classes import CLASSES, SoundClass
from awb_datasets.soundscapes.room import place_in_room, trim
from awb_datasets.soundscapes.scenes import CLIP_SAMPLES, Scene, compose
from awb_datasets.soundscapes.shaping import (
    SAMPLE_RATE_HZ,
    count,
    fade,
    harmonics,
    log_uniform,
    phase,
    repeats,
    sequence,
)

FADE_DB = 6.0  # what fading the edge of a block may take from it


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [compose(RandomKey(("tests", number))) for number in range(40)]


def rng(*purpose: str | int) -> np.random.Generator:
    return RandomKey(("tests",)).generator(*purpose)


def decibels(power: float) -> float:
    return 10 * float(np.log10(power))


def test_the_mix_is_background_outside_and_more_inside(scenes: list[Scene]) -> None:
    for scene in scenes:
        mixed = scene.mix().astype(np.float64)
        outside = np.ones(CLIP_SAMPLES, dtype=bool)
        for event in scene.events:
            outside[round(event.onset_s * 16_000) : round(event.offset_s * 16_000)] = False
        noise = scene.background.noise
        gain = np.dot(mixed[outside], noise[outside]) / np.dot(noise[outside], noise[outside])
        rest = np.abs(mixed - gain * noise)
        assert rest[outside].max() < 2 / 2**15
        for layer in scene.layers:
            assert rest[layer.start : layer.stop].max() > 2 / 2**15


def test_a_label_begins_and_ends_where_its_sound_is_heard(scenes: list[Scene]) -> None:
    for scene in scenes:
        for layer in scene.layers:
            around = scene.background.power[layer.start : layer.stop]
            power = [
                (np.mean(layer.sound[start : start + 160] ** 2), around[start : start + 160].mean())
                for start in range(0, layer.sound.size - 159, 80)
            ]
            peak = max(sound for sound, _ in power)
            for sound, noise in (power[0], power[-1]):
                assert decibels(sound / peak) > -40 - FADE_DB
                assert decibels(sound / noise) > -15 - FADE_DB
            assert layer.event.onset_s * SAMPLE_RATE_HZ == pytest.approx(layer.start)
            assert layer.event.offset_s * SAMPLE_RATE_HZ == pytest.approx(layer.stop)


def test_levels_lie_between_0_and_20_db(scenes: list[Scene]) -> None:
    found = []
    for scene in scenes:
        for layer in scene.layers:
            sound, noise = np.zeros(CLIP_SAMPLES), scene.background.power
            sound[layer.start : layer.stop] = layer.sound
            starts = range(layer.start, max(layer.start + 1, layer.stop - 1599), 160)
            powers = {start: np.mean(sound[start : start + 1600] ** 2) for start in starts}
            loudest = max(powers.values())
            ratios_db = [
                decibels(power / noise[start : start + 1600].mean())
                for start, power in powers.items()
                if decibels(power / loudest) > -0.5  # the sounds of a bout are about equally loud
            ]
            assert min(abs(ratio_db - layer.snr_db) for ratio_db in ratios_db) < 1.0
            found.append(layer.snr_db)
    assert min(found) >= 0
    assert max(found) <= 20
    assert np.ptp(found) > 12


def test_in_most_scenes_another_sound_is_as_loud_as_the_target(scenes: list[Scene]) -> None:
    louder = [
        any(
            other.sound_class is not layer.sound_class and other.snr_db >= layer.snr_db
            for other in scene.layers
        )
        for scene in scenes
        for layer in scene.layers
        if layer.sound.size < 2 * SAMPLE_RATE_HZ
    ]
    assert np.mean(louder) > 0.5


def test_events_of_one_class_keep_apart(scenes: list[Scene]) -> None:
    for scene in scenes:
        for number, layer in enumerate(scene.layers):
            for later in scene.layers[number + 1 :]:
                if later.sound_class is layer.sound_class:
                    assert later.start - layer.stop >= 0.3 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("sound_class", CLASSES, ids=lambda sound_class: sound_class.name)
def test_every_class_can_be_short_and_long(sound_class: SoundClass) -> None:
    for duration_s in (0.4, 1.2, 5.0):
        for number in range(3):
            sound = sound_class.render(rng(sound_class.name, number), duration_s)
            assert sound.dtype == np.float64
            assert np.isfinite(sound).all()
            _, heard = trim(sound)
            assert 0.3 * duration_s < heard.size / SAMPLE_RATE_HZ < 1.6 * duration_s + 3.5


@pytest.mark.parametrize("sound_class", CLASSES, ids=lambda sound_class: sound_class.name)
def test_two_sounds_of_a_class_differ(sound_class: SoundClass) -> None:
    one, other = (sound_class.render(rng(number), 0.8) for number in range(2))
    assert one.size != other.size or not np.allclose(one, other)


def test_trimming_finds_the_heard_part() -> None:
    sound = np.zeros(4000)
    sound[1000:2000] = 1.0
    sound[2000:3000] = 0.011  # 39 dB under the peak
    sound[3000:] = 0.009  # 41 dB under it
    removed, heard = trim(sound)
    assert (removed, heard.size) == (960, 3040 - 960)
    removed, heard = trim(sound, 0.5)  # a background that buries all but the loud part
    assert (removed, heard.size) == (960, 2080 - 960)
    assert trim(sound, 2.0)[1].size == 0
    assert sound[1000] == 1.0


@pytest.mark.parametrize("slope", [*SLOPE_RANGE, 0.0, 2.0])
def test_the_slope_of_the_noise(slope: float) -> None:
    noise = coloured_noise(rng("noise"), 2**17, slope)
    assert np.mean(noise**2) == pytest.approx(1.0, rel=0.1)
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    bins_hz = np.fft.rfftfreq(2**17, 1 / SAMPLE_RATE_HZ)
    bands = [(low, 2 * low) for low in (100, 200, 400, 800, 1600, 3200)]
    density = [spectrum[(bins_hz >= low) & (bins_hz < high)].mean() for low, high in bands]
    fitted = np.polyfit(np.arange(6), np.log2(density), 1)[0]
    assert fitted == pytest.approx(-slope, abs=0.1)


def test_the_level_drifts_slowly() -> None:
    for number in range(10):
        power = power_drift(rng("drift", number), CLIP_SAMPLES)
        assert power.mean() == pytest.approx(1.0)
        level_db = 10 * np.log10(power)
        assert np.ptp(level_db) > 3
        assert np.abs(level_db[1600:] - level_db[:-1600]).max() < 10


def test_a_room_adds_a_tail_and_keeps_the_start() -> None:
    dry = fade(np.ones(1600), 0.01, 0.01)
    longer = [place_in_room(rng("room", number), dry).size > dry.size for number in range(60)]
    assert 0.4 < np.mean(longer) < 0.9


def test_harmonics_are_a_sum_of_sines() -> None:
    fundamental = phase(np.linspace(200, 300, 500), 500)
    slow = sum(0.7 ** (k - 1) * np.sin(k * fundamental) for k in range(1, 12))
    np.testing.assert_allclose(harmonics(fundamental, rolloff=0.7, highest=11), slow, atol=1e-9)


def test_phase_integrates_frequency() -> None:
    np.testing.assert_allclose(phase(440.0, 100), phase(np.full(100, 440.0), 100), atol=1e-9)


def test_a_sequence_lays_hits_at_their_times() -> None:
    hit = np.ones(10)
    total = sequence(rng("hits"), lambda: hit, 3, 0.01)
    assert total.size == 2 * count(0.01) + 10
    assert np.flatnonzero(total).tolist() == [s + k for s in (0, 160, 320) for k in range(10)]
    assert 0.5 <= total.max() <= 1
    assert total.min() == 0
    assert repeats(0.01, 1.0) == 1


def test_log_uniform_stays_in_its_range() -> None:
    drawn = [log_uniform(rng("draws", number), 0.1, 10.0) for number in range(200)]
    assert min(drawn) >= 0.1
    assert max(drawn) <= 10
    assert 0.3 < np.mean(np.array(drawn) < 1.0) < 0.7
