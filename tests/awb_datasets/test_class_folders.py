"""Class per folder, with a table of what is known of clips or speakers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from awb.errors import DataError, LabelError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb_datasets.folder.class_folders import is_class_per_folder
from mini_collections import write_class_folders

RATE_HZ = 8000


def write(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, np.full(RATE_HZ // 10, 0.1), RATE_HZ)
    return root


def opened(root: Path, settings: str = "") -> Any:
    return resolve(load(), "dataset", f"folder:path={root}{settings}").build()


def table(root: Path, *lines: str, name: str = "people.csv") -> Path:
    (root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root


def test_folders_are_classes(tmp_path: Path) -> None:
    root = write(tmp_path, "pd/a.wav", "hc/b.flac", "_noise_/c.wav", ".cache/d.wav", "e.wav")
    dataset = opened(root)
    assert dataset.clip_ids() == ["hc/b.flac", "pd/a.wav"]
    clip = dataset.load("pd/a.wav")
    assert (clip.labels, clip.events, clip.group) == (("pd",), (), "")
    assert dataset.classes == ("hc", "pd")
    (note,) = dataset.notes()
    assert note == (
        "class per folder: 2 clips of 2 classes (hc, pd); 1 audio files beside the folders are"
        " left out"
    )
    with pytest.raises(DataError, match=r"Did you mean pd/a\.wav"):
        dataset.load("pd/aa.wav")


def test_a_table_of_clips_is_found_by_its_values(tmp_path: Path) -> None:
    dataset = opened(write_class_folders(tmp_path))
    assert dataset.attributes()["pd/p1.wav"] == {"SEX": "F", "AGE": "61"}
    assert dataset.load("pd/p1.wav").group == ""
    assert dataset.notes()[1] == (
        "attributes SEX, AGE from demographics.csv, whose column Sample ID names the clips"
    )


@pytest.mark.parametrize(
    ("names", "lines", "groups"),
    [
        (["pd/ID1_a.wav", "pd/ID1_b.wav", "hc/ID2_a.wav"],
         ["id;sex", "id1;F", "id2;M"], ["id2", "id1", "id1"]),
        (["pd/anna/1.wav", "hc/ben/1.wav"], ["who,sex", "Anna,F", "Ben,M"], ["Ben", "Anna"]),
        (["pd/a.wav", "hc/b.wav"], ["file,Patient_ID", "pd/a.wav,7", "hc/b.wav,8"], ["8", "7"]),
    ],
    ids=["beginning of the name", "folder", "column"],
)  # fmt: skip
def test_groups_follow_from_the_table(
    tmp_path: Path, names: Sequence[str], lines: Sequence[str], groups: Sequence[str]
) -> None:
    dataset = opened(table(write(tmp_path, *names), *lines))
    assert [dataset.load(one).group for one in dataset.clip_ids()] == groups
    assert "groups are its" in dataset.notes()[1]


def test_groups_without_a_table(tmp_path: Path) -> None:
    root = write(tmp_path, "yes/ab12_nohash_0.wav", "no/ab12_nohash_1.wav", "no/ben/1.wav")
    dataset = opened(root)
    groups = {one: dataset.load(one).group for one in dataset.clip_ids()}
    assert groups["yes/ab12_nohash_0.wav"] == groups["no/ab12_nohash_1.wav"] == "ab12"
    assert groups["no/ben/1.wav"] == "ben"


def test_a_column_of_groups_may_be_named_and_clips_may_have_no_row(tmp_path: Path) -> None:
    root = write(tmp_path, "pd/a.wav", "hc/b.wav", "hc/c.wav")
    table(root, "name\troom", "a\tblue", "b\tred", name="rooms.tsv")
    dataset = opened(root, ",group=room")
    assert [dataset.load(one).group for one in ("pd/a.wav", "hc/b.wav", "hc/c.wav")] == [
        "blue", "red", "",
    ]  # fmt: skip
    assert dataset.notes()[1].endswith("1 clips have no row")


def test_an_ordinary_folder_may_have_attributes_too(tmp_path: Path) -> None:
    root = write(tmp_path, "audio/a.wav", "audio/b.wav")
    table(root, "filename\tonset\toffset\tevent_label", "a.wav\t0\t0.05\tDog", name="events.tsv")
    table(root, "clip,room", "a,blue", "b,red")
    assert not hasattr(opened(root), "attributes")
    dataset = opened(root, ",attributes=people.csv,group=room")
    assert dataset.attributes() == {"a.wav": {"room": "blue"}, "b.wav": {"room": "red"}}
    assert dataset.load("a.wav").group == "blue"
    assert dataset.load("a.wav").events[0].label == "Dog"


@pytest.mark.parametrize(
    ("names", "lines", "settings", "kind", "said"),
    [
        (["train/a.wav", "test/b.wav"], [], "", DataError, "parts of the data, not classes"),
        (["a/1.wav"], [], "", DataError, "events.tsv does not exist"),
        (["a/1.wav", "b/2.wav"], [], ",group=who", ParameterError, "add attributes=FILE"),
        (["a/1.wav", "b/2.wav"], ["x,y", "1,2"], ",group=who", LabelError, "no column 'who'"),
        (["a/1.wav", "b/2.wav"], ["x,y", "1,2", "1,3"], "", LabelError, "different rows for x '1'"),
        (["a/1.wav", "b/2.wav"], ["x,x", "1,2"], ",attributes=people.csv", LabelError,
         "several columns 'x'"),
        (["a/1.wav", "b/2.wav"], ["x,y", "7,8"], ",attributes=people.csv", LabelError, "no column"),
        (["a/1.wav", "b/2.wav"], [], ",attributes=no.csv", DataError, "cannot be read"),
    ],
)  # fmt: skip
def test_faults(
    tmp_path: Path, names: Sequence[str], lines: Sequence[str], settings: str, kind: Any, said: str
) -> None:
    root = write(tmp_path, *names)
    if lines:
        table(root, *lines)
    with pytest.raises(kind, match=said):
        opened(root, settings)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["x,y", "1,2,3"], "is not used: .*row 2 has 3 values for 2 columns"),
        (["x,y"], "is not used: .*a header and no row"),
        (["x,y", "7,8"], "is not used: no column names the clips"),
    ],
)
def test_other_tables_beside_are_told(tmp_path: Path, lines: Sequence[str], said: str) -> None:
    dataset = opened(table(write(tmp_path, "a/1.wav", "b/2.wav"), *lines))
    assert re.search(said, dataset.notes()[1])
    assert dataset.attributes() == {}


def test_a_spreadsheet_is_told(tmp_path: Path) -> None:
    root = write(tmp_path, "a/1.wav", "b/2.wav")
    (root / "people.xlsx").write_bytes(b"PK")
    assert opened(root).notes()[1] == "people.xlsx is not read; save it as CSV"


def test_recordings_with_labels_beside_them_are_no_classes(tmp_path: Path) -> None:
    root = write(tmp_path, "monday/1.wav", "tuesday/2.wav")
    assert is_class_per_folder(root)
    (root / "tuesday" / "2.txt").write_text("0.01\t0.05\tdog\n", encoding="utf-8")
    assert not is_class_per_folder(root)


def test_several_tables_are_not_guessed(tmp_path: Path) -> None:
    root = write(tmp_path, "a/one.wav", "b/two.wav")
    for name in ("first.csv", "second.csv"):
        table(root, "clip,sex", "one,F", "two,M", name=name)
    with pytest.raises(DataError, match=r"first.csv, second.csv. Type folder:path=.*attributes="):
        opened(root)
    assert opened(root, ",attributes=second.csv").attributes()["a/one.wav"] == {"sex": "F"}
