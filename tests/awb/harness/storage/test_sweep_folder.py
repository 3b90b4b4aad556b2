"""Folders of sweeps, and what is checked before anything is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from awb.errors import ParameterError, RunError
from awb.harness.config.resources import Resources
from awb.harness.config.settings import settle
from awb.harness.config.sweeps import variants
from awb.harness.launch import checked_variants, out_path, start, take_up
from awb.harness.storage.run_folder import RunFolder, unused_path
from awb.harness.storage.sweep_folder import SweepFolder, is_sweep

TYPED = {"explainers": "random", "metrics": "roc-auc", "clips": 1}
SWEPT = settle(TYPED, sweep={"masker": ["zeros", "noise"]}, source=Path("mine.toml"))


def _quiet(phase: str, done: int, total: int) -> None:
    """Report nothing."""


def test_a_folder_is_what_was_created(tmp_path: Path) -> None:
    made = SweepFolder.create(tmp_path / "sweep", variants(SWEPT), "text")
    found = SweepFolder.open(tmp_path / "sweep")
    assert found.variants == made.variants
    assert found.started_in == Path.cwd()
    assert is_sweep(found.path)
    assert not list(found.runs())
    assert (found.path / "config.toml").read_text(encoding="utf-8") == "text"


def test_what_a_kill_left_behind_is_replaced_and_anything_else_is_not(tmp_path: Path) -> None:
    (tmp_path / "sweep.partial").write_text("{", encoding="utf-8")
    (tmp_path / "config.toml").touch()
    SweepFolder.create(tmp_path, variants(SWEPT), "text")
    with pytest.raises(RunError, match="awb resume"):
        SweepFolder.create(tmp_path, variants(SWEPT), "text")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").touch()
    for taken in (tmp_path / "other", tmp_path / "other" / "file"):
        with pytest.raises(RunError, match="not an empty folder"):
            SweepFolder.create(taken, variants(SWEPT), "text")
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.partial").touch()
    RunFolder.create(run, {})
    assert json.loads((run / "run.json").read_text()) == {"format": 1}


@pytest.mark.parametrize("name", ["../out", "a/b", "..", ".hidden", "", "/tmp/x"])
def test_a_variant_lies_in_the_folder(name: str, tmp_path: Path) -> None:
    SweepFolder.create(tmp_path, variants(SWEPT), "text")
    content = json.loads((tmp_path / "sweep.json").read_text(encoding="utf-8"))
    content["variants"][0]["name"] = name
    (tmp_path / "sweep.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError, match="no valid sweep"):
        SweepFolder.open(tmp_path)


def test_no_variant_is_run_if_one_is_invalid(tmp_path: Path) -> None:
    wrong = settle({"clips": 1}, sweep={"explainers": [["random"], ["naive:window=3"]]})
    with pytest.raises(ParameterError, match="variant naive-window=3: naive has no setting"):
        start(wrong, Resources(jobs=1), tmp_path / "sweep", _quiet)
    assert not (tmp_path / "sweep").exists()
    single = settle({**TYPED, "masker": "niose"})
    with pytest.raises(Exception, match=r"^unknown masker 'niose'"):
        checked_variants(single)


def test_the_folder_is_named_after_the_file_of_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert out_path(SWEPT) == Path("runs/mine")
    Path("runs/mine").mkdir(parents=True)
    assert out_path(SWEPT) == Path("runs/mine-2") == unused_path("mine")
    assert out_path(settle({**TYPED, "out": "there"})) == Path("there")
    plain = settle({}, settings=TYPED, source=Path("mine.toml"))
    assert out_path(plain).name != "mine-2"


def test_other_folders_are_not_resumed(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a run folder"):
        take_up(tmp_path, Resources(jobs=1), _quiet)
    with pytest.raises(RunError, match="is not a sweep"):
        SweepFolder.open(tmp_path)
