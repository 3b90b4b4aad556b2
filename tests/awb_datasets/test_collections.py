"""ESC-50, UrbanSound8K, RAVDESS and EMO-DB: what is read from miniatures, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from awb.errors import AudioError, AwbError, DataError, LabelError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.protocols import Dataset
from awb.types import Clip
from mini_collections import (
    ESC50_COLUMNS,
    URBAN_COLUMNS,
    opened,
    write_cremad,
    write_emodb,
    write_esc50,
    write_iemocap,
    write_ravdess,
    write_table,
    write_tone,
    write_urbansound8k,
)

WRITE: dict[str, Callable[[Path], Path]] = {
    "esc50": write_esc50,
    "urbansound8k": write_urbansound8k,
    "ravdess": write_ravdess,
    "emodb": write_emodb,
    "iemocap": write_iemocap,
    "cremad": write_cremad,
}
NAMES = list(WRITE)


def clips(dataset: Dataset) -> list[Clip]:
    return [dataset.load(clip_id) for clip_id in dataset.clip_ids()]


def fault(name: str, root: Path, settings: str = "", kind: type[AwbError] = LabelError) -> str:
    with pytest.raises(AwbError) as caught:
        opened(name, root, settings)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


EXPECTED: dict[str, tuple[int, set[str], set[str]]] = {
    "esc50": (12, {"dog", "chirping_birds", "helicopter"}, {"fold-1", "fold-2"}),
    "urbansound8k": (8, {"dog_bark", "siren"}, {"fold-1", "fold-10"}),
    "ravdess": (6, {"neutral", "angry", "surprised"}, {"actor-01", "actor-24"}),
    "emodb": (6, {"anger", "neutral", "sadness"}, {"speaker-03", "speaker-16"}),
    "iemocap": (
        8,
        {"anger", "happiness"},
        {"session-1-F", "session-1-M", "session-5-F", "session-5-M"},
    ),
    "cremad": (6, {"anger", "neutral", "sadness"}, {"actor-1001", "actor-1091"}),
}


@pytest.mark.parametrize("name", NAMES)
def test_whole_recordings_have_one_label_and_a_group(name: str, tmp_path: Path) -> None:
    found = clips(opened(name, WRITE[name](tmp_path)))
    count, labels, groups = EXPECTED[name]
    assert len(found) == count
    assert all(len(clip.labels) == 1 and clip.events == () for clip in found)
    assert {label for clip in found for label in clip.labels} == labels
    assert {clip.group for clip in found} == groups


@pytest.mark.parametrize(
    ("name", "settings", "count"),
    [
        ("esc50", ",folds=2", 6),
        ("esc50", ",folds=1+2", 12),
        ("esc50", ",esc10=true", 8),
        ("urbansound8k", ",folds=10", 4),
        ("urbansound8k", ",foreground=true", 4),
        ("ravdess", ",actors=24", 3),
        ("ravdess", ",channel=song", 1),
        ("emodb", ",speakers=03", 3),
        ("iemocap", ",sessions=5", 4),
        ("iemocap", ",emotions=all", 12),
        ("iemocap", ",kind=improvised", 8),
        ("cremad", ",actors=1091", 3),
    ],
)
def test_parts_of_a_collection(name: str, settings: str, count: int, tmp_path: Path) -> None:
    found = clips(opened(name, WRITE[name](tmp_path), settings))
    assert len(found) == count
    if "esc10" in settings:
        assert {clip.labels[0] for clip in found} == {"dog", "helicopter"}


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("esc50", ",folds=6", "unknown fold '6': known are 1, 2, 3, 4, 5"),
        ("urbansound8k", ",folds=0", "unknown fold '0'"),
        ("ravdess", ",actors=25", "unknown actor '25'"),
        ("emodb", ",speakers=3", "unknown speaker '3': known are 03, 08"),
        ("iemocap", ",sessions=6", "unknown session '6': known are 1, 2, 3, 4, 5"),
        ("cremad", ",actors=1", "unknown actor '1'"),
    ],
)
def test_an_unknown_group_is_refused(name: str, settings: str, said: str, tmp_path: Path) -> None:
    assert said in fault(name, WRITE[name](tmp_path), settings, ParameterError)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("esc50", ",folds=3"),
        ("ravdess", ",actors=2"),
        ("emodb", ",speakers=08"),
        ("iemocap", ",sessions=3"),
        ("cremad", ",actors=1002"),
    ],
)
def test_a_group_that_is_not_there(name: str, settings: str, tmp_path: Path) -> None:
    assert "there is no recording of" in fault(name, WRITE[name](tmp_path), settings, DataError)


@pytest.mark.parametrize("name", NAMES)
def test_missing_folder_and_a_folder_too_high(name: str, tmp_path: Path) -> None:
    message = fault(name, tmp_path / "nowhere", kind=DataError)
    assert f"does not exist; type {name}:root=DIR" in message
    WRITE[name](tmp_path / "inner")
    assert f"did you mean {tmp_path / 'inner'}?" in fault(name, tmp_path, kind=DataError)


@pytest.mark.parametrize(
    ("name", "table"),
    [("esc50", "meta/esc50.csv"), ("urbansound8k", "metadata/UrbanSound8K.csv")],
)
def test_missing_or_broken_table(name: str, table: str, tmp_path: Path) -> None:
    root = WRITE[name](tmp_path)
    path = root / table
    header = path.read_text(encoding="utf-8").splitlines()[0]
    path.write_text(header, encoding="utf-8")
    assert "names no recording" in fault(name, root)
    path.write_text(header.replace("fold", "part"), encoding="utf-8")
    assert "has no column fold; its header is:" in fault(name, root)
    path.write_bytes(header.encode("utf-16"))
    assert "cannot be read" in fault(name, root, kind=DataError)
    path.unlink()
    assert f"has no {table}; expected {table}" in fault(name, root, kind=DataError)


@pytest.mark.parametrize(
    ("name", "path", "whole_fold"),
    [
        ("esc50", "audio/1-1000-A-0.wav", "2"),
        ("urbansound8k", "audio/fold1/513-3-0-0.wav", "10"),
    ],
)
def test_a_part_of_a_collection_is_enough(
    name: str, path: str, whole_fold: str, tmp_path: Path
) -> None:
    root = WRITE[name](tmp_path)
    (root / path).unlink()
    assert "absent=skip" in fault(name, root, kind=DataError)
    assert opened(name, root, f",folds={whole_fold}").clip_ids()
    dataset: Any = opened(name, root, ",absent=skip")
    assert len(clips(dataset)) == EXPECTED[name][0] - 1
    [excluded] = dataset.excluded()
    assert (excluded.clip_id, excluded.reason) == (Path(path).name, "audio missing")
    assert opened(name, root, ",absent=skip,mix=true,clips=2").load("mix-0-0000").events
    for audio in root.rglob("*.wav"):
        audio.unlink()
    message = fault(name, root, ",absent=skip", kind=DataError)
    assert "are absent" in message
    assert "absent=skip" not in message


def test_absent_audio_is_counted(tmp_path: Path) -> None:
    for name, path in [
        ("esc50", "audio/1-1000-A-0.wav"),
        ("urbansound8k", "audio/fold1/513-3-0-0.wav"),
    ]:
        root = WRITE[name](tmp_path / name)
        (root / path).unlink()
        message = fault(name, root, kind=DataError)
        assert message.startswith(f"1 of {EXPECTED[name][0]} audio files")
        assert path in message
    for name in ("ravdess", "emodb"):
        root = WRITE[name](tmp_path / name)
        for audio in root.glob("*/*.wav"):
            audio.unlink()
        assert "*.wav; expected" in fault(name, root, kind=DataError)


@pytest.mark.parametrize("name", NAMES)
def test_damaged_audio_costs_its_own_clip(name: str, tmp_path: Path) -> None:
    root = WRITE[name](tmp_path)
    dataset = opened(name, root)
    first, second = dataset.clip_ids()[:2]
    next(root.rglob(first)).write_bytes(b"RIFF")
    assert dataset.load(second).labels
    with pytest.raises(AudioError, match=first):
        dataset.load(first)
    with pytest.raises(DataError, match="there is no clip 'x'"):
        dataset.load("x")


ESC50_ROWS = {
    "1-7-A-0.wav,6,0,dog,True,7,A": "unknown fold '6': allowed 1 to 5",
    "1-7-A-0.wav,1,50,dog,True,7,A": "unknown target '50'",
    "1-7-A-0.wav,2,0,dog,True,7,A": "expected 2-7-A-0.wav",
    "1-7-A-0.wav,1,0,dog,True,8,A": "does not say what the row does",
    "dog.wav,1,0,dog,True,7,A": "does not say what the row does",
    "1-7-A-0.wav,1,0,dog,maybe,7,A": "esc10 must be True or False",
    "1-7-A-0.wav,1,0,,True,7,A": "category is empty",
    "1-7-A-0.wav,1,0,dog": "esc10 is empty",
}
URBAN_ROWS = {
    "9-3-0-0.wav,9,0,1,1,11,3,dog_bark": "unknown fold '11': allowed 1 to 10",
    "9-3-0-0.wav,9,0,1,3,1,3,dog_bark": "unknown salience '3'",
    "9-3-0-0.wav,9,0,1,1,1,3,siren": "class 'siren' is not that of classID 3, 'dog_bark'",
    "9-3-0-0.wav,8,0,1,1,1,3,dog_bark": "expected 8-3-",
    "9-3.wav,9,0,1,1,1,3,dog_bark": "does not say what the row does",
}


@pytest.mark.parametrize("row", ESC50_ROWS)
def test_bad_rows_of_esc50(row: str, tmp_path: Path) -> None:
    write_table(tmp_path / "meta" / "esc50.csv", ESC50_COLUMNS, [row])
    message = fault("esc50", tmp_path)
    assert "esc50.csv line 2: " in message
    assert ESC50_ROWS[row] in message


@pytest.mark.parametrize("row", URBAN_ROWS)
def test_bad_rows_of_urbansound8k(row: str, tmp_path: Path) -> None:
    for name in ("9-3-0-0.wav", "9-3.wav"):
        write_tone(tmp_path / "audio" / "fold1" / name, 300)
    write_table(tmp_path / "metadata" / "UrbanSound8K.csv", URBAN_COLUMNS, [row])
    message = fault("urbansound8k", tmp_path)
    assert "UrbanSound8K.csv line 2: " in message
    assert URBAN_ROWS[row] in message


def test_folds_that_cut_through_a_source_recording_are_refused(tmp_path: Path) -> None:
    rows = ["9-3-0-0.wav,9,0,1,1,1,3,dog_bark", "9-3-0-1.wav,9,1,2,1,2,3,dog_bark"]
    write_table(tmp_path / "metadata" / "UrbanSound8K.csv", URBAN_COLUMNS, rows)
    assert "source recording 9 lie in fold-1 and in fold-2" in fault("urbansound8k", tmp_path)
    rows = ["1-7-A-0.wav,1,0,dog,True,7,A", "2-7-B-0.wav,2,0,dog,True,7,B"]
    write_table(tmp_path / "meta" / "esc50.csv", ESC50_COLUMNS, rows)
    assert "source recording 7 lie in fold-1 and in fold-2" in fault("esc50", tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("03-01-09-01-01-01-01.wav", "unknown emotion 09: allowed 01 to 08"),
        ("03-01-01-01-01-01-25.wav", "unknown actor 25"),
        ("01-01-02-01-01-01-01.wav", "modality 01 is video"),
        ("03-01-01-02-01-01-01.wav", "neutral has no strong intensity"),
        ("03-01-02-01-01-01-02.wav", "the name says actor 02, the folder does not"),
        ("03-01-02-01-01-01.wav", "cannot read the name"),
    ],
)
def test_bad_names_of_ravdess(name: str, said: str, tmp_path: Path) -> None:
    write_tone(write_ravdess(tmp_path) / "Actor_01" / name, 300)
    assert said in fault("ravdess", tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("04a01Wa.wav", "unknown speaker '04'"),
        ("03a03Wa.wav", "unknown text 'a03'"),
        ("03a01Xa.wav", "unknown emotion 'X': allowed W, L, E, A, F, T, N"),
        ("03a01W.wav", "cannot read the name"),
    ],
)
def test_bad_names_of_emodb(name: str, said: str, tmp_path: Path) -> None:
    write_tone(write_emodb(tmp_path) / "wav" / name, 300)
    assert said in fault("emodb", tmp_path)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("1092_DFA_ANG_XX.wav", "unknown actor '1092'"),
        ("1001_DFA_BOR_XX.wav", "unknown emotion 'BOR'"),
        ("1001-DFA.wav", "cannot read the name"),
    ],
)
def test_bad_names_of_cremad(name: str, said: str, tmp_path: Path) -> None:
    write_tone(write_cremad(tmp_path) / "AudioWAV" / name, 300)
    assert said in fault("cremad", tmp_path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1.0 - 2.0]\tSes01F_impro01_F009\tjoy\t[1, 1, 1]", "unknown emotion 'joy'"),
        ("[1.0 - 2.0]\tSes02F_impro01_F009\tang\t[1, 1, 1]", "is not of Session1"),
        ("[1.0 - 2.0]\tSes01F impro01\tang\t[1, 1, 1]", "cannot read the line"),
    ],
)
def test_bad_lines_of_iemocap(line: str, said: str, tmp_path: Path) -> None:
    root = write_iemocap(tmp_path)
    [table] = root.glob("Session1/dialog/EmoEvaluation/*.txt")
    table.write_text(line + "\n", encoding="utf-8")
    assert said in fault("iemocap", tmp_path)


def test_iemocap_without_some_audio_or_turns(tmp_path: Path) -> None:
    root = write_iemocap(tmp_path)
    next(root.rglob("Ses01F_impro01_F000.wav")).unlink()
    assert "1 of 8 audio files" in fault("iemocap", root, kind=DataError)
    assert len(clips(opened("iemocap", root, ",absent=skip"))) == 7
    assert "no turn" in fault("iemocap", root, ",kind=scripted", DataError)


def test_song_alone_is_told(tmp_path: Path) -> None:
    write_tone(tmp_path / "Actor_24" / "03-02-03-02-02-02-24.wav", 1500)
    assert "contains no speech" in fault("ravdess", tmp_path, kind=DataError)


def test_a_setting_of_the_wrong_kind(tmp_path: Path) -> None:
    settings: dict[str, Any] = {",mix=perhaps": "mix", ",snr_db=high": "decibels"}
    for text, said in settings.items():
        with pytest.raises(ParameterError, match=said):
            resolve(load(), "dataset", f"esc50:root={tmp_path}{text}")
