"""``awb export --to``: what MLflow, Weights & Biases and TensorBoard are told.

TensorBoard's files are read back. MLflow and W&B are heavy, so that doubles stand for them, which
record calls and check what the libraries check: the names of metrics, and that values are finite.
"""

from __future__ import annotations

import math
import re
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import submissions
from awb.errors import RunError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.trackers.entries import Entry, entries_of
from awb.leaderboard.trackers.loggers import log
from awb.plugins.discovery import load

ENTRIES = [
    Entry("m on d", "lime", {"explainer": "lime", "seed": "0"}, {"ff@10": 0.75, "ff@10.low": 0.5}),
    Entry("m on d", "naive:hop_s=0.1", {"explainer": "naive"}, {"roc-auc": 0.25, "rank": 2.0}),
    Entry("n on d", "lime", {"explainer": "lime"}, {"model-calls": 100.0}),
]
NAMED = [{"ff_10": 0.75, "ff_10.low": 0.5}, *(one.values for one in ENTRIES[1:])]
RUN = Path("no-run-is-needed")


def number(value: float) -> float | None:
    """Return None for what is left out: an explainer that is not applicable has no values."""
    return value if math.isfinite(value) else None


def test_entries_are_the_rows_of_the_board(small_run: Path) -> None:
    run = RunFolder.open(small_run)
    found = {one.explainer: one for one in entries_of(run, load())}
    [board] = boards(run, load(), columns=["roc-auc", "ff@10", "tf-iou-annotated"])
    assert set(found) == set(submissions.EXPLAINERS.split(","))
    for row in board.rows:
        one = found[row.explainer]
        assert one.facts["explainer"] == row.explainer
        assert one.facts["model"] == board.model == "loudness"
        assert one.facts["selection_sha256"] == board.manifest_sha256
        assert one.values.get("model-calls") == number(row.calls)
        assert one.values.get("rank") == row.rank
        assert all(map(math.isfinite, one.values.values()))
        for name, cell in zip(("roc-auc", "ff@10"), row.cells, strict=False):
            told = [one.values.get(f"{name}{end}") for end in ("", ".low", ".high")]
            assert told == [number(value) for value in (cell.mean, cell.low, cell.high)], name
        assert "tf-iou-annotated" not in one.values  # there are no boxes, so there is no value


class Mlflow(ModuleType):
    """Records what it is told; refuses what MLflow refuses (mlflow.utils.validation)."""

    def __init__(self) -> None:
        super().__init__("mlflow")
        self.runs: list[dict[str, Any]] = []
        self.experiment = ""
        self.down = False
        self.exceptions = SimpleNamespace(MlflowException=type("MlflowException", (Exception,), {}))

    def set_experiment(self, name: str) -> None:
        if self.down:
            raise self.exceptions.MlflowException("no answer\nTraceback")
        self.experiment = name

    @contextmanager
    def start_run(self, run_name: str) -> Iterator[None]:
        self.runs.append({"experiment": self.experiment, "name": run_name})
        yield

    def log_params(self, params: dict[str, str]) -> None:
        self.runs[-1]["params"] = params

    def log_metrics(self, metrics: dict[str, float]) -> None:
        for name, value in metrics.items():
            assert re.fullmatch(r"[/\w.\- ]+", name), name
            assert not any(other.startswith(f"{name}/") for other in metrics), "a file and a folder"
            assert math.isfinite(value)
        self.runs[-1]["metrics"] = metrics

    def get_tracking_uri(self) -> str:
        return "file:mlruns"


class Wandb(ModuleType):
    """Records what it is told."""

    def __init__(self) -> None:
        super().__init__("wandb")
        self.runs: list[Any] = []
        self.down = False
        self.errors = SimpleNamespace(Error=type("Error", (Exception,), {}))

    def init(self, **given: Any) -> Any:
        if self.down:
            raise self.errors.Error("api_key not configured")
        run = SimpleNamespace(given=given, summary={}, finished=False)
        run.finish = lambda: setattr(run, "finished", True)
        self.runs.append(run)
        return run


