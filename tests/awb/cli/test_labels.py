"""Labels from people's editors, on the command line: to a board, and back as tracks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import soundfile

import small_data
from awb.data.annotations.reading import read_labels
from browser import awb


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of clips with labels of Audacity beside each, of which one is damaged."""
    folder = tmp_path_factory.mktemp("field")
    for number, onset_s in enumerate((0.6, 1.1, 0.3)):
        small_data.write_clip(folder / f"day{number}.wav", [onset_s])
        text = f"{onset_s}\t{onset_s + 0.5}\tLoud\n\\\t100\t900\n"
        (folder / f"day{number}.txt").write_text(text.replace(".", ","), encoding="utf-8")
    with (folder / "day2.txt").open("a", encoding="utf-8") as stream:
        stream.write("0.1\t0.1\tmark\n1.9\t99\tLoud\n")
    return folder


@pytest.fixture(scope="module")
def run(field: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    words = ["--model", "loudness", "--explainers", "naive,correlation", "--samples", "60"]
    words += ["--max-event-fraction", "0.6", "--jobs", "1", "--no-isolate", "--min-score", "-100"]
    result = awb("run", "--dataset", f"folder:{field}", *words, "--out", out)
    assert result.exit_code == 0, result.output
    return out


def test_a_board_says_what_was_trimmed_and_left_out(run: Path) -> None:
    shown = awb("show", run).stdout
    assert "Left out: 1 event of zero length" in shown
    assert "Left out, event of zero length: 1, day2.txt line 3: 0.1 to 0.1 s" in shown
    assert "Events trimmed to the end of their clips: 1, day2.txt line 4: 1.9 to 99 s" in shown


@pytest.mark.slow  # it reads the clips in a process of its own
def test_describing_says_it_too(field: Path) -> None:
    shown = awb("data", "describe", f"folder:{field}").stdout
    assert "events trimmed to the end of their clips: 1, day2.txt" in shown


@pytest.mark.parametrize(("form", "files"), [("raven", 3), ("audacity", 9), ("jams", 3)])
def test_tracks_of_a_run(run: Path, tmp_path: Path, form: str, files: int) -> None:
    words = ["--as", form, "--out", tmp_path / "tracks", "--explainers", "naive"]
    result = awb("export", run, *words)
    assert result.exit_code == 0, result.output
    assert f"wrote {files} files of 3 clips" in result.stderr
    assert len([one for one in (tmp_path / "tracks").iterdir() if "day" in one.name]) == files


def test_tracks_open_where_the_event_is(run: Path, tmp_path: Path) -> None:
    awb("export", run, "--as", "audacity", "--out", tmp_path, "--above", "1")
    line = (tmp_path / "day0.naive.Loud.txt").read_text(encoding="utf-8").splitlines()[0]
    onset_s, offset_s, label = line.split("\t")
    assert label == "Loud 1.00"
    assert float(onset_s) < 1.1
    assert float(offset_s) > 0.6
    assert (
        (tmp_path / "day0.labels.Loud.txt").read_text(encoding="utf-8").startswith("0.600000\t1.1")
    )
    assert "day0.random.Loud.txt" not in [one.name for one in tmp_path.iterdir()]


def test_tracks_of_an_unknown_explainer(run: Path, tmp_path: Path) -> None:
    result = awb("export", run, "--as", "jams", "--out", tmp_path, "--explainers", "naiv")
    assert result.exit_code == 2
    assert "the run has no explainer 'naiv'. Did you mean naive?" in result.stderr


def _explain(field: Path, tmp_path: Path, *words: str | Path) -> tuple[Any, dict[str, Any]]:
    page = tmp_path / "page.html"
    basis = ["--model", "loudness", "--samples", "60", "--no-open", "--no-isolate"]
    basis += ["--explainers", "naive"]
    result = awb("explain", field / "day2.wav", *basis, "--out", page, *words)
    assert result.exit_code == 0, result.output
    text = page.read_text(encoding="utf-8")
    [found] = re.findall(r'class="instance-data">(.*?)</script>', text, re.DOTALL)
    return result, {**json.loads(found), "text": text}


def test_a_file_is_explained_against_its_labels(field: Path, tmp_path: Path) -> None:
    result, one = _explain(field, tmp_path, "--labels", field / "day2.txt")
    assert one["target"] == "Loud"
    assert one["intervals"][0] == [0.3, 0.8]
    assert "roc-auc" in one["explanations"][0]["scores"]
    assert "Explanations are compared by the labels, and by" in one["text"]
    assert "left out, event of zero length: 1, day2.txt line 3" in result.stderr


def test_a_table_of_all_files_has_rows_of_this_one(field: Path, tmp_path: Path) -> None:
    table = tmp_path / "all.csv"
    table.write_text("rec;a;b;what\nday0.wav;0,6;1,1;Quiet\nday2;0,3;0,8;Loud\n", encoding="utf-8")
    columns = "filename:rec,onset:a,offset:b,label:what"
    _, one = _explain(field, tmp_path, "--labels", table, "--columns", columns)
    assert (one["target"], one["intervals"]) == ("Loud", [[0.3, 0.8]])
    table.write_text("rec,onset,offset,label\nday0.wav,0.6,1.1,Quiet\n", encoding="utf-8")
    basis = ["--model", "loudness", "--no-open", "--columns", "filename:rec"]
    result = awb("explain", field / "day2.wav", *basis, "--labels", table)
    assert result.exit_code == 2
    assert "has no labels of day2.wav, only of: day0.wav" in result.stderr


@pytest.fixture
def frames_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """List how many frames are read from audio files at a time."""
    found: list[int] = []
    read = soundfile.SoundFile.read

    def listed(self: soundfile.SoundFile, *arguments: Any, **keywords: Any) -> Any:
        samples = read(self, *arguments, **keywords)
        found.append(len(samples))
        return samples

    monkeypatch.setattr(soundfile.SoundFile, "read", listed)
    return found


@pytest.mark.slow  # it also writes a page
def test_detections_in_a_long_recording_are_explained_each(
    tmp_path: Path, frames_read: list[int]
) -> None:
    day = tmp_path / "day.wav"
    small_data.write_clip(day, [1.0, 21.5, 47.0], seconds=60.0)
    table = tmp_path / "detections.csv"
    rows = ["Start (s),End (s),Common name,Confidence", "1,1.5,Loud,0.9", "21.5,22,Loud,0.8"]
    table.write_text("\n".join([*rows, "47,47.5,Loud,0.4", "90,93,Loud,0.1", ""]), encoding="utf-8")
    out = tmp_path / "run"
    words = ["--events", table, "--window", "4", "--model", "loudness", "--explainers", "naive"]
    basis = ["--samples", "40", "--no-open", "--no-isolate", "--out", out]
    told = awb("explain", day, *words, *basis, "--dry-run")
    assert ": 3 instances in 3 clips\n" in told.stdout, told.output
    assert not out.exists()
    result = awb("explain", day, *words, *basis)
    assert result.exit_code == 0, result.output
    assert "3 instances from 3 clips" in result.stdout
    assert "3 clips are windows of 1 recording, which counts as one clip" in result.stdout
    rate_hz = soundfile.info(day).samplerate
    assert frames_read
    assert max(frames_read) <= 4 * rate_hz + 1  # so memory is bounded
    assert "Labels are results of BirdNET" in result.stdout
    assert "Left out, event outside the clip: 1, detections.csv line 5" in result.stdout
    assert (out / "report.html").is_file()
    awb("export", out, "--as", "raven", "--out", tmp_path / "tracks", "--above", "0.5")
    [path] = (tmp_path / "tracks").iterdir()
    assert path.name == "day.Table.1.selections.txt"
    rows = [row for row in read_labels(path).rows if row.filename == "day.wav"]
    text = path.read_text(encoding="utf-8").splitlines()[1:]
    naive = [row.onset_s for row, line in zip(rows, text, strict=True) if "\tnaive\t" in line]
    assert naive == pytest.approx([1.0, 21.5, 47.0], abs=1.0)
    crowsetta = pytest.importorskip("crowsetta", reason="needs crowsetta")
    boxes = crowsetta.formats.bbox.Raven.from_file(path, annot_col="Annotation").to_bbox()
    assert [box.onset for box in boxes] == pytest.approx([row.onset_s for row in rows], abs=1e-6)
