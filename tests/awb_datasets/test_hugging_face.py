"""Datasets in the Hub's layout: every form of events, a commit of a stand-in, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

pytest.importorskip("huggingface_hub", reason="needs the extra hub")

from awb.errors import AudioError, AwbError, DataError, HubError, LabelError, ParameterError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb_datasets.hugging_face.dataset import HubDataset
from awb_datasets.hugging_face.parts import parts_of
from hub_stand_in import COMMIT, Hub, serving
from mini_hub import AUDIO, RATE_HZ, audio, sound, write_parquet

FLOATS, TEXTS = pyarrow.list_(pyarrow.float64()), pyarrow.list_(pyarrow.string())
PAIRS = pyarrow.list_(FLOATS)
BIRDS = {"names": ["gcrfin", "whcspa"], "_type": "ClassLabel"}


def opened(folder: Path | str, **settings: str) -> HubDataset:
    typed = "".join(f",{key}={value}" for key, value in settings.items())
    dataset = resolve(load(), "dataset", f"hf:{folder}{typed}").build()
    assert isinstance(dataset, HubDataset)
    return dataset


def written(folder: Path, kinds: Mapping[str, pyarrow.DataType], **columns: Sequence[Any]) -> Path:
    """Write one split with clips a.wav, b.wav and so on, and open nothing."""
    rows = len(next(iter(columns.values())))
    values = {"audio": audio(*(f"{name}.wav" for name in "abcdef"[:rows])), **columns}
    write_parquet(folder / "test-00000-of-00001.parquet", values, {"audio": AUDIO, **kinds})
    return folder


def events(dataset: HubDataset, clip_id: str) -> list[tuple[float, float, str]]:
    return [(one.onset_s, one.offset_s, one.label) for one in dataset.load(clip_id).events]


@pytest.fixture
def birdset(tmp_path: Path) -> Path:
    """Three recordings in BirdSet's columns: pairs of detected events, a box, and neither."""
    number, text = pyarrow.float64(), pyarrow.int64()
    write_parquet(
        tmp_path / "HSN" / "train-00000-of-00001.parquet",
        {
            "audio": audio("a.wav", "b.wav", "c.wav"),
            "detected_events": [[[0.5, 1.0], [1.2, 1.4]], [], None],
            "start_time": [None, 0.25, None],
            "end_time": [None, 0.75, None],
            "low_freq": [None, 500, None],
            "high_freq": [None, 900, None],
            "length": [2, 2, 2],
            "ebird_code": [0, 1, 0],
            "ebird_code_multilabel": [[0], [1], [0, 1]],
        },
        {
            "audio": AUDIO, "detected_events": PAIRS, "start_time": number, "end_time": number,
            "low_freq": text, "high_freq": text, "length": text, "ebird_code": text,
            "ebird_code_multilabel": pyarrow.list_(text),
        },
        {
            "audio": {"sampling_rate": RATE_HZ, "_type": "Audio"},
            "ebird_code": BIRDS,
            "ebird_code_multilabel": {"feature": BIRDS, "_type": "List"},
        },
    )  # fmt: skip
    return tmp_path


def test_birdset_has_pairs_boxes_and_rows_without_times(birdset: Path) -> None:
    dataset = opened(birdset)
    assert dataset.clip_ids() == ["a.wav", "b.wav", "c.wav"]
    assert events(dataset, "a.wav") == [(0.5, 1.0, "gcrfin"), (1.2, 1.4, "gcrfin")]
    (box,) = dataset.load("b.wav").events
    assert (box.onset_s, box.offset_s, box.label, box.band_hz) == (0.25, 0.75, "whcspa", (500, 900))
    last = dataset.load("c.wav")
    assert (last.events, last.labels) == ((), ("gcrfin", "whcspa"))
    assert (last.sample_rate_hz, last.waveform.size) == (RATE_HZ, 2 * RATE_HZ)
    assert dataset.notes() == (f"{birdset}, train: 3 rows, 3 clips (folder)",)
    assert dataset.fingerprint() == ""


def test_audio_is_that_of_its_row_in_any_order(tmp_path: Path) -> None:
    rows = audio("a.wav", "b.wav", "c.wav", "d.wav", "e.wav")
    for number, part in enumerate((rows[:3], rows[3:])):
        write_parquet(
            tmp_path / f"test-0000{number}-of-00002.parquet", {"audio": part}, {"audio": AUDIO}
        )
    dataset = opened(tmp_path)
    expected = {one["path"]: 400 + 100 * number for number, one in enumerate(rows)}
    expected |= {"d.wav": 700, "e.wav": 800}
    for clip_id in ("e.wav", "a.wav", "c.wav", "b.wav", "d.wav", "d.wav"):
        waveform = dataset.load(clip_id).waveform
        crossings = int(((waveform[1:] >= 0) & (waveform[:-1] < 0)).sum())
        assert crossings == pytest.approx(2 * expected[clip_id], abs=2), clip_id


