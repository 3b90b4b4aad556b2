"""What a page shows of submissions: boards, and instances with the stored relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from awb.harness.unit.record import at_budget
from awb.intervals import FloatArray
from awb.leaderboard.boards.construction import BoardData
from awb.leaderboard.publishing.published_board import (
    board_of,
    data_of,
    each_budget,
    every_metric,
)
from awb.leaderboard.submissions.files import Submitted
from awb.plugins.discovery import Registry
from awb.report.views import BoardView, instances_of

Place = tuple[str, str]
"""Clip and target."""


def views_of(group: Sequence[Submitted], registry: Registry) -> list[BoardView]:
    """Make the board, or one a budget, of submissions that can be compared.

    Parameters
    ----------
    group : sequence of Submitted
        All of one folder; their relevance can be read.
    registry : Registry
        What is installed: facts about metrics come from there.

    Returns
    -------
    list of BoardView
        Mostly one; its board has every metric, its data the main ones, which come first.
    """
    edges_s = _edges_s(group[0])
    hop_s = group[0].record.settings.segment_hop_s
    every = every_metric(group, registry)
    views = []
    for given in each_budget(data_of(group, registry), group):
        board = board_of(replace(given, metrics=every))
        main = {facts.name for facts in given.metrics}
        shown = [facts for facts in board.metrics if facts.name in main] or list(board.metrics)
        names = tuple(facts.name for facts in shown)
        data = replace(given, metrics=shown)
        instances = instances_of(data, _relevances(group, data, edges_s), edges_s)
        views.append(BoardView(board, data, names, tuple(instances), hop_s))
    return views


def _edges_s(submitted: Submitted) -> dict[Place, list[float]]:
    """Lay out the cells of every instance; all submissions of a folder have the same."""
    rate_hz = submitted.record.settings.sample_rate_hz
    return {
        (row.clip_id, row.target): [
            float(edge) / rate_hz for edge in submitted.segments(row).edges_samples
        ]
        for row in submitted.record.instances
    }


def _relevances(
    group: Sequence[Submitted], data: BoardData, edges_s: Mapping[Place, Sequence[float]]
) -> dict[Place, dict[str, FloatArray]]:
    """Gather relevance by instance, under the names that explainers have on the board."""
    shown = {row.explainer for row in data.explanations}
    own = "" if data.budget is None else at_budget("", data.budget)
    found: dict[Place, dict[str, FloatArray]] = {}
    for one in group:
        name = one.record.name.removesuffix(own)
        if name not in shown:
            continue
        for row, relevance in zip(one.record.instances, one.relevance, strict=True):
            place = (row.clip_id, row.target)
            if relevance is not None and relevance.size == len(edges_s[place]) - 1:
                found.setdefault(place, {})[name] = relevance
    return found
