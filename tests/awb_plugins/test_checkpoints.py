"""Checkpoints as people save them: any dtype, any problem type, and pickles told apart."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="needs transformers (extra ast)")

import torch
from safetensors.torch import load_file

import awb
import mini_checkpoints
import small_data
from awb.errors import WeightsError
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.boards.construction import boards
from awb.plugins.discovery import load
from awb.plugins.resolve import resolve
from awb_plugins.models.audioset_labels import audioset_classes
from awb_plugins.models.checkpoints import problem_of
from commands import awb as command

RATE_HZ = 16_000
NOISE = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 2 * RATE_HZ)).astype(np.float32)
TEN = (
    "Cowbell", "Church bell", "Clicking", "Maraca", "Beep, bleep", "Whoosh, swoosh, swish",
    "Vehicle horn, car horn, honking", "Dog", "Speech", "Rain",
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("one_thread")


def made(text: str) -> Any:
    resolved = resolve(load(), "model", text)
    return resolved.spec.factory(resolved.parameters)


@pytest.mark.parametrize("kind", ["ast", "hubert", "wav2vec2", "whisper", "wav2vec2-bert"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_any_dtype_scores_like_float32(kind: str, dtype: str) -> None:
    whole = made(f"transformers:{mini_checkpoints.random_checkpoint(kind)}")
    other = made(f"transformers:{mini_checkpoints.random_checkpoint(kind, dtype=dtype)}")
    np.testing.assert_allclose(other.scores(NOISE), whole.scores(NOISE), atol=0.02)
    network = getattr(other, "_network", None) or other.back_end.network
    assert {one.dtype for one in network.parameters()} == {torch.float32}
    assert other.weights_sha256
    assert (other.weights_sha256 == whole.weights_sha256) == (dtype == "float64")


def _config(classes: Any, problem: str | None = None) -> Any:
    from transformers import ASTConfig

    return ASTConfig(id2label=dict(enumerate(classes)), problem_type=problem)


@pytest.mark.parametrize(
    ("classes", "problem", "found", "told"),
    [
        (TEN, None, "single-label", True),
        (TEN, "multi_label_classification", "multi-label", False),
        (TEN, "single_label_classification", "single-label", False),
        (tuple(audioset_classes()), None, "multi-label", False),
        (tuple(audioset_classes()), "single_label_classification", "single-label", False),
        (("Dog",), None, "multi-label", False),
    ],
)
def test_what_classes_mean(classes: Any, problem: Any, found: str, *, told: bool) -> None:
    assert problem_of(_config(classes, problem), "auto", "m")[0] == found
    assert bool(problem_of(_config(classes, problem), "auto", "m")[1]) == told
    assert problem_of(_config(classes, problem), "multi-label", "m") == ("multi-label", "")


def test_regression_is_refused() -> None:
    with pytest.raises(WeightsError, match="problem_type=regression"):
        problem_of(_config(TEN, "regression"), "auto", "m")


@pytest.mark.parametrize("problem", [None, "multi_label_classification"])
@pytest.mark.parametrize("classes", [TEN, tuple(audioset_classes())])
def test_one_checkpoint_scores_alike_however_it_is_opened(problem: Any, classes: Any) -> None:
    folder = mini_checkpoints.random_checkpoint("ast", problem, classes=classes)
    named, plain = made(f"ast:checkpoint={folder}"), made(f"transformers:{folder}")
    np.testing.assert_array_equal(named.scores(NOISE), plain.scores(NOISE))
    assert named.notes == plain.notes
    assert bool(named.notes) == (problem is None and classes == TEN)
    exclusive = np.exp(np.logaddexp.reduce(-np.logaddexp(0, -named.scores(NOISE)), axis=1))
    assert np.allclose(exclusive, 1, atol=1e-3) == (problem is None and classes == TEN)


@pytest.mark.parametrize("kind", ["hubert", "ast"])
def test_a_pickle_is_converted_by_the_lines_that_are_told(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    shutil.copytree(mini_checkpoints.random_checkpoint(kind), folder)
    expected = made(f"transformers:{mini_checkpoints.random_checkpoint(kind)}").scores(NOISE)
    [whole] = folder.glob("*.safetensors")
    torch.save(load_file(whole), folder / "pytorch_model.bin")
    whole.unlink()
    with pytest.raises(WeightsError, match=r"in a pickle \(\.bin\) only") as caught:
        awb.transformers_model(folder)
    lines = str(caught.value).split("\n")[1:]
    assert len(lines) == 2
    exec(" ".join(lines), {})  # noqa: S102 - as the command line prints it, in one line
    np.testing.assert_array_equal(awb.transformers_model(folder).scores(NOISE), expected)


@pytest.mark.parametrize(
    "kind",
    [
        "hubert",
        pytest.param("ast", marks=pytest.mark.slow),
        pytest.param("whisper", marks=pytest.mark.slow),
    ],
)
def test_a_bfloat16_checkpoint_has_a_full_board(kind: str, tmp_path: Path) -> None:
    folder = mini_checkpoints.random_checkpoint(kind, dtype="bfloat16", classes=("Loud", *TEN[1:]))
    data = small_data.build(tmp_path / "data", 1)
    done = command(
        "run", "--dataset", f"folder:{data}", "--model", f"transformers:{folder}",
        "--explainers", "all", "--metrics", "deletion-area", "--samples", "30",
        "--min-score=-50", "--jobs", "1", "--robustness", "0", "--out", tmp_path / "run",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [board] = boards(RunFolder.open(tmp_path / "run"), load())
    refused = ", ".join(note for note in board.notes if note.startswith("not applicable"))
    assert len(board.rows) > 30
    for row in board.rows:
        assert np.isfinite(row.cells[0].mean) or row.explainer in refused, row
    assert not board.problems
