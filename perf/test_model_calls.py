"""The page of model calls is made from runs: its means are those of the run's own table."""

from __future__ import annotations

from pathlib import Path

import model_calls
import pandas as pd
import pytest

import awb


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> awb.Run:
    return awb.run(
        models="soundscape-cnn",
        datasets="soundscapes:clips=4",
        explainers=["random-forest", "ridge", "window-shap", "keep-window"],
        metrics=list(model_calls.SCORES),
        budgets=[60, 300, 3000],
        robustness=0,
        out=tmp_path_factory.mktemp("calls") / "run",
    )


def test_the_page_and_its_table_say_what_the_run_says(run: awb.Run, tmp_path: Path) -> None:
    model_calls.write([model_calls.read(run.folder.path)], tmp_path)
    table = pd.read_csv(tmp_path / "model-calls.csv").set_index(["explainer", "budget"])
    scores = run.scores()
    for name in ("random-forest@60", "random-forest@3000", "ridge@60"):
        expected = scores.query("explainer == @name and metric == 'roc-auc'")["value"].mean()
        explainer, _, budget = name.partition("@")
        assert table.loc[(explainer, int(budget)), "roc-auc"] == pytest.approx(expected, abs=1e-5)
    page = (tmp_path / "model-calls.md").read_text()
    assert "| `ridge` |" in page
    assert "| `keep-window` |" in page
    assert (tmp_path / "model-calls.svg").stat().st_size > 10_000


def test_what_is_worse_by_more_than_the_margin_is_not_called_equal(run: awb.Run) -> None:
    board = model_calls.read(run.folder.path)
    for one in model_calls.compare(board):
        worst = min(mean for mean, _, _ in one.gaps.values())
        if worst < -model_calls.MARGIN:
            assert one.p_value > 0.05, one
