"""The critical-difference diagram: mean ranks, and groups without significant differences.

References
----------
Demšar, J. (2006). Statistical comparisons of classifiers over multiple data sets. JMLR 7.
https://jmlr.org/papers/v7/demsar06a.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from awb.errors import ParameterError, RunError
from awb.leaderboard.boards.board import FULL_COVERAGE
from awb.leaderboard.boards.construction import column_of
from awb.leaderboard.boards.layout import Layout
from awb.leaderboard.publishing.over_datasets import DatasetSummary
from awb.report.figures.canvas import Canvas
from awb.report.figures.style import INK, SOFT, chosen_rows, new_figure, save, styled
from awb.report.views.board import BoardView, label_of
from awb.statistics import CriticalDifference, critical_difference


@dataclass(frozen=True, slots=True)
class Ranked:
    """Explainers and their mean ranks, best first."""

    names: tuple[str, ...]
    ranks: tuple[float, ...]  # mean ranks over clips, 1 = best
    found: CriticalDifference  # other results of the test


def rank_explainers(view: BoardView, metric: int, names: Sequence[str] | None) -> Ranked:
    """Rank explainers by one metric, on the same instances."""
    if names is not None:
        chosen_rows(view, list(names), None)
    if not view.board.finished:
        raise RunError(
            f"no critical-difference diagram: {label_of(view.board)} is unfinished,"
            f" {view.board.n_stored} of {view.board.n_instances} instances. Type: awb resume RUN"
        )
    facts = view.board.metrics[metric]
    layout = Layout(view.data.explanations)
    column = column_of(view.data, layout, facts)
    wanted = [
        row
        for row, name in enumerate(layout.names)
        if column.full[row]
        and layout.coverage[row] >= FULL_COVERAGE
        and (name in names if names is not None else name not in view.data.compared_with)
    ]
    clips = column.clips(layout)
    lacking = sorted(set(names or ()) - {layout.names[row] for row in wanted})
    if lacking:
        raise RunError(
            f"no critical-difference diagram: {', '.join(lacking)} covers less than"
            f" {FULL_COVERAGE:.0%} of the instances; leave it out of --explainers"
        )
    if len(wanted) < 3 or len(set(clips)) < 2:
        raise RunError(
            "no critical-difference diagram: it needs at least 3 explainers and 2 clips, but"
            f" {label_of(view.board)} has {len(wanted)} and {len(set(clips))}. Use another"
            " --board, add baselines with --explainers, or type: awb plot RUN --kind board"
        )
    values = column.table(wanted)
    try:
        found = critical_difference(values, clips, higher_is_better=facts.higher_is_better)
    except ParameterError as error:
        raise RunError(f"no critical-difference diagram: {error}") from error
    order = np.argsort(found.mean_ranks, kind="stable")
    return Ranked(
        tuple(layout.names[wanted[place]] for place in order),
        tuple(found.mean_ranks[place] for place in order),
        found,
    )


def joined(ranks: Sequence[float], distance: float) -> list[tuple[int, int]]:
    """Find the maximal runs of ranks that lie within a distance.

    Examples
    --------
    >>> joined([1.0, 1.5, 2.2, 5.0], 1.0)
    [(0, 1), (1, 2)]
    """
    bars: list[tuple[int, int]] = []
    reached = 0
    for first, rank in enumerate(ranks):
        last = first
        while last + 1 < len(ranks) and ranks[last + 1] - rank < distance:
            last += 1
        if last > first and last > reached:
            bars.append((first, last))
            reached = last
    return bars


def stretches(members: Sequence[int]) -> list[tuple[int, int]]:
    """Find the runs of consecutive positions, by their first and last.

    Examples
    --------
    >>> stretches([0, 1, 2, 4, 6, 7])
    [(0, 2), (4, 4), (6, 7)]
    """
    starts = [one for one in members if one - 1 not in members]
    ends = [one for one in members if one + 1 not in members]
    return list(zip(starts, ends, strict=True))


@styled
def draw_critical(
    view: BoardView,
    metric: int,
    names: Sequence[str] | None = None,
    canvas: Canvas | None = None,
) -> Any:
    """Draw a critical-difference diagram."""
    ranked = rank_explainers(view, metric, names)
    distance = ranked.found.critical_difference
    note = (
        f"mean rank by {view.board.metrics[metric].name} over {ranked.found.n_clips} clips;"
        f" Friedman p = {ranked.found.p_value:.2g}; bars: no significant difference (Nemenyi, 5 %)"
    )
    bars = [range(first, last + 1) for first, last in joined(ranked.ranks, distance)]
    return _diagram(ranked.names, ranked.ranks, bars, note, distance, canvas)


@styled
def draw_over_boards(summary: DatasetSummary) -> Any:
    """Draw a critical-difference diagram over boards."""
    order, found = summary.order, summary.found
    places = {column: place for place, column in enumerate(order)}
    bars = [[places[column] for column in group] for group in found.groups if len(group) > 1]
    n_boards = len(summary.boards)
    note = (
        f"mean rank by {summary.metric.name} over {n_boards} boards;"
        " bars: no significant difference (Wilcoxon over boards, Holm, 5 %)"
    )
    if n_boards < found.boards_needed:
        note += f"\nno difference can be significant with fewer than {found.boards_needed} boards"
    names = [summary.explainers[column] for column in order]
    return _diagram(names, [found.mean_ranks[column].rank for column in order], bars, note)


def write_over_boards(summary: DatasetSummary, path: Path) -> None:
    """Write `draw_over_boards` as an SVG file, with reproducible bytes."""
    save(draw_over_boards(summary), path, "svg")


def _diagram(
    names: Sequence[str],
    ranks: Sequence[float],
    bars: Sequence[Sequence[int]],
    note: str,
    distance: float | None = None,
    canvas: Canvas | None = None,
) -> Any:
    """Draw ranks in increasing order, and a bar over the positions in each group."""
    count = len(names)
    half = (count + 1) // 2
    top = 0.7 + 0.13 * len(bars)
    height = top + 0.19 * half + 0.75
    figure = new_figure(6.8, height, canvas)
    axes = figure.subplots()
    axes.set_xlim(-0.42 * count, 1.42 * count + 1)
    axes.set_ylim(height, 0)
    axes.axis("off")
    axis = 0.55
    axes.plot([1, count], [axis, axis], color=INK, linewidth=0.9)
    step = max(1, round(count / 10))
    for tick in sorted({1, count, *range(step, count - step // 2, step)}):
        axes.plot([tick, tick], [axis, axis - 0.06], color=INK, linewidth=0.9)
        axes.text(tick, axis - 0.09, str(tick), ha="center", va="bottom", fontsize=7.5)
    for line, members in enumerate(bars):
        at = axis + 0.12 + 0.13 * line
        axes.plot([ranks[members[0]], ranks[members[-1]]], [at, at], color=INK, linewidth=0.6)
        for first, last in stretches(members):
            ends = [ranks[first] - 0.15, ranks[last] + 0.15]
            axes.plot(ends, [at, at], color=INK, linewidth=2.6, solid_capstyle="butt")
    for place, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = place < half
        line = place if left else count - 1 - place
        at, edge = top + 0.19 * (line + 1), -0.02 * count if left else 1.02 * count + 1
        axes.plot([rank, rank, edge], [axis, at, at], color=SOFT, linewidth=0.6)
        axes.text(
            edge + (-0.01 if left else 0.01) * count, at, f"{name}  {rank:.1f}" if left
            else f"{rank:.1f}  {name}", ha="right" if left else "left", va="center", fontsize=7.5,
        )  # fmt: skip
    if distance is not None:
        _ruler(axes, distance, count)
    axes.text(
        (count + 1) / 2, height - 0.2, note, ha="center", va="center", fontsize=7.5, color=SOFT
    )
    return figure


def _ruler(axes: Any, distance: float, count: int) -> None:
    """Draw the critical difference above the axis."""
    shown = min(distance, count - 1)
    axes.plot([1, 1 + shown], [0.16, 0.16], color=INK, linewidth=1.2, marker="|", markersize=5)
    axes.text(
        1 + shown + 0.02 * count, 0.16, f"critical difference {distance:.1f}",
        va="center", fontsize=7.5,
    )  # fmt: skip
