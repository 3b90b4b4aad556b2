"""Commands that accept a whole sweep, and those that refuse one."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pyarrow.parquet
import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from browser import awb

VARIANTS = ["zeros", "noise"]
FILE = """
explainers = ["naive", "random"]
metrics = ["roc-auc", "deletion-area"]
models = ["loudness"]
samples = 20
robustness = 0
baselines = false
isolate = false
jobs = 1

[sweep]
masker = ["zeros", "noise"]
"""


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep over two maskers that used a file of scores."""
    folder = tmp_path_factory.mktemp("sweeps")
    data = small_data.build(folder / "data", 2)
    (folder / "mine.toml").write_text(f'datasets = ["folder:{data}"]\n{FILE}', encoding="utf-8")
    awb("data", "scores", f"folder:{data}", "--model=loudness", "--jobs=1",
        f"--out={folder / 'known.sqlite'}")  # fmt: skip
    done = awb("run", folder / "mine.toml", f"--out={folder / 'sweep'}", "--scores",
               folder / "known.sqlite")  # fmt: skip
    assert done.exit_code == 0, done.output
    return folder / "sweep"


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_export_is_one_table_with_the_settings_as_columns(sweep: Path, tmp_path: Path) -> None:
    rows = _rows(awb("export", sweep).stdout)
    assert list(rows[0])[:3] == ["variant", "masker", "dataset"]
    for name in VARIANTS:
        own = [row for row in rows if row["variant"] == name]
        assert {row["masker"] for row in own} == {name}
        plain = [{k: v for k, v in row.items() if k not in {"variant", "masker"}} for row in own]
        assert plain == _rows(awb("export", sweep / name).stdout)
    assert [row["variant"] for row in rows] == sorted(
        (row["variant"] for row in rows), key=VARIANTS.index
    )
    records = json.loads(awb("export", sweep, "--format", "json").stdout)
    assert len(records) == len(rows) == 2 * 2 * 2 * 2
    assert awb("export", sweep, "--format=parquet", f"--out={tmp_path / 'all'}").exit_code == 0
    assert pyarrow.parquet.read_table(tmp_path / "all").to_pylist() == records


def test_every_variant_is_published_on_its_own_board(sweep: Path, tmp_path: Path) -> None:
    done = awb("publish", sweep, "--into", tmp_path, "--no-site")
    assert done.exit_code == 0, done.output
    found = sorted(tmp_path.glob("submissions/*/*.json"))
    submissions = [path for path in found if path.name in {"naive.json", "random.json"}]
    assert len(submissions) == 4
    maskers = {
        path.parent: json.loads(path.read_text(encoding="utf-8"))["settings"]["masker"]
        for path in submissions
    }
    assert sorted(maskers.values()) == sorted(VARIANTS)
    assert awb("verify", *submissions).exit_code == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert awb("publish", sweep, "--into", tmp_path, "--no-site").exit_code == 0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_equal_submissions_of_variants_are_published_once(sweep: Path, tmp_path: Path) -> None:
    text = (sweep.parent / "mine.toml").read_text(encoding="utf-8")
    other = text.replace('masker = ["zeros", "noise"]', 'explainers = ["random", ["naive"]]')
    other = other.replace('explainers = ["naive", "random"]\n', "").replace(
        "baselines = false", "baselines = true"
    )
    (tmp_path / "other.toml").write_text(other, encoding="utf-8")
    assert awb("run", tmp_path / "other.toml", f"--out={tmp_path / 'twice'}").exit_code == 0
    done = awb("publish", tmp_path / "twice", "--into", tmp_path / "boards", "--no-site")
    assert done.exit_code == 0, done.output
    assert "random of variant naive: it would replace the same" in done.stderr
    names = [path.name for path in (tmp_path / "boards" / "submissions").rglob("*.json")]
    assert names.count("random.json") == names.count("naive.json") == 1


def test_resume_runs_the_rest_with_the_same_file_of_scores(sweep: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(sweep, tmp_path / "sweep")
    shutil.rmtree(copy / "noise")
    for command in ("export", "publish"):
        refused = awb(command, copy, *(["--into", tmp_path] if command == "publish" else []))
        assert refused.exit_code == 2
        assert f"missing runs: noise. Type: awb resume {copy}" in refused.stderr
    assert awb("resume", copy, "--jobs=1", "--no-isolate").exit_code == 0
    assert awb("export", copy).stdout == awb("export", sweep).stdout
    for folder in (sweep / "zeros", copy / "noise"):
        assert RunFolder.open(folder).scores_given() == sweep.parent / "known.sqlite"
        assert not (folder / "scores.sqlite").exists()


def test_a_resumed_run_uses_the_file_of_scores_if_it_exists(sweep: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(sweep / "zeros", tmp_path / "run")
    for name in ("manifests.json", "results.sqlite"):
        (copy / name).unlink()
    assert awb("resume", copy, "--jobs=1", "--no-isolate").exit_code == 0
    assert not (copy / "scores.sqlite").exists()
    record = json.loads((copy / "run.json").read_text(encoding="utf-8"))
    (copy / "run.json").write_text(json.dumps({**record, "scores": str(tmp_path / "gone")}))
    assert RunFolder.open(copy).scores_given() is None
    for name in ("manifests.json", "results.sqlite"):
        (copy / name).unlink()
    assert awb("resume", copy, "--jobs=1", "--no-isolate").exit_code == 0
    assert (copy / "scores.sqlite").exists(), "missing scores are recomputed"


@pytest.mark.parametrize("command", ["report", "plot", "agree"])
def test_a_command_for_one_run_suggests_one(sweep: Path, tmp_path: Path, command: str) -> None:
    words = {"report": [], "plot": ["--kind", "board"], "agree": []}[command]
    refused = awb(command, sweep, *words)
    assert refused.exit_code == 2
    assert f"name one of them, as {sweep / 'noise'}." in refused.stderr
