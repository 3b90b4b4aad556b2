"""Tracks for editors: which segments are written, and that the owners of the formats read them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from awb.data.annotations.reading import read_labels
from awb.data.annotations.tracks import WRITERS, Recording, Span, Track, write_tracks
from awb.errors import RunError
from awb.report.tracks import Choice, strongest

SPANS = (Span(0.5, 1.0, "Beep, bleep", 3.5, 1.0), Span(1.25, 1.75, "Beep, bleep", 1.75, 0.5))
ONE = Recording(
    "far/dog.wav",
    2.0,
    8000.0,
    "loudness",
    (
        Track("labels", "Beep, bleep", (Span(0.4, 1.1, "Beep, bleep", band_hz=(200.0, 900.0)),)),
        Track("model", "Beep, bleep", (Span(0.0, 2.0, "Beep, bleep", -1.25),)),
        Track("keep-window:window_s=1", "Beep, bleep", SPANS),
    ),
)
TIMES = [(0.4, 1.1), (0.0, 2.0), (0.5, 1.0), (1.25, 1.75)]


@pytest.mark.parametrize("form", WRITERS)
def test_what_is_written_is_read_again(form: str, tmp_path: Path) -> None:
    if form == "textgrid":
        pytest.importorskip("praatio", reason="needs the extra textgrid")
    paths = write_tracks(form, [ONE], tmp_path)
    assert {path.parent for path in paths} == {tmp_path / "far"}
    assert all(path.name.startswith("dog.") for path in paths)
    read = [read_labels(path) for path in paths]
    rows = [row for found in read for row in found.rows]
    times = [(row.onset_s, row.offset_s) for row in rows]
    if form == "jams":  # a tag of the whole file is one without times
        times = [(0.0, 2.0) if one == (None, None) else one for one in times]
    assert times == TIMES
    assert [len(found.faults) for found in read] == [0] * len(paths)
    assert all(row.labels[0].startswith("Beep, bleep") for row in rows)
    shown = rows[2].labels[0]
    assert shown == ("Beep, bleep 1.00" if form in ("audacity", "textgrid") else "Beep, bleep")


def test_praatio_reads_the_tiers(tmp_path: Path) -> None:
    textgrid = pytest.importorskip("praatio.textgrid", reason="needs the extra textgrid")
    [path] = write_tracks("textgrid", [ONE], tmp_path)
    grid = textgrid.openTextgrid(str(path), includeEmptyIntervals=False, reportingMode="error")
    assert grid.tierNames == tuple(track.name for track in ONE.tracks)
    assert (grid.minTimestamp, grid.maxTimestamp) == (0.0, 2.0)
    entries = grid.getTier("keep-window:window_s=1: Beep, bleep").entries
    assert [tuple(one) for one in entries] == [
        (0.5, 1.0, "Beep, bleep 1.00"),
        (1.25, 1.75, "Beep, bleep 0.50"),
    ]


@pytest.mark.slow  # crowsetta takes seconds to import
def test_crowsetta_reads_the_selections_and_the_frequencies(tmp_path: Path) -> None:
    crowsetta = pytest.importorskip("crowsetta", reason="needs crowsetta")
    [path] = write_tracks("raven", [ONE], tmp_path)
    found = crowsetta.formats.bbox.Raven.from_file(path, annot_col="Annotation").to_bbox()
    assert [(one.onset, one.offset) for one in found] == TIMES
    assert [(one.low_freq, one.high_freq) for one in found] == [(200.0, 900.0), *[(0, 8000)] * 3]
    labels, *_ = write_tracks("audacity", [ONE], tmp_path)
    [box] = crowsetta.formats.bbox.AudBBox.from_file(labels).to_bbox()
    assert (box.onset, box.offset, box.low_freq, box.high_freq) == (0.4, 1.1, 200.0, 900.0)


@pytest.mark.slow  # jams takes seconds to import
def test_jams_validates_and_reads_the_annotations(tmp_path: Path) -> None:
    jams = pytest.importorskip("jams", reason="needs jams")
    [path] = write_tracks("jams", [ONE], tmp_path)
    found = jams.load(str(path), validate=True, strict=True)
    assert found.file_metadata.duration == 2.0
    spans = [
        (one.time, one.time + one.duration, one.value, one.confidence)
        for one in found.annotations[2].data
    ]
    assert spans == [(0.5, 1.0, "Beep, bleep", 1.0), (1.25, 1.75, "Beep, bleep", 0.5)]
    assert found.annotations[2].sandbox.source == "keep-window:window_s=1"
    assert json.loads(path.read_text())["annotations"][2]["sandbox"]["values"] == [3.5, 1.75]


def times_of(relevance: list[float], choice: Choice) -> list[tuple[float, float, float]]:
    edges_s = np.arange(len(relevance) + 1) * 0.5
    spans = strongest(np.array(relevance), edges_s, "Dog", choice)
    return [(one.onset_s, one.offset_s, one.share or 0.0) for one in spans]


def test_the_strongest_segments_are_joined() -> None:
    relevance = [0.0, 3.0, 4.0, -1.0, 2.0, 1.0, 0.5, 0.0]
    assert times_of(relevance, Choice(top=0.25)) == [(0.5, 1.5, 1.0)]
    assert times_of(relevance, Choice(top=0.4)) == [(0.5, 1.5, 1.0), (2.0, 3.0, 0.5)]
    assert times_of(relevance, Choice(above=0.5)) == [(0.5, 1.5, 1.0), (2.0, 2.5, 0.5)]
    assert times_of(relevance, Choice(top=1.0))[-1] == (2.0, 3.5, 0.5)


def test_nothing_positive_and_ties() -> None:
    assert times_of([-1.0, 0.0, -2.0], Choice()) == []
    assert times_of([1.0, 1.0, 0.0, 1.0], Choice(top=0.25)) == [(0.0, 1.0, 1.0), (1.5, 2.0, 1.0)]
    with pytest.raises(RunError, match="are shares"):
        Choice(top=0.0)