ONSETS, OFFSETS, CLASSES = [[0.1, 0.5], []], [[0.4, 1.0], []], [["dog", "cat"], []]
BOX = pyarrow.struct(
    [("start", pyarrow.float64()), ("end", pyarrow.float64()), ("label", pyarrow.string())]
)
BOXES = [{"start": 0.1, "end": 0.4, "label": "dog"}, {"start": 0.5, "end": 1.0, "label": "cat"}]
LISTS = pyarrow.struct([("start", FLOATS), ("end", FLOATS), ("labels", TEXTS)])


@pytest.mark.parametrize(
    ("kinds", "columns"),
    [
        pytest.param(
            {"onset": FLOATS, "offset": FLOATS, "event_label": TEXTS},
            {"onset": ONSETS, "offset": OFFSETS, "event_label": CLASSES},
            id="parallel lists",
        ),
        pytest.param(
            {"start": FLOATS, "duration": FLOATS, "labels": TEXTS},
            {"start": ONSETS, "duration": [[0.3, 0.5], []], "labels": CLASSES},
            id="durations, and labels as many as there are events",
        ),
        pytest.param(
            {"onset_ms": FLOATS, "offset_ms": FLOATS, "label": TEXTS},
            {"onset_ms": [[100, 500], []], "offset_ms": [[400, 1000], []], "label": CLASSES},
            id="milliseconds",
        ),
        pytest.param(
            {"events": pyarrow.list_(BOX)}, {"events": [BOXES, None]}, id="list of structures"
        ),
        pytest.param(
            {"events": LISTS},
            {"events": [{"start": ONSETS[0], "end": OFFSETS[0], "labels": CLASSES[0]}, None]},
            id="structure of lists",
        ),
        pytest.param(
            {"timestamps": PAIRS, "labels": TEXTS},
            {"timestamps": [[[0.1, 0.4], [0.5, 1.0]], []], "labels": CLASSES},
            id="pairs",
        ),
    ],
)
def test_events_are_read_in_every_form(
    tmp_path: Path, kinds: Mapping[str, Any], columns: Mapping[str, Any]
) -> None:
    dataset = opened(written(tmp_path, kinds, **columns))
    assert events(dataset, "a.wav") == [(0.1, pytest.approx(0.4), "dog"), (0.5, 1.0, "cat")]
    assert events(dataset, "b.wav") == []


def test_columns_are_named_once(tmp_path: Path) -> None:
    box = pyarrow.struct([("t0", pyarrow.float64()), ("t1", pyarrow.float64())])
    written(
        tmp_path,
        {"boxes": pyarrow.list_(box), "what": pyarrow.string()},
        boxes=[[{"t0": 0.5, "t1": 1.0}]],
        what=["dog"],
    )
    assert events(opened(tmp_path), "a.wav") == []
    named = opened(tmp_path, columns="onset:boxes.t0+offset:boxes.t1+label:what")
    assert events(named, "a.wav") == [(0.5, 1.0, "dog")]
    with pytest.raises(ParameterError, match=r"no column 'nix'; there are: audio, boxes, what"):
        opened(tmp_path, columns="onset:nix")


def test_rows_of_one_file_need_a_word(tmp_path: Path) -> None:
    number = pyarrow.float64()
    write_parquet(
        tmp_path / "test.parquet",
        {
            "audio": [*audio("a.wav"), *audio("a.wav"), *audio("b.wav")],
            "start_time": [0.1, 0.5, 1.0],
            "end_time": [0.4, 0.9, 1.5],
            "label": ["dog", "cat", "dog"],
        },
        {"audio": AUDIO, "start_time": number, "end_time": number, "label": pyarrow.string()},
    )
    with pytest.raises(ParameterError, match=r"2 rows have the audio file a\.wav\. Type rows=ev"):
        opened(tmp_path)
    merged = opened(tmp_path, rows="events")
    assert merged.clip_ids() == ["a.wav", "b.wav"]
    assert events(merged, "a.wav") == [(0.1, 0.4, "dog"), (0.5, 0.9, "cat")]
    apart = opened(tmp_path, rows="clips")
    assert apart.clip_ids() == ["test-000000", "test-000001", "test-000002"]
    assert events(apart, "test-000001") == [(0.5, 0.9, "cat")]


