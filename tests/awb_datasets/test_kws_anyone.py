"""Keyword spotting in anyone's recordings: other speakers, other words, other layouts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from awb.errors import AwbError, DataError, LabelError
from awb_datasets.kws import SPEC, KwsParameters
from awb_datasets.kws.dataset import Kws
from awb_datasets.kws.words import parts_of
from awb_datasets.kws_aligned import SPEC as ALIGNED
from awb_datasets.kws_aligned import KwsAlignedParameters
from awb_datasets.kws_aligned.dataset import KwsAligned

RATE_HZ = 16_000
WORDS = ("yes", "no", "stop")


def write(path: Path, *pitches_hz: float, seconds: float = 0.3) -> Path:
    """Write tones one after the other, without pauses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    time_s = np.arange(round(RATE_HZ * seconds)) / RATE_HZ
    tones = [0.3 * np.sin(2 * np.pi * pitch_hz * time_s) for pitch_hz in pitches_hz]
    soundfile.write(path, np.concatenate(tones), RATE_HZ)
    return path


def pitch_hz(word: str) -> float:
    return 500 + 400 * WORDS.index(word)


def opened(folder: Path, **settings: Any) -> Kws:
    return SPEC.factory(KwsParameters(recordings=folder, **{"snr_db": "40", **settings}))  # type: ignore[return-value]


def aligned(root: Path, **settings: Any) -> KwsAligned:
    return ALIGNED.factory(KwsAlignedParameters(root=root, **settings))  # type: ignore[return-value]


def strongest_hz(dataset: Kws, clip_id: str) -> float:
    """Return the pitch that is loudest where the event is."""
    clip = dataset.load(clip_id)
    [event] = clip.events
    onset, offset = (round(one * clip.sample_rate_hz) for one in (event.onset_s, event.offset_s))
    power = np.abs(np.fft.rfft(clip.waveform[onset:offset])) ** 2
    return float(power.argmax() * clip.sample_rate_hz / (offset - onset))


def speech_commands(root: Path, speakers: Sequence[str] = ("a1", "b2", "c3", "d4")) -> Path:
    for word in WORDS:
        for speaker in speakers:
            write(root / word / f"{speaker}_nohash_0.wav", pitch_hz(word))
    write(root / "_background_noise_" / "tap.wav", 100)
    return root


def test_speech_commands(tmp_path: Path) -> None:
    root = speech_commands(tmp_path)
    (root / "validation_list.txt").write_text("yes/c3_nohash_0.wav\n", encoding="utf-8")
    (root / "testing_list.txt").write_text("no/b2_nohash_0.wav\n", encoding="utf-8")
    found = {}
    for split in ("train", "validation", "test", "all"):
        dataset = opened(root, keyword="stop", split=split, clips=12)
        found[split] = {dataset.load(one).group for one in dataset.clip_ids()}
    assert found == {
        "train": {"a1", "d4"},
        "validation": {"c3"},
        "test": {"b2"},
        "all": {"a1", "b2", "c3", "d4"},
    }
    dataset = opened(root, keyword="stop", clips=2)
    assert dataset.load("test-0-0000").sample_rate_hz == RATE_HZ
    assert dataset.load("test-0-0000").events[0].label == "stop"
    assert strongest_hz(dataset, "test-0-0000") == pytest.approx(pitch_hz("stop"), abs=8)
    [note] = dataset.notes()
    assert note.startswith("a folder per word, parts by validation_list.txt and testing_list.txt")
    assert "1 of 1 speakers of split test say 'stop'" in note


def test_speakers_are_divided_by_share(tmp_path: Path) -> None:
    root = speech_commands(tmp_path)
    groups = {}
    for split in ("train", "validation", "test"):
        dataset = opened(root, keyword="yes", split=split, clips=12)
        groups[split] = {dataset.load(one).group for one in dataset.clip_ids()}
    assert [len(names) for names in groups.values()] == [2, 1, 1]
    assert set.union(*groups.values()) == {"a1", "b2", "c3", "d4"}
    only = opened(root, keyword="yes", split="all", speakers="a1+d4", clips=8)
    assert {only.load(one).group for one in only.clip_ids()} == {"a1", "d4"}


