"""The page of two boards that answer a dataset's question only together."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from awb.leaderboard.publishing.board_pages import write_pages
from awb.leaderboard.submissions.files import Reader, find
from awb.plugins.discovery import load

SUBMISSIONS = Path(__file__).parents[4] / "leaderboards" / "submissions"
ROWS = ("naive", "window-shap", "oracle")


def _mean(model: str, name: str) -> float:
    [path] = SUBMISSIONS.glob(f"clever-hans--clever-hans-{model}--*/{name}.json")
    column = json.loads(path.read_text(encoding="utf-8"))["scores"]["roc-auc"]
    return float(np.mean([value for value in column if value is not None]))


def test_both_models_stand_side_by_side(tmp_path: Path) -> None:
    reader, paths = Reader(), find(sorted(SUBMISSIONS.glob("clever-hans--*")))
    group = [reader.read(path) for path in paths if path.stem in ROWS]
    assert len(group) == 2 * len(ROWS)
    pages, failed = write_pages(group, tmp_path, load())
    assert failed == []
    assert pages[-1].name == "clever-hans--contrast.md"
    text = pages[-1].read_text(encoding="utf-8")
    for name in ROWS:
        biased, clean = _mean("biased", name), _mean("clean", name)
        [line] = re.findall(rf"^\| {name} .*$", text, re.MULTILINE)
        told = [float(value) for value in re.findall(r"(?<![\[\d.])[+−-]?\d\.\d{3}", line)]
        assert told == [pytest.approx(value, abs=5e-4) for value in (biased, clean, biased - clean)]
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "](clever-hans--contrast.md)" in index


def test_one_model_alone_has_none(tmp_path: Path) -> None:
    reader, paths = Reader(), find(sorted(SUBMISSIONS.glob("clever-hans--*-clean--*")))
    old = tmp_path / "clever-hans--contrast.md"
    old.write_text("of two models", encoding="utf-8")
    pages, _ = write_pages([reader.read(p) for p in paths if p.stem in ROWS], tmp_path, load())
    assert [page.name for page in pages] == ["clever-hans--clever-hans-clean.md"]
    assert not old.exists(), "a page of boards that are gone would stay"
