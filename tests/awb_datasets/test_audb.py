"""The adapter to audb, on a miniature database that is published to a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("audb", reason="needs the extra audb")

import audb
import audformat
import pandas

from awb.errors import DataError, LabelError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb_datasets.audb_adapter.dataset import AudbDataset
from mini_hub import sound

FILES = ["audio/a.wav", "audio/b.wav"]


def build(folder: Path) -> Path:
    """Write a database: two files of 2 s, a table of segments, and one of files."""
    (folder / "audio").mkdir(parents=True)
    for file in FILES:
        (folder / file).write_bytes(sound(2.0))
    database = audformat.Database("mini")
    database.schemes["class"] = audformat.Scheme(labels=["dog", "cat"])
    database.schemes["speaker"] = audformat.Scheme("str")
    segments = audformat.segmented_index(
        [FILES[0], FILES[0], FILES[0], FILES[1], FILES[1]],
        ["0.25s", "1.5s", "0.5s", "0.5s", "1s"],
        ["0.75s", pandas.NaT, "0.5s", "1s", "9s"],
    )
    database["events"] = audformat.Table(segments)
    database["events"]["class"] = audformat.Column(scheme_id="class")
    database["events"]["class"].set(["dog", "cat", "dog", None, "cat"])
    database["late"] = audformat.Table(audformat.segmented_index([FILES[0]], ["5s"], ["6s"]))
    database["late"]["class"] = audformat.Column(scheme_id="class")
    database["late"]["class"].set(["dog"])
    database["files"] = audformat.Table(audformat.filewise_index(FILES))
    for name, values in (("class", ["dog", "cat"]), ("speaker", ["x", None])):
        database["files"][name] = audformat.Column(scheme_id=name)
        database["files"][name].set(values)
    database.save(str(folder))
    return folder


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Publish the database as version 1.0.0, and make its folder the only repository."""
    host = tmp_path_factory.mktemp("audb")
    with pytest.MonkeyPatch.context() as patch:
        repository = audb.Repository("repo", str(host / "host"), "file-system")
        (host / "host" / "repo").mkdir(parents=True)
        patch.setattr(audb.config, "REPOSITORIES", [repository])
        patch.setattr(audb.config, "CACHE_ROOT", str(host / "cache"))
        patch.setattr(audb.config, "SHARED_CACHE_ROOT", str(host / "shared"))
        audb.publish(str(build(host / "build")), "1.0.0", repository, verbose=False)
        yield host


def opened(**settings: str) -> AudbDataset:
    typed = "".join(f",{key}={value}" for key, value in settings.items())
    dataset = resolve(load(), "dataset", f"audb:mini{typed}").build()
    assert isinstance(dataset, AudbDataset)
    return dataset


def test_segments_are_events_and_are_trimmed(repository: Path) -> None:
    dataset = opened(version="1.0.0", table="events", group="speaker")
    assert list(dataset.clip_ids()) == FILES
    first, second = (dataset.load(file) for file in FILES)
    assert [(one.onset_s, one.offset_s, one.label) for one in first.events] == [
        (0.25, 0.75, "dog"),
        (1.5, 2.0, "cat"),  # without an end
    ]
    assert [(one.onset_s, one.offset_s, one.label) for one in second.events] == [(1.0, 2.0, "cat")]
    assert (first.group, second.group) == ("x", "")
    assert first.waveform.size == 2 * first.sample_rate_hz
    assert sorted((one.clip_id, one.reason) for one in dataset.excluded()) == [
        (FILES[0], "event of zero length"),
        (FILES[1], "event without a label"),
    ]
    assert dataset.fingerprint() == "1.0.0"


def test_values_of_files_are_clip_level_labels(repository: Path) -> None:
    dataset = opened(version="1.0.0", table="files", column="class")
    clips = [dataset.load(file) for file in dataset.clip_ids()]
    assert [(clip.events, clip.labels) for clip in clips] == [((), ("dog",)), ((), ("cat",))]


def test_refusals_say_what_to_type(repository: Path) -> None:
    with pytest.raises(ParameterError, match=r"Type audb:mini,version=1\.0\.0 for the latest"):
        opened()
    with pytest.raises(ParameterError, match="3 tables; type one of table=events, table=files"):
        opened(version="1.0.0")
    with pytest.raises(ParameterError, match=r"no table 'evnts'\. Did you mean events"):
        opened(version="1.0.0", table="evnts")
    with pytest.raises(ParameterError, match="type one of column=class, column=speaker"):
        opened(version="1.0.0", table="files")
    with pytest.raises(ParameterError, match="no table of files has a column 'mic'"):
        opened(version="1.0.0", table="events", group="mic")
    with pytest.raises(DataError, match="audb:mini: Cannot find version '9"):
        opened(version="9.0.0")
    with pytest.raises(DataError, match="audb:none: "):
        resolve(load(), "dataset", "audb:none").build()
    with pytest.raises(DataError, match=r"there is no clip 'audio/a\.wva'\. Did you mean"):
        opened(version="1.0.0", table="events").load("audio/a.wva")
    with pytest.raises(LabelError, match=r"lasts 2 s, but dog begins at 5 s"):
        opened(version="1.0.0", table="late").load(FILES[0])
