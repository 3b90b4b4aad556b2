"""Tell MLflow, Weights & Biases or TensorBoard; each library is imported when it is used.

Where the results go, and as whom, is set as each library documents it (``MLFLOW_TRACKING_URI``,
``WANDB_MODE``, ``WANDB_PROJECT``); nothing of that is read or stored here.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType

from awb.errors import MissingExtraError, RunError, one_line
from awb.leaderboard.trackers.entries import Entry

PROJECT = "awb"
_INSTALL = {
    "mlflow": "mlflow-skinny",
    "wandb": "wandb",
    "tensorboardX": "'audio-where-benchmark[tensorboard]'",
}
_NOT_IN_NAMES = re.compile(r"[^\w.-]")
"""MLflow refuses these, or makes folders of them; TensorBoard replaces them."""


def log(tracker: str, entries: Sequence[Entry], into: Path) -> str:
    """Log entries, each as a run of its own, and say where they are.

    Parameters
    ----------
    tracker : str
        One of `TRACKERS`.
    entries : sequence of Entry
        What to log.
    into : Path
        Folder of TensorBoard's files; the others have servers or folders of their own.

    Returns
    -------
    str
        One sentence for the user.

    Raises
    ------
    MissingExtraError
        If the library is not installed.
    RunError
        If the tracker refuses.
    """
    return TRACKERS[tracker](entries, into)


def check_installed(tracker: str) -> None:
    """Refuse a tracker whose library is missing, before a run is read for it."""
    _library({"tensorboard": "tensorboardX"}.get(tracker, tracker))


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingExtraError(f"--to needs {name}; type: pip install {_INSTALL[name]}") from error


def _to_mlflow(entries: Sequence[Entry], _: Path) -> str:
    mlflow = _library("mlflow")
    try:
        for one in entries:
            mlflow.set_experiment(f"{PROJECT}: {one.board}")
            with mlflow.start_run(run_name=one.explainer):
                mlflow.log_params(dict(one.facts))
                mlflow.log_metrics(_named(one.values))
        return f"{_counted(entries)} to MLflow at {mlflow.get_tracking_uri()}"
    except mlflow.exceptions.MlflowException as error:
        raise RunError(f"MLflow refused: {one_line(error)}; check MLFLOW_TRACKING_URI") from error


def _to_wandb(entries: Sequence[Entry], _: Path) -> str:
    wandb = _library("wandb")
    try:
        for one in entries:
            run = wandb.init(
                project=os.environ.get("WANDB_PROJECT", PROJECT),
                group=one.board,
                name=one.explainer,
                config=dict(one.facts),
            )
            run.summary.update(dict(one.values))
            run.finish()
    except wandb.errors.Error as error:
        raise RunError(
            f"Weights & Biases refused: {one_line(error)}; type: wandb login, or set"
            " WANDB_MODE=offline"
        ) from error
    return f"{_counted(entries)} to Weights & Biases"


def _to_tensorboard(entries: Sequence[Entry], into: Path) -> str:
    tensorboard = _library("tensorboardX")
    for one in entries:
        place = into / _plain(one.board) / _plain(one.explainer)
        with tensorboard.SummaryWriter(str(place)) as writer:
            writer.add_text("facts", _table(one.facts))
            for name, value in _named(one.values).items():
                writer.add_scalar(name, value, 0)
    return f"{_counted(entries)} to {into}; type: tensorboard --logdir {into}"


def _named(values: Mapping[str, float]) -> dict[str, float]:
    """Name values so that every tracker takes the names: ``ff@10`` is ``ff_10``."""
    return {_NOT_IN_NAMES.sub("_", name): value for name, value in values.items()}


def _counted(entries: Sequence[Entry]) -> str:
    boards = len({one.board for one in entries})
    return f"logged {len(entries)} explainers of {boards} board{'s' if boards != 1 else ''}"


def _plain(name: str) -> str:
    return re.sub(r"[^\w.=+-]+", "_", name)


def _table(facts: Mapping[str, str]) -> str:
    rows = (f"| {name} | {value} |" for name, value in facts.items())
    return "\n".join(["| | |", "| --- | --- |", *rows])


TRACKERS: Mapping[str, Callable[[Sequence[Entry], Path], str]] = {
    "mlflow": _to_mlflow,
    "wandb": _to_wandb,
    "tensorboard": _to_tensorboard,
}
"""How each is told."""
