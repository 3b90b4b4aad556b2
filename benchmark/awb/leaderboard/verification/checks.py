"""Verify submissions without the model: files, coverage, and scores that follow from relevance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from awb.errors import AwbError, SubmissionError
from awb.harness.unit.record import OK
from awb.leaderboard.submissions.files import Reader, Submitted
from awb.leaderboard.submissions.schema import Row, Submission
from awb.leaderboard.verification.consistency import contradictions
from awb.leaderboard.verification.identity import check_calls, check_plugins
from awb.leaderboard.verification.kinds import check_kind
from awb.leaderboard.verification.recomputation import (
    KnownMetric,
    known_metrics,
    known_threshold,
    recomputed,
    stored_scoring,
)
from awb.leaderboard.verification.shadow_comparison import Comparison
from awb.leaderboard.verification.tolerance import TOLERANCE, same
from awb.plugins.discovery import Registry
from awb.scoring import Scoring


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the scores of a submission could be checked, by metric."""

    recomputed: tuple[str, ...]  # every value was recomputed and is equal
    bounded: tuple[str, ...]  # needs the model: only range and consistency were checked
    unknown: tuple[str, ...]  # not installed here


PASS, REFUSED, UNCHECKED = "PASS", "REFUSED", "UNCHECKED"


class UncheckedError(SubmissionError):
    """Something that a check needs is not on this machine; the submission may be true or false."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of verifying one submission."""

    path: Path
    reason: str = ""  # why it is refused; empty if it passes
    submitted: Submitted | None = None  # its content, if it passes
    checked: Checked | None = None  # how far its scores were checked, if it passes
    spots: tuple[tuple[str, str], ...] = ()  # (clip, target) recomputed with the model
    seed: int | None = None  # that the spots were drawn from
    unchecked: str = ""  # what a check that was asked for lacks here, and what brings it
    shadow: Comparison | None = None  # with the scores of the same explainer on new clips
    no_shadow: str = ""  # why it was not computed on new clips, if that was asked for

    @property
    def passed(self) -> bool:
        """Whether nothing in the submission was found to be false."""
        return not self.reason

    @property
    def state(self) -> str:
        """PASS, REFUSED, or UNCHECKED if a check that was asked for was not possible here."""
        if self.reason:
            return REFUSED
        return UNCHECKED if self.unchecked or self.no_shadow else PASS


def verify(path: Path, registry: Registry, reader: Reader | None = None) -> Verdict:
    """Verify one submission."""
    try:
        submitted = (reader or Reader()).read(path)
        checked = check(submitted, registry)
    except AwbError as error:
        return Verdict(path, readable(str(error)))
    return Verdict(path, "", submitted, checked)


def check(submitted: Submitted, registry: Registry) -> Checked:
    """Check everything that needs neither the model nor the audio."""
    check_plugins(submitted.record, registry)
    check_coverage(submitted)
    check_kind(submitted, registry)
    checked = check_scores(submitted, registry)
    check_calls(submitted.record, registry)
    return checked


