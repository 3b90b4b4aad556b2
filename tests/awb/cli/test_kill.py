"""``kill -9`` at any time, then ``awb resume``: the same board, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import small_data
from awb.harness.storage.run_folder import RunFolder
from browser import awb as awb_here
from commands import awb, command

N_CLIPS = 6
_LOOK_S = 0.002  # between looks at the run, which would otherwise take a core from it


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data.build(tmp_path_factory.mktemp("data") / "bursts", N_CLIPS)


def _options(data: Path, out: Path, jobs: int) -> list[str]:
    return [
        f"--dataset=folder:{data}", "--model=loudness", "--samples=150", f"--jobs={jobs}",
        "--explainers=random-forest,naive,kernel-shap,random,oracle,earliest", f"--out={out}",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def undisturbed(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "whole"
    done = awb("run", *_options(data, out, jobs=1))
    assert done.returncode == 0, done.stderr
    return out


def _stored(out: Path) -> int:
    return len(RunFolder(out).store().finished()) if (out / "results.sqlite").exists() else 0


def _shown(out: Path) -> list[str]:
    """Everything that the commands print of a run."""
    commands = (["show", "--format=json"], ["show"], ["export", "--format=csv"])
    done = [awb_here(*arguments, out) for arguments in commands]
    assert [one.exit_code for one in done] == [0, 0, 0]
    return [one.stdout for one in done]


@pytest.mark.parametrize(
    ("jobs", "units"),
    [
        (1, 2),
        pytest.param(1, 0, marks=pytest.mark.slow),
        pytest.param(2, 1, marks=pytest.mark.slow),
        pytest.param(2, 4, marks=pytest.mark.slow),
    ],
)
def test_killed_runs_resume_to_the_same_board(
    data: Path, undisturbed: Path, tmp_path: Path, jobs: int, units: int
) -> None:
    out = tmp_path / "cut"
    process = subprocess.Popen(
        command("run", *_options(data, out, jobs)),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if (out / "run.json").exists() and _stored(out) >= units:
            break
        time.sleep(_LOOK_S)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert _stored(out) < N_CLIPS, "the run ended before it was killed"
    resumed = awb("resume", out, f"--jobs={3 - jobs}")
    assert resumed.returncode == 0, resumed.stderr
    assert _shown(out) == _shown(undisturbed)


def test_a_run_with_relative_paths_resumes_from_anywhere(
    data: Path, undisturbed: Path, tmp_path: Path
) -> None:
    options = [
        f"--dataset=folder:{data.name}",
        "--out=relative",
        *_options(data, tmp_path, 2)[1:-1],
    ]
    process = subprocess.Popen(
        command("run", *options), cwd=data.parent,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    out = data.parent / "relative"
    while process.poll() is None and not (out / "manifests.json").exists():
        time.sleep(_LOOK_S)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    resumed = awb("resume", out, "--jobs=2", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    boards = [json.loads(_shown(run)[0]) for run in (out, undisturbed)]
    rows = [[{**row, "dataset": ""} for row in board["rows"]] for [board] in boards]
    assert rows[0] == rows[1]


def test_one_and_two_workers_give_identical_boards(
    data: Path, undisturbed: Path, tmp_path: Path
) -> None:
    done = awb("run", *_options(data, tmp_path / "two", jobs=2))
    assert done.returncode == 0, done.stderr
    assert _shown(tmp_path / "two") == _shown(undisturbed)
