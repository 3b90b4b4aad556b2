"""The data of a page, as plain lists and dictionaries for JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from awb.errors import RunError
from awb.leaderboard.boards.agreement import agreements
from awb.leaderboard.boards.board import BoardRow
from awb.leaderboard.submissions.names import slug
from awb.metrics.facts import MetricFacts
from awb.randomness import RandomKey
from awb.report.encoding import KeptCounts, as_base64, kept_cells, opus, outline, whole_numbers
from awb.report.views.board import BoardView, ExplanationView, InstanceView
from awb.report.views.clips import Clips, Heard
from awb.report.views.spectrogram import spectrogram, to_mel

Plain = dict[str, Any]


def number(value: float, digits: int = 6) -> float | None:
    """Round for JSON; non-finite numbers become None.

    The page rounds again, so more digits are kept than it shows: otherwise 0.8148 would become
    0.815 and then 0.82, whereas every other table shows 0.81.
    """
    return round(float(value), digits) if math.isfinite(value) else None


def reading(facts: MetricFacts) -> str:
    """Describe the direction, range and unit of a metric."""
    direction = "Higher" if facts.higher_is_better else "Lower"
    low, high = (
        f"{end:g}" if math.isfinite(end) else "∞" if end > 0 else "−∞"
        for end in (facts.lowest, facts.highest)
    )
    unit = f" ({facts.unit})" if facts.unit else ""
    return f"{direction} is better, {low.replace('-', '−')} to {high}{unit}."


def metric_plain(facts: MetricFacts, headline: Sequence[str]) -> Plain:
    """Describe a metric."""
    return {
        "name": facts.name,
        "family": facts.family,
        "summary": facts.summary,
        "higher": facts.higher_is_better,
        "arrow": facts.arrow,
        "lowest": number(facts.lowest),
        "highest": number(facts.highest),
        "unit": facts.unit,
        "undefined": facts.undefined,
        "citation": facts.citation,
        "reading": reading(facts),
        "slug": slug(facts.name),
        "headline": facts.name in headline,
    }


def row_plain(row: BoardRow) -> Plain:
    """Describe an explainer's row; a cell consists of mean, low, high and number of instances."""
    place = row.place
    return {
        "explainer": row.explainer,
        "baseline": row.baseline,
        "rank": row.rank,
        "span": None if place is None else [place.low, place.high],
        "groups": "" if place is None else place.groups,
        "coverage": number(row.coverage),
        "calls": number(row.calls, 1),
        "cells": [
            [number(cell.mean), number(cell.low), number(cell.high), cell.n] for cell in row.cells
        ],
    }


def agreement_plain(view: BoardView) -> Plain | None:
    """Describe the agreement of metrics: the upper triangle of tau with intervals, row by row.

    The metrics are those of the view's data, which may be fewer or more than the board shows.
    """
    if view.board.n_clips < 2:
        return None
    try:
        found = agreements(view.data)
    except RunError:
        return None
    if not any(math.isfinite(one.tau.mean) for one in found):
        return None
    return {
        "metrics": [facts.name for facts in view.data.metrics],
        "taus": [[number(value) for value in (one.tau.mean, one.tau.low, one.tau.high)]
                 for one in found],
        "explainers": max(one.n_explainers for one in found),
        "instances": max(one.n_instances for one in found),
    }  # fmt: skip


def board_plain(view: BoardView) -> Plain:
    """Describe a board with the data of its charts."""
    board = view.board
    return {
        "dataset": board.dataset,
        "model": board.model,
        "metrics": [metric_plain(facts, view.headline) for facts in board.metrics],
        "n": board.n_stored,
        "rows": [row_plain(row) for row in board.rows],
        "agreement": agreement_plain(view),
    }


def explanation_plain(
    one: ExplanationView, view: BoardView, counts: KeptCounts | None, key: RandomKey
) -> Plain:
    """Describe one explanation: its curve, its scores, and the cells that masked-in audio keeps."""
    plain: Plain = {
        "explainer": one.explainer,
        "baseline": one.baseline,
        "calls": one.calls,
        "relevance": whole_numbers(one.relevance),
        "scores": {name: number(one.scores.get(name, math.nan), 3) for name in view.headline},
    }
    if one.uncertainty is not None:
        plain["uncertainty"] = whole_numbers(one.relevance, one.uncertainty)
    if counts is not None:
        own = key.child("metric", one.explainer)
        plain["kept"] = {
            "annotated": kept_cells(one.relevance, counts.annotated, own),
            "fifth": kept_cells(one.relevance, counts.fifth, own),
        }
    return plain


