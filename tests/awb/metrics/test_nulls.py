"""No null is near the top of a column that ranks, on a small fixed set."""

from __future__ import annotations

import math

import nulls
import pytest

from awb.leaderboard.boards.board import Board


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Board:
    return nulls.run(tmp_path_factory.mktemp("nulls") / "run", clips=3, robust=1)


def test_no_null_is_near_the_top_where_places_are_given(board: Board) -> None:
    assert nulls.too_good(board) == []


def test_sharpening_moves_only_what_gives_no_places(board: Board) -> None:
    moved = 0
    for facts in board.metrics:
        row = nulls.means(board)[facts.name]
        plain, sharpened = row[nulls.GOOD], row["sharpened"]
        same = sharpened == pytest.approx(plain, abs=1e-9, nan_ok=True)
        assert same or facts.reads == "magnitudes", facts.name
        moved += not same
    assert moved >= 8


def test_keeping_nearly_all_tops_the_masked_metrics_and_gains_nothing(board: Board) -> None:
    row = {name: values["keep-nearly-all"] for name, values in nulls.means(board).items()}
    assert row["ad"] == pytest.approx(0.0, abs=0.02)
    assert row["fid-in"] == 1.0
    assert row["kept-share"] > 0.95
    for name in ("ad", "fid-in", "ff-in", "ff-out", "ag"):
        assert row[f"{name}-over-random"] == pytest.approx(0.0, abs=0.1)
    assert math.isnan(nulls.means(board)["ad"]["constant"])


def test_baselines_never_have_a_place(board: Board) -> None:
    placed = {row.explainer for row in board.rows if row.place is not None}
    assert placed == {nulls.GOOD, *(name for name in nulls.COPIES)}
    assert not {*nulls.NULLS, "oracle"} & placed


def test_the_page_is_written_from_the_board(board: Board) -> None:
    text = nulls.page(board, 1)
    assert "| `roc-auc` ↑ | yes | 1.000 |" in text
    assert "| `ad` ↓ | no |" in text
