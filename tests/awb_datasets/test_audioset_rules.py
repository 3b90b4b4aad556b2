"""Golden tests of the preprocessing: one small hand-made table a rule."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioset_files import family, parameters, prepared, rows_of, write_audio
from awb.data.class_index import ClassIndex
from awb.intervals import union
from awb_datasets.audioset.dataset import AudioSet
from awb_datasets.audioset.instances import merge_events
from awb_datasets.audioset.ontology import Ontology

Events = dict[str, list[list[float]]]


def events(folder: Path, *rows: str, **settings: Any) -> Events:
    """Return the united events of every target."""
    table = rows_of(prepared(parameters(folder, rows, **settings)))
    assert {row["segment_id"] for row in table} == {"a_0"}
    return {row["positive_label"]: row["events"] for row in table}


def only(folder: Path, *rows: str, **settings: Any) -> dict[str, Any]:
    [row] = rows_of(prepared(parameters(folder, rows, **settings)))
    return row


def test_one_event_gives_one_row_with_every_column(tmp_path: Path) -> None:
    row = only(tmp_path, "s9d-2nh_JCQ_30000 2.627 4.237 /m/bark")
    assert row == {
        "clip_id": "s9d-2nh_JCQ",
        "segment_id": "s9d-2nh_JCQ_30000",
        "target_mid": "/m/bark",
        "positive_label": "Bark",
        "father_label": "Dog",
        "other_fathers": [],
        "annotated_mids": ["/m/bark"],
        "events": [[2.627, 4.237]],
        "event_duration_s": pytest.approx(1.61, abs=1e-12),
        "clip_duration_s": 10.0,
        "event_fraction": pytest.approx(0.161, abs=1e-12),
        "model_class_index": 5,
        "score": None,
        "kept": True,
        "reason": "",
    }


def test_nested_events_are_not_shrunk(tmp_path: Path) -> None:
    found = events(tmp_path, "a_0 1 5 /m/bark", "a_0 2 3 /m/bark", "a_0 4 4.5 /m/bark")
    assert found == {"Bark": [[1.0, 5.0]]}


def test_the_first_row_is_not_the_only_one(tmp_path: Path) -> None:
    found = events(tmp_path, "a_0 8 9 /m/bark", "a_0 1 2 /m/bark", "a_0 1.5 2.5 /m/bark")
    assert found == {"Bark": [[1.0, 2.5], [8.0, 9.0]]}


@pytest.mark.parametrize(
    ("second_onset", "gap", "united"),
    [("2", 0, True), ("2.001", 0, False), ("2.1", 0.1, True), ("2.101", 0.1, False)],
)
def test_touching_events_and_small_gaps(
    tmp_path: Path, second_onset: str, gap: float, united: bool
) -> None:
    rows = ("a_0 1 2 /m/bark", f"a_0 {second_onset} 3 /m/bark")
    apart = [[1.0, 2.0], [float(second_onset), 3.0]]
    found = events(tmp_path, *rows, merge_gap_s=gap)
    assert found == {"Bark": [[1.0, 3.0]] if united else apart}


def test_gaps_of_a_tenth_are_closed_by_default(tmp_path: Path) -> None:
    # 0.3 - 0.2 is more than 0.1 in floating point; held in microseconds it is not.
    assert events(tmp_path, "a_0 0.1 0.2 /m/bark", "a_0 0.3 0.4 /m/bark") == {"Bark": [[0.1, 0.4]]}


FAMILY_OF_DOGS = ("a_0 1 2 /m/bark", "a_0 1.5 3 /m/yip", "a_0 6 7 /m/dog", "a_0 8 9 /m/bell")


def test_positive_counts_exactly_the_label(tmp_path: Path) -> None:
    assert events(tmp_path, *FAMILY_OF_DOGS) == {
        "Bark": [[1.0, 2.0]],
        "Yip": [[1.5, 3.0]],
        "Dog": [[6.0, 7.0]],
        "Bell": [[8.0, 9.0]],
    }


def test_father_unites_several_labels_with_one_father(tmp_path: Path) -> None:
    assert events(tmp_path, *FAMILY_OF_DOGS, policy="father") == {
        "Dog": [[1.0, 3.0], [6.0, 7.0]],
        "Bell": [[8.0, 9.0]],
    }
    table = rows_of(prepared(parameters(tmp_path, FAMILY_OF_DOGS, policy="father")))
    dog = next(row for row in table if row["target_mid"] == "/m/dog")
    assert dog["annotated_mids"] == ["/m/bark", "/m/dog", "/m/yip"]


def test_closure_counts_for_all_ancestors(tmp_path: Path) -> None:
    found = events(tmp_path, *FAMILY_OF_DOGS, policy="closure")
    everything_dog = [[1.0, 3.0], [6.0, 7.0]]
    assert found == {
        "Bark": [[1.0, 3.0]],  # the yip is a bark
        "Yip": [[1.5, 3.0]],
        "Dog": everything_dog,
        "Pets": everything_dog,
        "Animal": everything_dog,
        "Bell": [[8.0, 9.0]],
        "Things": [[8.0, 9.0]],
    }


def test_a_label_with_two_parents(tmp_path: Path) -> None:
    row = only(tmp_path, "a_0 1 2 /m/howl")
    assert (row["father_label"], row["other_fathers"]) == ("Dog", ["Canidae, wolves"])
    assert events(tmp_path, "a_0 1 2 /m/howl", policy="father") == {"Dog": [[1.0, 2.0]]}
    above = {"Howl", "Dog", "Pets", "Canidae, wolves", "Wild animals", "Animal"}
    assert set(events(tmp_path, "a_0 1 2 /m/howl", policy="closure")) == above


@pytest.mark.parametrize(
    ("mid", "father"),
    [
        ("/m/animal", "Animal"),
        ("/m/pets", "Pets"),
        ("/m/dog", "Dog"),
        ("/m/bell", "Bell"),
        ("/m/engine", "Engine"),
        ("/m/knock", "Engine"),
        ("/m/yip", "Dog"),
    ],
)
def test_levels_0_to_2_are_their_own_father(tmp_path: Path, mid: str, father: str) -> None:
    assert only(tmp_path, f"a_0 1 2 {mid}")["father_label"] == father


@pytest.mark.parametrize("policy", ["positive", "father", "closure"])
def test_a_label_outside_the_ontology(tmp_path: Path, policy: str) -> None:
    (tmp_path / "mid_to_display_name.tsv").write_text("/t/pant\tPant (dog)\n", encoding="utf-8")
    row = only(tmp_path, "a_0 1 2 /t/pant", policy=policy)
    assert row["positive_label"] == "Pant (dog)"
    assert (row["kept"], row["reason"]) == (False, "label unknown to the ontology")
    assert (row["father_label"], row["model_class_index"]) == ("", None)


def test_names_of_the_strong_labels_win_over_the_ontologys(tmp_path: Path) -> None:
    (tmp_path / "mid_to_display_name.tsv").write_text("/m/bark\tBark, woof\n", encoding="utf-8")
    assert only(tmp_path, "a_0 1 2 /m/bark")["positive_label"] == "Bark, woof"


def test_a_label_unknown_to_the_model(tmp_path: Path) -> None:
    class Cats:
        classes = ("Cat",)
        mids = ("/m/cat",)

    given = parameters(tmp_path, ["a_0 1 2 /m/bark"])
    found = prepared(given, family("all"), family("cats").__class__("cats", ClassIndex(Cats())))
    assert [row["reason"] for row in rows_of(found, "all")] == [""]
    assert [row["reason"] for row in rows_of(found, "cats")] == ["label unknown to the model"]


def test_an_event_at_the_clips_end(tmp_path: Path) -> None:
    assert events(tmp_path, "a_0 9 10 /m/bark") == {"Bark": [[9.0, 10.0]]}
    assert events(tmp_path, "a_0 9 10.4 /m/bark") == {"Bark": [[9.0, 10.0]]}


def test_events_are_cut_at_the_end_of_their_audio(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", seconds=8.5)
    row = only(tmp_path, "a_0 8 10 /m/bark", "a_0 9 10 /m/bark", audio=audio)
    assert row["events"] == [[8.0, 8.5]]
    assert row["clip_duration_s"] == 8.5
    found = prepared(parameters(tmp_path, ["a_0 9 10 /m/bark"], audio=audio))
    assert [row["reason"] for row in rows_of(found)] == ["no events"]
    assert found.notes == ("rows with an event after the end of its clip: 1",)


def test_an_event_of_zero_length(tmp_path: Path) -> None:
    found = prepared(parameters(tmp_path, ["a_0 3 3 /m/bark", "a_0 5 6 /m/bark", "b_0 3 3 /m/dog"]))
    bark, dog = rows_of(found)
    assert (bark["events"], bark["kept"]) == ([[5.0, 6.0]], True)
    assert (dog["events"], dog["reason"]) == ([], "no events")
    assert found.notes == ("rows with an event of zero length: 2",)
    assert found.problems == ()


def test_a_clip_with_no_audio(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", "c_5000.flac")
    rows = ["a_0 1 2 /m/bark", "b_0 1 2 /m/bark", "c_5000 1 2 /m/bark", "d_0 1 2 /m/bark"]
    found = prepared(parameters(tmp_path, rows, audio=audio))
    assert [row["reason"] for row in rows_of(found)] == ["", "audio missing", "", "audio missing"]
    assert found.lists == {"missing_audio.txt": ("b_0", "d_0")}
    without = prepared(parameters(tmp_path, rows[:3], audio=audio))
    assert without.fingerprint != found.fingerprint


def test_the_set_of_available_clips_is_part_of_the_fingerprint(tmp_path: Path) -> None:
    given = parameters(
        tmp_path, ["a_0 1 2 /m/bark", "b_0 1 2 /m/bark"], audio=write_audio(tmp_path / "1", "a.wav")
    )
    more = given.model_copy(update={"audio": write_audio(tmp_path / "2", "a.wav", "b.wav")})
    assert prepared(given).fingerprint == prepared(given).fingerprint
    assert prepared(given).fingerprint != prepared(more).fingerprint


@pytest.mark.parametrize(("end", "kept"), [("3", True), ("3.001", False)])
def test_a_fifth_of_the_clip_at_most(tmp_path: Path, end: str, kept: bool) -> None:
    row = only(tmp_path, f"a_0 1 {end} /m/bark")
    assert row["kept"] is kept
    assert row["reason"] == ("" if kept else "events too long")


def test_the_score_must_reach_the_threshold(tmp_path: Path) -> None:
    scores = {"a": np.full(13, 0.5, np.float32), "b": np.full(13, -0.5, np.float32)}
    rows = ["a_0 1 2 /m/bark", "b_0 1 2 /m/bark", "c_0 1 2 /m/bark"]
    table = rows_of(prepared(parameters(tmp_path, rows), family(scores=scores)))
    reasons = [(row["score"], row["reason"]) for row in table]
    assert reasons == [(0.5, ""), (-0.5, "score below threshold"), (None, "not scored yet")]


def test_the_score_is_that_of_the_class_and_the_threshold_is_reached_by_its_equal(
    tmp_path: Path,
) -> None:
    rows = ["a_0 1 2 /m/bark", "a_0 4 5 /m/bell", "a_0 7 8 /m/nothing"]
    given, scores = parameters(tmp_path, rows), {"a": np.arange(13, dtype=np.float32)}
    known = [row for row in rows_of(prepared(given)) if row["model_class_index"] is not None]
    classes = sorted(row["model_class_index"] for row in known)
    assert len(classes) == 2
    table = rows_of(prepared(given, family(scores=scores, min_score=float(classes[1]))))
    for row in table:
        assert row["score"] == row["model_class_index"]
        assert row["kept"] == (row["model_class_index"] == classes[1])


def test_a_video_with_two_segments(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", "a_0.wav", "b.mp3".replace("mp3", "wav"))
    rows = ["a_0 1 2 /m/bark", "a_30000 1 2 /m/bark", "b_0 1 2 /m/bark"]
    table = rows_of(prepared(parameters(tmp_path, rows, audio=audio)))
    assert [row["clip_id"] for row in table] == ["a_0", "a_30000", "b"]
    assert [row["reason"] for row in table] == ["", "audio missing", ""]


def test_the_funnel_counts_rows_clips_and_instances(tmp_path: Path) -> None:
    rows = [
        "a_0 1 2 /m/bark", "a_0 1 1.5 /m/bark", "a_0 3 3 /m/bark", "b_0 1 9 /m/dog",
        "c_0 1 2 /t/pant", "c_0 x 2 /m/dog", "d_0 4 4 /m/bell", "nonsense 1 2 /m/dog",
    ]  # fmt: skip
    found = prepared(parameters(tmp_path, rows))
    steps = [(one.name, one.rows, one.clips, one.instances) for one in found.funnels["model"]]
    assert steps == [
        ("as published", 8, 4, 5),
        ("without: malformed row", 6, 4, 4),
        ("without: no events", 4, 3, 3),
        ("without: label unknown to the ontology", 3, 2, 2),
        ("without: label unknown to the model", 3, 2, 2),
        ("without: audio missing", 3, 2, 2),
        ("without: audio unreadable", 3, 2, 2),
        ("without: events too long", 2, 1, 1),
    ]
    labels = {row["positive_label"]: row for row in found.labels.to_pylist()}
    assert labels["Bark"]["rows"] == 3
    assert labels["Bark"]["kept_model"] == 1
    assert labels["Dog"]["kept_model"] == 0


_SPANS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 40), st.integers(1, 15)), max_size=25)


@given(spans=_SPANS, gap=st.integers(0, 4))
def test_merging_agrees_with_the_plain_union(spans: list[tuple[int, int, int]], gap: int) -> None:
    group, onset, length = np.array(spans, dtype=np.int64).reshape(-1, 3).T
    found = merge_events(group, onset, onset + length, merge_gap_us=gap)
    expected = [
        (number, *map(int, pair))
        for number in range(5)
        for pair in union(
            [(begin, begin + size) for one, begin, size in spans if one == number], merge_gap_s=gap
        )
    ]
    assert list(zip(*(column.tolist() for column in found), strict=True)) == expected


def test_relatives_are_the_classes_above_and_below_on_any_path() -> None:
    names = {"a": "Animal", "p": "Pets", "d": "Dog", "b": "Bark", "s": "Speech"}
    dataset = object.__new__(AudioSet)
    graph = Ontology(names, {"a": ["p", "d"], "p": ["d"], "d": ["b"]})
    dataset._tables = SimpleNamespace(ontology=graph)  # type: ignore[assignment]
    assert sorted(dataset.relatives("d")) == ["a", "b", "p"]
    assert sorted(dataset.relatives("a")) == ["b", "d", "p"]
    assert dataset.relatives("s") == []
    assert dataset.relatives("Dog") == [], "by machine id only"