@dataclass
class PageSounds:
    """Encoded sounds of a page, without duplicates, up to a size limit."""

    room: int  # bytes of base64 text that may still be added
    sounds: dict[str, str] = field(default_factory=dict)  # name to base64 text of an Ogg Opus file

    def add(self, name: str, waveform: Any, sample_rate_hz: int) -> bool:
        """Encode a waveform under a name, unless it exists; report whether there was room."""
        if name in self.sounds:
            return True
        text = as_base64(opus(waveform, sample_rate_hz))
        if len(text) > self.room:
            return False
        self.room -= len(text)
        self.sounds[name] = text
        return True


def _boxes(heard: Heard, target: str) -> Plain:
    """Describe the target's events in the spectrogram: onset, offset, lowest and highest part."""
    top = float(to_mel(heard.clip.sample_rate_hz / 2))
    boxes = [
        [
            *(round(time_s, 4) for time_s in (event.onset_s, event.offset_s)),
            *(round(min(1.0, float(to_mel(edge_hz)) / top), 4) for edge_hz in event.band_hz),
        ]
        for event in heard.clip.events
        if event.label == target and event.band_hz is not None
    ]
    return {"boxes": boxes} if boxes else {}


def _sound(heard: Heard, instance: InstanceView, page_sounds: PageSounds) -> Plain:
    """Describe the audio of an instance; sounds are given by their names."""
    clip, rate_hz = heard.clip, heard.clip.sample_rate_hz
    picture = spectrogram(clip.waveform, rate_hz)
    plain: Plain = {
        "events": [
            [round(event.onset_s, 4), round(event.offset_s, 4), event.label]
            for event in sorted(clip.events, key=lambda event: event.onset_s)
            if event.label != instance.kept.target
        ],
        "outline": outline(clip.waveform),
        "picture": as_base64(picture.webp()),
        "ticks": [[round(height, 4), name] for height, name in picture.ticks],
        **_boxes(heard, instance.kept.target),
    }
    name = f"{instance.dataset} {instance.model} {clip.id}"
    if not page_sounds.add(name, clip.waveform, rate_hz):
        return {**plain, "silent": "its sound would make the report too large"}
    plain["sound"] = name
    if heard.fill is None:
        plain["onlyWhole"] = "the run's masker fills a gap from what is kept around it"
    elif np.ptp(heard.fill) == 0:
        plain["fill"] = round(float(heard.fill[0]), 6)
    elif page_sounds.add(f"{name} {instance.kept.target} fill", heard.fill, rate_hz):
        plain["fillSound"] = f"{name} {instance.kept.target} fill"
    return plain


def instance_plain(
    view: BoardView, instance: InstanceView, clips: Clips, page_sounds: PageSounds
) -> Plain:
    """Describe one instance for the player."""
    kept = instance.kept
    n_cells = instance.explanations[0].relevance.size
    heard = clips.load(instance)
    if isinstance(heard, Heard) and heard.segments.n_cells != n_cells:
        heard = f"the run has {n_cells} segments here, but the clip has {heard.segments.n_cells}"
    plain: Plain = {
        "clip": kept.clip_id,
        "target": kept.target,
        "score": number(kept.score, 2),
        "level": number(instance.level, 3),
        "intervals": [[round(a, 4), round(b, 4)] for a, b in kept.intervals_s],
    }
    counts = None
    if isinstance(heard, Heard):
        rate_hz = heard.clip.sample_rate_hz
        counts = KeptCounts.of(heard.segments, np.array(kept.intervals_s).reshape(-1, 2))
        plain["edges"] = [round(edge / rate_hz, 4) for edge in heard.segments.edges_samples]
        plain.update(_sound(heard, instance, page_sounds))
        plain["keptCounts"] = {"annotated": counts.annotated, "fifth": counts.fifth}
    else:
        edges_s = instance.edges_s or [cell * view.hop_s for cell in range(n_cells + 1)]
        plain["edges"] = [round(edge, 4) for edge in edges_s]
        plain["silent"] = heard
    key = RandomKey((view.data.seed, instance.dataset_name, kept.clip_id, kept.target))
    plain["explanations"] = [
        explanation_plain(one, view, counts, key) for one in instance.explanations
    ]
    return plain


def summaries(instances: Iterable[InstanceView]) -> list[Plain]:
    """Describe instances for the list to choose from."""
    return [
        {
            "clip": one.kept.clip_id,
            "target": one.kept.target,
            "level": number(one.level, 3),
            "score": number(one.kept.score, 2),
        }
        for one in instances
    ]
