"""``awb data``: what it writes and prints, and how it reports mistakes."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest
import soundfile
from click.testing import CliRunner, Result

import small_data
from audioset_files import write_audio, write_labels, write_ontology
from awb.cli import main
from awb.harness.selection.clip_scores import ScoreStore

ROWS = [
    "a_0 1 2 /m/bark", "a_0 4 9 /m/dog", "b_0 1 2 /m/bell", "c_0 1 2 /m/bark", "a_0 1 x /m/car",
]  # fmt: skip


def awb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Write a small AudioSet with one malformed row, and return its options."""
    write_labels(tmp_path / "labels.tsv", ROWS)
    write_ontology(tmp_path / "ontology.json")
    write_audio(tmp_path / "audio", "a.wav", "b.wav")
    names = {"labels": "labels.tsv", "ontology": "ontology.json", "audio": "audio"}
    return [part for key, name in names.items() for part in (f"--{key}", str(tmp_path / name))]


@pytest.fixture
def good(files: list[str], tmp_path: Path) -> list[str]:
    """Options of the same files without the malformed row."""
    write_labels(tmp_path / "labels.tsv", ROWS[:-1])
    return files


def test_prepare_writes_one_table_per_family_and_reports_bad_rows(
    files: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = awb("data", "prepare", "audioset", *files, "--model", "loudness", "--out", out)
    assert result.exit_code == 1, result.output
    [problem] = [line for line in result.stderr.splitlines() if line.startswith("awb: ")]
    assert "labels.tsv line 6: end_time_seconds 'x' is not a number" in problem
    assert "loudness" in result.stdout
    rows = pyarrow.parquet.read_table(out / "loudness.parquet").to_pylist()
    assert [(row["clip_id"], row["positive_label"], row["reason"]) for row in rows] == [
        ("a", "Bark", "label unknown to the model"),
        ("a", "Car", "malformed row"),
        ("a", "Dog", "label unknown to the model"),
        ("b", "Bell", "label unknown to the model"),
        ("c", "Bark", "label unknown to the model"),
    ]
    with (out / "loudness.csv").open(encoding="utf-8") as file:
        text = list(csv.DictReader(file))
    assert [row["reason"] for row in text] == [row["reason"] for row in rows]
    assert [json.loads(row["events"]) for row in text] == [row["events"] for row in rows]
    assert (out / "missing_audio.txt").read_text(encoding="utf-8") == "c_0\n"
    record = json.loads((out / "preparation.json").read_text(encoding="utf-8"))
    assert record["settings"]["policy"] == "positive"
    assert len(record["fingerprint"]) == 64


def test_prepare_for_all_families_whose_classes_are_known(good: list[str], tmp_path: Path) -> None:
    result = awb("data", "prepare", "audioset", *good, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"yamnet.parquet", "yamnet.csv", "ast.parquet", "ast.csv", "labels.csv"}


def _step(stdout: str, name: str) -> dict[str, Any]:
    funnel: list[dict[str, Any]] = json.loads(stdout)["funnels"]["yamnet"]
    return next(step for step in funnel if step["step"] == name)


def test_describe_takes_settings_as_options(good: list[str]) -> None:
    command = ("data", "describe", "audioset", *good, "--model", "yamnet")
    plain = awb(*command).stdout
    assert "as published" in plain
    assert "Bark" in plain
    long = awb(*command, "--json", "--max-event-fraction", "0.6", "--policy=closure").stdout
    assert _step(long, "as published")["instances"] == 10
    assert _step(awb(*command, "--json").stdout, "as published")["instances"] == 4
    merged = json.loads(awb(*command, "--json", "--policy", "father", "--merge-gap", "2").stdout)
    dog = next(row for row in merged["labels"] if row["positive_label"] == "Dog")
    assert dog["event_duration_s"] == pytest.approx(8.0 + 1.0)


def test_options_combine_with_a_dataset_given_by_its_folder(
    good: list[str], tmp_path: Path
) -> None:
    by_options = awb("data", "describe", "audioset", *good, "--model", "yamnet")
    folder, *rest = good[-1], *good[:-2]
    mixed = awb("data", "describe", f"audioset:{folder}", *rest, "--model", "yamnet")
    assert (mixed.exit_code, mixed.stdout) == (0, by_options.stdout), mixed.stderr
    twice = awb("data", "describe", f"audioset:{folder}", *good)
    assert (twice.exit_code, "audio is given twice" in twice.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["prepare", "audiosett"], "Did you mean audioset?"),
        (["prepare", "audioset", "--lables", "x"], "Did you mean --labels"),
        (["prepare", "audioset", "--max-event-fracton", "1"], "Did you mean --max-event-fraction?"),
        (["prepare", "audioset", "--labels"], "--labels needs a value"),
        (["prepare", "audioset", "stray"], "no option stray"),
        (["prepare", "audioset", "--policy", "mother"], "policy"),
        (["prepare", "audioset:policy=father", "--policy", "father"], "given twice"),
        (["prepare", "audioset", "--labels", "/no/such.tsv", "--ontology", "x"], "/no/such.tsv"),
        (["prepare", "soundscapes"], "needs no preparation"),
        (["prepare", "audioset", "--scores", "/no/scores.sqlite"], "awb data scores"),
        (["describe", "audioset", "--merge-gap", "-1"], "merge_gap_s"),
        (["export", "soundscapes", "--as", "soundscapes", "/tmp/x"], "cannot be written as sound"),
        (["export", "soundscapes", "--as", "audiosett", "/tmp/x"], "Did you mean audioset?"),
        (["scores", "foldr:x", "--model", "loudness"], "Did you mean folder"),
    ],
)
def test_mistakes_are_reported_on_one_line(arguments: list[str], message: str) -> None:
    result = awb("data", *arguments)
    assert result.exit_code == 2, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.count("awb: ") == 1


