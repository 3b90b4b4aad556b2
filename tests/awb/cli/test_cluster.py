"""Runs on a Dask cluster: the same boards, whatever is killed in between."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.long_table import write
from awb.leaderboard.formats.text import to_json
from awb.plugins.discovery import load
from commands import awb, command

N_CLIPS = 6
CRASHING = "clip-2.wav"
_LOOK_S = 0.002  # between looks at the run, which would otherwise take a core from it


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data.build(tmp_path_factory.mktemp("data") / "bursts", N_CLIPS)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the explainer that crashes once records its crash; part of its label."""
    return tmp_path_factory.mktemp("log") / "crashes"


def _options(data: Path, log: Path, out: Path) -> list[str]:
    crashes_once = f"earliest:crash_on={CRASHING},crash=kill,crashes=1,crash_log={log}"
    return [
        f"--dataset=folder:{data}", "--model=loudness", "--samples=150", f"--out={out}",
        f"--explainers=naive,kernel-shap,random,{crashes_once}",
    ]  # fmt: skip


def _boards(out: Path) -> tuple[str, bytes]:
    """The boards with all digits, and the long table."""
    folder = RunFolder.open(out)
    found = boards(folder, load(), columns=["all"])
    return to_json(found), write(folder.store().scores(), "csv")


@pytest.fixture(scope="module")
def undisturbed(
    data: Path, log: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, bytes]:
    """The boards of a run in one local process without crashes."""
    log.write_text("crash\n", encoding="utf-8")
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = awb("run", *_options(data, log, out), "--jobs=1")
    assert done.returncode == 0, done.stderr
    return _boards(out)


@pytest.mark.parametrize(
    "where", [pytest.param("--jobs=2", marks=pytest.mark.slow), "--scheduler=local:2"]
)
def test_a_worker_killed_in_mid_unit_changes_nothing(
    data: Path, log: Path, undisturbed: tuple[str, bytes], tmp_path: Path, where: str
) -> None:
    log.unlink()
    done = awb("run", *_options(data, log, tmp_path / "run"), where)
    assert done.returncode == 0, done.stderr
    assert log.read_text(encoding="utf-8") == "crash\n", "one worker was killed"
    assert _boards(tmp_path / "run") == undisturbed


def _stored(out: Path) -> int:
    return len(RunFolder(out).store().finished()) if (out / "results.sqlite").exists() else 0


@pytest.mark.slow
def test_a_killed_dask_run_is_finished_by_another_executor(
    data: Path, log: Path, undisturbed: tuple[str, bytes], tmp_path: Path
) -> None:
    log.write_text("crash\n", encoding="utf-8")
    out = tmp_path / "cut"
    process = subprocess.Popen(
        command("run", *_options(data, log, out), "--scheduler=local:2"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not _stored(out):
        time.sleep(_LOOK_S)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 1 <= _stored(out) < N_CLIPS, "the run ended before it was killed"
    assert workers
    assert not psutil.wait_procs(workers, timeout=60)[1], "workers outlived the main process"
    resumed = awb("resume", out, "--jobs=1")
    assert resumed.returncode == 0, resumed.stderr
    assert _boards(out) == undisturbed


def test_a_killed_local_run_is_finished_on_a_cluster(
    data: Path, log: Path, undisturbed: tuple[str, bytes], tmp_path: Path
) -> None:
    log.write_text("crash\n", encoding="utf-8")
    out = tmp_path / "cut"
    process = subprocess.Popen(
        command("run", *_options(data, log, out), "--jobs=1"),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline and not _stored(out):
        time.sleep(_LOOK_S)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert _stored(out) < N_CLIPS, "the run ended before it was killed"
    resumed = awb("resume", out, "--scheduler=local:2")
    assert resumed.returncode == 0, resumed.stderr
    assert _boards(out) == undisturbed


@pytest.mark.parametrize(
    "where", ["--jobs=2", pytest.param("--scheduler=local:2", marks=pytest.mark.slow)]
)
def test_an_explainer_that_crashes_its_worker_is_a_row_with_a_reason(
    data: Path, tmp_path: Path, where: str
) -> None:
    out = tmp_path / "run"
    done = awb(
        "run", f"--dataset=folder:{data}", "--model=loudness", "--samples=50", f"--out={out}",
        f"--explainers=naive,earliest:crash_on={CRASHING}", where,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "its process ended: exit code 3" in done.stdout
    rows = list(RunFolder(out).store().explanations())
    failed = {(row.clip_id, row.explainer) for row in rows if row.status != "ok"}
    assert failed == {(CRASHING, f"earliest:crash_on={CRASHING}")}
    assert _stored(out) == N_CLIPS
