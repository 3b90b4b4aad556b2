"""Keyword spotting: what a clip is made of, how the parts differ, and what is refused."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from awb.errors import AudioError, DataError, LabelError, ParameterError
from awb.intervals import FloatArray
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.types import AudioArray
from awb_datasets.kws import SPEC, KwsParameters
from awb_datasets.kws.dataset import CLIP_S, LEVEL_SPREAD_DB, OVERLAP_S, Kws
from awb_datasets.kws.fetching import INSIDE, TAKES, digest_of, official, read_digests
from awb_datasets.kws.words import SPEAKERS
from spoken_digits import RATE_HZ, write_recordings

OVERLAP = round(OVERLAP_S * RATE_HZ)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recordings(tmp_path_factory.mktemp("fsdd") / "recordings")


def opened(folder: Path, **settings: Any) -> Kws:
    dataset = SPEC.factory(KwsParameters(recordings=folder, **settings))
    assert isinstance(dataset, Kws)
    return dataset


def test_every_other_clip_holds_the_keyword_once(recordings: Path) -> None:
    dataset = opened(recordings, clips=20, keyword="three")
    clips = [dataset.load(clip_id) for clip_id in dataset.clip_ids()]
    assert [len(clip.events) for clip in clips] == [1, 0] * 10
    for clip in clips:
        assert (clip.duration_s, clip.sample_rate_hz, clip.group) == (CLIP_S, RATE_HZ, "yweweler")
        assert np.array_equal(clip.waveform * 2**15, np.rint(clip.waveform * 2**15))
        for event in clip.events:
            assert event.label == "three"
            assert event.offset_s - event.onset_s <= 0.2 * CLIP_S


def test_the_event_is_where_the_keywords_tone_is_and_nowhere_else(recordings: Path) -> None:
    dataset = opened(recordings, clips=12, snr_db="40")
    pitch_hz = 200 + 150 * 7 + 7 * 3
    turns = np.exp(-2j * np.pi * pitch_hz * np.arange(int(RATE_HZ * CLIP_S)) / RATE_HZ)
    for clip_id in dataset.clip_ids():
        clip = dataset.load(clip_id)
        strength = np.abs(np.convolve(clip.waveform * turns, np.ones(400) / 400, mode="same"))
        inside = np.zeros(strength.size, dtype=bool)
        for event in clip.events:
            onset, offset = round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ)
            inside[onset - 200 : offset + 200] = True
            weakest = strength[onset + 200 : offset - 200].min()
            assert weakest > 3 * strength[~inside].max()
        assert strength[~inside].max() < 0.1 * np.abs(clip.waveform).max()


def test_silence_around_a_recording_is_cut_off(recordings: Path) -> None:
    clip = opened(recordings, clips=1).load("test-0-0000")
    [event] = clip.events
    assert event.offset_s - event.onset_s == pytest.approx(0.305, abs=0.016)


@pytest.fixture
def unscaled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scale all clips by the same factor, so that the difference of two of them is speech alone."""

    def scaled(mixed: FloatArray, _: float) -> AudioArray:
        return (mixed / 1000.0).astype(np.float32)

    monkeypatch.setattr("awb_datasets.kws.dataset.on_16_bits", scaled)


@pytest.mark.usefixtures("unscaled")
@pytest.mark.parametrize("snr_db", [-5, 0, 20])
def test_the_speech_is_as_loud_as_was_asked_for(recordings: Path, snr_db: int) -> None:
    clips, louder = (opened(recordings, clips=12, snr_db=str(db)) for db in (snr_db, snr_db + 20))
    for number in range(0, 12, 2):
        one, other = (found.load(f"test-0-{number:04d}") for found in (clips, louder))
        speech = (other.waveform - one.waveform) / 9.0
        noise = one.waveform - speech
        [event] = one.events
        onset, offset = round(event.onset_s * RATE_HZ), round(event.offset_s * RATE_HZ)
        alone = speech[onset + OVERLAP : offset - OVERLAP]
        level_db = 10 * np.log10(np.mean(alone**2) / np.mean(noise**2))
        assert level_db == pytest.approx(snr_db, abs=LEVEL_SPREAD_DB + 0.5)


