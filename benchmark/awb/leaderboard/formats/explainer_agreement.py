"""Agreement of explainers as text, Markdown, CSV or JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from awb.leaderboard.boards.explainer_agreement import ALIKE, ExplainerAgreement, PairAgreement
from awb.leaderboard.formats.escaping import csv_text, markdown
from awb.leaderboard.formats.text import counted, limit_text, short_text

MEANING = (
    "Below the diagonal: Spearman's rank correlation of the relevance of an instance's segments."
    " Above it: the share of the top fifth of the segments that two explainers have in common, .20"
    " by chance. Both are means over instances; explainers that are alike stand side by side"
    " (average linkage)."
)
_FIELDS = (
    "dataset", "model", "budget", "first", "second", "correlation", "correlation_low",
    "correlation_high", "overlap", "overlap_low", "overlap_high", "n_instances", "n_clips",
)  # fmt: skip


def title_of(found: ExplainerAgreement) -> str:
    """Name the board and its size."""
    return (
        f"{found.model} on {found.dataset}: agreement of {counted(len(found.names), 'explainer')},"
        f" {counted(found.n_instances, 'instance')}{limit_text(found.budget)}"
    )


def remarks_of(found: ExplainerAgreement) -> list[str]:
    """List what the table shows, one line each."""
    lines = [MEANING]
    for group in found.groups:
        lines.append(f"Alike (mean correlation of {short_text(ALIKE)} or more): {', '.join(group)}")
    if found.left_out:
        lines.append(f"Left out, as constant or without explanations: {', '.join(found.left_out)}")
    if len({pair.n_instances for pair in found.pairs}) > 1:
        fewest = min(pair.n_instances for pair in found.pairs)
        lines.append(
            f"Pairs are compared on their common instances, at least {fewest}: CSV has the counts."
        )
    return lines


def _cells(found: ExplainerAgreement) -> list[list[str]]:
    """Write correlations below the diagonal and overlaps above it."""
    correlations, overlaps = found.matrix("correlation"), found.matrix("overlap")
    size = range(len(found.names))
    return [
        [
            "" if row == column else short_text(overlaps[row, column])
            if row < column
            else short_text(correlations[row, column])
            for column in size
        ]
        for row in size
    ]  # fmt: skip


def to_text(found: ExplainerAgreement, form: str, *, width: int | None = None) -> str:
    """Write one board's agreement; a narrow terminal gets the columns in several blocks."""
    from tabulate import tabulate

    cells = _cells(found)
    heads = [str(number) for number in range(1, len(found.names) + 1)]
    told = markdown if form == "md" else str
    names = [told(f"{number} {name}") for number, name in zip(heads, found.names, strict=True)]
    style = "github" if form == "md" else "simple"
    room = len(heads) if width is None else max(1, (width - max(map(len, names))) // 6)
    blocks = []
    for start in range(0, len(heads), room):
        shown = slice(start, start + room)
        rows = [[name, *row[shown]] for name, row in zip(names, cells, strict=True)]
        header = ["explainer", *heads[shown]]
        alignment = ("left", *("right" for _ in heads[shown]))
        blocks.append(
            tabulate(rows, header, tablefmt=style, disable_numparse=True, colalign=alignment)
        )
    item, mark = ("- ", "## ") if form == "md" else ("", "")
    remarks = "\n".join(item + told(line) for line in remarks_of(found))
    return "\n\n".join([mark + told(title_of(found)), *blocks, remarks]) + "\n"


def to_records(found: Sequence[ExplainerAgreement]) -> list[dict[str, Any]]:
    """Flatten: one record per pair of explainers."""
    return [
        {"dataset": one.dataset, "model": one.model, "budget": one.budget, **_pair_record(pair)}
        for one in found
        for pair in one.pairs
    ]


def _pair_record(pair: PairAgreement) -> dict[str, Any]:
    record: dict[str, Any] = {"first": pair.first, "second": pair.second}
    for name in ("correlation", "overlap"):
        interval = getattr(pair, name)
        ends = ("", interval.mean), ("_low", interval.low), ("_high", interval.high)
        record |= {f"{name}{end}": value if math.isfinite(value) else None for end, value in ends}
    return {**record, "n_instances": pair.n_instances, "n_clips": pair.n_clips}


def to_csv(found: Sequence[ExplainerAgreement]) -> str:
    """Write `to_records` as CSV."""
    return csv_text(to_records(found), _FIELDS)


def to_json(found: Sequence[ExplainerAgreement]) -> str:
    """Write `to_records` as JSON."""
    return json.dumps(to_records(found), indent=1, ensure_ascii=False, allow_nan=False)
