"""The remarks below a board: what failed, and what a reader should know."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from awb.data.instance_kinds import FALSE_ALARMS
from awb.data.skipped import FAILURES, SELECTED_BY, UNKNOWN_LABEL
from awb.data.windows import window_named
from awb.harness.config.run_config import FIXED, RunConfig
from awb.harness.planning.allocation import LEAST_AGAIN
from awb.harness.selection.manifest import Manifest
from awb.harness.selection.no_instances import listed
from awb.harness.storage.score_table import rows_because, rows_of
from awb.harness.storage.store import ExplanationRow, ScoreRow
from awb.harness.unit.record import AGAIN, FAILED, NOT_APPLICABLE, OK
from awb.leaderboard.boards.layout import Column, Layout, worst
from awb.metrics.facts import MetricFacts
from awb.training import TRAINED_ON

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_CEILINGS = (math.log(1e7 - 1), math.log(2.0**24 - 1))
"""Log-odds where probabilities are cut: 1e-7 from 0 and 1, and at the last float32 below 1."""


def problems(
    explanations: Sequence[ExplanationRow], scores: Sequence[ScoreRow], manifest: Manifest
) -> list[str]:
    """Collect what failed, one line per distinct reason."""
    lines = Counter(
        f"{row.explainer} {row.status}: {row.reason}"
        for row in explanations
        if row.status not in (OK, NOT_APPLICABLE)
    )
    ok = {(row.clip_id, row.target, row.explainer) for row in explanations if row.status == OK}
    lines.update(
        f"metric {row.metric} on {row.explainer}: {row.reason}"
        for row in rows_because(scores, FAILED)
        if (row.clip_id, row.target, row.explainer) in ok
    )
    counted = [
        f"{line} ({count} instances)" if count > 1 else line for line, count in lines.items()
    ]
    lost = [one for one in manifest.skipped if one.reason in FAILURES]
    return [*counted, *(f"{one.reason}: {one.detail or one.clip_id}" for one in lost)]


def cut_as(config: RunConfig) -> tuple[str, ...]:
    """Say what segments explainers were asked about, where these follow the sound."""
    if config.segments == FIXED:
        return ()
    cut = Path(config.segments).name
    return (
        f"explainers dropped segments that follow the sound ({cut}), scored on cells of one length",
    )


def clips_as(config: RunConfig, manifest: Manifest) -> tuple[str, ...]:
    """Say how a number of clips was reached, where it is not that of the first clips."""
    if config.clips is None:
        return ()
    kept = {one.clip_id for one in manifest.kept}
    more = {one.clip_id for one in manifest.skipped if one.reason in SELECTED_BY} - kept
    if len(kept) < config.clips:
        some = f"{len(kept)} of the {config.clips} clips that were asked for have an instance"
        return (f"only {some}: {len(kept) + len(more)} were looked at (--among-first)",)
    if not more:
        return ()
    has = "1 clip that has" if len(more) == 1 else f"{len(more)} clips that have"
    return (f"--clips {config.clips} passed over {has} no instance",)


def without_times(manifest: Manifest, ranked_by: MetricFacts) -> list[str]:
    """Explain what clip-level labels without times mean for the board."""
    if manifest.times_known:
        return []
    rank = "" if ranked_by.family == "localization" else f", ranks are by {ranked_by.name}"
    known = "labels are for whole clips, without annotated times"
    if manifest.kind == FALSE_ALARMS:
        known = "false alarms have no events"
    return [f"{known}: localization cannot be scored{rank}"]


def not_ranking(metrics: Sequence[MetricFacts]) -> list[str]:
    """Say why the first metric gives no places, or which other columns must not be ranked by."""
    first, *others = metrics
    if first.no_rank_reason:
        return [first.no_rank_reason]
    unfit = [facts.name for facts in others if not facts.ranks]
    if not unfit:
        return []
    why = "sharpening an explanation moves it, or a null is near the top"
    return [f"do not rank by {listed(unfit, 'or')}: {why}"]


def saturated(manifest: Manifest) -> list[str]:
    """Say how many clips have a probability so near to 0 or 1 that float32 does not tell it.

    Parameters
    ----------
    manifest : Manifest
        The selection.

    Returns
    -------
    list of str
        A sentence, or none.
    """
    cut = [
        one
        for one in manifest.kept
        if any(math.isclose(abs(one.score), limit, abs_tol=1e-5) for limit in _CEILINGS)
    ]
    if not cut:
        return []
    limit = max(abs(one.score) for one in cut)
    told = (
        f"scores of {len(cut)} of {len(manifest.kept)} instances are saturated: their probability"
        f" is 0 or 1 to float32, and log-odds are cut at {limit:.1f}. Dropping audio moves them too"
        " little or not at all: explanations are flat there. A model that gives logits has no such"
        " limit"
    )
    return [told]


def not_applicable(explanations: Sequence[ExplanationRow]) -> list[str]:
    """List the explainers that are not applicable to the model, grouped by reason.

    Reasons that differ only in their numbers, as those of single instances do, are one.
    """
    reasons: dict[str, str] = {}
    names: dict[str, Counter[str]] = {}
    for row in explanations:
        if row.status == NOT_APPLICABLE:
            same = _NUMBER.sub("#", row.reason)
            reasons.setdefault(same, row.reason)
            names.setdefault(same, Counter())[row.explainer] += 1
    rows = Counter(row.explainer for row in explanations)
    return [
        f"not applicable, as {reasons[same]}: "
        + ", ".join(
            name if count == rows[name] else f"{name} (on {count} of {rows[name]} instances)"
            for name, count in found.items()
        )
        for same, found in names.items()
    ]


def trained(explanations: Sequence[ExplanationRow]) -> list[str]:
    """Say on what trained explainers were trained, and for how long, once each."""
    told: dict[str, str] = {}
    for row in explanations:
        for note in row.reason.split("; ") if row.status == OK else ():
            if note.startswith(TRAINED_ON):
                told.setdefault(row.explainer, note)
    return [f"{name} was {note}" for name, note in told.items()]


def counted_as_worst(column: Column, layout: Layout, ranked: Sequence[int]) -> list[str]:
    """Say whose missing values count as the worst value for a place."""
    lacking = {layout.names[row]: column.lacking(row) for row in ranked}
    told = [f"{name} lacks {count}" for name, count in lacking.items() if count]
    if not told:
        return []
    counts = f"a missing value counts as {worst(column.facts):g}, the worst"
    of = f"of {int(column.definable.sum())}, {', '.join(told)}"
    return [f"for places by {column.facts.name}, {counts}: {of}"]


def explained_again(metrics: Sequence[MetricFacts], scores: Sequence[ScoreRow]) -> list[str]:
    """Say why robustness and sanity metrics have no values, or too few to say anything."""
    names = {facts.name for facts in metrics if facts.family in AGAIN}
    if not names:
        return []
    rows = (row for name in names for row in rows_of(scores, name))
    clips = {one.clip_id for one in rows if math.isfinite(one.value)}
    if len(clips) >= LEAST_AGAIN:
        return []
    what = "1 clip was" if len(clips) == 1 else f"{len(clips) or 'no'} clips were"
    why = f"fewer than {LEAST_AGAIN} say nothing: type awb run --robustness {LEAST_AGAIN}, or more"
    return [f"{what} explained again for robustness and sanity, and {why}"]


def notes(
    manifest: Manifest, done: int, undefined: dict[str, int], computed_on: str = ""
) -> list[str]:
    """Collect what a reader should know: the device, and what is undefined."""
    lines = [f"Computed on {computed_on}."] if computed_on else []
    by_count: dict[int, list[str]] = {}
    for name, count in undefined.items():
        by_count.setdefault(count, []).append(name)
    lines += [
        f"no value on {count} of {done} instances: {', '.join(names)}"
        for count, names in sorted(by_count.items())
    ]
    return [*lines, *_windows(manifest), *_unknown_labels(manifest)]


def _windows(manifest: Manifest) -> list[str]:
    """Say how many recordings the windows are of, where there are more windows."""
    clips = {one.clip_id for one in manifest.kept}
    found = {clip_id: window for clip_id in clips if (window := window_named(clip_id)) is not None}
    recordings = {window.recording for window in found.values()}
    if len(recordings) == len(found):
        return []
    several = f"{len(recordings)} recordings, each of which counts"
    of = "1 recording, which counts" if len(recordings) == 1 else several
    return [f"{len(found)} clips are windows of {of} as one clip in intervals and tests"]


def _unknown_labels(manifest: Manifest) -> list[str]:
    """Name the labels that fit no class of the model, with classes of almost the same name."""
    unknown = {one.target: one.detail for one in manifest.skipped if one.reason == UNKNOWN_LABEL}
    if not unknown:
        return []
    hints = [f"for {label}: {detail}" for label, detail in unknown.items() if detail]
    return [f"no class of {manifest.model} is called {listed(list(unknown), 'or')}", *hints]
