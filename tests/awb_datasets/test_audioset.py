"""AudioSet as a dataset: clips, their events, the real ontology, m4a."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from audioset_files import family, parameters, prepared, rows_of, write_audio
from awb.data.class_index import ClassIndex
from awb.data.preparation import Family
from awb.errors import DataError, MissingExtraError
from awb.harness.selection.manifest import Kept, decide
from awb.protocols import Dataset
from awb_datasets.audioset import SPEC
from awb_datasets.audioset.ontology import read_names, read_ontology
from awb_datasets.audioset.sources import NAMES, ONTOLOGY, sha256_file

ROWS = (
    "a_0 1 2 /m/bark", "a_0 1.5 2.5 /m/yip", "a_0 4 x /m/bell", "a_0 3 4 /t/pant",
    "b_0 1 1.5 /m/howl", "b_0 5 9 /m/dog", "c_0 1 2 /m/dog",
)  # fmt: skip


@pytest.fixture
def audio(tmp_path: Path) -> Path:
    return write_audio(tmp_path / "audio", "a.wav", "b.wav")


def test_clips_with_their_united_events(tmp_path: Path, audio: Path) -> None:
    dataset = SPEC.factory(parameters(tmp_path, ROWS, audio=audio))
    assert isinstance(dataset, Dataset)
    assert dataset.clip_ids() == ["a", "b"]
    clip = dataset.load("a")
    assert (clip.id, clip.duration_s) == ("a", 10.0)
    assert [(e.onset_s, e.offset_s, e.label, e.mid) for e in clip.events] == [
        (1.0, 2.0, "Bark", "/m/bark"),
        (1.5, 2.5, "Yip", "/m/yip"),
    ]
    dogs = SPEC.factory(parameters(tmp_path, ROWS, audio=audio, policy="father")).load("a")
    assert [(e.onset_s, e.offset_s, e.label, e.mid) for e in dogs.events] == [
        (1.0, 2.5, "Dog", "/m/dog")
    ]


def test_unknown_clips_get_a_hint(tmp_path: Path, audio: Path) -> None:
    with pytest.raises(DataError, match="Known: a, b"):
        SPEC.factory(parameters(tmp_path, ROWS, audio=audio)).load("c")


def test_what_never_reaches_the_selection_is_listed(tmp_path: Path, audio: Path) -> None:
    dataset = SPEC.factory(parameters(tmp_path, ROWS, audio=audio))
    found = [(one.clip_id, one.target, one.reason) for one in dataset.excluded()]  # type: ignore[attr-defined]
    assert found == [
        ("c", "", "audio missing"),
        ("a", "Bell", "malformed row"),
        ("a", "/t/pant", "label unknown to the ontology"),
    ]


def test_dataset_and_tables_have_one_fingerprint(tmp_path: Path, audio: Path) -> None:
    given = parameters(tmp_path, ROWS, audio=audio)
    assert SPEC.factory(given).fingerprint() == prepared(given).fingerprint  # type: ignore[attr-defined]


@pytest.mark.parametrize("policy", ["positive", "father", "closure"])
@pytest.mark.parametrize("limit", [0.2, 0.05])
def test_the_tables_keep_what_a_run_would_select(
    tmp_path: Path, audio: Path, policy: str, limit: float
) -> None:
    given = parameters(tmp_path, ROWS, audio=audio, policy=policy)
    model = family()
    table = rows_of(prepared(given, model, limit=limit))
    expected = {(row["clip_id"], row["positive_label"]) for row in table if row["kept"]}
    dataset = SPEC.factory(given)
    selected = set()
    for clip_id in dataset.clip_ids():
        zeros = np.zeros(13, np.float32)
        for one in decide(
            dataset.load(clip_id), zeros, model.classes, max_event_fraction=limit, min_score=0
        ):
            if isinstance(one, Kept):
                selected.add((one.clip_id, one.target))
    assert selected == expected
    assert expected or limit < 0.1


def test_m4a_is_read_through_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    av = pytest.importorskip("av", reason="needs PyAV (extra m4a)")
    folder = tmp_path / "audio"
    folder.mkdir()
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(10 * 16_000) / 16_000)
    with av.open(str(folder / "a.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            tone[np.newaxis].astype(np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    given = parameters(tmp_path, ["a_30000 1 2 /m/dog"], audio=folder)
    assert prepared(given).problems == ()
    clip = SPEC.factory(given).load("a")
    assert clip.sample_rate_hz == 16_000
    assert clip.duration_s == pytest.approx(10, abs=0.2)
    assert np.abs(clip.waveform[16_000:32_000]).max() == pytest.approx(0.5, abs=0.05)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="m4a"):
        SPEC.factory(given).load("a")


def test_a_broken_m4a(tmp_path: Path) -> None:
    pytest.importorskip("av", reason="needs PyAV (extra m4a)")
    folder = write_audio(tmp_path / "audio", "b.wav")
    (folder / "a.m4a").write_bytes(b"no audio at all")
    found = prepared(parameters(tmp_path, ["a_0 1 2 /m/dog", "b_0 1 2 /m/dog"], audio=folder))
    assert [row["reason"] for row in rows_of(found)] == ["audio unreadable", ""]
    assert "a.m4a is not audio" in found.problems[0]


def test_the_real_ontology(test_data: Path) -> None:
    path = test_data / "audioset" / "ontology.json"
    assert sha256_file(path) == ONTOLOGY.sha256
    ontology = read_ontology(path)
    by_name = {name: mid for mid, name in ontology.names.items()}

    def fathers(name: str) -> tuple[str, list[str]]:
        mid = by_name[name]
        others = [ontology.names[other] for other in ontology.other_fathers(mid)]
        return ontology.names[ontology.father(mid)], others

    assert len(ontology.names) == 632
    assert fathers("Bark") == ("Dog", [])
    assert fathers("Siren") == ("Siren", [])
    assert fathers("Growling") == (
        "Dog", ["Cat", "Roaring cats (lions, tigers)", "Canidae, dogs, wolves"])  # fmt: skip
    assert fathers("Toot") == ("Vehicle horn, car horn, honking", ["Motor vehicle (road)"])
    assert fathers("Church bell") == ("Church bell", ["Bell"])
    for mid in ontology.names:
        assert ontology.level(ontology.father(mid)) == min(2, ontology.level(mid))
        assert mid in ontology.ancestors(mid)


def test_a_label_and_the_parent_that_speaks_for_it_have_one_father(test_data: Path) -> None:
    ontology = read_ontology(test_data / "audioset" / "ontology.json")
    for mid in ontology.names:
        if ontology.level(mid) > 2:
            assert ontology.father(mid) in {
                ontology.father(parent) for parent in ontology.parents(mid)
            }


def test_the_real_display_names(test_data: Path) -> None:
    path = test_data / "audioset" / "mid_to_display_name.tsv"
    assert sha256_file(path) == NAMES.sha256
    names = read_names(path)
    ontology = read_ontology(test_data / "audioset" / "ontology.json")
    assert len(names) == 456
    assert sum(mid not in ontology for mid in names) == 32


def test_real_class_lists_know_most_strong_labels(test_data: Path, tmp_path: Path) -> None:
    text = (test_data / "audioset" / "class_labels_indices.csv").read_text(encoding="utf-8")
    listed = list(csv.DictReader(text.splitlines()))

    class Weak:
        classes = tuple(row["display_name"] for row in listed)
        mids = tuple(row["mid"] for row in listed)

    names = test_data / "audioset" / "mid_to_display_name.tsv"
    rows = [f"v{number}_0 1 2 {mid}" for number, mid in enumerate(read_names(names))]
    given = parameters(tmp_path, rows, names=names).model_copy(
        update={"ontology": test_data / "audioset" / "ontology.json"}
    )
    table = rows_of(prepared(given, Family("ast", ClassIndex(Weak()))), "ast")
    reasons = [row["reason"] for row in table]
    assert reasons.count("label unknown to the ontology") == 32
    assert reasons.count("label unknown to the model") == 74 - 32
    assert all(
        listed[row["model_class_index"]]["mid"] == row["target_mid"] for row in table if row["kept"]
    )
