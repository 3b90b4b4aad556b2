"""Boards as text: for a pipe, as Markdown, CSV or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, NamedTuple

from awb.data.instance_kinds import NOUNS
from awb.harness.selection.no_instances import reasons
from awb.leaderboard.boards.board import Board, BoardRow, Cell
from awb.leaderboard.boards.outlook import outlook_sentences
from awb.leaderboard.boards.pointing import HEADER, POINTING, READING, pointing_rows
from awb.leaderboard.formats.escaping import csv_text, markdown

_READING = (
    "Mean and 95 % interval over clips."
    " ↑ higher is better, ↓ lower is better. # is the rank by the first metric, the ranks that are"
    " possible (95 %), and group letters: explainers that share a letter are not told apart (paired"
    " sign-flip test over clips, corrected for all pairs, 5 %). Rows without a rank are baselines,"
    " or lack instances."
)
_READING_UNFINISHED = (
    "Mean and 95 % interval over the clips of the instances that are done."
    " ↑ higher is better, ↓ lower is better."
)


_LEGEND = 2  # lines of a footer that a board without a table does not need


def number_text(value: float, digits: int = 3) -> str:
    """Write a number, or a dash for NaN; what rounds to zero has no sign."""
    return "–" if math.isnan(value) else f"{value:z.{digits}f}"


def short_text(value: float) -> str:
    """Write a number with two digits and no leading zero.

    Examples
    --------
    >>> short_text(0.25), short_text(-0.5), short_text(-0.001), short_text(1.0)
    ('.25', '-.50', '.00', '1.00')
    """
    text = number_text(value, 2)
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def span_text(cell: Cell) -> str:
    """Write an interval in as few characters as possible: ".25–1.00", "-.50 to .10"."""
    if not cell.n or math.isnan(cell.low):
        return ""
    low, high = short_text(cell.low), short_text(cell.high)
    return f"{low}{' to ' if low.startswith('-') else '–'}{high}"


def _interval(cell: Cell) -> str:
    return f"[{number_text(cell.low, 2)}, {number_text(cell.high, 2)}]" if cell.n else ""


def cell_text(cell: Cell, n_instances: int = 0) -> str:
    """Write a mean with its interval, and with n if that is not all: "0.894 [0.85, 0.92] n=19"."""
    return f"{number_text(cell.mean)} {_interval(cell)} {count_text(cell, n_instances)}".strip()


def count_text(cell: Cell, n_instances: int) -> str:
    """Write on how many instances a mean is based, if it is not all of them."""
    return f"n={cell.n}" if 0 < cell.n < n_instances else ""


def rank_text(row: BoardRow) -> str:
    """Write a place with its interval and its letters: "2 (1–4) ab"."""
    if row.place is None:
        return ""
    place = row.place
    span = f" ({place.low}–{place.high})" if place.low != place.high else ""
    return f"{place.rank}{span} {place.groups}".strip()


def calls_text(row: BoardRow) -> str:
    """Write the model calls per instance, or a dash where they are unknown."""
    return "–" if math.isnan(row.calls) else f"{row.calls:,.0f}"


def counted(number: int, noun: str) -> str:
    """Write a number of things: "1 clip", "6 clips"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def limit_text(budget: int | None) -> str:
    """Write the limit of a board at a budget, to be appended; empty without one.

    Examples
    --------
    >>> limit_text(1000), limit_text(None)
    (', at most 1,000 model calls', '')
    """
    return "" if budget is None else f", at most {budget:,} model calls"


def instances_text(board: Board) -> str:
    """Write how many instances a board has, and of which kind: "9 instances", "1 miss"."""
    one, several = NOUNS[board.kind]
    return f"{board.n_instances} {one if board.n_instances == 1 else several}"


def extent_of(board: Board) -> str:
    """Describe a board's size: "9 instances from 6 clips, at most 100 model calls"."""
    instances = instances_text(board)
    clips = counted(board.n_clips, "clip")
    if not board.finished:
        instances = f"unfinished, {board.n_stored} of {instances}"
    return f"{instances} from {clips}{limit_text(board.budget)}"


def title_of(board: Board) -> str:
    """Name a board and its size."""
    return f"{board.model} on {board.dataset}: {extent_of(board)}"


def empty_text(board: Board, told: Callable[[str], str] = str) -> str:
    """Say in one line why a board has no instances; empty if it has some."""
    if board.n_instances:
        return ""
    why = told(reasons(board.skipped)) if board.skipped else "the dataset has no clips"
    return f"Nothing to explain: {why}."


def footer_of(board: Board, told: Callable[[str], str] = str) -> list[str]:
    """List the lines below a board: how to read it, what was left out, what went wrong.

    What plugins and data say is written by ``told``, which escapes it.
    """
    skipped = ", ".join(
        f"{count} {told(reason)}" for reason, count in sorted(board.skipped.items())
    )
    lines = [
        _READING if board.finished else _READING_UNFINISHED,
        f"Left out: {skipped}." if skipped else "Nothing was left out.",
        f"Manifest {board.manifest_sha256[:16]}.",
    ]
    problems = (f"Problem: {told(problem)}" for problem in board.problems)
    return [*lines, *map(told, notes_of(board)), *problems]


def notes_of(board: Board) -> list[str]:
    """Begin every note of a board with a capital, unless it begins with the name of something."""
    names = {board.model, board.dataset, *(facts.name for facts in board.metrics)}
    names.update(row.explainer for row in board.rows)
    return [
        note if note.split(" ", 1)[0].rstrip(":,") in names else note[:1].upper() + note[1:]
        for note in board.notes
    ]


