"""Formats of labels: recognized by content, and read as the libraries that own them do."""

from __future__ import annotations

from pathlib import Path

import pytest

import label_files as mini
from awb.data.annotations.reading import decode, read_labels
from awb.data.annotations.rows import Choices, LabelFile
from awb.data.class_index import ClassIndex
from awb.errors import LabelError
from awb.harness.unit.warm_plugins import ModelFacts

Times = tuple[tuple[float, float, str], ...]


def read(tmp_path: Path, content: str | bytes, **choices: str) -> LabelFile:
    """Read a file whose name says nothing."""
    path = tmp_path / "labels.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    columns = dict(part.split(":") for part in choices.pop("columns", "").split(",") if part)
    return read_labels(path, Choices(columns, **choices))


def times(found: LabelFile) -> Times:
    return tuple(
        (row.onset_s, row.offset_s, row.labels[0])
        for row in found.rows
        if row.onset_s is not None and row.offset_s is not None
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (mini.RAVEN, "Raven"),
        (mini.AUDACITY, "Audacity"),
        (mini.JAMS, "JAMS"),
        (mini.VTT, "WebVTT"),
        (mini.SRT, "WebVTT"),
        (mini.RTTM, "RTTM"),
        (mini.BIRDNET, "BirdNET"),
        (mini.BIRDNET_RAVEN, "BirdNET"),
        (mini.DESED, "table"),
        (mini.DCASE, "DCASE list"),
        (mini.KALEIDOSCOPE, "table"),
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_events(tmp_path: Path, content: str, name: str, ends: str) -> None:
    found = read(tmp_path, content.replace("\n", ends))
    assert (found.format, times(found), found.faults) == (name, mini.EVENTS, ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("content", [mini.TEXTGRID, mini.TEXTGRID_SHORT])
def test_textgrids(tmp_path: Path, content: str, encoding: str) -> None:
    pytest.importorskip("praatio", reason="needs the extra textgrid")
    found = read(tmp_path, content.replace("Dog", "Bär").encode(encoding))
    assert found.format == "TextGrid"
    assert times(found) == ((0.5, 1.0, "Bär"), (1.25, 1.75, "Cat"))
    assert len(found.faults) == (content is mini.TEXTGRID)
    with pytest.raises(LabelError, match=r"has no tier 'sound'\. Did you mean sounds"):
        read(tmp_path, content, tier="sound")


def test_a_textgrid_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("praatio", reason="needs the extra textgrid")
    with pytest.raises(LabelError, match="is cut off: 3 of its 5 intervals"):
        read(tmp_path, mini.TEXTGRID.partition("        intervals [3]")[0])
    with pytest.raises(LabelError, match="is cut off"):
        read(tmp_path, mini.TEXTGRID_SHORT.partition("Dog")[0])


def test_frequencies_of_raven_and_audacity(tmp_path: Path) -> None:
    for content in (mini.RAVEN, mini.AUDACITY):
        first, second = read(tmp_path, content).rows
        assert (first.low_hz, first.high_hz) == (200.0, 1500.5)
        assert (second.low_hz is None) == (content is mini.AUDACITY)


def test_a_raven_table_of_several_files_counts_from_each(tmp_path: Path) -> None:
    found = read(tmp_path, mini.RAVEN_SEQUENCE)
    assert [row.filename for row in found.rows] == ["a.wav", "b.wav"]
    assert times(found) == mini.EVENTS


def test_results_of_a_detector_say_so(tmp_path: Path) -> None:
    assert read(tmp_path, mini.BIRDNET).notes == (
        "labels are results of BirdNET, not annotations by people",
    )
    found = read(tmp_path, mini.PERCH)
    assert found.format == "Perch"
    assert times(found) == ((0.0, 5.0, "Dog"), (5.0, 10.0, "Cat"))
    by_name = read(tmp_path, mini.BIRDNET, columns="label:Scientific name")
    assert times(by_name)[0][2] == "Canis familiaris"


def test_clip_level_labels_of_audioset_and_fsd50k(tmp_path: Path) -> None:
    found = read(tmp_path, mini.AUDIOSET)
    assert [(row.filename, row.labels) for row in found.rows] == [
        ("--4gqARaEJE_0.000_10.000", ("/m/0bt9lr", "/m/01yrx")),
        ("b0RFKhbpFJA_30.000_40.000", ("/m/0bt9lr",)),
    ]
    found = read(tmp_path, mini.FSD50K)
    assert [(row.filename, row.labels) for row in found.rows] == [
        ("64760", ("Dog", "Animal")),
        ("16399", ("Chink_and_clink",)),
    ]
    found = read(tmp_path, mini.AUDIOSET_STRONG)
    assert [(row.filename, row.labels) for row in found.rows] == [
        ("b0RFKhbpFJA_30000", ("/m/0bt9lr",)),
        ("b0RFKhbpFJA_30000", ("/m/01yrx",)),
    ]


def test_fsd50k_writes_and_for_commas() -> None:
    model = ModelFacts(16_000, ("Chink, clink", "Dog", "Drum and bass", "A, b", "A and b"), (), "")
    classes = ClassIndex(model)
    found = [classes.find(name) for name in ("Chink_and_clink", "Drum_and_bass", "dog", "A_and_b")]
    assert found == [0, 2, 1, 4]
    assert classes.find("Clink_and_chink") is None


def test_any_column_names(tmp_path: Path) -> None:
    assert times(read(tmp_path, mini.ANY_CSV, columns="onset:begin,offset:finish,label:what")) == (
        mini.EVENTS
    )


def test_a_tag_of_the_whole_file_is_a_clip_level_label(tmp_path: Path) -> None:
    content = mini.JAMS.replace('"scaper"', '"tag_open"').replace(
        '{"label": "park", "role": "background"}', '"Dog"'
    )
    first, *_ = read(tmp_path, content).rows
    assert (first.labels, first.onset_s) == (("Dog",), None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "the file is empty"),
        ("These sounds are CC0.\nThank you.", "not a format that awb knows; it begins: 'These"),
        ("a,b,c\n1,2,3\n", "columns=onset:COLUMN"),
        (b"ooBinaryFile\x08TextGrid\x00\x00", "is not text"),
        ('{"annotations": 3}', "cannot be read as JAMS"),
        ("start,end,loudness\n0,1,2\n", "no column of labels; its header is: start, end, loudness"),
        ("onset\tlabel\n0.5\tDog\n", "has no end of events"),
    ],
)
def test_what_cannot_be_understood_is_refused(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(LabelError, match=said):
        read(tmp_path, content)


def test_what_windows_wrote_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, "0.5\t1\tBär\n".encode("cp1252"))
    assert times(found) == ((0.5, 1.0, "Bär"),)
    assert found.notes == ("labels.txt is not UTF-8, read as windows-1252",)
    assert decode(b"a\r\nb\rc")[0] == "a\nb\nc"


