"""Consistency of the scores that only the model could recompute.

The fidelity scores of an instance come from few numbers: one deletion curve, and the probabilities
of the clip and of the masked-in audio. So some of them follow from others, and a single changed
score contradicts the rest. These checks bound the scores; only a spot check recomputes them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from awb.designs.random_masks import dropped_count
from awb.errors import UndefinedScoreError
from awb.metrics.fidelity_facts import FF_PERCENTS
from awb.metrics.masked import average_drop, average_gain, fid_in

EXACT = 1e-9
CLIP_TOLERANCE = 5e-3
"""In probability: the scores of the manifest and of the run come from different batch sizes."""


def contradictions(
    scores: Mapping[str, float],
    *,
    n_cells: int,
    n_positive: int | None,
    clip_log_odds: float,
    decision_threshold: float | None = 0.0,
) -> Iterator[str]:
    """List the scores of one instance that cannot all be true."""
    p_clip = _probability(clip_log_odds)
    yield from _curve(scores, n_cells, n_positive, p_clip)
    threshold = None if decision_threshold is None else _probability(decision_threshold)
    yield from _masked(scores, p_clip, threshold)


def _probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-min(max(log_odds, -700.0), 700.0)))


def _curve(
    scores: Mapping[str, float], n_cells: int, n_positive: int | None, p_clip: float
) -> Iterator[str]:
    """Check the scores from one deletion curve: ``p(clip) - p(without the top k)``."""
    counts = {f"ff@{percent}": dropped_count(n_cells, percent / 100) for percent in FF_PERCENTS}
    losses = [scores[name] for name in counts if name in scores]
    if len(losses) == len(counts) and "comprehensiveness" in scores:
        mean = sum(losses) / len(losses)
        if abs(mean - scores["comprehensiveness"]) > EXACT:
            yield "comprehensiveness is not the mean of the ff scores"
    if n_positive:
        counts["ff@annotated"] = n_positive
    by_count: dict[int, tuple[str, float]] = {}
    for name, count in counts.items():
        if name not in scores:
            continue
        other, loss = by_count.setdefault(count, (name, scores[name]))
        if abs(loss - scores[name]) > EXACT:
            yield f"{other} and {name} drop the same cells but differ"
    for name in (*counts, "ff-in", "ff-out", "sufficiency"):
        if name in scores and not (
            p_clip - 1 - CLIP_TOLERANCE <= scores[name] <= p_clip + CLIP_TOLERANCE
        ):
            yield f"{name} contradicts the score of the clip"
    areas = [scores[name] for name in ("insertion-area", "deletion-area", "srg") if name in scores]
    if len(areas) == 3 and abs(areas[0] - areas[1] - areas[2]) > EXACT:
        yield "srg is not the insertion area minus the deletion area"
    if "monotonicity" in scores:
        steps = scores["monotonicity"] * n_cells
        if abs(steps - round(steps)) > 1e-6:
            yield f"monotonicity is not a fraction of {n_cells} steps"


def _masked(scores: Mapping[str, float], p_clip: float, threshold: float | None) -> Iterator[str]:
    """Check what follows from the probability of the masked-in audio, known from ``ff-in``."""
    if "ff-in" not in scores:
        return
    loss = scores["ff-in"]
    p_in = min(max(p_clip - loss, 0.0), 1.0)
    try:
        drop = average_drop(p_clip, p_in) * p_clip
        gain = average_gain(p_clip, p_in) * (1 - p_clip)
    except UndefinedScoreError:
        return  # at a probability of 0 or 1 there is nothing to lose or gain
    if "ad" in scores and abs(scores["ad"] * p_clip - drop) > CLIP_TOLERANCE:
        yield "ad contradicts ff-in"
    if "ag" in scores and abs(scores["ag"] * (1 - p_clip) - gain) > CLIP_TOLERANCE:
        yield "ag contradicts ff-in"
    if "ai" in scores and scores["ai"] != float(loss < 0):
        yield "ai contradicts ff-in"
    if threshold is None or "fid-in" not in scores:
        return
    sure = p_clip - threshold > CLIP_TOLERANCE and abs(p_in - threshold) > CLIP_TOLERANCE
    if sure and scores["fid-in"] != fid_in(p_clip, p_in, threshold=threshold):
        yield "fid-in contradicts ff-in"
