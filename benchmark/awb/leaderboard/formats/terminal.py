"""Boards on a terminal: columns that do not fit are left out, with a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from awb.leaderboard.boards.board import Board, Cell
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.boards.pointing import HEADER, POINTING, READING, pointing_rows
from awb.leaderboard.formats.text import (
    calls_text,
    count_text,
    empty_text,
    footer_of,
    number_text,
    rank_text,
    span_text,
    title_of,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from awb.metrics.facts import MetricFacts

_MOST_NAMED = 6
_UNLIMITED = 10_000


def to_terminal(board: Board, console: Console) -> None:
    """Print a board with the columns that fit, and each interval below its mean.

    Columns are never truncated: the least important metrics are left out first, then the calls.
    Long explainer names are wrapped. If not even the first metric fits, lines are longer than the
    terminal.
    """
    from rich.text import Text

    if nothing := empty_text(board):
        console.print(Text(title_of(board), style="bold"))
        console.print(Text(nothing), highlight=False)
        return
    sizes = [(n_shown, True) for n_shown in range(len(board.metrics), 0, -1)] + [(1, False)]
    ordered = by_importance(board.metrics)
    for n_shown, with_calls in sizes:
        shown = sorted(ordered[:n_shown])
        table = _table(board, console.width, shown, with_calls=with_calls)
        width = _width(table, console)
        if width <= console.width:
            break
    console.print(Text(title_of(board), style="bold"))
    for line in outlook_sentences(board):
        console.print(Text(line, style="" if board.finished else "red"))
    given, console.width = console.width, max(width, console.width)  # else rich truncates
    console.print(table, crop=False)
    console.width = given
    hidden = [one.name for at, one in enumerate(board.metrics) if at not in shown]
    for line in [*left_out([*hidden, *([] if with_calls else ["calls"])]), *footer_of(board)]:
        console.print(line, style="red" if line.startswith("Problem") else "dim", highlight=False)
    if board.pointed:
        console.print(Text(f"\n{POINTING}", style="bold"))
        console.print(_pointing(board))
        console.print(READING, style="dim", highlight=False)


def left_out(names: Sequence[str]) -> list[str]:
    """Say which columns are left out and how to see them.

    Examples
    --------
    >>> left_out(["ff@10"])
    ['1 column left out (ff@10): widen the terminal, or type awb show RUN --metrics A,B,...']
    """
    if not names:
        return []
    which = f" ({', '.join(names)})" if len(names) <= _MOST_NAMED else ""
    count = f"{len(names)} column{'s' if len(names) > 1 else ''}"
    return [f"{count} left out{which}: widen the terminal, or type awb show RUN --metrics A,B,..."]


def by_importance(metrics: Sequence[MetricFacts]) -> list[int]:
    """List the places of columns, the most important first.

    The first one ranks; then comes the first of every other family that may rank, so that a narrow
    board shows localization and fidelity; then the others.
    """
    families: dict[str, int] = {}
    for place, facts in enumerate(metrics):
        if facts.ranks:
            families.setdefault(facts.family, place)
    return list(dict.fromkeys([0, *families.values(), *range(len(metrics))]))


def _table(board: Board, width: int, shown: Sequence[int], *, with_calls: bool) -> Table:
    """Build the table of a board with some of its metrics."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    has_gaps = any(row.coverage < 1 for row in board.rows)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("#", no_wrap=True)
    table.add_column("explainer", overflow="fold", max_width=max(12, width // 3))
    for facts in (board.metrics[place] for place in shown):
        name = facts.name.replace("-", "\n")
        table.add_column(f"{name} {facts.arrow}", justify="right", no_wrap=True)
    if with_calls:
        table.add_column("calls", justify="right", no_wrap=True)
    if has_gaps:
        table.add_column("coverage", justify="right", no_wrap=True)
    for row in board.rows:
        cells = [_cell(cell, board.n_stored) for cell in (row.cells[place] for place in shown)]
        calls = [calls_text(row)] if with_calls else []
        coverage = [f"{row.coverage:.0%}"] if has_gaps else []
        # As Text: in a plain string, rich would parse [brackets] in a name as a style.
        head = [Text(rank_text(row)), Text(row.explainer)]
        table.add_row(*head, *cells, *calls, *coverage, style="italic" if row.baseline else "")
    return table


def _pointing(board: Board) -> Table:
    """Build the table of where explanations of false alarms point."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD)
    for name in HEADER:
        words = name in ("heard", "points at")
        table.add_column(name, justify="left" if words else "right", no_wrap=not words)
    for cells in pointing_rows(board.pointed):
        table.add_row(*map(Text, cells))
    return table


def _cell(cell: Cell, n_instances: int) -> Text:
    """Write a mean with its interval below it, and n if that is not all."""
    from rich.text import Text

    text = Text(number_text(cell.mean))
    below = [span_text(cell), count_text(cell, n_instances)]
    text.append("".join(f"\n{part}" for part in below if part), style="dim")
    return text


def _width(table: Table, console: Console) -> int:
    """Return the width of a table without a limit."""
    from rich.measure import Measurement

    options = console.options.update(max_width=_UNLIMITED)
    return Measurement.get(console, options, table).maximum
