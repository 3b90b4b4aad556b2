"""Boards as text: for a terminal, for a pipe, as Markdown, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from awb.leaderboard.board import Board, BoardRow, Cell

if TYPE_CHECKING:
    from rich.console import Console


_READING = (
    "Mean and 95 % interval over instances (bootstrap over clips)."
    " ↑ higher is better, ↓ lower is better. Rows without a rank are baselines, or miss instances."
)


def _number(value: float, digits: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _interval(cell: Cell) -> str:
    return f"[{_number(cell.low, 2)}, {_number(cell.high, 2)}]" if cell.n else ""


def _flat(cell: Cell) -> str:
    return f"{_number(cell.mean)} {_interval(cell)}".strip()


def _rank(row: BoardRow) -> str:
    return "" if row.rank is None else str(row.rank)


def _calls(row: BoardRow) -> str:
    return "–" if math.isnan(row.calls) else f"{row.calls:,.0f}"


def _title(board: Board) -> str:
    return (
        f"{board.model} on {board.dataset}:"
        f" {board.n_instances} instances from {board.n_clips} clips"
    )


def _footer(board: Board) -> list[str]:
    skipped = ", ".join(f"{count} {reason}" for reason, count in sorted(board.skipped.items()))
    lines = [
        _READING,
        f"Left out: {skipped}." if skipped else "Nothing was left out.",
        f"Manifest {board.manifest_sha256[:16]}.",
    ]
    return [*lines, *board.notes, *(f"Problem: {problem}" for problem in board.problems)]


def _header(board: Board) -> list[str]:
    metrics = [f"{facts.name} {facts.arrow}" for facts in board.metrics]
    return ["#", "explainer", *metrics, "calls", "coverage"]


def to_terminal(board: Board, console: Console) -> None:
    """Print a board to a terminal, each interval under its mean.

    Parameters
    ----------
    board : Board
        The board.
    console : Console
        Where to.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(title=_title(board), title_justify="left", title_style="bold", pad_edge=False)
    for name in _header(board):
        right = name not in {"explainer"}
        table.add_column(name, justify="right" if right else "left", no_wrap=name == "explainer")
    for row in board.rows:
        style = "dim italic" if row.baseline else ""
        cells = []
        for cell in row.cells:
            text = Text(_number(cell.mean))
            text.append(f"\n{_interval(cell)}", style="dim")
            cells.append(text)
        table.add_row(
            _rank(row), row.explainer, *cells, _calls(row), f"{row.coverage:.0%}", style=style
        )
    console.print(table)
    for line in _footer(board):
        console.print(line, style="red" if line.startswith("Problem") else "dim", highlight=False)


def _plain_rows(board: Board) -> list[list[str]]:
    return [
        [_rank(row), row.explainer, *map(_flat, row.cells), _calls(row), f"{row.coverage:.0%}"]
        for row in board.rows
    ]


def to_plain(board: Board) -> str:
    """Write a board as an aligned table, for a pipe or a log."""
    from tabulate import tabulate

    table = tabulate(_plain_rows(board), _header(board), disable_numparse=True)
    return "\n".join([_title(board), "", table, "", *_footer(board)])


def to_markdown(board: Board) -> str:
    """Write a board as a Markdown section."""
    from tabulate import tabulate

    table = tabulate(_plain_rows(board), _header(board), tablefmt="github", disable_numparse=True)
    footer = "\n".join(f"- {line}" for line in _footer(board))
    return f"## {_title(board)}\n\n{table}\n\n{footer}\n"


def to_records(board: Board) -> list[dict[str, Any]]:
    """Flatten a board: one record an explainer, three fields a metric."""
    records = []
    for row in board.rows:
        record: dict[str, Any] = {
            "dataset": board.dataset,
            "model": board.model,
            "rank": row.rank,
            "explainer": row.explainer,
            "baseline": row.baseline,
            "coverage": row.coverage,
            "calls": None if math.isnan(row.calls) else row.calls,
        }
        for facts, cell in zip(board.metrics, row.cells, strict=True):
            for field in ("mean", "low", "high"):
                value = getattr(cell, field)
                record[f"{facts.name}_{field}"] = None if math.isnan(value) else value
            record[f"{facts.name}_n"] = cell.n
        records.append(record)
    return records


def to_csv(boards: list[Board]) -> str:
    """Write boards as one CSV table."""
    records = [record for board in boards for record in to_records(board)]
    names = list(dict.fromkeys(name for record in records for name in record))
    stream = io.StringIO()
    writer = csv.DictWriter(stream, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return stream.getvalue()


def to_json(boards: list[Board]) -> str:
    """Write boards with everything that was left out of them."""
    content = [
        {
            "dataset": board.dataset,
            "model": board.model,
            "n_instances": board.n_instances,
            "n_clips": board.n_clips,
            "finished": board.finished,
            "manifest_sha256": board.manifest_sha256,
            "metrics": [
                {key: _finite(value) for key, value in asdict(facts).items()}
                for facts in board.metrics
            ],
            "rows": to_records(board),
            "skipped": board.skipped,
            "problems": list(board.problems),
            "notes": list(board.notes),
        }
        for board in boards
    ]
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
