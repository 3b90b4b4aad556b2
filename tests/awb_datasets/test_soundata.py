"""The adapter to soundata, on miniature homes in the published layouts of two of its loaders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("soundata", reason="needs the extra soundata")

from awb.errors import AudioError, DataError, LabelError, ParameterError, UnknownNameError
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.types import Clip
from awb_datasets.soundata_adapter.dataset import SoundataDataset
from mini_collections import write_tone, write_urbansound8k


def write_index(path: Path, clips: dict[str, dict[str, str]]) -> Path:
    """Write an index as soundata does: a path and a checksum for each file of a clip."""
    entries = {
        name: {key: [file, "0" * 32] for key, file in files.items()}
        for name, files in clips.items()
    }
    path.write_text(json.dumps({"version": "1.0", "clips": entries}), encoding="utf-8")
    return path


@pytest.fixture
def urbansound8k(tmp_path: Path) -> SoundataDataset:
    home = write_urbansound8k(tmp_path / "home")
    clips = {
        path.stem: {"audio": str(path.relative_to(home))} for path in sorted(home.rglob("*.wav"))
    }
    index = write_index(tmp_path / "index.json", clips)
    dataset = resolve(
        load(), "dataset", f"soundata:name=urbansound8k,home={home},index={index}"
    ).build()
    assert isinstance(dataset, SoundataDataset)
    return dataset


@pytest.fixture
def urbansed(tmp_path: Path) -> Path:
    """A home of URBAN-SED with two clips of 1.6 s, and its index."""
    rows = {"one": "0.5\t1.0\tsiren\n0.2\t1.61\tdog_bark\n", "two": "0.5\t9.0\tsiren\n"}
    clips = {}
    for name, text in rows.items():
        write_tone(tmp_path / "audio" / "train" / f"{name}.wav", 500)
        notes = tmp_path / "annotations" / "train" / f"{name}.txt"
        notes.parent.mkdir(parents=True, exist_ok=True)
        notes.write_text(text, encoding="utf-8")
        clips[name] = {
            "audio": f"audio/train/{name}.wav",
            "jams": f"annotations/train/{name}.jams",
            "txt": f"annotations/train/{name}.txt",
        }
    write_index(tmp_path / "index.json", clips)
    return tmp_path


def opened(name: str, home: Path, version: str = "default") -> SoundataDataset:
    return SoundataDataset(name, home=home, version=version, index=home / "index.json")


def test_tags_are_clip_level_labels_and_folds_are_groups(urbansound8k: SoundataDataset) -> None:
    clips = [urbansound8k.load(clip_id) for clip_id in urbansound8k.clip_ids()]
    assert len(clips) == 8
    assert all(isinstance(clip, Clip) and clip.events == () for clip in clips)
    assert {(clip.labels, clip.group) for clip in clips} == {
        (("dog_bark",), "fold-1"),
        (("dog_bark",), "fold-10"),
        (("siren",), "fold-1"),
        (("siren",), "fold-10"),
    }
    assert clips[0].sample_rate_hz == 8000  # the file's own: soundata would resample to 44.1 kHz


def test_events_are_events_and_small_overhangs_are_trimmed(urbansed: Path) -> None:
    dataset = opened("urbansed", urbansed)
    assert list(dataset.clip_ids()) == ["one", "two"]
    events = dataset.load("one").events
    assert [(event.onset_s, event.offset_s, event.label) for event in events] == [
        (0.5, 1.0, "siren"),
        (0.2, 1.6, "dog_bark"),
    ]
    with pytest.raises(LabelError, match=r"ends at 9 s, after the clip's end at 1\.6 s"):
        dataset.load("two")


def test_absent_audio_and_annotations_cost_their_own_clip(urbansed: Path) -> None:
    dataset = opened("urbansed", urbansed)
    (urbansed / "audio" / "train" / "one.wav").unlink()
    with pytest.raises(AudioError, match=r"one\.wav does not exist"):
        dataset.load("one")
    (urbansed / "annotations" / "train" / "two.txt").unlink()
    with pytest.raises(DataError, match=r"soundata:urbansed, clip two: .*two\.txt"):
        dataset.load("two")
    with pytest.raises(DataError, match=r"there is no clip 'onw'\. Did you mean one"):
        dataset.load("onw")


def test_missing_data_index_metadata_and_names(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean urbansed"):
        opened("urbansde", tmp_path)
    with pytest.raises(ParameterError, match="Invalid version 9"):
        opened("urbansed", tmp_path, version="9")
    with pytest.raises(DataError, match=r"there is no folder .*nowhere\. Type: python -c"):
        opened("urbansed", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"there is no index .*index\.json\. Type: python -c"):
        opened("urbansed", tmp_path)
    write_tone(tmp_path / "audio" / "fold1" / "9-3-0-0.wav", 500)
    write_index(tmp_path / "index.json", {"9-3-0-0": {"audio": "audio/fold1/9-3-0-0.wav"}})
    with pytest.raises(DataError, match="Metadata not found"):
        opened("urbansound8k", tmp_path).load("9-3-0-0")
    (tmp_path / "index.json").write_text('{"version": "1.0"}', encoding="utf-8")
    with pytest.raises(DataError, match="cannot be listed: This dataset does not have clips"):
        opened("urbansound8k", tmp_path)
