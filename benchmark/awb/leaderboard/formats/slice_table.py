"""A board in slices as text, Markdown, CSV or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

from awb.leaderboard.boards.board import BoardRow
from awb.leaderboard.boards.slices import FEW_CLIPS, Gap, Slice, SlicedBoard, widest_gap
from awb.leaderboard.formats.escaping import csv_text, markdown
from awb.leaderboard.formats.text import cell_text, counted, limit_text, number_text

_HEAD_WIDTH = 16


def slices_of(table: SlicedBoard) -> list[Slice]:
    """List the columns: all instances first."""
    return [table.whole, *table.slices]


def title_of(table: SlicedBoard) -> str:
    """Name the metric, the board and the trait."""
    board = table.board
    return (
        f"{table.metric.name} {table.metric.arrow} of {board.model} on {board.dataset}"
        f"{limit_text(board.budget)}, by {table.trait.name}"
    )


def remarks_of(table: SlicedBoard) -> list[str]:
    """List what a reader of the table should know, one line each."""
    columns, shown = slices_of(table), [row.explainer for row in table.board.rows]
    reading = (
        "Means over the instances of a slice, with 95 % intervals over clips. *: other clips"
        " might put it first in the slice; a slice without * tells nobody apart."
    )
    lines = [table.trait.summary, reading]
    if table.metric.no_rank_reason:
        lines.append(f"{table.metric.no_rank_reason}.")
    if any(one.few for one in columns):
        lines.append(f"†: fewer than {FEW_CLIPS} clips, so no intervals, and nobody is ranked.")
    if any(gap_text(one, one.rows[name]) for one in columns for name in shown if name in one.rows):
        lines.append("(n): only so many instances of the slice have a value, or are compared.")
    if any(one.bin.label == "unknown" for one in columns):
        lines.append(f"unknown: {table.trait.missing or 'not recorded'}.")
    if not table.board.finished:
        done = table.whole.n_instances
        lines.append(f"Unfinished: {done} of {table.board.n_instances} instances.")
    return lines


def gap_text(one: Slice, row: BoardRow) -> str:
    """Write the number of instances that a mean rests on, if it is not the whole slice."""
    n_used = row.cells[0].n
    return f"({n_used})" if 0 < n_used < one.n_instances else ""


def mean_text(one: Slice, explainer: str, *, interval: bool = True) -> str:
    """Write a mean with its interval, its number of instances if some lack, and its star."""
    row = one.rows.get(explainer)
    if row is None or row.cells[0].n == 0:
        return "–"
    cell = row.cells[0]
    with_ends = interval and not math.isnan(cell.low)
    parts = [cell_text(cell) if with_ends else number_text(cell.mean), gap_text(one, row)]
    star = "*" if explainer in one.leading() else ""
    return " ".join(part for part in parts if part) + star


def head_lines(one: Slice) -> list[str]:
    """Write the head of a column: its label, and its numbers of instances and clips."""
    mark = " †" if one.few else ""
    return [one.bin.label, f"n = {one.n_instances}", f"{counted(one.n_clips, 'clip')}{mark}"]


def _table(table: SlicedBoard, columns: Sequence[Slice], style: str, *, interval: bool) -> str:
    from tabulate import tabulate

    github = style == "github"
    shown = markdown if github else str
    heads = []
    for one in columns:
        label, *counts = head_lines(one)
        lines = (
            [markdown(", ".join([label, *counts]))]
            if github
            else [*wrap(label, _HEAD_WIDTH), *counts]
        )
        heads.append("\n".join(lines))
    rows = [
        [
            shown(row.explainer),
            *(mean_text(one, row.explainer, interval=interval) for one in columns),
        ]
        for row in table.board.rows
    ]
    return tabulate(rows, ["explainer", *heads], tablefmt=style, disable_numparse=True)


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def _blocks(table: SlicedBoard, width: int) -> Iterator[str]:
    """Write tables that fit: without intervals first, then with fewer columns each."""
    columns = slices_of(table)
    whole = _table(table, columns, "simple", interval=True)
    if _widest(whole) <= width:
        yield whole
        return
    while columns:
        for n_shown in range(len(columns), 0, -1):
            text = _table(table, columns[:n_shown], "simple", interval=False)
            if _widest(text) <= width or n_shown == 1:
                yield text
                columns = columns[n_shown:]
                break


def to_text(tables: Sequence[SlicedBoard], form: str, *, width: int | None = None) -> str:
    """Write tables as text for a terminal of some width, for a pipe, or as Markdown."""
    parts = []
    for table in tables:
        remarks = remarks_of(table)
        if form == "md":
            text = _table(table, slices_of(table), "github", interval=True)
            lines = "\n".join(f"- {markdown(line)}" for line in remarks)
            parts.append(f"## {markdown(title_of(table))}\n\n{text}\n\n{lines}\n")
            continue
        blocks = list(_blocks(table, width or 10**6))
        if width is not None and "[" not in "".join(blocks):
            remarks.append("No room for intervals: widen the terminal, or type --format csv.")
        parts.append("\n\n".join([title_of(table), *blocks, "\n".join(remarks)]) + "\n")
    return "\n".join(parts)


def gap_sentence(tables: Sequence[SlicedBoard]) -> str:
    """Say for each trait which of the best explainers differs most; empty if no intervals do."""
    found = [(table, widest_gap(table.best)) for table in tables]
    gaps = [_gap_text(table, gap) for table, gap in found if gap is not None]
    if not gaps:
        return ""
    differences = "Largest difference" if len(gaps) == 1 else "Largest differences"
    return (
        f"{differences} of {_best_text(tables[0])} between slices whose intervals do not overlap:"
        f" {'; '.join(gaps)}."
    )


def _gap_text(table: SlicedBoard, gap: Gap) -> str:
    means = (
        f"{number_text(one.cell(gap.explainer).mean).replace('-', '−')} in “{one.bin.label}”"
        for one in (gap.better, gap.worse)
    )
    return f"by {table.trait.name}, {gap.explainer} with {' and '.join(means)}"


def _best_text(table: SlicedBoard) -> str:
    n_best = len(table.best.board.rows)
    if n_best < len(table.entries):
        return f"the {n_best} best explainers"
    return counted(n_best, "explainer")


def to_section(tables: Sequence[SlicedBoard]) -> str:
    """Write the section of a published page, with the best explainers; empty without tables."""
    if not tables:
        return ""
    best = [table.best for table in tables]
    metric, limit = best[0].metric, limit_text(best[0].board.budget)
    shown = f"{metric.name} {metric.arrow} of {_best_text(tables[0])}"
    told = gap_sentence(tables)
    lead = f"{markdown(shown)}{limit}, among instances that are alike. {markdown(told)}"
    parts = ["### In slices", lead.rstrip()]
    for table in best:
        text = _table(table, slices_of(table), "github", interval=True)
        parts += [f"By {table.trait.name}: {markdown(table.trait.summary)}", text]
    remarks = dict.fromkeys(line for table in best for line in remarks_of(table)[1:])
    parts.append("\n".join(f"- {markdown(line)}" for line in remarks))
    return "\n\n".join(parts) + "\n\n"


def to_records(tables: Sequence[SlicedBoard]) -> list[dict[str, Any]]:
    """Flatten tables: one record per metric, slice and explainer; "all" is the whole board."""
    return [
        {
            "dataset": table.board.dataset,
            "model": table.board.model,
            "budget": table.board.budget,
            "metric": table.metric.name,
            "by": table.trait.name,
            "slice": one.bin.label,
            "from": _finite(one.bin.low),
            "below": _finite(one.bin.high),
            "n_instances": one.n_instances,
            "n_clips": one.n_clips,
            "few": one.few,
            **_row_record(one.rows[row.explainer]),
        }
        for table in tables
        for one in slices_of(table)
        for row in table.board.rows
        if row.explainer in one.rows
    ]


def _row_record(row: BoardRow) -> dict[str, Any]:
    cell, place = row.cells[0], row.place
    return {
        "explainer": row.explainer,
        "baseline": row.baseline,
        "mean": _finite(cell.mean),
        "low": _finite(cell.low),
        "high": _finite(cell.high),
        "n": cell.n,
        "rank": None if place is None else place.rank,
        "rank_low": None if place is None else place.low,
        "rank_high": None if place is None else place.high,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def to_csv(tables: Sequence[SlicedBoard]) -> str:
    """Write `to_records` as CSV."""
    records = to_records(tables)
    return csv_text(records, list(records[0]) if records else [])


def to_json(tables: Sequence[SlicedBoard]) -> str:
    """Write `to_records` as JSON."""
    return json.dumps(to_records(tables), indent=1, ensure_ascii=False, allow_nan=False)
