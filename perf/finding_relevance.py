"""What published relevance holds beyond its scores: its sign, and how few segments carry it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from published_values import Board

from awb.leaderboard.submissions.files import Reader
from awb.leaderboard.verification.recomputation import known_metrics, recomputed, stored_scoring
from awb.plugins.discovery import Registry
from awb.statistics import Interval, difference_intervals

METRIC = "roc-auc"


@cache
def _reader() -> Reader:
    return Reader()


def magnitude_gap(board: Board, name: str, registry: Registry) -> Interval | None:
    """ROC-AUC of the magnitude of a row's relevance minus that of the relevance itself."""
    pairs, clips = magnitudes(board.records[name], registry)
    if len(set(clips)) < 2:
        return None
    values = np.array(pairs)
    [gap] = difference_intervals(
        values, [(1, 0)], clips, lowest=0, highest=1, resamples=2000, rng=np.random.default_rng(0)
    )
    return gap


def magnitudes(path: Path, registry: Registry) -> tuple[list[tuple[float, float]], list[str]]:
    """ROC-AUC of the relevance and of its magnitude on every instance, and the clips."""
    one = _reader().read(path)
    [metric] = known_metrics([m for m in one.record.metrics if m.label == METRIC], registry)
    pairs, clips = [], []
    for row, relevance in zip(one.record.instances, one.relevance, strict=True):
        if relevance is None:
            continue
        spans = np.asarray(one.kept[row.clip_id, row.target].intervals_s, dtype=np.float64)
        where = (row.clip_id, row.target)
        found = [
            recomputed(metric, stored_scoring(one.record, *where, each, spans, one.segments(row)))
            for each in (relevance, np.abs(relevance))
        ]
        if None not in found and np.isfinite(np.array(found, dtype=np.float64)).all():
            pairs.append((float(found[0] or 0.0), float(found[1] or 0.0)))
            clips.append(row.clip_id)
    return pairs, clips


def carried(path: Path, part: float) -> float:
    """Return the mean share of segments with more than a part of the largest relevance."""
    found = [np.abs(one) for one in _reader().read(path).relevance if one is not None]
    return float(np.mean([(one > part * one.max()).mean() for one in found]))
