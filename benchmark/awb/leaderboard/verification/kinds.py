"""Are the instances of a submission of the kind that it names?

Without the model, three things tell: the kind that the manifest names, what only a false alarm
has, and whether the scores reach the threshold, where that is known.
"""

from __future__ import annotations

from awb.data.instance_kinds import FALSE_ALARMS, MISSES
from awb.errors import SubmissionError
from awb.harness.selection.manifest import Kept
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.schema import Row, Submission
from awb.leaderboard.verification.identity import installed
from awb.plugins.discovery import Registry

_ROUNDING_S = 0.01
"""By how much resampling may change the length of a clip."""


def check_kind(submitted: Submitted, registry: Registry) -> None:
    """Check that the instances can be what the settings say: hits, false alarms or misses."""
    record, kind = submitted.record, submitted.manifest.kind
    if record.kind != kind:
        raise SubmissionError(f"its settings say {record.kind}, its manifest has {kind}")
    threshold = _threshold(record, registry)
    for row in record.instances:
        kept = submitted.kept[row.clip_id, row.target]
        where = f"{row.clip_id} ({row.target})"
        if kind == FALSE_ALARMS:
            _check_alarm(kept, row, record.settings.sample_rate_hz, where)
        elif kept.others or kept.duration_s:
            raise SubmissionError(f"{where}: other events are listed for false alarms only")
        if threshold is not None and (kept.score < threshold) != (kind == MISSES):
            raise SubmissionError(
                f"{where}: a score of {kept.score:g} is not that of {kind.replace('-', ' ')} at a"
                f" threshold of {threshold:g}"
            )


def _check_alarm(kept: Kept, row: Row, rate_hz: int, where: str) -> None:
    """Check that something else is labelled in the clip of a false alarm, at times in it."""
    if kept.intervals_s or not kept.others or kept.target in {one[0] for one in kept.others}:
        raise SubmissionError(
            f"{where}: a false alarm has no event of its own, and its clip has others"
        )
    if abs(kept.duration_s - row.n_samples / rate_hz) > _ROUNDING_S:
        raise SubmissionError(f"{where}: the length of the clip differs from its audio's")
    for _, onset_s, offset_s in kept.others:
        if not onset_s < offset_s <= kept.duration_s + _ROUNDING_S:
            raise SubmissionError(f"{where}: a labelled event is not within the clip")


def _threshold(record: Submission, registry: Registry) -> float | None:
    """Return the score that sets hits and misses apart, None if a plugin may have chosen it."""
    if record.settings.min_score is not None:
        return record.settings.min_score
    entry = installed(registry, "model", record.model.name)
    same = entry is not None and entry.origin.version == record.model.version
    if entry is None or not (entry.origin.built_in and same):
        return None
    return float(getattr(entry.spec, "decision_threshold", 0.0))
