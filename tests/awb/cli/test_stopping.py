"""Hanging and crashing plugins outside ``awb run``, and faulty datasets in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import faulty_datasets
import faulty_plugins
import small_data
from awb.harness.selection.clip_scores import ScoreStore
from awb.harness.selection.whole_dataset import score_dataset
from awb.harness.storage.run_folder import RunFolder
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.plugins.session import add_file
from browser import awb as awb_here
from commands import awb

EXITS = "its process ended: exit code 3"
CRASHED = "its process ended: signal SIGSEGV"


def _run(where: str, out: Path) -> list[str]:
    return [
        "run", f"--plugin={faulty_datasets.__file__}", "--jobs=1", "--model=loudness",
        f"--dataset=faulty:how=exits,where={where}", "--samples=20", "--robustness=0",
        "--explainers=naive", "--no-baselines", "--metrics=roc-auc", f"--out={out}",
    ]  # fmt: skip


def _values(out: Path) -> dict[str, float]:
    return {row.clip_id: row.value for row in RunFolder.open(out).store().scores()}


def test_a_dataset_that_exits_loses_only_those_clips(tmp_path: Path, added: dict[Any, Any]) -> None:
    assert awb_here(*_run("", tmp_path / "sound"), "--no-isolate").exit_code == 0
    done = awb(*_run("25", tmp_path / "faulty"))
    assert done.returncode == 1, done.stderr
    assert EXITS in done.stdout
    [manifest] = RunFolder.open(tmp_path / "faulty").manifests()
    reasons = {one.clip_id: one.detail for one in manifest.skipped}
    assert {clip_id: EXITS in detail for clip_id, detail in reasons.items()} == {
        "clip-2": True,
        "clip-5": True,
    }
    sound = _values(tmp_path / "sound")
    assert len(sound) == faulty_datasets.CLIPS
    assert _values(tmp_path / "faulty") == {
        clip_id: value for clip_id, value in sound.items() if clip_id not in reasons
    }


def test_explain_leaves_out_explainers_that_crash(tmp_path: Path) -> None:
    sound, page = tmp_path / "bang.wav", tmp_path / "page.html"
    small_data.write_clip(sound, [1.1])
    done = awb(
        "explain", sound, f"--plugin={faulty_plugins.__file__}", "--model=loudness",
        "--explainers=exits,naive", "--samples=20", "--no-open", f"--out={page}",
    )  # fmt: skip
    assert done.returncode == 1
    assert EXITS in done.stderr
    rows = re.findall(
        r'"explainer":"(\w+)","baseline":false[^{]*"coverage":([\d.]+)', page.read_text()
    )
    assert dict(rows) == {"exits": "0.0", "naive": "1.0"}


def test_explain_reports_a_model_crash_on_one_line(tmp_path: Path) -> None:
    sound = tmp_path / "bang.wav"
    small_data.write_clip(sound, [1.1])
    done = awb(
        "explain", sound, f"--plugin={faulty_plugins.__file__}", "--model=crashes",
        "--explainers=naive", "--no-open", f"--out={tmp_path / 'page.html'}",
    )  # fmt: skip
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.endswith(f"model crashes on bang.wav: {CRASHED}")


def test_check_names_the_rules_under_which_a_plugin_crashes() -> None:
    done = awb("check", "faulty:how=exits,where=0", f"--plugin={faulty_datasets.__file__}")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert "  ok    ids" in lines
    assert f"  WRONG contract          {EXITS}" in lines
    assert sum(EXITS in line for line in lines) == 1
    assert any("Not tried before the contract is kept: labels" in line for line in lines)


def test_scoring_clips_stops_at_the_third_crash(tmp_path: Path, added: dict[Any, Any]) -> None:
    add_file(Path(faulty_plugins.__file__))
    dataset = resolve(load(), "dataset", f"folder:{small_data.build(tmp_path / 'data', 5)}")
    model = resolve(load(), "model", "crashes")
    store = ScoreStore(tmp_path / "scores.sqlite")
    found = score_dataset(
        dataset, model, store, clips=None, jobs=1, progress=lambda phase, done, total: None
    )
    assert found.clips == 0
    assert [CRASHED in problem for problem in found.problems] == [True] * 3 + [False]
    assert found.problems[3] == "the rest was not tried: the model was stopped on 3 clips"