def test_a_limit_out_of_range_is_refused(good: list[str]) -> None:
    result = awb("data", "prepare", "audioset", *good, "--max-event-fraction", "1.5")
    assert result.exit_code == 2
    assert "must be in (0, 1]" in result.stderr


def test_scores_are_stored_once_and_reused(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 3)
    out = tmp_path / "scores.sqlite"
    command = ("data", "scores", f"folder:{data}", "--model", "loudness", "--jobs", "1")
    first = awb(*command, "--out", out, "--clips", "2")
    assert first.exit_code == 0, first.output
    assert "scores of 2 clips by loudness" in first.stderr
    (data / "audio" / "clip-0.wav").write_bytes(b"")
    second = awb(*command, "--out", out)
    assert second.exit_code == 1
    assert "clip-0.wav is an empty file" in second.stderr
    store = ScoreStore(out)
    [model] = store.models()
    assert model.label == "loudness"
    assert sorted(store.clips(model.key, "folder")) == ["clip-0.wav", "clip-1.wav", "clip-2.wav"]


def test_prepare_leaves_out_low_scores(good: list[str], tmp_path: Path) -> None:
    scores, out = tmp_path / "scores.sqlite", tmp_path / "out"
    named = ["data", "scores", "audioset", *good, "--model", "loudness", "--jobs", "1"]
    assert awb(*named, "--out", scores).exit_code == 0
    command = ["data", "prepare", "audioset", *good, "--model", "loudness", "--out", out]
    assert awb(*command, "--scores", scores).exit_code == 0
    table = pyarrow.parquet.read_table(out / "loudness.parquet")
    assert set(table["reason"].to_pylist()) == {"label unknown to the model"}
    absent = awb(*command[:-4], "--model", "yamnet", "--scores", scores)
    assert absent.exit_code == 2
    assert "has no scores of yamnet; it has scores of: loudness" in absent.stderr


def test_a_file_without_scores_is_refused(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 1)
    (tmp_path / "scores.sqlite").write_text("not a database at all " * 50, encoding="ascii")
    command = ("data", "scores", f"folder:{data}", "--model", "loudness", "--jobs", "1")
    result = awb(*command, "--out", tmp_path / "scores.sqlite")
    assert result.exit_code == 2
    assert "is not a file of scores" in result.stderr


def test_export_writes_the_published_layout(tmp_path: Path) -> None:
    out = tmp_path / "mini"
    command = ("data", "export", "soundscapes", "--as", "audioset", out, "--clips", "2")
    result = awb(*command)
    assert result.exit_code == 0, result.output
    assert "try: awb run --dataset audioset:audio=" in result.stderr
    names = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert names == {
        "audioset_eval_strong.tsv",
        "mid_to_display_name.tsv",
        "ontology.json",
        "audio/test-0-0000.wav",
        "audio/test-0-0001.wav",
    }
    assert soundfile.info(out / "audio" / "test-0-0000.wav").duration == 10
    assert awb(*command).exit_code == 2


def test_exported_clips_are_read_unchanged(tmp_path: Path) -> None:
    from awb_datasets import audioset, soundscapes

    out = tmp_path / "mini"
    awb("data", "export", "soundscapes", "--as", "audioset", out, "--clips", "2")
    found = audioset.SPEC.factory(
        audioset.AudioSetParameters(
            labels=out / "audioset_eval_strong.tsv",
            ontology=out / "ontology.json",
            audio=out / "audio",
            merge_gap_s=0,
        )
    )
    origin = soundscapes.SPEC.factory(soundscapes.SoundscapesParameters(clips=2))
    assert list(found.clip_ids()) == list(origin.clip_ids())
    for clip_id in found.clip_ids():
        one, other = found.load(clip_id), origin.load(clip_id)
        np.testing.assert_array_equal(one.waveform, other.waveform)
        assert {(e.label, e.mid) for e in one.events} == {(e.label, e.mid) for e in other.events}
        assert min(e.onset_s for e in one.events) == pytest.approx(
            min(e.onset_s for e in other.events), abs=1e-6
        )


def test_labels_without_machine_ids_are_looked_up_by_name(tmp_path: Path) -> None:
    data = small_data.build(tmp_path / "data", 1)
    command = ("data", "export", f"folder:{data}", "--as", "audioset", tmp_path / "out")
    result = awb(*command)
    assert result.exit_code == 2
    assert "label 'Loud' has no machine id" in result.stderr
    ontology = write_ontology(tmp_path / "ontology.json", {"/m/loud": ("loud", [])})
    found = awb(*command[:-1], tmp_path / "again", "--ontology", ontology)
    assert found.exit_code == 0, found.output
    assert (tmp_path / "again" / "ontology.json").read_bytes() == ontology.read_bytes()
    assert "/m/loud" in (tmp_path / "again" / "audioset_eval_strong.tsv").read_text(
        encoding="utf-8"
    )
