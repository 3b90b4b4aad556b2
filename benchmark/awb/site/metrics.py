"""Metrics over boards: their facts, the best explainer on each board, and one explainer on all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from awb.leaderboard.boards.board import BoardRow, Cell
from awb.metrics.facts import MetricFacts
from awb.report.payload import Plain, metric_plain, number
from awb.report.views.board import BoardView
from awb.site.catalog import Catalog, Entry, Pair

MAIN = "main"


@dataclass(frozen=True, slots=True)
class First:
    """The best explainer on a board by one metric."""

    row: BoardRow
    cell: Cell
    others: int  # number of other explainers with the same mean


def metrics_of(catalog: Catalog) -> dict[str, list[MetricFacts]]:
    """List the metrics of all boards by family, after the main metrics that boards show first."""
    views = [pair.groups[0].views[0] for pair in catalog.pairs]
    main = {facts.name: facts for view in views for facts in view.data.metrics}
    found = {MAIN: list(main.values())}
    every = {facts.name: facts for view in views for facts in view.board.metrics}
    for name, facts in every.items():
        if name not in main:
            found.setdefault(facts.family, []).append(facts)
    return found


def first_by(pair: Pair, facts: MetricFacts) -> First | None:
    """Find the best explainer by a metric on a pair's first board."""
    view = pair.groups[0].views[0]
    column = _column(view, facts)
    if column is None:
        return None
    found = [row for row in view.board.rows if row.rank is not None and row.cells[column].n]
    if not found:
        return None
    sign = -1 if facts.higher_is_better else 1
    best = min(found, key=lambda row: sign * row.cells[column].mean)
    cell = best.cells[column]
    return First(best, cell, sum(row.cells[column].mean == cell.mean for row in found) - 1)


def _column(view: BoardView, facts: MetricFacts) -> int | None:
    names: Sequence[str] = [one.name for one in view.board.metrics]
    return names.index(facts.name) if facts.name in names else None


def main_metrics(entries: Sequence[Entry]) -> list[MetricFacts]:
    """List the main metrics of all boards of an explainer, in order."""
    found = {
        facts.name: facts
        for entry in entries
        for facts in entry.board.metrics
        if facts.name in entry.view.headline
    }
    return list(found.values())


def across(entries: Sequence[Entry]) -> Plain:
    """Describe one explainer on all boards for the charts, one row per board."""
    metrics = main_metrics(entries)
    several = len({entry.record.name for entry in entries}) > 1
    rows = []
    for entry in entries:
        names = [facts.name for facts in entry.board.metrics]
        cells: list[list[float | int | None]] = []
        for facts in metrics:
            cell = entry.row.cells[names.index(facts.name)] if facts.name in names else None
            values = [math.nan] * 3 if cell is None else [cell.mean, cell.low, cell.high]
            cells.append([*(number(value) for value in values), cell.n if cell else 0])
        label = f"{entry.record.name}: {entry.pair.title}" if several else entry.pair.title
        rows.append({"explainer": label, "baseline": entry.row.baseline, "cells": cells})
    headline = [facts.name for facts in metrics]
    return {
        "noun": "boards",
        "metrics": [metric_plain(facts, headline) for facts in metrics],
        "rows": rows,
    }