def _header(board: Board) -> list[str]:
    metrics = [f"{facts.name} {facts.arrow}" for facts in board.metrics]
    return ["#", "explainer", *metrics, "calls", "coverage"]


def _plain_rows(board: Board) -> list[list[str]]:
    return [
        [
            rank_text(row),
            row.explainer,
            *(cell_text(cell, board.n_stored) for cell in row.cells),
            calls_text(row),
            f"{row.coverage:.0%}",
        ]
        for row in board.rows
    ]


class Parts(NamedTuple):
    """The texts of a board, for formats with a layout of their own."""

    title: str
    lead: list[str]
    header: list[str]
    rows: list[list[str]]
    footer: list[str]


def to_parts(board: Board) -> Parts:
    """Return the title, lead, header, rows and footer of a board."""
    return Parts(
        title_of(board),
        outlook_sentences(board),
        _header(board),
        _plain_rows(board),
        footer_of(board),
    )


def to_plain(board: Board) -> str:
    """Write a board as an aligned table of plain text."""
    from tabulate import tabulate

    if nothing := empty_text(board):
        return "\n".join([title_of(board), nothing, *footer_of(board)[_LEGEND:]])
    header, rows = _header(board), _plain_rows(board)
    if all(row.coverage == 1 for row in board.rows):
        header, rows = header[:-1], [row[:-1] for row in rows]
    table = tabulate(rows, header, disable_numparse=True)
    lines = [title_of(board), *outlook_sentences(board), "", table, "", *footer_of(board)]
    return "\n".join([*lines, *_pointing(board, "simple")])


def _pointing(board: Board, style: str) -> list[str]:
    """Write where explanations of false alarms point; no lines for other boards."""
    from tabulate import tabulate

    if not board.pointed:
        return []
    shown = markdown if style == "github" else str
    rows = [[*map(shown, row)] for row in pointing_rows(board.pointed)]
    table = tabulate(rows, HEADER, tablefmt=style, disable_numparse=True)
    heading = POINTING if style == "simple" else f"### {POINTING}"
    return ["", heading, "", table, "", READING]


def to_markdown(board: Board, *, title: str | None = None, lead: str | None = None) -> str:
    """Write a board as a Markdown section, below a lead: by default, what the clips can tell.

    The title and the lead are Markdown; every other text is escaped.
    """
    from tabulate import tabulate

    if nothing := empty_text(board, markdown):
        lines = [nothing, *footer_of(board, markdown)[_LEGEND:]]
        listed = "\n".join(f"- {line}" for line in lines)
        return f"## {title or markdown(title_of(board))}\n\n{listed}\n"
    rows = [[place, markdown(name), *rest] for place, name, *rest in _plain_rows(board)]
    header = [*map(markdown, _header(board))]
    table = tabulate(rows, header, tablefmt="github", disable_numparse=True)
    footer = "\n".join(f"- {line}" for line in footer_of(board, markdown))
    lead = " ".join(outlook_sentences(board, markdown)) if lead is None else lead
    before = f"{lead}\n\n" if lead else ""
    pointing = "\n".join(_pointing(board, "github"))
    after = f"{pointing}\n" if pointing else ""
    return f"## {title or markdown(title_of(board))}\n\n{before}{table}\n\n{footer}\n{after}"


def record_columns(board: Board) -> list[str]:
    """List the fields of `to_records`, in order."""
    own = ("mean", "low", "high", "n")
    return [*_FIELDS, *(f"{facts.name}_{part}" for facts in board.metrics for part in own)]


_FIELDS = (
    "dataset", "model", "budget", "rank", "rank_low", "rank_high", "tied", "explainer", "baseline",
    "coverage", "calls", "finished",
)  # fmt: skip


def to_records(board: Board) -> list[dict[str, Any]]:
    """Flatten a board: one record per explainer, four fields per metric."""
    records = []
    for row in board.rows:
        record: dict[str, Any] = {
            "dataset": board.dataset,
            "model": board.model,
            "budget": board.budget,
            "rank": row.rank,
            "rank_low": None if row.place is None else row.place.low,
            "rank_high": None if row.place is None else row.place.high,
            "tied": None if row.place is None else row.place.groups,
            "explainer": row.explainer,
            "baseline": row.baseline,
            "coverage": row.coverage,
            "calls": None if math.isnan(row.calls) else row.calls,
            "finished": board.finished,
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
    return csv_text(records, names)


def to_json(boards: list[Board]) -> str:
    """Write boards as JSON, with everything that was left out of them."""
    content = [
        {
            "dataset": board.dataset,
            "model": board.model,
            "budget": board.budget,
            "n_instances": board.n_instances,
            "n_clips": board.n_clips,
            "n_done": board.n_stored,
            "finished": board.finished,
            "lead": outlook_sentences(board),
            "manifest_sha256": board.manifest_sha256,
            "metrics": [
                {key: _finite(value) for key, value in asdict(facts).items()}
                for facts in board.metrics
            ],
            "rows": to_records(board),
            "skipped": board.skipped,
            "problems": list(board.problems),
            "notes": list(board.notes),
            "instances": board.kind,
            "pointed_at": [asdict(one) for one in board.pointed],
        }
        for board in boards
    ]
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
