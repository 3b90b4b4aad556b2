"""The process ends at any write, to a file or in the middle of a transaction; then resume.

The kernel gives a killed process no chance to tidy up, so each run is a fork that kills itself just
before its n-th write: an SQL statement, a JSON file, or the renaming that makes it count.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import small_data
from awb.harness import run as runner
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import RunConfig, make_config
from awb.harness.storage import run_folder
from awb.harness.storage.run_folder import RUN_FILE, RunFolder
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.text import to_csv
from awb.plugins.discovery import load

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes cannot be forked here")

N_CLIPS = 3
DIED, ENDED = -signal.SIGKILL, 0


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    data = small_data.build(tmp_path_factory.mktemp("data") / "bursts", N_CLIPS)
    return make_config(
        datasets=[f"folder:{data}"],
        models=["loudness"],
        explainers=["naive", "random-forest"],
        metrics=["roc-auc", "deletion-area"],
        samples=30,
        robustness=0,
    )


@pytest.fixture(scope="module")
def undisturbed(config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> str:
    import sklearn.ensemble  # noqa: F401 - once, rather than in every fork

    out = tmp_path_factory.mktemp("runs") / "whole"
    assert _forked(lambda: _run_or_resume(config, out)) == ENDED
    return _table(out)


def _table(out: Path) -> str:
    """The board and every score, apart from how long it took."""
    folder = RunFolder.open(out)
    scores = [row for row in folder.store().scores() if row.metric != "seconds"]
    return to_csv(boards(folder, load())) + repr(scores)


def _run_or_resume(config: RunConfig, out: Path) -> None:
    if (out / RUN_FILE).exists():
        runner.resume(out, Resources(jobs=1))
    else:
        runner.run(config, out, Resources(jobs=1))


def _forked(work: Callable[[], object]) -> int:
    """Do it in a copy of this process; return its exit code, or minus its signal."""
    pid = os.fork()
    if not pid:
        try:
            work()
            os._exit(ENDED)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _fatal(write: int, work: Callable[[], object]) -> Callable[[], None]:
    """Kill the process just before its n-th write."""
    left = write

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*given: Any) -> Any:
            count()
            return write(*given)

        return counting

    class Counted(sqlite3.Connection):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            self.set_trace_callback(count)

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        return Counted(*arguments, **options)

    def doing() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sqlite3, "connect", connect)
            patch.setattr(run_folder, "write_json", counted(run_folder.write_json))
            patch.setattr(Path, "replace", counted(Path.replace))
            work()

    return doing


def _survives(config: RunConfig, undisturbed: str, out: Path, writes: list[int]) -> bool:
    """Kill the run at each of the writes, one after the other; was it killed at all?"""
    ends = [_forked(_fatal(write, lambda: _run_or_resume(config, out))) for write in writes]
    assert set(ends) <= {DIED, ENDED}
    assert _forked(lambda: _run_or_resume(config, out)) == ENDED
    assert _table(out) == undisturbed
    return DIED in ends


@pytest.mark.parametrize("write", [1, 2, 3, 9, 20, 30, 45])
def test_killed_before_a_write(
    config: RunConfig, undisturbed: str, tmp_path: Path, write: int
) -> None:
    assert _survives(config, undisturbed, tmp_path / "cut", [write])


@pytest.mark.slow
def test_killed_before_every_write(config: RunConfig, undisturbed: str, tmp_path: Path) -> None:
    write = 1
    while _survives(config, undisturbed, tmp_path / str(write), [write]):
        write += 1
    assert write > 60


def test_killed_again_and_again(config: RunConfig, undisturbed: str, tmp_path: Path) -> None:
    assert _survives(config, undisturbed, tmp_path / "cut", [11, 13, 17, 19, 23])
