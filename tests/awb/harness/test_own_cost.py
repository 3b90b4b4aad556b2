"""What is needed once per run or worker is not done for every clip, and no library in vain."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import small_data
from awb.activity import PluginCall, WorkerDiedError
from awb.errors import RunError
from awb.harness.config.resources import Resources
from awb.harness.config.run_config import make_config
from awb.harness.run import resume, run
from awb.harness.storage.run_folder import RunFolder
from awb.harness.unit import process_state, task
from awb.harness.unit.process_state import one_thread
from awb.harness.unit.record import Plan, Unit
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb.types import Clip, Instance


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_data.build(tmp_path_factory.mktemp("data"), 2)


def _plan() -> Plan:
    return Plan(
        dataset=resolve(load(), "dataset", "soundscapes"),
        model=resolve(load(), "model", "loudness"),
        weights_sha256="w",
        explainers=(resolve(load(), "explainer", "naive"),),
        metrics=(resolve(load(), "metric", "roc-auc"),),
        masker=resolve(load(), "masker", "zeros"),
        scoring_masker=resolve(load(), "masker", "zeros"),
        config=make_config(datasets=["soundscapes"], models=["loudness"], samples=10),
    )


def _unit(key: str) -> Unit:
    clip = Clip(key, np.zeros(1600, np.float32), 16_000)
    return Unit(key, _plan(), Instance("d", clip, "Loud", 0, np.array([[0.0, 0.1]])))


def _sent(unit: Unit) -> Unit:
    """Send a unit to a worker."""
    received: Unit = pickle.loads(pickle.dumps(unit))  # noqa: S301
    return received


def test_a_worker_makes_a_plan_once() -> None:
    first, second = _sent(_unit("a")), _sent(_unit("b"))
    assert first.plan is second.plan
    assert first.plan == _plan()
    other = replace(_unit("c"), plan=replace(_plan(), weights_sha256="x"))
    assert _sent(other).plan.weights_sha256 == "x"


def test_plugins_are_built_once_per_plan_and_never_those_to_skip(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    warm = task.warm

    def counted(resolved: Any) -> Any:
        asked.append(resolved.label)
        return warm(resolved)

    monkeypatch.setattr(task, "warm", counted)
    monkeypatch.setattr(task, "_last", (None, {}))
    unit = _unit("a")
    built = task._built(unit)
    assert sorted(asked) == ["naive", "roc-auc", "zeros", "zeros"]
    assert task._built(replace(unit, key="b")) is built
    assert len(asked) == 4
    skipping = replace(unit, without=((PluginCall("explainer", "naive"), "it hung"),))
    assert isinstance(task._built(skipping)["explainer", "naive"], WorkerDiedError)
    assert asked[4:] == ["roc-auc", "zeros", "zeros"]


def test_libraries_are_searched_for_threads_only_after_an_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[int] = []
    search = process_state.ThreadpoolController

    def counted() -> Any:
        searched.append(1)
        return search()

    monkeypatch.setattr(process_state, "ThreadpoolController", counted)
    process_state._controller.cache_clear()
    for _ in range(3):
        with one_thread():
            pass
    assert len(searched) == 1
    monkeypatch.setitem(sys.modules, "a_module_that_loads_a_library", sys)
    with one_thread():
        pass
    assert len(searched) == 2


def test_a_finished_run_is_resumed_without_workers_models_or_data(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(
        datasets=[f"folder:{data}"], models=["loudness"], explainers=["naive"],
        metrics=["roc-auc"], samples=10, robustness=0,
    )  # fmt: skip
    folder = run(config, tmp_path / "run", Resources(jobs=1))
    before = [repr(row) for row in folder.store().scores()]

    def refused(*_: Any, **__: Any) -> Any:
        raise RunError("a worker was started")

    monkeypatch.setattr("awb.harness.run.open_executor", refused)
    seen: list[tuple[str, int, int]] = []
    resume(folder.path, progress=lambda *said: seen.append(said))
    assert [(done, total) for _, done, total in seen] == [(2, 2)]
    assert [repr(row) for row in folder.store().scores()] == before
    with folder.store().transaction() as connection:
        for table in ("fact", "score", "explanation"):
            connection.execute(
                f"delete from {table} where unit_key in (select key from unit limit 1)"
            )
        connection.execute("delete from unit where key in (select key from unit limit 1)")
    with pytest.raises(RunError, match="a worker was started"):
        resume(folder.path)
    monkeypatch.undo()
    again = resume(folder.path, Resources(jobs=1))
    assert [repr(row) for row in again.store().scores()] == before
    assert RunFolder(folder.path).store().finished()


_MODULES = """
import sys
from awb.cli import main
try:
    main(sys.argv[1:], standalone_mode=False)
finally:
    sys.stderr.write("\\\\n" + " ".join(sys.modules))
"""


def _loaded_by(*arguments: str) -> set[str]:
    """Run a command in a process of its own, and list the modules that are loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c", _MODULES.replace("\\\\n", "\\n"), *arguments],
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return set(done.stderr.splitlines()[-1].split())


def test_commands_load_only_what_they_need(tmp_path: Path, data: Path) -> None:
    """A run without tensors or forests loads neither library, the guard of models included."""
    out = tmp_path / "run"
    ran = _loaded_by(
        "run", f"--dataset=folder:{data}", "--model=loudness", "--explainers=naive,energy",
        "--metrics=roc-auc,deletion-area", "--samples=10", "--robustness=0", "--no-baselines",
        "--jobs=1", "--no-isolate", "--cache=off", f"--out={out}",
    )  # fmt: skip
    assert not {"torch", "sklearn", "pandas", "librosa"} & ran
    shown = _loaded_by("show", str(out))
    assert not {"torch", "sklearn", "pandas", "scipy.stats", "soundfile", "multiprocessing"} & shown
    listed = _loaded_by("plugins")
    assert not {"torch", "sklearn", "pandas", "scipy", "soundfile"} & listed