def test_mlflow_gets_a_run_per_explainer_in_an_experiment_per_board(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    double = Mlflow()
    monkeypatch.setitem(sys.modules, "mlflow", double)
    said = log("mlflow", ENTRIES, RUN)
    assert said == "logged 3 explainers of 2 boards to MLflow at file:mlruns"
    assert double.runs == [
        {
            "experiment": f"awb: {one.board}",
            "name": one.explainer,
            "params": one.facts,
            "metrics": named,
        }
        for one, named in zip(ENTRIES, NAMED, strict=True)
    ]
    double.down = True
    with pytest.raises(RunError, match=r"^MLflow refused: no answer.*; check MLFLOW_TRACKING_URI$"):
        log("mlflow", ENTRIES, RUN)


def test_wandb_gets_a_run_per_explainer_in_a_group_per_board(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    double = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", double)
    monkeypatch.delenv("WANDB_PROJECT", raising=False)
    assert log("wandb", ENTRIES, RUN) == "logged 3 explainers of 2 boards to Weights & Biases"
    for run, one in zip(double.runs, ENTRIES, strict=True):
        assert run.given == {
            "project": "awb",
            "group": one.board,
            "name": one.explainer,
            "config": one.facts,
        }
        assert run.summary == one.values
        assert run.finished
    monkeypatch.setenv("WANDB_PROJECT", "mine")
    log("wandb", ENTRIES[:1], RUN)
    assert double.runs[-1].given["project"] == "mine"
    double.down = True
    with pytest.raises(RunError, match="api_key not configured; type: wandb login, or set WANDB"):
        log("wandb", ENTRIES, RUN)


def scalars(folder: Path) -> dict[str, float]:
    """Read the event files of a folder: length, its checksum, a record, and its checksum."""
    from tensorboardX.proto.event_pb2 import Event

    found = {}
    for path in folder.glob("events.out.tfevents.*"):
        content, at = path.read_bytes(), 0
        while at < len(content):
            (size,) = struct.unpack_from("<Q", content, at)
            event = Event.FromString(content[at + 12 : at + 12 + size])
            at += 12 + size + 4
            for value in event.summary.value:
                if value.WhichOneof("value") == "simple_value":
                    found[value.tag] = value.simple_value
    return found


def test_tensorboard_gets_a_folder_per_explainer(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="needs the extra tensorboard")
    assert log("tensorboard", ENTRIES, tmp_path).endswith(f"type: tensorboard --logdir {tmp_path}")
    places = [tmp_path / "m_on_d" / "lime", tmp_path / "m_on_d" / "naive_hop_s=0.1"]
    for place, named in zip([*places, tmp_path / "n_on_d" / "lime"], NAMED, strict=True):
        assert scalars(place) == pytest.approx(named)


def test_the_command_tells_a_tracker(small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    double = Mlflow()
    monkeypatch.setitem(sys.modules, "mlflow", double)
    result = submissions.awb("export", small_run, "--to", "mlflow")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "logged 5 explainers of 1 board to MLflow at file:mlruns" in result.stderr
    assert len(double.runs) == 5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "mlflow", "--as", "raven"], "--as and --to are two things"),
        (["--to", "wandb", "--out", "x"], "--out says nothing to wandb"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], said: str) -> None:
    result = submissions.awb("export", RUN, *words)
    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("tracker", "module", "typed"),
    [
        ("mlflow", "mlflow", "pip install mlflow-skinny"),
        ("wandb", "wandb", "pip install wandb"),
        ("tensorboard", "tensorboardX", "pip install 'audio-where-benchmark[tensorboard]'"),
    ],
)
def test_what_is_not_installed_is_named_with_what_to_type(
    monkeypatch: pytest.MonkeyPatch, tracker: str, module: str, typed: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    result = submissions.awb("export", RUN, "--to", tracker)
    assert result.exit_code == 2
    assert f"--to needs {module}; type: {typed}" in " ".join(result.stderr.split())
