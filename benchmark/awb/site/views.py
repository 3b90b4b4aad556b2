"""Views of submissions for the site: boards, and instances with the stored relevance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from awb.intervals import FloatArray
from awb.leaderboard.boards.board import Board
from awb.leaderboard.publishing.provenance import Spots
from awb.leaderboard.publishing.published_board import (
    board_of,
    data_of,
    each_budget,
    every_metric,
    maps_of,
)
from awb.leaderboard.submissions.files import Submitted
from awb.metrics.facts import MetricFacts
from awb.plugins.discovery import Registry
from awb.report.views.board import BoardView, Place, make_view


def views_of(
    group: Sequence[Submitted], registry: Registry, spots: Spots = MappingProxyType({})
) -> list[BoardView]:
    """Make the board of comparable submissions, or one board per budget.

    A board has every metric; its underlying rows have only the main ones, which come first.
    """
    edges_s = _edges_s(group[0])
    stored = _relevances(group, edges_s)
    hop_s = group[0].record.settings.segment_hop_s
    every = every_metric(group, registry)
    whole = data_of(group, registry, spots)
    n_main = len(whole.metrics)
    every = [*that_matter_first(every[:n_main]), *every[n_main:]]
    views = []
    for given in each_budget(whole, group):
        headline = [facts.name for facts in given.metrics]
        data = replace(given, metrics=every)
        view = make_view(data, board_of(data), headline, stored, hop_s=hop_s, edges_s=edges_s)
        main = [facts for facts in view.board.metrics if facts.name in view.headline]
        views.append(replace(view, data=replace(view.data, metrics=main)))
    return views


def map_board(
    views: Sequence[BoardView], group: Sequence[Submitted], registry: Registry, spots: Spots
) -> Board | None:
    """Make the board of the rows that have maps of times and frequencies, if there are some."""
    largest = max(views, key=lambda one: one.board.budget or 0)
    found = maps_of(largest.data, group, registry, spots)
    return None if found is None else board_of(found)


def that_matter_first(main: Sequence[MetricFacts]) -> list[MetricFacts]:
    """Order the main metrics: the first of each family, then the second, so that phones show them.

    The metric that ranks stays the first.
    """
    before: dict[str, int] = {}
    turns = []
    for facts in main:
        turns.append(before.get(facts.family, 0))
        before[facts.family] = turns[-1] + 1
    return [main[place] for place in sorted(range(len(main)), key=lambda place: turns[place])]


def _edges_s(submitted: Submitted) -> dict[Place, list[float]]:
    """Compute the cell edges of every instance, which all submissions of a folder share."""
    rate_hz = submitted.record.settings.sample_rate_hz
    return {
        (row.clip_id, row.target): [
            float(edge) / rate_hz for edge in submitted.segments(row).edges_samples
        ]
        for row in submitted.record.instances
    }


def _relevances(
    group: Sequence[Submitted], edges_s: Mapping[Place, Sequence[float]]
) -> dict[Place, dict[str, FloatArray]]:
    """Collect relevance by instance, then by submitted name."""
    found: dict[Place, dict[str, FloatArray]] = {}
    for one in group:
        for row, relevance in zip(one.record.instances, one.relevance, strict=True):
            place = (row.clip_id, row.target)
            if relevance is not None and relevance.size == len(edges_s[place]) - 1:
                found.setdefault(place, {})[one.record.name] = relevance
    return found