@pytest.mark.usefixtures("unscaled")
def test_clips_are_full_of_words(recordings: Path) -> None:
    dataset = opened(recordings, clips=6, snr_db="40")
    for clip_id in dataset.clip_ids():
        blocks = dataset.load(clip_id).waveform.reshape(-1, RATE_HZ // 100)
        spoken = np.mean(blocks**2, axis=1) > 100e-6  # the background's is about 1e-6
        assert spoken.mean() > 0.8


def test_neighbours_overlap_by_20_ms_at_most(recordings: Path) -> None:
    dataset = opened(recordings)
    rng = np.random.default_rng(0)
    size = round(CLIP_S * RATE_HZ)
    closest = []
    for _ in range(50):
        lengths = rng.integers(1000, 9000, 7).tolist()
        if sum(lengths) - 6 * OVERLAP > size:
            continue
        starts = np.array(dataset._place(rng, lengths))
        ends = starts + lengths
        assert starts[0] >= 0
        assert ends[-1] <= size
        closest.append((starts[1:] - ends[:-1]).min())
    assert -OVERLAP <= min(closest) < 0


def test_words_shorter_than_the_overlap_end_up_inside_the_clip(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "r", speakers=("yweweler",), takes=1, seconds=0.01)
    clip = opened(folder, clips=1).load("test-0-0000")
    [event] = clip.events
    assert 0 <= event.onset_s < event.offset_s <= CLIP_S
    dataset = opened(folder)
    starts = dataset._place(np.random.default_rng(0), [80] * 1000)
    assert min(starts) >= 0
    assert (np.diff(starts) >= 40).all()
    assert max(starts) + 80 <= CLIP_S * RATE_HZ


def test_parts_share_no_speaker_and_clips_do_not_depend_on_their_number(recordings: Path) -> None:
    groups = {}
    for split in ("train", "validation", "test"):
        dataset = opened(recordings, split=split, clips=16)
        groups[split] = {dataset.load(clip_id).group for clip_id in dataset.clip_ids()}
        assert all(SPEAKERS[name] == split for name in groups[split])
    assert groups["train"] == {"jackson", "nicolas"}
    few, many = opened(recordings, clips=3), opened(recordings, clips=30)
    assert np.array_equal(few.load("test-0-0002").waveform, many.load("test-0-0002").waveform)
    other = opened(recordings, clips=3, seed=1).load("test-1-0002")
    assert not np.array_equal(few.load("test-0-0002").waveform, other.waveform)


def test_a_clip_does_not_depend_on_what_was_loaded_before(recordings: Path) -> None:
    dataset = opened(recordings, clips=4)
    for clip_id in dataset.clip_ids():
        dataset.load(clip_id)
    again = dataset.load("test-0-0001").waveform
    assert np.array_equal(opened(recordings, clips=4).load("test-0-0001").waveform, again)


def test_further_speakers_of_the_collection_are_trained_on(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "r", speakers=("jackson", "lucas"), takes=1)
    dataset = opened(folder, split="train", clips=12)
    found = {dataset.load(clip_id).group for clip_id in dataset.clip_ids()}
    assert found == {"jackson", "lucas"}


def test_missing_folder_files_speakers_and_digits(recordings: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; expected recordings named"):
        opened(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"contains no audio \(did you mean .*recordings\?\)"):
        opened(recordings.parent)
    folder = write_recordings(tmp_path / "r", speakers=("jackson",), takes=1)
    with pytest.raises(DataError, match="has no speaker of split test: yweweler"):
        opened(folder)
    (folder / "4_jackson_0.wav").unlink()
    with pytest.raises(DataError, match="no recording of 4 by jackson"):
        opened(folder, split="train")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("seven.wav", "cannot read the name"),
        ("12_jackson_0.wav", "cannot read the name"),
    ],
)
def test_names_that_do_not_say_who_says_what(tmp_path: Path, name: str, said: str) -> None:
    folder = write_recordings(tmp_path / "r", speakers=("jackson",), takes=1)
    (folder / name).touch()
    with pytest.raises(LabelError) as caught:
        opened(folder, split="train")
    assert said in str(caught.value)


