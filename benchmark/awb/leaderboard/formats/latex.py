"""A board as a LaTeX table with booktabs rules."""

from __future__ import annotations

import math
from collections.abc import Sequence

from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.formats.escaping import latex
from awb.leaderboard.formats.text import extent_of, number_text

_NUMBER = r"\#"


def to_latex(
    board: Board, *, rows: Sequence[BoardRow] | None = None, metrics: Sequence[int] | None = None
) -> str:
    """Write a board as a table that needs only ``\\usepackage{booktabs}``."""
    shown = list(board.rows if rows is None else rows)
    columns = list(range(len(board.metrics)) if metrics is None else metrics)
    best = {column: _best(board, shown, column) for column in columns}
    arrows = {True: r"$\uparrow$", False: r"$\downarrow$"}
    heads = [
        f"{latex(board.metrics[column].name)} {arrows[board.metrics[column].higher_is_better]}"
        for column in columns
    ]
    lines = [
        r"\begin{table}",
        r"  \centering",
        f"  \\caption{{{_caption(board)}}}",
        f"  \\begin{{tabular}}{{@{{}}rl{'r' * len(columns)}r@{{}}}}",
        r"    \toprule",
        f"    {' & '.join([_NUMBER, 'explainer', *heads, 'calls'])} \\\\",
        r"    \midrule",
        *(f"    {_line(row, columns, best)} \\\\" for row in shown),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _caption(board: Board) -> str:
    return (
        f"{latex(board.model)} on {latex(board.dataset)}: {extent_of(board)};"
        " means with 95\\,\\% intervals over clips."
    )


def _best(board: Board, rows: Sequence[BoardRow], column: int) -> float:
    """Return the best mean of a column, rounded as printed."""
    means = [
        round(row.cells[column].mean, 3)
        for row in rows
        if row.place is not None and row.cells[column].n
    ]
    if not means:
        return math.nan
    return max(means) if board.metrics[column].higher_is_better else min(means)


def _line(row: BoardRow, columns: Sequence[int], best: dict[int, float]) -> str:
    name = latex(row.explainer)
    cells = [_cell(row.cells[column], best[column], row.place is not None) for column in columns]
    calls = "--" if math.isnan(row.calls) else f"{row.calls:,.0f}".replace(",", r"\,")
    rank = "" if row.rank is None else str(row.rank)
    return " & ".join([rank, f"\\textit{{{name}}}" if row.baseline else name, *cells, calls])


def _cell(cell: Cell, best: float, ranked: bool) -> str:
    if not cell.n:
        return "--"
    mean = f"${number_text(cell.mean)}$"
    if ranked and round(cell.mean, 3) == best:
        mean = f"$\\mathbf{{{number_text(cell.mean)}}}$"
    if math.isnan(cell.low):
        return mean
    ends = f"{number_text(cell.low, 2)}, {number_text(cell.high, 2)}"
    return f"{mean} {{\\scriptsize $[{ends}]$}}"
