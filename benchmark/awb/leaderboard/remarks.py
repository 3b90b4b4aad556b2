"""What stands under a board: what failed, and what a reader should know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from awb.harness.selection import FAILURES, UNKNOWN_LABEL, Manifest
from awb.harness.store import ExplanationRow, ScoreRow
from awb.harness.units import FAILED, OK


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


def notes(
    manifest: Manifest, done: int, undefined: dict[str, int], computed_on: str = ""
) -> list[str]:
    """Collect what a reader should know: where it was computed, what is unfinished or undefined."""
    lines = [f"Computed on {computed_on}."] if computed_on else []
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