def test_bad_audio_is_told_when_a_clip_needs_it(tmp_path: Path) -> None:
    folder = write_recordings(tmp_path / "r", speakers=("yweweler",), takes=1)
    keyword = folder / "7_yweweler_0.wav"
    soundfile.write(keyword, np.zeros(2400), RATE_HZ)
    with pytest.raises(AudioError, match=r"7_yweweler_0\.wav: the recording is silent"):
        opened(folder).load("test-0-0000")
    soundfile.write(keyword, np.full(2400, 0.1), 16_000)
    with pytest.raises(AudioError, match="expected 8000 Hz, got 16000 Hz"):
        opened(folder).load("test-0-0000")
    write_recordings(folder, speakers=("yweweler",), takes=1, seconds=2.0)
    with pytest.raises(DataError, match="too long for a clip of 6 s"):
        opened(folder).load("test-0-0000")


def test_unknown_clips_and_settings(recordings: Path) -> None:
    with pytest.raises(DataError, match="ids run from test-0-0000 to test-0-0002"):
        opened(recordings, clips=3).load("test-0-0003")
    with pytest.raises(DataError, match="nobody says 'ten'"):
        opened(recordings, keyword="ten")
    with pytest.raises(DataError, match=r"no speaker 'jacksen'\. Did you mean jackson"):
        opened(recordings, speakers="jacksen")
    for reference, said in [
        ("kws:snr_db=loud", "decibels"),
        ("kws:split=some", "split"),
    ]:
        with pytest.raises(ParameterError, match=said):
            resolve(load(), "dataset", reference)


def _archive(tmp_path: Path, *, spoil: bool = False) -> tuple[Path, dict[str, str]]:
    """Pack takes as the release does, one digit by one listed and one unlisted speaker."""
    folder = tmp_path / "source"
    folder.mkdir()
    for speaker in ("jackson", "theo"):
        for take in range(TAKES):
            (folder / f"7_{speaker}_{take}.wav").write_bytes(f"{speaker}{take}".encode())
    digests = {"7_jackson": digest_of(folder, "7_jackson")}
    if spoil:
        (folder / "7_jackson_3.wav").write_bytes(b"other")
    with tarfile.open(tmp_path / "fsdd.tar.gz", "w:gz") as packed:
        packed.add(folder, INSIDE)
    return tmp_path / "fsdd.tar.gz", digests


def _served(archive: Path) -> Any:
    def download(url: str, output: Any, pooch: Any) -> None:
        Path(output).write_bytes(archive.read_bytes())

    return download


def test_a_download_is_verified_and_only_what_is_known_is_unpacked(tmp_path: Path) -> None:
    archive, digests = _archive(tmp_path)
    folder = official(tmp_path / "cache", downloader=_served(archive), digests=digests)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        f"7_jackson_{take}.wav" for take in range(TAKES)
    )

    def refuse(*_: Any) -> None:
        raise AssertionError("downloaded twice")

    assert official(tmp_path / "cache", downloader=refuse, digests=digests) == folder


def test_a_download_of_other_content_is_refused(tmp_path: Path) -> None:
    archive, digests = _archive(tmp_path, spoil=True)
    for _ in range(2):
        with pytest.raises(DataError, match=r"7_jackson_\*\.wav are not those that awb knows"):
            official(tmp_path / "cache", downloader=_served(archive), digests=digests)


def test_no_network_and_no_archive(tmp_path: Path) -> None:
    def offline(*_: Any) -> None:
        raise ConnectionError

    with pytest.raises(DataError, match=r"\(ConnectionError\).*kws:recordings=DIR"):
        official(tmp_path / "a", downloader=offline)
    broken = tmp_path / "broken"
    broken.write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"\(ReadError\)"):
        official(tmp_path / "b", downloader=_served(broken))


def test_packaged_checksums_are_those_of_the_copy_at_hand(test_data: Path) -> None:
    folder = test_data / "free-spoken-digit-dataset" / "recordings"
    digests = read_digests()
    assert len(digests) == 40
    assert {stem: digest_of(folder, stem) for stem in digests} == digests
    assert digest_of(folder, "7_nobody") == ""
    assert len(hashlib.sha256().hexdigest()) == len(digests["7_george"])