def test_what_cannot_be_an_event_is_left_out_and_counted(tmp_path: Path) -> None:
    kinds = {"onset": FLOATS, "offset": FLOATS, "label": TEXTS, "speaker": pyarrow.string()}
    written(
        tmp_path, kinds,
        onset=[[0.1, 0.5, 1.0, 1.8], [0.2], [0.5]],
        offset=[[0.4, 0.5, 0.9, 2.5], [0.4, 0.6], [9.0]],
        label=[["dog", "cat", "cat", "cat"], ["dog"], [None]],
        speaker=["x", "y", None],
    )  # fmt: skip
    dataset = opened(tmp_path, group="speaker")
    assert events(dataset, "a.wav") == [(0.1, 0.4, "dog"), (1.8, 2.0, "cat")]  # trimmed
    assert [dataset.load(name).group for name in dataset.clip_ids()] == ["x", "y", ""]
    assert sorted((one.clip_id, one.reason) for one in dataset.excluded()) == [
        ("a.wav", "event of zero length"),
        ("a.wav", "event that ends before it begins"),
        ("b.wav", "row that cannot be read"),
        ("c.wav", "event without a label"),
    ]
    assert "1 events, but 2 of offset" in dataset.excluded()[2].detail


def test_times_of_a_longer_recording_cost_their_clip(tmp_path: Path) -> None:
    kinds = {
        "start_time": pyarrow.float64(),
        "end_time": pyarrow.float64(),
        "label": pyarrow.string(),
    }
    dataset = opened(
        written(tmp_path, kinds, start_time=[0.5, 35.0], end_time=[1.0, 40.0], label=["dog", "dog"])
    )
    assert events(dataset, "a.wav") == [(0.5, 1.0, "dog")]
    with pytest.raises(LabelError, match=r"b\.wav lasts 2 s, but dog begins at 35 s: are times"):
        dataset.load("b.wav")


def test_damaged_audio_costs_its_own_clip(tmp_path: Path) -> None:
    rows = [
        {"bytes": sound(), "path": "a.wav"},
        {"bytes": sound()[:-100], "path": "b.wav"},
        {"bytes": b"", "path": "c.wav"},
        {"bytes": None, "path": "/home/someone/d.wav"},
        {"bytes": None, "path": "sounds/e.flac"},
        {"bytes": None, "path": "sounds/f.flac"},
        {"bytes": sound(form="FLAC"), "path": "g.flac"},
    ]
    write_parquet(tmp_path / "test.parquet", {"audio": rows}, {"audio": AUDIO})
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "e.flac").write_bytes(sound(form="FLAC"))
    dataset = opened(tmp_path)
    for name in ("a.wav", "sounds/e.flac", "g.flac"):
        assert dataset.load(name).waveform.size == 2 * RATE_HZ
    for name, error, said in (
        ("b.wav", AudioError, r"^b\.wav is truncated"),
        ("c.wav", AudioError, r"^c\.wav is an empty file"),
        ("/home/someone/d.wav", DataError, "a file of another computer"),
        ("sounds/f.flac", DataError, r"there is no file .*f\.flac"),
        ("h.wav", DataError, "there is no clip"),
    ):
        with pytest.raises(error, match=said):
            dataset.load(name)


def test_refusals_say_what_to_type(tmp_path: Path) -> None:
    two = [*audio("a.wav")]
    for name in ("x/train/0000", "x/test/0000", "y/test-00000-of-00001"):
        write_parquet(
            tmp_path / f"{name}.parquet",
            {"audio": two, "talk": two},
            {"audio": AUDIO, "talk": AUDIO},
        )
    plain = tmp_path / "plain"
    write_parquet(plain / "0000.parquet", {"text": ["a"]}, {"text": pyarrow.string()})
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "test.parquet").write_bytes(b"no")
    (tmp_path / "empty").mkdir()
    x = tmp_path / "x"
    for folder, settings, said in (
        (x, {}, "several splits; type one of split=test, split=train"),
        (x, {"split": "tset"}, r"no split 'tset'\. Did you mean test"),
        (x, {"split": "test"}, "type one of audio=audio, audio=talk"),
        (x, {"split": "test", "audio": "x"}, "columns with audio: audio, talk"),
        (x, {"split": "test", "audio": "talk", "group": "g"}, "group=g: there is no"),
        (tmp_path, {"config": "z"}, "no config 'z'"),
        (plain, {}, "no column has audio .*: text"),
        (tmp_path / "bad", {}, "is not Parquet"),
        (tmp_path / "empty", {}, "has no Parquet files"),
        (tmp_path / "nix" / "nix" / "nix", {}, "there is no folder"),
        (tmp_path, {"revision": "main"}, "is a folder here"),
    ):
        with pytest.raises(AwbError, match=said):
            opened(folder, **settings)


