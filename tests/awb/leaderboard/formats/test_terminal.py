"""Boards on terminals of any width: columns are complete or left out, never truncated."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from awb.harness.config.run_config import RunConfig
from awb.harness.config.sweeps import Variant
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.formats.sweep_table import SweepBoards, sweep_text
from awb.leaderboard.formats.terminal import left_out, to_terminal
from awb.leaderboard.formats.text import to_plain
from awb.metrics.facts import MetricFacts

NAMES = ("roc-auc", "average-precision", "margin", "deletion-area", "ff@10", "sparseness")
LONG = "captum:IntegratedGradients:n_steps=16,baseline=[mean]"
METRICS = tuple(
    MetricFacts(name=name, family="localization", summary="s", higher_is_better=True, lowest=-9,
                highest=1, unit="u", undefined="n", citation="c")
    for name in NAMES
)  # fmt: skip


def _board(*, gaps: bool = False, names: tuple[str, ...] = (LONG, "naive", "random")) -> Board:
    rows = tuple(
        BoardRow(
            None, name, name == "random",
            0.9 if gaps and name == "naive" else 1.0, 123456.0 + place,
            tuple(
                Cell(-1.234 - place, -1.5 - place, -1.125 - place, 5) if metric == "margin"
                else Cell(0.9 - 0.1 * place, 0.25 + 0.01 * place, 1.0, 5)
                for metric in NAMES
            ),
        )
        for place, name in enumerate(names)
    )  # fmt: skip
    return Board("d", "m", METRICS, rows, 5, 5, {}, ("naive failed: E",), (), "hash", True, None)


def _lines(board: Board, width: int) -> list[str]:
    stream = StringIO()
    to_terminal(board, Console(file=stream, width=width, legacy_windows=False))
    return stream.getvalue().splitlines()


def _table(lines: list[str]) -> list[str]:
    rule = next(place for place, line in enumerate(lines) if "───" in line)
    return lines[: next(i for i in range(rule, len(lines)) if not lines[i].strip())]


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("width", [200, 120, 100, 80, 70, 60, 50, 45])
def test_shown_columns_are_complete_and_fit(width: int, *, gaps: bool) -> None:
    lines = _lines(_board(gaps=gaps), width)
    assert max(map(len, lines)) <= width
    text = " ".join(" ".join(lines).split())
    assert "…" not in text
    found = re.search(r"(\d) columns? left out \(([^)]*)\)", text)
    hidden = found[2].split(", ") if found else []
    assert hidden == [*NAMES, "calls"][len(NAMES) - len(set(hidden) - {"calls"}) :][: len(hidden)]
    assert (int(found[1]) if found else 0) == len(hidden)
    table = "\n".join(_table(lines))
    shown = len(NAMES) - len([one for one in hidden if one != "calls"])
    assert len(re.findall(r"0\.900|-1\.234", table)) == shown >= 1
    assert len(re.findall(r"\.25–1\.00|-1\.50 to -1\.12", table)) == shown
    assert ("123,458" in table) == ("calls" not in hidden)
    assert ("90%" in table) == gaps


def test_a_wide_terminal_shows_everything() -> None:
    assert "left out (" not in "\n".join(_lines(_board(), 200))


def test_a_long_name_is_wrapped_and_keeps_its_brackets() -> None:
    for width in (80, 60):
        table = _table(_lines(_board(), width))
        assert LONG in "".join(line[4 : 4 + width // 3 + 2].strip() for line in table)
    assert max(len(line) for line in _lines(_board(names=("naive",)), 80)) <= 80


def test_if_not_even_one_column_fits_lines_exceed_the_terminal() -> None:
    table = "\n".join(_table(_lines(_board(), 12)))
    assert "0.900" in table
    assert ".25–1.00" in table


def test_a_pipe_gets_everything() -> None:
    text = to_plain(_board())
    assert all(name in text for name in NAMES)
    assert "left out (" not in text
    assert "1.000 [" not in text.splitlines()[2]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((), []),
        (("a", "b"), ["2 columns left out (a, b)"]),
        (tuple("abcdefg"), ["7 columns left out"]),
    ],
)
def test_a_few_hidden_columns_are_named(names: tuple[str, ...], expected: list[str]) -> None:
    assert [line.split(":")[0] for line in left_out(names)] == expected


@pytest.mark.parametrize("width", [160, 120, 100, 80])
def test_the_table_of_a_sweep_fits_too(width: int) -> None:
    found: Any = tuple(
        (Variant(name, {"masker": name}, RunConfig()), (_board(names=("naive", "random")),))
        for name in ("zeros", "noise")
    )
    text = sweep_text(SweepBoards(found, ()), width=width)
    tables = [line for line in text.splitlines() if not re.match(r"Problem|n is|\d column", line)]
    assert max(map(len, tables)) <= width
    hidden = re.search(r"left out \(([^)]*)\)", text)
    names = hidden[1].split(", ") if hidden else []
    if len(tables) < 15:  # explainers are rows
        assert [name for name in NAMES if name not in names] == re.findall(r"(\S+) ↑", text)
    assert "0.900 [0.25, 1.00]" in text
