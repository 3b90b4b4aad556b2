"""What stands under a board: what failed, and what a reader should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from awb.harness.selection import FAILURES, UNKNOWN_LABEL, Manifest
from awb.harness.store import ExplanationRow, ScoreRow
from awb.harness.units import FAILED, OK
from awb.metrics.facts import MetricFacts


def problems(
    explanations: Sequence[ExplanationRow], scores: Sequence[ScoreRow], manifest: Manifest
) -> list[str]:
    """Collect what failed, one line a distinct reason."""
    lines = Counter(
        f"{row.explainer} {row.status}: {row.reason}" for row in explanations if row.status != OK
    )
    ok = {(row.clip_id, row.target, row.explainer) for row in explanations if row.status == OK}
    lines.update(
        f"metric {row.metric} on {row.explainer}: {row.reason}"
        for row in scores
        if row.reason.startswith(FAILED) and (row.clip_id, row.target, row.explainer) in ok
    )
    counted = [
        f"{line} ({count} instances)" if count > 1 else line for line, count in lines.items()
    ]
    lost = [one for one in manifest.skipped if one.reason in FAILURES]
    return [*counted, *(f"{one.reason}: {one.detail or one.clip_id}" for one in lost)]


def without_times(manifest: Manifest, ranked_by: MetricFacts) -> list[str]:
    """Say which instances have clip-level labels only, and what that means for the board.

    Parameters
    ----------
    manifest : Manifest
        The selection.
    ranked_by : MetricFacts
        The metric that ranks.

    Returns
    -------
    list of str
        A sentence, or none where every instance has annotated times.
    """
    untimed, kept = sum(not one.intervals_s for one in manifest.kept), len(manifest.kept)
    if untimed == 0:
        return []
    if untimed < kept:
        known = f"{untimed} of {kept} instances have a label of the whole clip, without times"
        return [f"{known}: localization is scored on the others alone"]
    rank = "" if ranked_by.family == "localization" else f", the rank is by {ranked_by.name}"
    known = "the labels are those of whole clips, without annotated times"
    return [f"{known}: localization cannot be scored{rank}"]


def notes(manifest: Manifest, done: int, undefined: dict[str, int]) -> list[str]:
    """Collect what a reader should know: what is unfinished, undefined or unknown."""
    lines = []
    if done < len(manifest.kept):
        lines.append(f"unfinished: {done} of {len(manifest.kept)} instances; type: awb resume")
    lines += [
        f"{name} has no value on {count} of {done} instances" for name, count in undefined.items()
    ]
    unknown = {one.target: one.detail for one in manifest.skipped if one.reason == UNKNOWN_LABEL}
    lines += [
        f"label {label!r} is unknown to the model. {detail}".strip()
        for label, detail in unknown.items()
    ]
    return lines
