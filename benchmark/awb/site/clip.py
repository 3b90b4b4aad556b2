"""One clip of a board, drawn without scripts: its events, and where each explainer points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from awb.data.instance_kinds import only_hits
from awb.leaderboard.formats.text import number_text
from awb.randomness import RandomKey
from awb.report.encoding import KeptCounts, kept_cells, whole_numbers
from awb.report.views.board import BoardView, ExplanationView, InstanceView
from awb.site.catalog import Catalog, Group, Pair
from awb.site.clip_files import StoredClip

SHOWN = 3
"""Number of explainers on the first page."""

HEIGHT = 100
"""Height of a curve in the units of its drawing; its width is in seconds."""

_MARGIN = 6.0


@dataclass(frozen=True, slots=True)
class Lane:
    """The relevance of one explainer, and the cells that are its part of the clip."""

    explainer: str
    score: str  # by the board's first metric, on this clip
    relevance: tuple[int, ...]  # in thousandths of its largest absolute value
    kept: str  # one character per cell, ``1`` for the most relevant ones
    curve: str  # path of the area between the curve and zero
    zero: float  # height of zero
    told: str  # in words
    baseline: bool

    def stretches(self, edges_s: Sequence[float]) -> list[tuple[float, float]]:
        """Join the kept cells that follow each other, as beginnings and lengths in seconds."""
        found: list[tuple[float, float]] = []
        start = None
        for cell, mark in enumerate([*self.kept, "0"]):
            if mark == "1" and start is None:
                start = edges_s[cell]
            elif mark != "1" and start is not None:
                found.append((start, round(edges_s[cell] - start, 4)))
                start = None
        return found


@dataclass(frozen=True, slots=True)
class ClipView:
    """One instance, with a lane for every explainer of its board."""

    pair: Pair
    clip_id: str
    target: str
    metric: str  # that lanes are scored by
    edges_s: tuple[float, ...]
    spans_s: tuple[tuple[float, float], ...]  # events of the target
    lanes: Mapping[str, Lane]  # by the explainer's plugin
    shown: tuple[str, ...]  # on the first page
    n_kept: int  # cells in each part
    stored: StoredClip | None  # its sound and spectrogram, where they may be passed on

    @property
    def end_s(self) -> float:
        """Duration of the clip."""
        return self.edges_s[-1]

    @property
    def kept_s(self) -> float:
        """Duration of each part."""
        return round(self.n_kept * (self.edges_s[1] - self.edges_s[0]), 2)


def clip_view(catalog: Catalog, stored: StoredClip | None) -> ClipView | None:
    """Draw the stored clip, or else the clearest hit of the board with the most entries."""
    if stored is not None:
        for pair in only_hits(catalog.pairs):
            for group in pair.groups:
                found = stored.find(group.views[0].instances)
                if found is not None:
                    return _view(pair, group, found, stored)
        return None
    pairs = sorted(only_hits(catalog.pairs), key=lambda one: -one.groups[0].size)
    for pair in pairs:
        group = pair.groups[0]
        timed = [one for one in group.views[0].instances if one.kept.intervals_s and one.edges_s]
        if timed:
            return _view(pair, group, timed[-1], None)
    return None


def _view(
    pair: Pair, group: Group, instance: InstanceView, stored: StoredClip | None
) -> ClipView | None:
    view = group.views[0]
    edges_s = tuple(round(edge, 4) for edge in instance.edges_s)
    spans = tuple((round(a, 4), round(b, 4)) for a, b in instance.kept.intervals_s)
    if len(edges_s) < 2 or not spans:
        return None
    n_kept = max(1, _annotated(group, instance))
    plugins = {one.record.name: one.record.explainer.name for one in group.submitted}
    lanes: dict[str, Lane] = {}
    for one in instance.explanations:
        name = plugins.get(one.explainer)
        if name is None or name in lanes or one.relevance.size != len(edges_s) - 1:
            continue
        key = RandomKey(
            (view.data.seed, instance.dataset_name, instance.kept.clip_id, instance.kept.target)
        ).child("metric", one.explainer)
        kept = kept_cells(one.relevance, n_kept, key)
        lanes[name] = _lane(name, one, view.first.name, edges_s, kept)
    if not lanes:
        return None
    wanted = stored.explainers if stored else ()
    shown = tuple(name for name in wanted if name in lanes) or _spread(view, lanes)
    return ClipView(
        pair, instance.kept.clip_id, instance.kept.target, view.first.name, edges_s, spans,
        dict(sorted(lanes.items())), shown, n_kept, stored,
    )  # fmt: skip


def _annotated(group: Group, instance: InstanceView) -> int:
    """Count the cells that are labelled as inside the events."""
    where = (instance.kept.clip_id, instance.kept.target)
    first = group.submitted[0]
    row = next(one for one in first.record.instances if (one.clip_id, one.target) == where)
    return KeptCounts.of(first.segments(row), np.array(instance.kept.intervals_s)).annotated


def _spread(view: BoardView, lanes: Mapping[str, Lane]) -> tuple[str, ...]:
    """Choose the first, the middle and the last of the ranked explainers."""
    ranked = [row.explainer for row in view.board.rows if row.rank is not None]
    ranked = [name for name in ranked if name in lanes] or list(lanes)
    places = {0, len(ranked) // 2, len(ranked) - 1}
    return tuple(ranked[place] for place in sorted(places))[:SHOWN]


def _lane(
    name: str, one: ExplanationView, metric: str, edges_s: Sequence[float], kept: str
) -> Lane:
    values = whole_numbers(one.relevance)
    lowest = min(0, *values) / 1000
    zero = round(_MARGIN + (HEIGHT - 2 * _MARGIN) / (1 - lowest), 1)
    steps = "".join(
        f"V{zero - (zero - _MARGIN) * value / 1000:.1f}H{edge:g}"
        for value, edge in zip(values, edges_s[1:], strict=True)
    )
    first = int(np.argmax(values))
    told = f"{name} points most at {edges_s[first]:.1f} to {edges_s[first + 1]:.1f} s"
    curve = f"M{edges_s[0]:g} {zero:g}{steps}V{zero:g}Z"
    score = number_text(one.scores.get(metric, math.nan), 2)
    return Lane(name, score, tuple(values), kept, curve, zero, told, one.baseline)