def test_the_card_declares_configurations() -> None:
    listed = ["a/one.parquet", "a/two.parquet", "b/one.parquet"]
    card = (
        "---\nconfigs:\n- config_name: a\n  data_files:\n  - split: test\n    path: a/*.parquet\n"
    )
    assert parts_of(listed, f"{card}---\n# Title") == {"a": {"test": listed[:2]}}
    named = json.dumps({"configs": [{"config_name": "b", "data_files": "b/*"}]})
    assert parts_of(listed, f"---\n{named}\n---\n") == {"b": {"train": listed[2:]}}
    by_name = {"a": {"one": ["a/one.parquet"], "two": ["a/two.parquet"]}, "b": {"one": listed[2:]}}
    for damaged in ("", "# Title", "---\n: [\n---\n", "---\nconfigs: 3\n---\n"):
        assert parts_of(listed, damaged) == by_name


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, birdset: Path) -> Iterator[Hub]:
    """Serve BirdSet's miniature as ``lab/birds``."""
    from huggingface_hub import HfFileSystem

    with serving("the-token") as found:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", found.address)
        monkeypatch.setattr(
            "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
            found.address + "/{repo_id}/resolve/{revision}/{filename}",
        )
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "the-token")
        HfFileSystem.clear_instance_cache()
        found.datasets["lab/birds"] = {
            path.relative_to(birdset).as_posix(): path.read_bytes()
            for path in birdset.rglob("*.parquet")
        }
        yield found
        HfFileSystem.clear_instance_cache()


def test_a_commit_of_the_hub_is_read_as_the_folder(hub: Hub, birdset: Path) -> None:
    dataset, local = opened("lab/birds", revision=COMMIT), opened(birdset)
    assert dataset.fingerprint() == COMMIT
    assert dataset.notes() == (f"lab/birds, train: 3 rows, 3 clips (commit {COMMIT})",)
    for clip_id in local.clip_ids():
        one, other = dataset.load(clip_id), local.load(clip_id)
        assert (one.events, one.labels) == (other.events, other.labels)
        assert (one.waveform == other.waveform).all()


def test_what_moves_is_refused_with_the_commit_to_type(hub: Hub) -> None:
    with pytest.raises(HubError, match="has no such revision"):
        opened("lab/birds", revision=COMMIT[:7])
    for typed in ({}, {"revision": "main"}):
        with pytest.raises(ParameterError, match=f"Type hf:lab/birds,revision={COMMIT} for main"):
            opened("lab/birds", **typed)
    hub.datasets["lab/tars"] = {"train.tar": b""}
    hub.converts = [{"name": "parquet", "ref": "refs/convert/parquet", "targetCommit": COMMIT}]
    with pytest.raises(ParameterError, match=f"{COMMIT} for refs/convert/parquet as it is now"):
        opened("lab/tars")
    with pytest.raises(DataError, match=r"no Parquet files\. If it has audio files, type: hf down"):
        opened("lab/tars", revision=COMMIT)


def test_refusals_of_the_hub_are_one_sentence_without_the_token(hub: Hub) -> None:
    with pytest.raises(HubError, match="has no dataset lab/none, or it is private"):
        opened("lab/none", revision=COMMIT)
    with pytest.raises(HubError, match="has no such revision"):
        opened("lab/birds", revision="3" * 40)
    hub.refusals["/api/datasets/lab/birds"] = (403, "not you")
    with pytest.raises(HubError, match=r"lab/birds cannot be read \(status 403\)") as caught:
        opened("lab/birds", revision=COMMIT)
    assert caught.value.__cause__ is None
    assert "the-token" not in str(caught.value)


def test_a_file_without_the_columns_of_the_first_is_refused(tmp_path: Path) -> None:
    first, second = (tmp_path / f"test-0000{number}-of-00002.parquet" for number in (0, 1))
    kinds = {"audio": AUDIO, "label": pyarrow.string()}
    write_parquet(first, {"audio": audio("a.wav"), "label": ["x"]}, kinds)
    write_parquet(second, {"audio": audio("b.wav")}, kinds)
    with pytest.raises(DataError, match=r"00001-of-00002\.parquet has no column label"):
        opened(tmp_path)
