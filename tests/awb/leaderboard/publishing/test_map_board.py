"""The board of maps of times and frequencies, from the submissions of a whole board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from awb.leaderboard.boards.board import Board
from awb.leaderboard.publishing.board_pages import write_pages
from awb.leaderboard.publishing.provenance import Spots
from awb.leaderboard.publishing.published_board import board_of, data_of, maps_of
from awb.leaderboard.submissions.files import Reader, Submitted, find
from awb.leaderboard.submissions.spot_records import read_spots
from awb.plugins.discovery import load

LEADERBOARDS = Path(__file__).parents[4] / "leaderboards"
DRAWN = {"lime-tf", "lrp-flat", "saliency", "constant", "oracle"}
NOT_DRAWN = {"naive", "window-shap"}


@pytest.fixture(scope="module")
def group() -> list[Submitted]:
    """Some rows of the board of the embedded default, those that draw maps and others."""
    reader, [folder] = (
        Reader(),
        (LEADERBOARDS / "submissions").glob("soundscapes--soundscape-cnn-*"),
    )
    return [reader.read(path) for path in find([folder]) if path.stem in DRAWN | NOT_DRAWN]


def _maps(group: Sequence[Submitted], spots: Spots) -> Board:
    data = maps_of(data_of(group, load(), spots), group, load(), spots)
    assert data is not None
    return board_of(data)


def test_rows_with_maps_are_ranked_by_the_order_of_their_cells(group: list[Submitted]) -> None:
    spots, _ = read_spots(LEADERBOARDS, {one.record.sha256 for one in group})
    board = _maps(group, spots)
    assert {row.explainer for row in board.rows} == DRAWN
    assert all(facts.name.startswith("tf-") for facts in board.metrics)
    assert board.metrics[0].name == "tf-rank-accuracy"
    columns = {one.record.name: one.record.scores["tf-rank-accuracy"] for one in group}
    means = {
        name: np.mean([value for value in columns[name] if value is not None]) for name in DRAWN
    }
    for row in board.rows:
        assert row.cells[0].mean == pytest.approx(means[row.explainer])
    placed = [row.explainer for row in board.rows if row.place is not None]
    explainers = DRAWN - {"constant", "oracle"}
    assert placed == sorted(explainers, key=lambda name: -means[name])


def test_only_rows_that_were_spot_checked_have_places(group: list[Submitted]) -> None:
    board = _maps(group, {})
    assert {row.explainer for row in board.rows} == DRAWN
    assert all(row.place is None for row in board.rows)


def test_few_maps_make_no_board(group: list[Submitted], tmp_path: Path) -> None:
    few = [one for one in group if one.record.name not in {"saliency", "lrp-flat"}]
    [page], failed = write_pages(few, tmp_path, load())
    assert failed == []
    assert "Times and frequencies" not in page.read_text(encoding="utf-8")
    [page], _ = write_pages(group, tmp_path, load())
    assert "### Times and frequencies" in page.read_text(encoding="utf-8")
