"""The tables of a sweep, one per metric and board: variants are rows, explainers columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from awb.harness.config.sweeps import Variant
from awb.harness.storage.sweep_folder import SweepFolder
from awb.leaderboard.boards.board import Board, Cell
from awb.leaderboard.boards.construction import boards
from awb.leaderboard.formats.escaping import csv_text, markdown
from awb.leaderboard.formats.terminal import left_out
from awb.leaderboard.formats.text import cell_text, limit_text, to_json, to_records
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry


@dataclass(frozen=True, slots=True)
class SweepBoards:
    """The boards of every variant that was started, in the order of the sweep."""

    found: tuple[tuple[Variant, tuple[Board, ...]], ...]
    waiting: tuple[str, ...]  # names of the variants that were not started

    @property
    def failed(self) -> bool:
        """Whether something failed, nothing was selected, or a variant was not run."""
        return bool(self.waiting) or any(board.failed for _, group in self.found for board in group)


def sweep_boards(
    folder: SweepFolder, registry: Registry, *, columns: Sequence[str] | None = None
) -> SweepBoards:
    """Make the boards of a sweep."""
    found = tuple(
        (variant, tuple(boards(run, registry, columns=columns))) for variant, run in folder.runs()
    )
    started = {variant.name for variant, _ in found}
    waiting = tuple(one.name for one in folder.variants if one.name not in started)
    return SweepBoards(found, waiting)


@dataclass(frozen=True, slots=True)
class SweepTable:
    """One metric of one (dataset, model) pair over all variants."""

    title: str
    header: tuple[str, ...]  # the settings that vary, "n", and the explainers
    rows: tuple[tuple[str, ...], ...]  # one per variant; means with 95 % intervals over clips


def sweep_tables(given: SweepBoards) -> list[SweepTable]:
    """Arrange boards in tables, with variants as rows and explainers as columns."""
    return [
        _table(group, facts)
        for group in _groups(given)
        for facts in dict.fromkeys(one for _, board in group for one in board.metrics)
    ]


def _groups(given: SweepBoards) -> list[list[tuple[Variant, Board]]]:
    """Group boards by dataset, model and budget."""
    groups: dict[tuple[str, str, int | None], list[tuple[Variant, Board]]] = {}
    for variant, some in given.found:
        for board in some:
            key = (board.dataset, board.model, board.budget)
            groups.setdefault(key, []).append((variant, board))
    return list(groups.values())


def _long_table(group: Sequence[tuple[Variant, Board]], facts: Sequence[MetricFacts]) -> SweepTable:
    """Arrange boards with one row per variant and explainer, for narrow terminals."""
    first = group[0][1]
    settings = list(dict.fromkeys(name for variant, _ in group for name in variant.values))
    rows = []
    for variant, board in group:
        columns = [dict(_cells(board, one)) for one in facts]
        head = [*(variant.values.get(name, "") for name in settings), str(board.n_instances)]
        for name in _explainers([(variant, board)]):
            cells = (cell_text(column[name]) if name in column else "" for column in columns)
            rows.append((*head, name, *cells))
            head = [""] * len(head)
    names = (f"{one.name} {one.arrow}" for one in facts)
    title = f"{first.model} on {first.dataset}{limit_text(first.budget)}"
    return SweepTable(title, (*settings, "n", "explainer", *names), tuple(rows))


def _narrow(given: SweepBoards, style: str, width: int) -> Iterator[str]:
    """Write one table per group, with as many of the first metrics as fit."""
    for group in _groups(given):
        facts = list(dict.fromkeys(one for _, board in group for one in board.metrics))
        for n_shown in range(len(facts), 0, -1):
            text = _written(_long_table(group, facts[:n_shown]), style)
            if _widest(text) <= width or n_shown == 1:
                yield "\n\n".join([text, *left_out([one.name for one in facts[n_shown:]])])
                break


def _table(group: Sequence[tuple[Variant, Board]], facts: MetricFacts) -> SweepTable:
    board = group[0][1]
    explainers = _explainers(group)
    settings = list(dict.fromkeys(name for variant, _ in group for name in variant.values))
    rows = []
    for variant, one in group:
        cells = dict(_cells(one, facts))
        rows.append(
            (
                *(variant.values.get(name, "") for name in settings),
                str(one.n_instances),
                *(cell_text(cells[name]) if name in cells else "" for name in explainers),
            )
        )
    title = (
        f"{facts.name} {facts.arrow} of {board.model} on {board.dataset}{limit_text(board.budget)}"
    )
    return SweepTable(title, (*settings, "n", *explainers), tuple(rows))


def _explainers(group: Sequence[tuple[Variant, Board]]) -> list[str]:
    """List the explainers, baselines last."""
    rows = [row for _, board in group for row in board.rows]
    ordered = sorted(rows, key=lambda row: row.baseline)
    return list(dict.fromkeys(row.explainer for row in ordered))


def _cells(board: Board, facts: MetricFacts) -> Iterator[tuple[str, Cell]]:
    """Yield each explainer's cell of one metric, if the board has it."""
    if facts in board.metrics:
        place = board.metrics.index(facts)
        for row in board.rows:
            yield row.explainer, row.cells[place]


def remarks(given: SweepBoards) -> list[str]:
    """List what a reader of the tables should know, one line each."""
    lines = ["n is the number of instances; brackets are 95 % intervals over clips."]
    if given.waiting:
        lines.append(f"Not run yet: {', '.join(given.waiting)}.")
    for variant, some in given.found:
        for board in some:
            lines += [f"Problem of {variant.name}: {problem}" for problem in board.problems]
            if not board.finished:
                lines.append(f"Not finished: {variant.name}.")
            if board.n_instances == 0:
                lines.append(f"No instance was selected: {variant.name}.")
    return lines


def sweep_text(given: SweepBoards, style: str = "simple", *, width: int | None = None) -> str:
    """Write the tables of a sweep."""
    item = "- " if style == "github" else ""
    parts = [_written(table, style) for table in sweep_tables(given)]
    if width is not None and max(map(_widest, parts), default=0) > width:
        parts = list(_narrow(given, style, width))
    return "\n\n".join([*parts, "\n".join(item + line for line in remarks(given))]) + "\n"


def _written(table: SweepTable, style: str) -> str:
    from tabulate import tabulate

    github = style == "github"
    shown = markdown if github else str
    rows = [[*map(shown, row)] for row in table.rows]
    text = tabulate(rows, [*map(shown, table.header)], tablefmt=style, disable_numparse=True)
    return f"{'## ' if github else ''}{shown(table.title)}\n\n{text}"


def _widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def sweep_records(given: SweepBoards) -> list[dict[str, Any]]:
    """Flatten the boards: one record per variant and explainer, four fields per metric."""
    return [
        {"variant": variant.name, **variant.values, **record}
        for variant, some in given.found
        for board in some
        for record in to_records(board)
    ]


def sweep_csv(given: SweepBoards) -> str:
    """Write `sweep_records` as CSV."""
    records = sweep_records(given)
    names = list(dict.fromkeys(name for record in records for name in record))
    return csv_text(records, names)


def sweep_json(given: SweepBoards) -> str:
    """Write the boards of every variant as JSON, with everything that was left out of them."""
    content = {
        "variants": [
            {
                "name": variant.name,
                "values": dict(variant.values),
                "boards": json.loads(to_json(list(some))),
            }
            for variant, some in given.found
        ],
        "not_run": list(given.waiting),
    }
    return json.dumps(content, indent=1, ensure_ascii=False)