# The libraries that own the formats read the same from the same files.


@pytest.mark.slow  # crowsetta takes seconds to import, too
def test_crowsetta_reads_the_same(tmp_path: Path) -> None:
    crowsetta = pytest.importorskip("crowsetta", reason="needs crowsetta")
    path = tmp_path / "a.Table.1.selections.txt"
    path.write_text(mini.RAVEN, encoding="utf-8")
    raven = crowsetta.formats.bbox.Raven.from_file(path, annot_col="Annotation")
    theirs = [
        (box.onset, box.offset, box.label, box.low_freq, box.high_freq)
        for box in raven.to_bbox()
        if box.low_freq > 0
    ]
    ours = [
        (*event, row.low_hz, row.high_hz)
        for row in [*read_labels(path).rows]
        for event in times(LabelFile(path, "", (row,)))
    ]
    assert theirs == ours
    path = tmp_path / "a.txt"
    path.write_text(mini.AUDACITY.replace(",", "."), encoding="utf-8")
    with_bands = "\n".join(mini.AUDACITY.replace(",", ".").splitlines()[:2]) + "\n"
    path.write_text(with_bands, encoding="utf-8")
    [box] = crowsetta.formats.bbox.AudBBox.from_file(path).to_bbox()
    [row] = read_labels(path).rows
    assert (box.onset, box.offset, box.label) == (row.onset_s, row.offset_s, row.labels[0])
    assert (box.low_freq, box.high_freq) == (row.low_hz, row.high_hz)


@pytest.mark.slow  # jams takes seconds to import
def test_jams_reads_the_same(tmp_path: Path) -> None:
    jams = pytest.importorskip("jams", reason="needs jams")
    path = tmp_path / "a.jams"
    path.write_text(mini.JAMS, encoding="utf-8")
    [annotation] = jams.load(str(path), validate=False).annotations
    theirs = [
        (one.time, one.time + one.duration, one.value["label"])
        for one in annotation.data
        if one.value["role"] == "foreground"
    ]
    assert tuple(theirs) == times(read_labels(path))
