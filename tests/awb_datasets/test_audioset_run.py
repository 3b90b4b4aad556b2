"""A miniature AudioSet, from the published layout to a board, on the real YAMNet and a tiny AST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import mini_audioset
from awb.cli import main
from awb.harness.storage.run_folder import RunFolder


def awb(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> str:
    return mini_audioset.build(tmp_path_factory.mktemp("mini"), 5)


def board(dataset: str, model: str, out: Path) -> dict[str, Any]:
    """Run all explainers with few samples and return the board."""
    done = awb(
        "run", "--dataset", dataset, "--model", model, "--explainers", "all", "--metrics",
        "roc-auc", "--samples", "40", "--jobs", "1", "--out", out,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    [found] = json.loads(awb("show", out, "--format", "json").stdout)
    assert found["n_instances"] > 0
    result: dict[str, Any] = found
    return result


def values(found: dict[str, Any]) -> dict[str, float]:
    """Return the metric of every explainer that has one."""
    means = {row["explainer"]: row["roc-auc_mean"] for row in found["rows"]}
    return {name: mean for name, mean in means.items() if mean is not None}


@pytest.mark.slow
def test_a_full_board_of_the_real_yamnet(dataset: str, test_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    weights = test_data / "yamnet" / "yamnet.tflite"
    found = board(dataset, f"yamnet:path={weights}", tmp_path / "run")
    scored = values(found)
    assert scored["oracle"] == 1.0
    assert scored["naive"] > 0.6
    assert {"random-forest", "kernel-shap", "lime", "energy", "constant"} <= set(scored)


@pytest.mark.slow
def test_a_full_board_of_a_tiny_ast(dataset: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs transformers (extra ast)")
    model = f"ast:checkpoint={mini_audioset.tiny_ast()},device=cpu"
    with mini_audioset.one_thread():
        found = board(dataset, model, tmp_path / "run")
    scored = values(found)
    assert scored["oracle"] == 1.0
    applicable = {"saliency", "grad-cam", "score-cam", "attention-rollout", "random-forest"}
    assert applicable <= set(scored)
    [manifest] = RunFolder.open(tmp_path / "run").manifests()
    assert {one.reason for one in manifest.skipped} >= {"label unknown to the model"}


def test_tables_and_runs_agree_on_the_real_yamnet(
    dataset: str, test_data: Path, tmp_path: Path
) -> None:
    """What `awb data` keeps with stored scores is what `awb run` selects."""
    pytest.importorskip("ai_edge_litert", reason="needs the extra yamnet")
    import pyarrow.parquet

    model = f"yamnet:path={test_data / 'yamnet' / 'yamnet.tflite'}"
    scores, out = tmp_path / "scores.sqlite", tmp_path / "run"
    scored = awb("data", "scores", dataset, "--model", model, "--out", scores, "--jobs", "1")
    assert scored.exit_code == 0, scored.output
    done = awb("data", "prepare", dataset, "--model", model, "--scores", scores, "--out", tmp_path)
    assert done.exit_code == 0, done.output
    [path] = tmp_path.glob("yamnet*.parquet")
    table = pyarrow.parquet.read_table(path).to_pylist()
    kept = {(row["clip_id"], row["positive_label"]) for row in table if row["kept"]}
    awb(
        "run", "--dataset", dataset, "--model", model, "--explainers", "constant", "--metrics",
        "roc-auc", "--jobs", "1", "--out", out,
    )  # fmt: skip
    [manifest] = RunFolder.open(out).manifests()
    assert {(one.clip_id, one.target) for one in manifest.kept} == kept
