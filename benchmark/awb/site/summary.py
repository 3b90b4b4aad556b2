"""Data of the summary page: where models look, and mean ranks of explainers."""

from __future__ import annotations

import math
from typing import Any

from awb.leaderboard.formats.text import counted, number_text
from awb.leaderboard.publishing.comparable_boards import DELETION, LOCALIZATION
from awb.leaderboard.publishing.over_datasets import DatasetSummary
from awb.leaderboard.publishing.over_models import AT_EVENTS, ModelRow
from awb.leaderboard.publishing.summary_pages import Summaries, letters
from awb.report.payload import Plain, number
from awb.statistics import Interval

_SHOWN = (
    ("localization", "ROC-AUC", True, "of the explainers that are faithful to the model"),
    ("margin", "rank margin", True,
     "1 if every event's peak is above those of all equally long stretches outside, 0 if half"),
    ("typical", "all explainers", True, "ROC-AUC, mean of all explainers on every board"),
    ("energy", "energy", True, "ROC-AUC that loudness alone would reach"),
    ("deletion", "deletion area", False, "of the faithful explainers"),
    ("deletion_random", "… of random", False, "deletion area of random relevance"),
    ("without_events", "loss without events", True,
     "fall of the target's probability without the labelled segments"),
    ("without_random", "… without random", False, "the same without as many random segments"),
    ("events_alone", "loss with events alone", False,
     "fall of the probability with only the labelled segments"),
)  # fmt: skip


def model_columns() -> list[dict[str, Any]]:
    """List the columns of the table of models: heading, direction, and description."""
    return [{"name": name, "higher": higher, "about": about} for _, name, higher, about in _SHOWN]


def model_cells(row: ModelRow) -> list[Interval]:
    """Return a model's values in the order of `model_columns`."""
    return [getattr(row, key) for key, *_ in _SHOWN]


def ranks_plain(summary: DatasetSummary) -> Plain:
    """Describe mean ranks for the diagram."""
    order = summary.order
    places = {column: place for place, column in enumerate(order)}
    found = summary.found
    rows = []
    for column in order:
        rank = found.mean_ranks[column]
        values = [number(value, 2) for value in (rank.rank, rank.low, rank.high)]
        rows.append([summary.explainers[column], *values])
    bars = [sorted(places[column] for column in group) for group in found.groups if len(group) > 1]
    return {"metric": summary.metric.name, "rows": rows, "bars": bars}


def ranks_table(summary: DatasetSummary) -> list[dict[str, Any]]:
    """Arrange mean ranks in rows: explainer, letters, rank, and one cell per board."""
    groups = letters(summary)
    return [
        {
            "explainer": summary.explainers[column],
            "letters": groups[column],
            "rank": summary.found.mean_ranks[column],
            "cells": [
                (float(summary.found.ranks[board, column]), float(summary.means[board, column]))
                for board in range(len(summary.boards))
            ],
        }
        for column in summary.order
    ]


def together(overall: Summaries) -> str:
    """Say in a line what the boards say together; empty if too little is published."""
    by_metric = {one.metric.name: one for one in overall.datasets}
    found = [
        _leader(by_metric[metric], doing)
        for metric, doing in (
            (LOCALIZATION, "points best at the sounds"),
            (DELETION, "is most faithful to the model"),
        )
        if metric in by_metric
    ]
    rows = overall.models.rows if overall.models else ()
    judged = [row.verdict for row in rows if not (row.board.control or row.board.planted)]
    if judged:
        looking = judged.count(AT_EVENTS)
        found.append(f"{looking} of {counted(len(judged), 'model')} look at the events")
    needed = [
        one.found.boards_needed
        for one in overall.datasets
        if len(one.boards) < one.found.boards_needed
    ]
    if needed:
        found.append(f"whether this holds on other boards is open: a test takes {max(needed)}")
    return f"{'; '.join(found)}." if found else ""


def _leader(summary: DatasetSummary, doing: str) -> str:
    """Name the best mean rank, and how many others it is not clearly ahead of."""
    ranks = summary.found.mean_ranks
    first, *others = summary.order
    close = sum(ranks[column].low <= ranks[first].high for column in others)
    return (
        f"{summary.explainers[first]} {doing} (mean rank {ranks[first].rank:.1f} of {len(ranks)}"
        f" over {counted(len(summary.boards), 'board')}, {counted(close, 'other')} close)"
    )


def spread(found: Interval, digits: int = 2) -> tuple[str, str]:
    """Format a mean and its interval; a missing mean is a dash, a missing interval empty.

    Examples
    --------
    >>> spread(Interval(0.5, -0.25, 0.75)), spread(Interval(0.5, 0.25, 0.75))
    (('0.50', '−0.25 to 0.75'), ('0.50', '0.25–0.75'))
    >>> spread(Interval(math.nan, math.nan, math.nan))
    ('–', '')
    """
    if math.isnan(found.mean):
        return "–", ""
    mean, low, high = (
        number_text(value, digits).replace("-", "−")
        for value in (found.mean, found.low, found.high)
    )
    joint = " to " if low.startswith("−") else "–"
    return mean, "" if math.isnan(found.low) else f"{low}{joint}{high}"
