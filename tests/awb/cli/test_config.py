"""``awb run FILE`` and ``awb config``: files, repeated runs, sweeps and their tables."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import awb
import small_data
from awb.cli import main
from awb.errors import RunError
from awb.harness.config.choice import choose
from awb.harness.config.run_config import make_config
from awb.harness.config.toml_input import read_settings
from awb.harness.config.toml_output import resolved_toml
from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.formats.sweep_table import sweep_boards, sweep_text
from awb.plugins import discovery
from awb.plugins.discovery import load

PLUGIN = """
import numpy as np
import awb

@awb.explainer("from-file", citation="a file", cost="none")
def ramp(perturber, instance, rng):
    "Later is better."
    return np.arange(perturber.n_segments)
"""

BASE = """
datasets = "folder:data"
models = "loudness"
explainers = "random-forest,random,oracle"
metrics = ["roc-auc", "ff@10"]
samples = 40
baselines = false
jobs = 1
cache = "off"
"""

SWEEP = f"""{BASE}
[sweep]
masker = ["zeros", "noise"]
design = ["pooled", "single:fraction=0.2,run_length=1"]
"""
VARIANTS = [
    f"{masker}--{design}"
    for masker in ("zeros", "noise")
    for design in ("pooled", "single-fraction=0.2,run_length=1")
]


def _awb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with data, configuration files, and a finished sweep."""
    folder = tmp_path_factory.mktemp("config")
    small_data.build(folder / "data", 2)
    (folder / "base.toml").write_text(BASE, encoding="utf-8")
    (folder / "small.toml").write_text(SWEEP, encoding="utf-8")
    (folder / "ramp.py").write_text(PLUGIN, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = _awb("run", "small.toml", "--seed", "3")
        assert result.exit_code == 0, result.output
        (folder / "stdout.txt").write_text(result.stdout, encoding="utf-8")
        (folder / "stderr.txt").write_text(result.stderr, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def there(folder: Path, added: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in the folder, and forget the plugins that a test added."""
    monkeypatch.chdir(folder)


def _facts(path: Path) -> tuple[list[Any], list[str], str]:
    run = RunFolder.open(path)
    rows = sorted(run.store().scores(), key=repr)
    return rows, [one.sha256 for one in run.manifests()], _awb("show", path).stdout


def test_the_file_of_an_older_run_means_the_first_clips(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    config = make_config(clips=3)
    now = resolved_toml(config, choose(config, load()), None)
    path.write_text(now, encoding="utf-8")
    same = read_settings(path, {}).settings.config()
    assert (same.clips, same.among_first) == (3, 100)
    path.write_text(re.sub("(?m)^.*among_first.*$", "", now), encoding="utf-8")
    before = read_settings(path, {}).settings.config()
    assert (before.clips, before.among_first) == (None, 3)
    path.write_text("clips = 3", encoding="utf-8")
    assert read_settings(path, {}).settings.config().clips == 3


def test_a_run_is_repeated_by_its_own_file() -> None:
    typed = ["--masker", "noise", "--plugin", "ramp.py", "--explainers", "random-forest,from-file"]
    first = _awb("run", "base.toml", *typed, "--out", "first")
    assert first.exit_code == 0, first.output
    assert "explainers = random-forest,from-file instead of random-forest,ran" in first.stderr
    written = tomllib.loads(Path("first", "config.toml").read_text(encoding="utf-8"))
    assert written["plugin"] == ["ramp.py"]
    assert "out" not in written
    discovery.ADDED.clear()
    second = _awb("run", "first/config.toml", "--jobs", "1", "--out", "second")
    assert second.exit_code == 0, second.output
    assert _facts(Path("first")) == _facts(Path("second"))
    assert second.stdout == first.stdout


def test_all_explainers_are_listed_in_the_written_file(tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = _awb("run", "base.toml", "--explainers", "all", "--metrics", "roc-auc", "--clips", "1",
                  "--samples", "5", "--out", out)  # fmt: skip
    assert result.exit_code in (0, 1), result.output
    written = tomllib.loads((out / "config.toml").read_text(encoding="utf-8"))
    assert {"earliest", "random-forest"} <= set(written["explainers"])
    assert "all" not in written["explainers"]


def test_show_prints_a_file_that_can_be_run() -> None:
    shown = _awb("config", "show", "small.toml", "--samples", "7", "--segment-hop-s", "0.05")
    assert shown.exit_code == 0, shown.output
    assert "small.toml: samples = 7 instead of 40" in shown.stderr
    assert "4 variants:\n  zeros--pooled" in shown.stderr
    content = tomllib.loads(shown.stdout)
    assert (content["samples"], content["segment_hop_s"], content["seed"]) == (7, 0.05, 0)
    Path("shown.toml").write_text(shown.stdout, encoding="utf-8")
    assert _awb("config", "show", "shown.toml").stdout == shown.stdout
    as_json = json.loads(_awb("config", "show", "shown.toml", "--json").stdout)
    assert [one["name"] for one in as_json["variants"]] == VARIANTS
    assert as_json["settings"]["samples"] == 7


def test_show_checks_names_but_executes_no_plugin_file() -> None:
    wrong = SWEEP.replace('"noise"]', '"niose"]')
    Path("wrong.toml").write_text(wrong, encoding="utf-8")
    result = _awb("config", "show", "wrong.toml")
    assert result.exit_code == 2
    assert "variant niose--pooled: unknown masker 'niose'. Did you mean noise?" in result.stderr
    Path("boom.py").write_text("raise SystemExit('was run')", encoding="utf-8")
    Path("boom.toml").write_text("plugin = 'boom.py'\nexplainers = 'boom'", encoding="utf-8")
    result = _awb("config", "show", "boom.toml")
    assert result.exit_code == 0, result.output
    assert "names are not checked" in result.stderr
    checked = _awb(
        "config", "show", "base.toml", "--plugin", "ramp.py", "--explainers", "from-file"
    )
    assert (checked.exit_code, checked.stderr.count("not checked")) == (0, 0)


def test_the_example_runs() -> None:
    example = _awb("config", "example").stdout
    Path("example.toml").write_text(example, encoding="utf-8")
    typed = ["--dataset", "folder:data", "--model", "loudness", "--jobs", "1", "--out", "example"]
    result = _awb("run", "example.toml", *typed)
    assert result.exit_code == 0, result.output
    assert "random-forest" in result.stdout


def test_a_sweep_makes_one_run_per_variant_and_a_table(folder: Path) -> None:
    printed = (folder / "stdout.txt").read_text(encoding="utf-8")
    logged = (folder / "stderr.txt").read_text(encoding="utf-8")
    assert "[4/4] noise--single-fraction=0.2,run_length=1: Explaining" in logged
    assert [path.name for path in sorted(Path("runs/small").iterdir()) if path.is_dir()] == sorted(
        VARIANTS
    )
    assert "roc-auc ↑ of loudness on folder:data" in printed
    assert "ff@10 ↑ of loudness on folder:data" in printed
    first = next(line for line in printed.splitlines() if line.startswith("zeros"))
    assert first.split()[:3] == ["zeros", "pooled", "2"]
    assert _awb("show", "runs/small").stdout == printed
    one = _awb("show", "runs/small/zeros--pooled", "--format", "json")
    [board] = json.loads(one.stdout)
    means = {row["explainer"]: row["roc-auc_mean"] for row in board["rows"]}
    assert f"{means['random-forest']:.3f}" in first
    assert RunFolder.open(Path("runs/small", VARIANTS[3])).config().seed == 3


def test_the_table_of_a_sweep_as_csv_json_and_markdown() -> None:
    text = _awb("show", "runs/small", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["variant"] for row in rows[::3]] == VARIANTS
    assert {(row["masker"], row["design"]) for row in rows if row["variant"] == VARIANTS[2]} == {
        ("noise", "pooled")
    }
    assert {row["roc-auc_mean"] for row in rows if row["explainer"] == "oracle"} == {"1.0"}
    content = json.loads(_awb("show", "runs/small", "--format", "json").stdout)
    assert [one["name"] for one in content["variants"]] == VARIANTS
    assert content["variants"][0]["boards"][0]["n_instances"] == 2
    markdown = _awb("show", "runs/small", "--format", "md", "--metrics", "ff@10").stdout
    assert markdown.startswith("## ff@10 ↑ of loudness on folder:data\n\n| masker")


def test_on_narrow_terminals_explainers_are_rows() -> None:
    found = sweep_boards(SweepFolder.open(Path("runs/small")), discovery.load())
    wide, narrow = sweep_text(found), sweep_text(found, width=80)
    assert sweep_text(found, width=1000) == wide
    assert wide.startswith("roc-auc ↑ of loudness")
    title, _, header, _, *rows = narrow.splitlines()
    assert title == "loudness on folder:data"
    assert header.split()[:4] == ["masker", "design", "n", "explainer"]
    assert [row.split()[0] for row in rows[:12:3]] == ["zeros", "zeros", "noise", "noise"]
    assert {row.split()[0] for row in rows[1:3]} < {"random-forest", "random", "oracle"}
    for cell in ("1.000 [", *wide.splitlines()[4].split("  ")[-3:]):
        assert cell.strip() in narrow


def test_a_sweep_in_python_is_the_same() -> None:
    found = awb.load_sweep("runs/small")
    assert not found.failed
    assert list(found.runs) == VARIANTS
    frame = found.frame()
    assert list(frame["variant"][::3]) == VARIANTS
    assert str(found) == _awb("show", "runs/small").stdout
    with pytest.raises(RunError, match="is not a sweep"):
        awb.load_sweep("runs/small/zeros--pooled")
    with pytest.raises(RunError, match="load_sweep"):
        awb.load_run("runs/small")


def test_a_sweep_is_resumed_as_a_whole_and_repeated() -> None:
    done = _awb("show", "runs/small").stdout
    typed = {"jobs": 1, "cache": "off"}
    again = awb.run("runs/small/config.toml", out="again", seed=3, **typed)
    assert str(again) == done
    shutil.rmtree(Path("again", VARIANTS[2]))
    Path("again", VARIANTS[3], "results.sqlite").unlink()
    partly = _awb("show", "again")
    assert f"Not run yet: {VARIANTS[2]}." in partly.stdout
    assert f"Not finished: {VARIANTS[3]}." in partly.stdout
    kept = Path("again", VARIANTS[0], "results.sqlite").stat().st_mtime_ns
    assert "already contains a sweep. Type: awb resume again" in (
        _awb("run", "small.toml", "--out", "again").stderr
    )
    result = _awb("resume", "again", "--jobs", "1")
    assert result.exit_code == 0, result.output
    assert result.stdout == done
    assert Path("again", VARIANTS[0], "results.sqlite").stat().st_mtime_ns == kept


def test_a_file_runs_from_python_and_options_override_it(tmp_path: Path) -> None:
    found = awb.run("base.toml", explainers="oracle", samples=5, out=tmp_path / "run")
    assert isinstance(found, type(awb.load_run(tmp_path / "run")))
    assert [row.explainer for row in found.boards[0].board.rows] == ["oracle"]


def test_an_invalid_sweep_file_is_refused(tmp_path: Path) -> None:
    for content in (
        {"format": 2},
        {"format": 1, "variants": [{"name": "../out", "values": {}, "config": {}}]},
        {"format": 1, "variants": [{"name": "a", "values": {}, "config": {"seed": -1}}]},
        {"format": 1},
    ):
        (tmp_path / "sweep.json").write_text(json.dumps(content), encoding="utf-8")
        result = _awb("resume", tmp_path)
        assert result.exit_code == 2
        assert "sweep.json" in result.stderr or "format 2" in result.stderr
