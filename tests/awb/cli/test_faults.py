"""Fault injection: faulty plugins lose their own rows; the rest of the board is unchanged."""

from __future__ import annotations

import itertools
from pathlib import Path

import psutil
import pytest

import faulty_plugins as faulty
import small_data
from awb.harness.storage.run_folder import RunFolder
from awb.harness.work_queue import NOT_TRIED
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import load
from commands import awb

pytestmark = pytest.mark.slow  # every kind of fault; test_stopping.py is quick

SOUND = ["random", "oracle", "energy", "constant"]
LIMITS = ("--time-limit=15", "--memory-limit=1500MB")
LONG_LIMITS = ("--time-limit=300", "--memory-limit=1500MB")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data.build(tmp_path_factory.mktemp("data") / "bursts", 4)


def _run(data: Path, out: Path, explainers: list[str], metrics: list[str], *options: str) -> str:
    """Run with the faulty plugins available, and return what was printed."""
    done = awb(
        "run", f"--plugin={faulty.__file__}", f"--dataset=folder:{data}", "--model=loudness",
        "--samples=40", f"--explainers={','.join(explainers)}", f"--out={out}",
        f"--metrics={','.join(['roc-auc', *metrics, 'deletion-area'])}", *options,
    )  # fmt: skip
    bad = set(explainers) & (faulty.STOPPED.keys() | faulty.LIARS.keys())
    assert done.returncode == (1 if bad else 0), done.stderr
    return done.stdout


def _tables(out: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is stored for each explainer, except for the seconds."""
    store = RunFolder.open(out).store()
    found: dict[str, list[tuple[object, ...]]] = {}
    for row in store.explanations():
        relevance = store.relevance(row.clip_id, row.target, row.explainer)
        known = None if relevance is None else relevance.tobytes()
        found.setdefault(row.explainer, []).append(
            (row.clip_id, row.status, row.reason, row.calls, known)
        )
    for score in store.scores():
        value = (score.clip_id, score.metric, repr(score.value), score.reason)
        found[score.explainer].append(value)
    return found


@pytest.fixture(scope="module")
def clean(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run without faulty plugins, in the process of the command."""
    out = tmp_path_factory.mktemp("runs") / "clean"
    _run(data, out, SOUND, [], "--jobs=1", "--no-isolate")
    return out


@pytest.fixture(scope="module")
def faults(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with all faulty plugins, interleaved with the sound ones."""
    out = tmp_path_factory.mktemp("runs") / "faults"
    bad = [*faulty.STOPPED, *faulty.LIARS, *faulty.SURVIVORS]
    mixed = [name for pair in itertools.zip_longest(bad, SOUND) for name in pair if name]
    markers = out.parent / "markers"
    markers.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWB_TEST_MARKERS", str(markers))
        printed = _run(data, out, mixed, list(faulty.METRICS), "--jobs=1", *LIMITS)
    assert "not for the board" not in printed
    assert "nor this" not in printed
    return out


def test_the_rest_of_the_board_equals_a_run_without_faults(clean: Path, faults: Path) -> None:
    before, after = _tables(clean), _tables(faults)
    for name in SOUND:
        kept = [row for row in after[name] if row[1] not in faulty.METRICS]
        assert kept == before[name], name
        assert {row[1] for row in kept[:4]} == {"ok"}


def test_each_row_has_the_reason_of_its_failure(faults: Path) -> None:
    rows = list(RunFolder.open(faults).store().explanations())
    for name, (_, reason) in (faulty.STOPPED | faulty.LIARS).items():
        own = {row.clip_id: (row.status, row.reason) for row in rows if row.explainer == name}
        failed = {clip: reason for clip, (status, reason) in own.items() if status != "ok"}
        if name in faulty.LIARS:
            assert len(failed) == 4
            assert all(text.startswith(reason) for text in failed.values()), (name, failed)
        elif name == "exits":
            assert sorted(failed.values()) == [reason] * 3 + [NOT_TRIED]
        else:
            assert failed == {faulty.BAD_CLIP: reason}
    assert {row.status for row in rows if row.explainer in faulty.SURVIVORS} == {"ok"}
    assert {row.calls for row in rows if row.explainer == "reports-cost"} == {1}
    assert max(len(row.reason) for row in rows) <= 400


def test_each_missing_score_has_the_reason_of_its_failure(faults: Path) -> None:
    scores = [row for row in RunFolder.open(faults).store().scores() if row.explainer in SOUND]
    for name, (_, reason) in faulty.METRICS.items():
        own = [row for row in scores if row.metric == name]
        if name == "metric-crashes":
            bad = [row for row in own if row.reason]
            assert {row.clip_id for row in bad} == {"clip-3.wav"}
            assert {row.reason for row in bad} == {reason}
        elif reason:
            assert all(row.reason.startswith(reason) for row in own), name
        else:
            assert {row.value for row in own} == {0.5}


def test_processes_that_a_stopped_plugin_started_are_ended(faults: Path) -> None:
    [marker] = (faults.parent / "markers").glob("pid-*")
    pid = int(marker.name.removeprefix("pid-"))
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_resuming_does_not_retry_faulty_plugins(faults: Path) -> None:
    before = _tables(faults)
    done = awb("resume", faults, f"--plugin={faulty.__file__}", "--jobs=1")
    assert done.returncode == 1
    assert _tables(faults) == before


@pytest.mark.parametrize("where", ["--jobs=2", "--scheduler=local:2"])
def test_the_result_does_not_depend_on_the_executor(
    data: Path, faults: Path, tmp_path: Path, where: str
) -> None:
    names = ["segfaults", "exits", "interrupts", "random", "oracle"]
    printed = _run(data, tmp_path / "run", names, ["metric-beyond"], where, *LONG_LIMITS)
    assert "its process ended: signal SIGSEGV" in printed
    one, many = _tables(faults), _tables(tmp_path / "run")
    for name in names:
        assert many[name] == [row for row in one[name] if row in many[name]], name
        assert len(many[name]) == 4 + 3 * 4


def test_a_model_that_crashes_loses_only_its_own_board(
    data: Path, clean: Path, tmp_path: Path
) -> None:
    names = SOUND[:2]
    done = awb(
        "run", f"--plugin={faulty.__file__}", f"--dataset=folder:{data}", "--samples=40",
        "--models=crashes,crashes-on-batches,loudness", f"--explainers={','.join(names)}",
        "--metrics=roc-auc,deletion-area", "--jobs=2", f"--out={tmp_path / 'run'}",
        "--no-baselines",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    first, second, third = made = boards(RunFolder.open(tmp_path / "run"), load())
    assert [board.model for board in made] == ["crashes", "crashes-on-batches", "loudness"]
    assert "the model was stopped on 3 clips" in "\n".join(first.problems)
    assert [row.coverage for row in second.rows] == [0.0, 0.0]
    assert "model stopped: its process ended: signal SIGSEGV (3 instances)" in second.problems[0]
    assert [row.coverage for row in third.rows] == [1.0, 1.0]
    rows = list(RunFolder.open(tmp_path / "run").store().scores())
    before = [row for row in RunFolder.open(clean).store().scores() if row.explainer in names]
    assert [row for row in rows if row.model == "loudness"] == before