def test_shares_are_an_order_of_hashes_and_one_more_moves_few() -> None:
    names = [f"speaker-{number}" for number in range(40)]
    parts = parts_of(names, {"speaker-0": "train"})
    counts = {part: list(parts.values()).count(part) for part in ("train", "validation", "test")}
    assert counts == {"train": 28, "validation": 6, "test": 6}
    ranked = sorted(names[1:], key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert {name for name in names if parts[name] == "test"} == set(ranked[:6])
    again = parts_of([*names, "one more"], {"speaker-0": "train"})
    assert sum(parts[name] != again[name] for name in names) <= 2


def test_any_names_and_words_beside_each_other(tmp_path: Path) -> None:
    for speaker in ("anna", "ben", "cleo"):
        for word in WORDS:
            write(tmp_path / f"{word}_{speaker}_0.flac", pitch_hz(word))
    dataset = opened(tmp_path, keyword="No", split="all", words="yes", clips=4)
    assert strongest_hz(dataset, "all-0-0000") == pytest.approx(pitch_hz("no"), abs=8)
    assert "2 words" in dataset.notes()[0]


def write_grid(path: Path, words: Sequence[str], seconds: float = 0.3) -> None:
    praatio = pytest.importorskip("praatio.textgrid", reason="needs the extra textgrid")
    grid = praatio.Textgrid()
    spans = [(place * seconds, (place + 1) * seconds, one) for place, one in enumerate(words)]
    grid.addTier(praatio.IntervalTier("words", spans, 0, len(words) * seconds))
    path.parent.mkdir(parents=True, exist_ok=True)
    grid.save(str(path), format="long_textgrid", includeBlankSpaces=True)


def test_words_are_cut_out_of_aligned_speech(tmp_path: Path) -> None:
    for speaker in ("s1", "s2"):
        write(tmp_path / "wav" / speaker / "read_01.wav", *map(pitch_hz, WORDS))
        write_grid(tmp_path / "wav" / speaker / "read_01.TextGrid", [one.upper() for one in WORDS])
        write(tmp_path / "wav" / speaker / "read_02.wav", 300)
    dataset = opened(tmp_path / "wav", keyword="no", split="all", clips=4)
    clip = dataset.load("all-0-0000")
    [event] = clip.events
    assert event.offset_s - event.onset_s == pytest.approx(0.3)
    assert clip.group in {"s1", "s2"}


def test_alignments_elsewhere_name_only_what_is_aligned(tmp_path: Path) -> None:
    for name in ("s1-a", "s2-a", "s2-b"):
        write(tmp_path / "wav" / f"{name}.wav", *map(pitch_hz, WORDS))
    rows = ["Filename,word,start,end"]
    for name in ("s1-a", "s2-a"):
        rows += [f"{name}.wav,{word},{0.3 * k},{0.3 * k + 0.3}" for k, word in enumerate(WORDS)]
    table = tmp_path / "words.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    dataset = opened(tmp_path / "wav", keyword="stop", split="all", alignments=table, clips=4)
    assert strongest_hz(dataset, "all-0-0000") == pytest.approx(pitch_hz("stop"), abs=8)
    assert dataset.notes()[0].endswith("1 sentences not aligned")


def common_voice(root: Path) -> Path:
    header = "client_id\tpath\tsentence\tup_votes"
    for name, speaker in (("train", "t"), ("dev", "d"), ("test", "e")):
        rows = [header]
        for word in WORDS:
            path = f"{speaker}_{word}.mp3.wav"
            write(root / "clips" / path, pitch_hz(word))
            rows.append(f'{speaker}\t{path}\t"{word.title()}!\t2')
        rows.append(f"{speaker}\tgone.wav\tNo\t2")
        write(root / "clips" / f"{speaker}_long.wav", *map(pitch_hz, WORDS))
        rows.append(f"{speaker}\t{speaker}_long.wav\tYes, no. Stop!\t2")
        (root / f"{name}.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def test_common_voice(tmp_path: Path) -> None:
    root = common_voice(tmp_path)
    for split, speaker in (("train", "t"), ("validation", "d"), ("test", "e")):
        dataset = opened(root, keyword="stop", split=split, clips=4)
        assert {dataset.load(one).group for one in dataset.clip_ids()} == {speaker}
    [note] = dataset.notes()
    assert note.startswith("Common Voice (train.tsv, dev.tsv, test.tsv): 3 words")
    assert note.endswith("3 sentences not aligned; 3 sentences audio missing")
    assert strongest_hz(dataset, "test-0-0000") == pytest.approx(pitch_hz("stop"), abs=8)
    for speaker in "tde":
        write_grid(root / "alignments" / f"{speaker}_long.TextGrid", WORDS)
    aligned = opened(root, keyword="stop", clips=4)
    assert aligned.notes()[0].endswith("; 3 sentences audio missing")


def test_validated_sentences_alone_are_divided_by_share(tmp_path: Path) -> None:
    root = common_voice(tmp_path)
    rows = [
        line
        for name in ("train", "dev", "test")
        for line in (root / f"{name}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    for name in ("train", "dev", "test"):
        (root / f"{name}.tsv").unlink()
    text = "\n".join(["client_id\tpath\tsentence\tup_votes", *rows])
    (root / "validated.tsv").write_text(text, encoding="utf-8")
    found = {
        opened(root, keyword="no", split=split, clips=1).load(f"{split}-0-0000").group
        for split in ("train", "validation", "test")
    }
    assert found == set("tde")


def test_long_words_are_fewer_in_a_clip(tmp_path: Path) -> None:
    for word in WORDS:
        write(tmp_path / f"{word}_anna_0.wav", pitch_hz(word), seconds=1.1)
    dataset = opened(tmp_path, keyword="yes", split="all", clips=6)
    clips = [dataset.load(clip_id) for clip_id in dataset.clip_ids()]
    assert [len(clip.events) for clip in clips] == [1, 0] * 3


def test_whole_utterances_with_the_words_as_events(tmp_path: Path) -> None:
    for name in ("s1/a", "s2/a", "s2/b", "s3/a"):
        write(tmp_path / f"{name}.wav", *map(pitch_hz, WORDS))
    write_grid(tmp_path / "s1" / "a.TextGrid", ["YES", "no", "Stop"])
    write_grid(tmp_path / "s2" / "b.TextGrid", ["other", "no", "no"], 0.315)
    dataset = aligned(tmp_path, words="no+stop")
    assert dataset.clip_ids() == ("s1/a.wav", "s2/b.wav")
    assert {(one.clip_id, one.reason) for one in dataset.excluded()} == {
        ("s2/a.wav", "not aligned"), ("s3/a.wav", "not aligned"),
    }  # fmt: skip
    assert dataset.notes() == (
        "aligned speech: 2 of 4 utterances of split all hold no, stop, by 2 speakers",
    )
    clip = dataset.load("s1/a.wav")
    assert [(event.onset_s, event.offset_s, event.label) for event in clip.events] == [
        (pytest.approx(0.3), pytest.approx(0.6), "no"),
        (pytest.approx(0.6), pytest.approx(0.9), "stop"),
    ]
    assert clip.group == "s1"
    assert dataset.load("s2/b.wav").events[-1].offset_s == pytest.approx(0.9)


def test_an_alignment_is_never_that_of_another_recording_of_the_same_name(tmp_path: Path) -> None:
    for speaker in ("s1", "s2"):
        write(tmp_path / "wav" / speaker / "a.wav", *map(pitch_hz, WORDS))
    write_grid(tmp_path / "grids" / "a.TextGrid", WORDS)
    with pytest.raises(DataError, match="2 recordings and 1 alignments are called a"):
        aligned(tmp_path / "wav", words="no", alignments=tmp_path / "grids")
    (tmp_path / "grids" / "s2").mkdir()
    (tmp_path / "grids" / "a.TextGrid").rename(tmp_path / "grids" / "s2" / "a.TextGrid")
    dataset = aligned(tmp_path / "wav", words="no", alignments=tmp_path / "grids")
    assert dataset.clip_ids() == ("s2/a.wav",)


def test_common_voice_as_utterances(tmp_path: Path) -> None:
    root = common_voice(tmp_path)
    with pytest.raises(DataError, match="has no TextGrids"):
        aligned(root, words="no")
    for speaker in "tde":
        write_grid(root / "alignments" / f"{speaker}_long.TextGrid", WORDS)
    assert aligned(root, words="no").clip_ids() == tuple(f"clips/{one}_long.wav" for one in "tde")
    assert aligned(root, words="No", split="test").clip_ids() == ("clips/e_long.wav",)
    with pytest.raises(DataError, match="holds one of: maybe"):
        aligned(root, words="maybe")
    found = aligned(root, words="no", longest_s=0.95, split="train")
    assert found.clip_ids() == ("clips/t_long.wav",)
    with pytest.raises(DataError, match=r"at most 0\.5 s"):
        aligned(root, words="no", longest_s=0.5)


@pytest.mark.parametrize(
    ("names", "settings", "kind", "said"),
    [
        (["yes/a_nohash_0.wav"], {"keyword": "yes"}, DataError, "and another word"),
        (["yes/1.wav"], {"keyword": "yes"}, LabelError, "who speaks?"),
        (["yes/a_1.wav", "no/a_1.wav"], {"keyword": "yse"}, DataError, "Did you mean yes"),
        (["yes/a_1.wav", "no/a_1.wav"], {"keyword": "yes", "words": "stop"}, DataError,
         "nobody in .* says 'stop'"),
        (["yes/a_1.wav", "no/a_1.wav"], {"keyword": "yes", "split": "train"}, DataError,
         "no speaker of split train. It has 1 speakers; add split=all"),
        (["yes/a_1.wav"], {"alignments": Path("nowhere")}, DataError, "no such folder or table"),
    ],
)  # fmt: skip
def test_faults(
    tmp_path: Path, names: Sequence[str], settings: Any, kind: type[AwbError], said: str
) -> None:
    for name in names:
        write(tmp_path / name, 500)
    with pytest.raises(kind, match=said):
        opened(tmp_path, **{"split": "all", **settings})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("file,start,end\na,0,1", "has no column word; it has: file, start, end"),
        ("file,word,start,end\na,no,0,x", "line 2: a time is not a number"),
        ("file,word,start,end", "names no word"),
    ],
)
def test_tables_of_words_that_cannot_be_read(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path / "wav" / "s1-a.wav", 500)
    table = tmp_path / "words.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(LabelError, match=said):
        opened(tmp_path / "wav", alignments=table)
