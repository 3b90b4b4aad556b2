"""AudioSet's bad input: one clear line each, the row or file named, nothing else lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from audioset_files import (
    CLASSES,
    HEADER,
    parameters,
    prepared,
    rows_of,
    write_audio,
    write_labels,
    write_ontology,
)
from awb.errors import AudioError, AwbError, DataError, LabelError
from awb_datasets.audioset import SPEC
from awb_datasets.audioset.ontology import read_names, read_ontology
from awb_datasets.audioset.parameters import AudioSetParameters

GOOD = ("a_0 1 2 /m/bark", "b_0 3 4 /m/dog")


def refusal(given: AudioSetParameters, kind: type[AwbError]) -> str:
    with pytest.raises(kind) as caught:
        prepared(given)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("segment_id\tstart\tend_time_seconds\tlabel", "no column start_time_seconds"),
        ("YTID, start_seconds, end_seconds, positive_labels", "comma-separated"),
        (f"{HEADER}\tlabel", "several columns called label"),
        ("", "the file is empty"),
    ],
)
def test_a_wrong_header(tmp_path: Path, header: str, said: str) -> None:
    given = parameters(tmp_path, GOOD)
    write_labels(tmp_path / "labels.tsv", GOOD if header else [], header)
    message = refusal(given, LabelError)
    assert said in message
    assert "labels.tsv" in message


def test_columns_in_another_order_with_extras(tmp_path: Path) -> None:
    given = parameters(tmp_path, [])
    header = "label\tannotator\tsegment_id\tend_time_seconds\tstart_time_seconds"
    write_labels(tmp_path / "labels.tsv", ["/m/bark me a_0 2 1"], header)
    assert rows_of(prepared(given))[0]["events"] == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a_0 one 2 /m/dog", "start_time_seconds 'one' is not a number"),
        (
            "a_0 1 2,5 /m/dog",
            "end_time_seconds '2,5' is not a number (write decimals with a point)",
        ),
        ("a_0 1 nan /m/dog", "end_time_seconds 'nan' is not a number"),
        ("a_0 1 inf /m/dog", "end_time_seconds 'inf' is not a number"),
        ("a_0  2 /m/dog", "start_time_seconds '' is not a number"),
        ("a_0 3 2 /m/dog", "offset 2 s lies before onset 3 s"),
        ("a_0 0.5 0.2 /m/dog", "offset 0.2 s lies before onset 0.5 s (are they swapped?)"),
        ("a_0 -1 2 /m/dog", "onset -1 s lies before the start of the clip"),
        ("a 1 2 /m/dog", "segment_id 'a' has no start"),
        ("_30000 1 2 /m/dog", "segment_id '_30000' has no start"),
        ("a_0 1 2 ", "the label is empty"),
        ("a_0 1 2", "has 3 fields for 4 columns"),
        ("a_0 1 2 /m/dog x", "has 5 fields for 4 columns"),
    ],
)
def test_a_bad_row_is_named_and_the_others_stand(tmp_path: Path, row: str, said: str) -> None:
    found = prepared(parameters(tmp_path, [GOOD[0], row, GOOD[1]]))
    [problem] = found.problems
    assert "labels.tsv line 3: " in problem
    assert said in problem
    kept = [one["segment_id"] for one in rows_of(found) if one["kept"]]
    assert kept == ["a_0", "b_0"]
    assert found.funnels["model"][0].rows == 3


def test_an_offset_beyond_all_bounds_ends_with_the_clip(tmp_path: Path) -> None:
    found = prepared(parameters(tmp_path, ["a_0 9 1e300 /m/dog", "b_0 1e299 1e300 /m/dog"]))
    assert found.problems == ()
    assert [(row["reason"], row["kept"]) for row in rows_of(found)] == [
        ("", True), ("no events", False)]  # fmt: skip


def test_an_instance_with_a_bad_row_does_not_pass_for_complete(tmp_path: Path) -> None:
    found = prepared(parameters(tmp_path, ["a_0 1 2 /m/bark", "a_0 3 x /m/bark", "a_0 1 2 /m/dog"]))
    assert {row["positive_label"]: row["reason"] for row in rows_of(found)} == {
        "Bark": "malformed row",
        "Dog": "",
    }


def test_blank_lines_line_ends_and_a_byte_order_mark(tmp_path: Path) -> None:
    given = parameters(tmp_path, GOOD)
    lines = [HEADER, "", *(row.replace(" ", "\t") for row in GOOD), "", "a_0\t5\tx\t/m/dog", ""]
    (tmp_path / "labels.tsv").write_bytes(("\ufeff" + "\r\n".join(lines)).encode())
    found = prepared(given)
    assert [row["kept"] for row in rows_of(found)] == [True, False, True]
    assert "line 6" in found.problems[0]


def test_many_bad_lines_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    rows = [f"v{number}_0 1 2 /m/dog" if number % 3 else "bad" for number in range(200_0)]
    found = prepared(parameters(tmp_path, rows))
    numbers = [int(problem.split(" line ")[1].split(":")[0]) for problem in found.problems]
    assert numbers == [number + 2 for number in range(200_0) if number % 3 == 0]
    assert len(rows_of(found)) == 2000 - len(numbers)


def test_no_usable_row(tmp_path: Path) -> None:
    assert "no usable row" in refusal(parameters(tmp_path, []), LabelError)
    assert "line 2" in refusal(parameters(tmp_path, ["a 1 2 /m/dog"]), LabelError)


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    given = parameters(tmp_path, GOOD)
    (tmp_path / "labels.tsv").write_bytes(HEADER.encode() + b"\na_0\t1\t2\t\xff\n")
    assert "labels.tsv" in refusal(given, DataError)


@pytest.mark.parametrize("name", ["labels", "ontology", "names"])
def test_missing_files_are_named_with_their_setting(tmp_path: Path, name: str) -> None:
    given = parameters(tmp_path, GOOD).model_copy(update={name: tmp_path / "nowhere.tsv"})
    message = refusal(given, DataError)
    assert message.startswith(f"{name} ")
    assert "nowhere.tsv" in message


def _ontology(tmp_path: Path, content: Any) -> str:
    path = tmp_path / "ontology.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_ontology(path)
    assert "ontology.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_ontology_with_a_cycle(tmp_path: Path) -> None:
    classes = {**CLASSES, "/m/yip": ("Yip", ["/m/dog"])}
    path = write_ontology(tmp_path / "ontology.json", classes)
    with pytest.raises(DataError) as caught:
        read_ontology(path)
    assert "cycle: Dog (/m/dog) > Bark (/m/bark) > Yip (/m/yip) > Dog (/m/dog)" in str(caught.value)


def test_an_ontology_that_is_its_own_child(tmp_path: Path) -> None:
    assert "cycle" in _ontology(tmp_path, [{"id": "/m/a", "name": "A", "child_ids": ["/m/a"]}])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "not JSON"),
        ({"id": "/m/a"}, "expected a JSON list"),
        ([], "expected a JSON list"),
        ([{"name": "A"}], "entry 1 is not a class with an id"),
        ([{"id": "/m/a"}], "entry 1 (/m/a) has no name"),
        ([{"id": "/m/a", "name": "A", "child_ids": "/m/b"}], "child_ids is not a list"),
        ([{"id": "/m/a", "name": "A", "child_ids": ["/m/b"]}], "/m/b that is not defined"),
        ([{"id": "/m/a", "name": "A"}] * 2, "entry 2 defines /m/a (A) a second time"),
    ],
)
def test_a_file_that_is_no_ontology(tmp_path: Path, content: Any, said: str) -> None:
    assert said in _ontology(tmp_path, content)


def test_display_names_are_read_around_blank_lines_and_spaces(tmp_path: Path) -> None:
    path = tmp_path / "names.tsv"
    path.write_text("\ufeff/m/0\tFirst\n\n \n /m/a \t A b \r\n/m/a\tA b\n", encoding="utf-8")
    assert read_names(path) == {"/m/0": "First", "/m/a": "A b"}


@pytest.mark.parametrize("text", ["/m/a", "/m/a\tA\tB", "\tA", "/m/a\tA\n/m/a\tB"])
def test_bad_display_names(tmp_path: Path, text: str) -> None:
    path = tmp_path / "names.tsv"
    path.write_text(f"/m/0\tFirst\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"names\.tsv line [23]"):
        read_names(path)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.5])
def test_a_corrupt_wav_costs_its_own_clip(tmp_path: Path, part: float) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", "b.wav")
    content = (audio / "a.wav").read_bytes()
    (audio / "a.wav").write_bytes(content[: int(len(content) * part)])
    given = parameters(tmp_path, GOOD, audio=audio)
    found = prepared(given)
    assert [row["reason"] for row in rows_of(found)] == ["audio unreadable", ""]
    assert "a.wav" in found.problems[0]
    dataset = SPEC.factory(given)
    assert dataset.load("b").events
    with pytest.raises(AudioError, match=r"a\.wav"):
        dataset.load("a")


def test_a_whole_video_is_refused(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", seconds=12)
    found = prepared(parameters(tmp_path, ["a_30000 1 2 /m/dog"], audio=audio))
    assert "seems to be the whole video; cut it to the clip from 30 to 40 s" in found.problems[0]
    assert prepared(parameters(tmp_path, ["a_0 1 2 /m/dog"], audio=audio)).problems == ()


def test_a_clip_that_was_cut_early_is_refused(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", seconds=10.6)
    found = prepared(parameters(tmp_path, ["a_30000 1 2 /m/dog"], audio=audio))
    assert "lasts 10.60 s instead of 10 s: it may have been cut early" in found.problems[0]
    padded = write_audio(tmp_path / "padded", "a.wav", seconds=10.08)
    assert prepared(parameters(tmp_path, ["a_30000 1 2 /m/dog"], audio=padded)).problems == ()


@pytest.mark.parametrize("name", ["Yb0RFKhbpFJA", "b0RFKhbpFJA_30.000_40.000"])
def test_names_of_other_tools(tmp_path: Path, name: str) -> None:
    audio = write_audio(tmp_path / "audio", f"{name}.wav")
    dataset = SPEC.factory(parameters(tmp_path, ["b0RFKhbpFJA_30000 1 2 /m/dog"], audio=audio))
    assert dataset.load("b0RFKhbpFJA").events


def test_a_folder_without_the_clips(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "z.wav")
    message = refusal(parameters(tmp_path, GOOD, audio=audio), DataError)
    assert "none of its 1 audio files" in message
    assert "a_0.wav" in message
    absent = parameters(tmp_path, GOOD, audio=tmp_path / "absent")
    assert "does not exist" in refusal(absent, DataError)
    with pytest.raises(DataError, match="audio=DIR"):
        SPEC.factory(parameters(tmp_path, GOOD))


def test_bad_rows_are_logged_when_a_run_opens_the_dataset(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    audio = write_audio(tmp_path / "audio", "a.wav", "b.wav")
    SPEC.factory(parameters(tmp_path, [*GOOD, "a_0 5 4 /m/dog"], audio=audio))
    [record] = caplog.records
    assert "labels.tsv line 4: offset 4 s lies before onset 5 s" in record.message


def test_suffixes_in_any_letter_case_and_their_order(tmp_path: Path) -> None:
    audio = write_audio(tmp_path / "audio", "a.flac", seconds=9)
    write_audio(audio / "more", "a.WAV", seconds=8)
    soundfile.write(audio / "b.mp3", [0.0] * 16_000, 16_000)
    found = prepared(parameters(tmp_path, GOOD, audio=audio))
    a, b = rows_of(found)
    assert a["clip_duration_s"] == 8.0
    assert 0.9 < b["clip_duration_s"] < 1.2


def test_official_labels_of_another_size_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = parameters(tmp_path, GOOD)
    monkeypatch.setattr(
        "awb_datasets.audioset.opening.official",
        lambda source: getattr(given, source.option) or given.labels,
    )
    message = refusal(given.model_copy(update={"labels": None}), LabelError)
    assert "labels.tsv has 2 rows over 2 clips" in message
    assert "139538 over 16996. Delete the file to fetch it again" in message
    prepared(given)
