"""Mixtures: sounds at the times that their labels say, at the levels that were asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError, DataError
from awb.protocols import Dataset
from awb_datasets.labelled.recordings import Recording
from awb_datasets.mixing.backgrounds import Noise, Recorded
from awb_datasets.mixing.mixtures import Format, Mixtures
from awb_datasets.mixing.placing import spread
from awb_datasets.mixing.sounds import at_level, block_power, excerpt, fade, on_16_bits, trim
from mini_collections import RATE_HZ, opened, write_emodb, write_esc50, write_tone

FORMAT = Format(RATE_HZ, 10.0)
PITCH_HZ = {"dog": 300.0, "siren": 700.0, "bell": 1100.0}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    folder = tmp_path_factory.mktemp("tones")
    found = []
    for group in ("a", "b"):
        for label, pitch_hz in PITCH_HZ.items():
            path = folder / group / f"{label}.wav"
            write_tone(path, pitch_hz, seconds=1.0 if group == "a" else 3.0)
            found.append(Recording(f"{group}-{label}", path, label, group))
    return found


def mixed(recordings: list[Recording], *, clips: int = 12, snr_db: float = 30.0) -> Mixtures:
    return Mixtures(recordings, FORMAT, Noise(), clips=clips, seed=0, snr_db=(snr_db,))


def _strength(waveform: np.ndarray, pitch_hz: float) -> np.ndarray:
    """Amplitude of a tone over time, in windows of 50 ms."""
    turns = np.exp(-2j * np.pi * pitch_hz * np.arange(waveform.size) / RATE_HZ)
    return 2 * np.abs(np.convolve(waveform * turns, np.ones(400) / 400, mode="same"))


def test_every_sound_is_where_its_label_says_and_nowhere_else(recordings: list[Recording]) -> None:
    dataset = mixed(recordings)
    counts = set()
    for clip_id in dataset.clip_ids():
        clip = dataset.load(clip_id)
        counts.add(len(clip.events))
        assert len({event.label for event in clip.events}) == len(clip.events)
        for label, pitch_hz in PITCH_HZ.items():
            strength = _strength(clip.waveform, pitch_hz)
            outside = np.ones(strength.size, dtype=bool)
            for event in clip.events:
                if event.label == label:
                    onset, offset = round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ)
                    outside[onset - 200 : offset + 200] = False
                    assert strength[onset + 200 : offset - 200].min() > 5 * strength[outside].max()
    assert counts == {1, 2, 3}


def test_events_are_short_and_of_one_group(recordings: list[Recording]) -> None:
    dataset = mixed(recordings)
    clips = [dataset.load(clip_id) for clip_id in dataset.clip_ids()]
    assert [clip.group for clip in clips] == ["a", "b"] * 6
    for clip in clips:
        lengths = [event.offset_s - event.onset_s for event in clip.events]
        expected = 1.0 if clip.group == "a" else 2.0  # the longer tone is cut to 20 % of 10 s
        assert lengths == pytest.approx([expected] * len(lengths), abs=0.021)


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_sounds_have_the_level_that_was_asked_for(
    recordings: list[Recording], snr_db: float
) -> None:
    dataset = mixed(recordings, clips=8, snr_db=snr_db)
    for clip_id in dataset.clip_ids():
        clip = dataset.load(clip_id)
        power = np.square(clip.waveform, dtype=np.float64)
        silent = np.ones(power.size, dtype=bool)
        spans = []
        for event in clip.events:
            span = slice(round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ))
            silent[span] = False
            spans.append(span)
        for span in spans:
            ratio = power[span].mean() / power[silent].mean() - 1
            assert 10 * np.log10(ratio) == pytest.approx(snr_db, abs=4.5)


def test_a_clip_depends_on_its_seed_and_number_alone(recordings: list[Recording]) -> None:
    few, many = mixed(recordings, clips=2), mixed(recordings, clips=9)
    many.load("mix-0-0000")
    assert np.array_equal(few.load("mix-0-0001").waveform, many.load("mix-0-0001").waveform)
    other = Mixtures(recordings, FORMAT, Noise(), clips=2, seed=1, snr_db=(30.0,))
    assert not np.array_equal(few.load("mix-0-0001").waveform, other.load("mix-1-0001").waveform)
    with pytest.raises(DataError, match="ids run from mix-0-0000 to mix-0-0001"):
        few.load("mix-0-0002")


def test_sounds_that_do_not_fit_are_told(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    one = [Recording("r", path, "bell", "a")]
    write_tone(path, 500, seconds=3.0)
    uncut = Mixtures(one, Format(RATE_HZ, 10.0, cut=False), Noise(), clips=1, seed=0, snr_db=(0.0,))
    with pytest.raises(DataError, match=r"no recording of 'bell' in a .* lasts 0\.25 to 2 s"):
        uncut.load("mix-0-0000")
    write_tone(path, 500, seconds=0.1)
    with pytest.raises(DataError, match="no recording of 'bell'"):
        mixed(one).load("mix-0-0000")
    soundfile.write(path, np.zeros(8000), RATE_HZ)
    with pytest.raises(AudioError, match=r"tone\.wav: the recording is silent"):
        mixed(one).load("mix-0-0000")
    with pytest.raises(DataError, match="no recording to mix"):
        mixed([])


def test_recorded_backgrounds(tmp_path: Path, recordings: list[Recording]) -> None:
    write_tone(tmp_path / "hum.wav", 50, seconds=0.5, pad_s=0.0)
    background = Recorded(tmp_path)
    drawn = background.draw(np.random.default_rng(0), 16_000, RATE_HZ)
    assert drawn.shape == (16_000,)
    assert np.mean(drawn**2) == pytest.approx(1.0)
    assert np.ptp(block_power(drawn, 2 * RATE_HZ)) < 0.1  # repeated, and never silent
    clip = Mixtures(recordings, FORMAT, background, clips=1, seed=0, snr_db=(0.0,)).load(
        "mix-0-0000"
    )
    assert _strength(clip.waveform, 50.0)[400:-400].min() > 0
    with pytest.raises(DataError, match=r"contains no audio \(\.wav"):
        Recorded(tmp_path / "nowhere")
    soundfile.write(tmp_path / "hum.wav", np.zeros(800), RATE_HZ)
    with pytest.raises(AudioError, match="is silent"):
        background.draw(np.random.default_rng(0), 800, RATE_HZ)


def test_collections_are_mixed_within_their_groups(tmp_path: Path) -> None:
    for name, root, groups, duration_s in [
        ("esc50", write_esc50(tmp_path / "esc"), {"fold-1", "fold-2"}, 10.0),
        ("emodb", write_emodb(tmp_path / "emo"), {"speaker-03", "speaker-16"}, 20.0),
    ]:
        dataset = opened(name, root, ",mix=true,clips=4")
        assert isinstance(dataset, Dataset)
        clips = [dataset.load(clip_id) for clip_id in dataset.clip_ids()]
        assert {clip.group for clip in clips} == groups
        assert all(clip.events and not clip.labels for clip in clips)
        assert all(clip.duration_s == duration_s for clip in clips)


def test_trim_against_a_plain_search() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        levels = 10 ** rng.uniform(-4, 0, 30)
        sound = np.repeat(levels, 80) * rng.choice([-1.0, 1.0], 2400)
        loud = [index for index in range(30) if levels[index] > levels.max() / 100]
        expected = sound[80 * loud[0] : 80 * (loud[-1] + 1)]
        found = trim(sound, RATE_HZ)
        assert np.array_equal(found[32:-32], expected[32:-32])
        assert found.size == expected.size


def test_the_loudest_part_is_cut_out() -> None:
    sound = np.full(8000, 0.01)
    sound[3000:5000] = 0.5
    found = excerpt(sound, RATE_HZ, 2000)
    assert 1920 <= found.size <= 2000
    assert np.median(found) == 0.5


def test_levels_edges_and_the_grid_of_16_bits() -> None:
    sound = np.ones(800)
    assert np.mean(at_level(sound, -20) ** 2) == pytest.approx(0.01)
    faded = fade(sound, RATE_HZ)
    assert faded[0] < 0.01
    assert sound[0] == 1.0
    quantized = on_16_bits(np.sin(np.arange(800.0)), -6.0)
    assert np.abs(quantized).max() == pytest.approx(0.501, abs=1e-3)
    assert np.array_equal(quantized * 2**15, np.rint(quantized * 2**15))


def test_spread_keeps_sounds_apart_and_is_even() -> None:
    rng = np.random.default_rng(0)
    first = []
    for _ in range(400):
        starts = spread(rng, [3, 4], 20, 2)
        assert starts is not None
        assert starts[0] >= 2
        assert starts[1] >= starts[0] + 5
        assert starts[1] + 6 <= 20
        first.append(starts[0])
    assert set(first) == set(range(2, 10))
    assert spread(rng, [3, 4], 13, 2) == [2, 7]
    assert spread(rng, [3, 4], 12, 2) is None


def test_the_order_in_which_a_folder_is_listed_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        tone = 0.5 * np.sin(2 * np.pi * 100 * (number + 1) * np.arange(8000) / 8000)
        soundfile.write(tmp_path / f"{number}.wav", tone, 8000)
    listed = sorted(tmp_path.rglob("*"))
    drawn = []
    for order in (listed, listed[::-1]):
        monkeypatch.setattr(Path, "rglob", lambda folder, pattern, order=order: iter(order))
        drawn.append(Recorded(tmp_path).draw(np.random.default_rng(3), 4000, 8000))
    np.testing.assert_array_equal(*drawn)


@pytest.mark.parametrize("n_samples", [10, 79, 400])
def test_a_fade_is_the_same_from_either_end(n_samples: int) -> None:
    sound = np.ones(n_samples)
    faded = fade(sound, RATE_HZ)
    np.testing.assert_allclose(faded, faded[::-1])
    assert faded[0] < 0.1
    assert (np.diff(faded[: n_samples // 2]) >= 0).all()
    assert faded.max() == pytest.approx(1.0, abs=0.2)
    assert (sound == 1.0).all(), "the caller's array stays as it is"