def readable(text: str) -> str:
    """Shorten an untrusted text to one printable line."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())[:300]


def check_coverage(submitted: Submitted) -> None:
    """Check that the rows are exactly the instances of the manifest, in its order."""
    record, manifest = submitted.record, submitted.manifest
    if (record.dataset.label, record.model.label) != (manifest.dataset, manifest.model):
        raise SubmissionError("the manifest is for another dataset or model")
    seen: set[tuple[str, str]] = set()
    for row in record.instances:
        place = (row.clip_id, row.target)
        if place not in submitted.kept:
            raise SubmissionError(f"{row.clip_id} ({row.target}) is not in the manifest")
        if place in seen:
            raise SubmissionError(f"{row.clip_id} ({row.target}) is listed twice")
        seen.add(place)
    missing = [place for place in submitted.kept if place not in seen]
    if missing:
        clip_id, target = missing[0]
        raise SubmissionError(
            f"{len(missing)} of {len(submitted.kept)} instances of the manifest are missing;"
            f" the first is {clip_id} ({target})"
        )
    if [(row.clip_id, row.target) for row in record.instances] != list(submitted.kept):
        raise SubmissionError("the instances are not in the order of the manifest")


def check_scores(submitted: Submitted, registry: Registry) -> Checked:
    """Recompute every score that does not need the model, and check the others for consistency."""
    record = submitted.record
    check_columns(record)
    known = known_metrics(record.metrics, registry)
    threshold = known_threshold(record.model, registry)
    needs_model: set[str] = {one.label for one in known if one.function is None}
    for place, (row, relevance) in enumerate(
        zip(record.instances, submitted.relevance, strict=True)
    ):
        if relevance is None:
            continue
        kept = submitted.kept[row.clip_id, row.target]
        segments = submitted.segments(row)
        spans = np.array(kept.intervals_s, dtype=np.float64).reshape(-1, 2)
        _check_events(row, spans, record.settings.sample_rate_hz)
        scoring = stored_scoring(record, row.clip_id, row.target, relevance, spans, segments)
        claimed = {one.label: record.scores[one.label][place] for one in known}
        where = f"{row.clip_id} ({row.target})"
        needs_model |= _compare(known, claimed, scoring, where)
        finite = {name: value for name, value in claimed.items() if value is not None}
        found = contradictions(
            finite,
            n_cells=row.n_cells,
            n_positive=int((scoring.labels == 1).sum()) if len(spans) else None,
            clip_log_odds=kept.score,
            decision_threshold=threshold,
        )
        for contradiction in found:
            raise SubmissionError(f"{where}: {contradiction}")
    labels = [one.label for one in known]
    return Checked(
        tuple(label for label in labels if label not in needs_model),
        tuple(label for label in labels if label in needs_model),
        tuple(one.label for one in record.metrics if one.label not in labels),
    )


def check_columns(record: Submission) -> None:
    """Check for one column per metric, one value per instance, and a reason for each gap."""
    labels = [one.label for one in record.metrics]
    if len(set(labels)) != len(labels) or set(labels) != set(record.scores):
        raise SubmissionError("the scores are not those of the listed metrics")
    if not set(record.undefined) <= set(labels):
        raise SubmissionError("reasons are given for a metric without scores")
    explained = [row.status == OK for row in record.instances]
    for label in labels:
        column = record.scores[label]
        if len(column) != len(explained):
            raise SubmissionError(f"{label} has {len(column)} values, not {len(explained)}")
        reasons = [place for places in record.undefined.get(label, {}).values() for place in places]
        gaps = [
            place
            for place, (value, there) in enumerate(zip(column, explained, strict=True))
            if value is None and there
        ]
        if sorted(reasons) != gaps:
            raise SubmissionError(
                f"{label}: the missing values are not the ones that have a reason"
            )
        if any(
            value is not None and not there for value, there in zip(column, explained, strict=True)
        ):
            raise SubmissionError(f"{label} has a value where there is no explanation")


def _check_events(row: Row, spans: np.ndarray, rate_hz: int) -> None:
    """Check that the events lie inside the clip, up to the rounding of resampling."""
    duration_s = row.n_samples / rate_hz
    times_s = spans.ravel()
    if not (np.diff(times_s) > 0).all():
        raise SubmissionError(f"{row.clip_id}: events overlap, or end before they start")
    if len(spans) and float(spans.max()) > duration_s + 0.01:
        raise SubmissionError(f"{row.clip_id}: an event ends after the clip")


def _compare(
    known: Sequence[KnownMetric],
    claimed: Mapping[str, float | None],
    scoring: Scoring,
    where: str,
) -> set[str]:
    """Compare claims with recomputed scores, and return the metrics that need the model."""
    needs_model = set()
    for metric in known:
        claim = claimed[metric.label]
        if claim is not None and not _in_range(metric, claim):
            raise SubmissionError(f"{where}: {metric.label} {claim:g} is out of range")
        value = recomputed(metric, scoring)
        if value is None:
            needs_model.add(metric.label)
        elif not same(claim, value):
            says = "no value" if claim is None else f"{claim:.6g}"
            gives = "none" if math.isnan(value) else f"{value:.6g}"
            raise SubmissionError(
                f"{where}: {metric.label} claims {says}, the relevance gives {gives}"
            )
    return needs_model


def _in_range(metric: KnownMetric, claim: float) -> bool:
    facts = metric.facts
    return facts.lowest - TOLERANCE <= claim <= facts.highest + TOLERANCE
