"""The commands: what they print, where, and how they fail."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner, Result

import small_data
from awb.cli import main


def _awb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data.build(tmp_path_factory.mktemp("data") / "bursts", 3)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("runs") / "run"
    result = _awb(
        "run", "--dataset", f"folder:{data}", "--model", "loudness", "--samples", "60",
        "--no-baselines",
        "--explainers", "random-forest,oracle,constant,saliency", "--jobs", "1", "--out", out,
    )  # fmt: skip
    return out, result


def test_run_prints_the_board_and_writes_a_folder(run: tuple[Path, Result]) -> None:
    out, result = run
    assert result.exit_code == 0, result.output
    assert "random-forest" in result.stdout
    assert (
        "Not applicable, as the model does not implement DifferentiableModel: saliency"
        in result.stdout
    )
    assert str(out) in result.stderr
    assert {path.name for path in out.iterdir()} >= {"run.json", "manifests.json", "results.sqlite"}


def test_show_prints_the_same_board_again(run: tuple[Path, Result]) -> None:
    out, result = run
    assert _awb("show", out).stdout == result.stdout


def test_show_as_markdown_csv_and_json(run: tuple[Path, Result]) -> None:
    out, _ = run
    markdown = _awb("show", out, "--format", "md").stdout
    assert "| \\# " in markdown.replace("|   \\#", "| \\#")
    rows = list(csv.DictReader(io.StringIO(_awb("show", out, "--format", "csv").stdout)))
    assert {row["explainer"] for row in rows} == {
        "random-forest", "oracle", "constant", "saliency"}  # fmt: skip
    [board] = json.loads(_awb("show", out, "--format", "json").stdout)
    assert board["n_instances"] == 3
    oracle = next(row for row in board["rows"] if row["explainer"] == "oracle")
    assert oracle["roc-auc_mean"] == 1.0


def test_export_gives_the_long_table_in_three_formats(
    run: tuple[Path, Result], tmp_path: Path
) -> None:
    out, _ = run
    columns = ["dataset", "model", "explainer", "clip_id", "target", "metric", "value", "reason"]
    text = _awb("export", out).stdout
    table = list(csv.DictReader(io.StringIO(text)))
    assert list(table[0]) == columns
    assert len(table) == 3 * 4 * len({row["metric"] for row in table})
    records = json.loads(_awb("export", out, "--format", "json").stdout)
    path = tmp_path / "long.parquet"
    assert _awb("export", out, "--format", "parquet", "--output", path).exit_code == 0
    parquet = pyarrow.parquet.read_table(path).to_pylist()
    assert records == parquet
    for record, row in zip(records, table, strict=True):
        value = record["value"]
        assert row["value"] == ("" if value is None else repr(value))
        assert (value is None) == bool(record["reason"])


def test_plugins_as_a_table_and_as_json() -> None:
    assert "random-forest" in _awb("plugins").stdout
    found = json.loads(_awb("plugins", "--json").stdout)
    names = {(one["kind"], one["name"]): one for one in found["plugins"]}
    assert names["explainer", "earliest"]["distribution"] == "awb-test-plugin"
    own = {"window_s": "0.5", "hop_s": "0.1"}
    shared = {"smoothing": "none", "smoothing_s": "0.5", "sign": "signed"}
    assert names["explainer", "naive"]["parameters"] == own | shared


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--explainers", "random-forrest"], "Did you mean random-forest"),
        (["run", "--dataset", "foldr:x"], "Did you mean folder"),
        (["run", "--model", "yamet"], "Did you mean yamnet"),
        (["run", "--metrics", "roc"], "roc-auc"),
        (["run", "--samples", "0"], "samples"),
        (["run", "--clips", "-3"], "clips"),
        (["run", "--seed", "-1"], "seed"),
        (["run", "--masker", "silence"], "masker"),
        (["run", "--dataset", "folder:/no/such/place"], "/no/such/place"),
        (["run", "--dataset", "folder"], "path"),
        (["run", "--model", "yamnet:path=/no/such/file.tflite"], "/no/such/file.tflite"),
        (["show", "/no/such/run"], "is not a run folder"),
        (["resume", "/no/such/run"], "is not a run folder"),
        (["export", "/no/such/run"], "is not a run folder"),
        (["rum"], "Did you mean run"),
    ],
)
def test_mistakes_are_reported_on_one_line(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = _awb(*arguments, *(["--jobs", "1"] if arguments[0] == "run" else []))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output
    awb_lines = [line for line in result.stderr.splitlines() if line.startswith("awb: ")]
    assert len(awb_lines) <= 1
    assert isinstance(result.exception, SystemExit)


def test_bad_audio_is_reported_and_the_run_continues(data: Path, tmp_path: Path) -> None:
    folder = small_data.build(tmp_path / "data", 3)
    (folder / "audio" / "clip-1.wav").write_bytes(b"")
    result = _awb(
        "run", "--dataset", f"folder:{folder}", "--model", "loudness", "--samples", "20",
        "--explainers", "oracle", "--jobs", "1", "--out", tmp_path / "run",
    )  # fmt: skip
    assert result.exit_code == 1
    assert "2 instances from 2 clips" in result.stdout
    assert "clip-1.wav" in result.stdout


def test_several_datasets_and_models_make_several_boards(data: Path, tmp_path: Path) -> None:
    other = small_data.build(tmp_path / "other", 2)
    result = _awb(
        "run", "--dataset", f"folder:{data}", "--dataset", f"folder:{other}", "--models",
        "loudness", "--explainers", "oracle", "--jobs", "1", "--out", tmp_path / "run",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert result.stdout.count("instances from") == 2
