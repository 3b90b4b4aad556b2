"""Numbers and sizes as every format writes them: signs, singulars, limits."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.console import Console

from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.formats.html import to_html
from awb.leaderboard.formats.latex import to_latex
from awb.leaderboard.formats.terminal import to_terminal
from awb.leaderboard.formats.text import extent_of, footer_of, span_text, to_markdown, to_plain
from awb.metrics.facts import MetricFacts
from awb.report.page import describe, environment

AUC = MetricFacts(name="roc-auc", family="localization", summary="s", higher_is_better=True,
                  lowest=-1, highest=1, unit="u", undefined="n", citation="c")  # fmt: skip


CELL = Cell(0.5, 0.25, 0.75, 3)


def _board(
    cell: Cell = CELL, *, budget: int | None = None, instances: int = 3, clips: int = 2
) -> Board:
    row = BoardRow(None, "naive", False, 1.0, 5.0, (cell,))
    return Board(
        "d", "m", (AUC,), (row,), instances, clips, {}, (), (), "hash", True, budget
    )  # fmt: skip


def _terminal(board: Board) -> str:
    stream = io.StringIO()
    to_terminal(board, Console(file=stream, width=100, legacy_windows=False))
    return stream.getvalue()


def _page(board: Board) -> str:
    text: str = environment().from_string("{{ board | extent }}").render(board=board)
    return text


FORMATS: dict[str, Callable[[Board], str]] = {
    "plain": to_plain,
    "markdown": to_markdown,
    "terminal": _terminal,
    "latex": to_latex,
    "html": to_html,
    "page": _page,
    "lead of a report": describe,
}


@pytest.mark.parametrize(
    ("note", "line"),
    [
        ("no value on 1 of 3 instances: roc-auc", "No value on 1 of 3 instances: roc-auc"),
        ("naive was trained on other clips", "naive was trained on other clips"),
        ("roc-auc: nobody has a place", "roc-auc: nobody has a place"),
        ("Computed on cpu, float32.", "Computed on cpu, float32."),
        ("", ""),
    ],
)
def test_a_line_below_a_board_has_a_capital_unless_it_begins_with_a_name(
    note: str, line: str
) -> None:
    board = replace(_board(), notes=(note,))
    assert footer_of(board)[-1] == line
    assert environment().from_string("{{ (board | notes)[0] }}").render(board=board) == line


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_the_limit_and_the_size(form: str) -> None:
    limited = FORMATS[form](_board(budget=1000))
    assert "3 instances from 2 clips, at most 1,000 model calls" in limited
    assert "at most" not in FORMATS[form](_board())


@pytest.mark.parametrize("form", FORMATS)
def test_one_instance_is_not_written_as_several(form: str) -> None:
    assert "1 instance from 1 clip" in FORMATS[form](_board(instances=1, clips=1))
    assert "1 instances" not in FORMATS[form](_board(instances=1, clips=1))
    assert extent_of(_board(instances=2, clips=1)) == "2 instances from 1 clip"


@pytest.mark.parametrize("form", ["plain", "markdown", "terminal", "latex", "html"])
def test_what_rounds_to_zero_has_no_sign(form: str) -> None:
    text = FORMATS[form](_board(Cell(-0.0001, -0.0049, 0.004, 3)))
    assert "0.000" in text
    assert "-0.00" not in text
    assert "-.00" not in text
    assert "-0.001" in FORMATS[form](_board(Cell(-0.0009, -0.5, 0.0, 3)))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Cell(0.5, 0.25, 0.999, 3), ".25–1.00"),
        (Cell(0.0, -0.5, 0.125, 3), "-.50 to .12"),
        (Cell(0.0, -0.004, 0.05, 3), ".00–.05"),
        (Cell(-2.0, -12.5, -0.999, 3), "-12.50 to -1.00"),
        (Cell(10.3, 10.02, 10.5, 3), "10.02–10.50"),
        (Cell(0.5, math.nan, math.nan, 3), ""),
        (Cell(math.nan, math.nan, math.nan, 0), ""),
    ],
)
def test_terminal_and_page_write_the_same_intervals(cell: Cell, expected: str) -> None:
    assert span_text(cell) == expected
    shown = environment().from_string("{{ cell | span }}").render(cell=cell)
    assert shown == expected.replace("-", "−")
