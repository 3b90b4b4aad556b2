"""Compute submitted explainers on clips that did not exist when they were submitted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from awb.errors import AwbError
from awb.harness.config.resources import Resources
from awb.harness.config.shadows import shadow_of
from awb.harness.run import run
from awb.harness.selection.no_instances import NoInstancesError
from awb.harness.steps import reported
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.submissions.environments import environment_of
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import folder_name
from awb.leaderboard.submissions.schema import Submission
from awb.leaderboard.submissions.sealed_files import sealed
from awb.leaderboard.submissions.shadows import Shadow, write_shadow
from awb.leaderboard.verification.checks import UncheckedError, Verdict, readable
from awb.leaderboard.verification.identity import installed
from awb.leaderboard.verification.shadow_comparison import compare, compared_metrics
from awb.leaderboard.verification.spot_check import same_run
from awb.plugins.discovery import Registry

_TIMES_MORE = 5
"""How many times as many clips are worth a try where none has an instance."""


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """The new clips of a verification, the same for all submissions."""

    clips: int
    seed: int
    verifier: str | None = None  # who keeps the shadows for the boards; None: nobody
    resources: Resources = field(default_factory=Resources)


def with_shadows(
    verdicts: Sequence[Verdict], registry: Registry, plan: ShadowPlan
) -> Iterator[Verdict]:
    """Add the shadows of submissions that passed, or why there is none, board by board.

    The explainers of a board that are part of awb share one run, so that masks are scored once; any
    other explainer has a run of its own, in which it can disturb nobody.
    """
    groups = groupby(enumerate(verdicts), key=lambda one: _run_of(one[0], one[1], registry))
    for _, group in groups:
        yield from _with_shadows_of([verdict for _, verdict in group], registry, plan)


def _run_of(at: int, verdict: Verdict, registry: Registry) -> tuple[object, ...]:
    """Return what submissions that may share a run have in common, else a place of its own."""
    submitted = verdict.submitted
    if submitted is None or not verdict.passed:
        return (at,)
    record = submitted.record
    entry = installed(registry, "explainer", record.explainer.name)
    if entry is None or not entry.origin.built_in:
        return (at,)
    return (folder_name(record), *(one.label for one in record.metrics))


def _with_shadows_of(
    group: Sequence[Verdict], registry: Registry, plan: ShadowPlan
) -> Iterator[Verdict]:
    """Add the shadows of submissions that share a run, one by one if they cannot."""
    submitted = [one.submitted for one in group if one.submitted is not None and one.passed]
    if not submitted:
        yield from group
        return
    try:
        shadows = shadow_run(submitted, registry, plan)
    except AwbError as error:
        if len(group) == 1:
            yield replace(group[0], no_shadow=readable(str(error)))
            return
        for verdict in group:
            yield from _with_shadows_of([verdict], registry, plan)
        return
    for verdict, one in zip(group, submitted, strict=True):
        shadow = shadows[one.record.sha256]
        if plan.verifier is not None:
            write_shadow(shadow, verdict.path)
        yield replace(verdict, shadow=compare(one.record, shadow, registry))


def shadow_run(
    submitted: Sequence[Submitted], registry: Registry, plan: ShadowPlan
) -> dict[str, Shadow]:
    """Run the explainers of a board's submissions on new clips; by the hash of each submission."""
    runs = [same_run(one, registry) for one in submitted]
    record = submitted[0].record
    config, chosen = runs[0]
    dataset = shadow_of(chosen.datasets[0], registry, plan.seed, plan.clips)
    explainers = dict.fromkeys(label for one, _ in runs for label in one.explainers)
    config = config.model_copy(
        update={
            "datasets": [dataset.label],
            "explainers": list(explainers),
            "metrics": [facts.name for facts in compared_metrics(record, registry)],
            "clips": None,
            "among_first": None,
            "robustness": 0,
        }
    )
    with TemporaryDirectory() as temporary:
        try:
            folder = run(config, Path(temporary, "run"), plan.resources, reported)
        except NoInstancesError as error:
            raise UncheckedError(
                f"none of {plan.clips} new clips has an instance to explain; type --shadow"
                f" {_TIMES_MORE * plan.clips}"
            ) from error
        [manifest] = folder.manifests()
        if manifest.weights_sha256 != submitted[0].manifest.weights_sha256:
            raise UncheckedError(f"the weights of {record.model.label} differ here")
        shared = {
            "format": 1,
            "board": folder_name(record),
            "dataset": dataset.label,
            "seed": plan.seed,
            "clips": plan.clips,
            "verifier": plan.verifier or "",
            "environment": environment_of(folder, record.model.label),
            "manifest_sha256": manifest.sha256,
        }
        return {one.record.sha256: _shadow(one.record, folder, shared) for one in submitted}


def _shadow(record: Submission, folder: RunFolder, shared: Mapping[str, Any]) -> Shadow:
    """Make the shadow of one row of the run."""
    own = {"submission": record.sha256, "name": record.name}
    return sealed(Shadow, {**shared, **own, **_rows(folder, record.name)})


def _rows(folder: RunFolder, name: str) -> dict[str, Any]:
    """Return the instances and scores of a row."""
    store = folder.store()
    rows = [row for row in store.explanations() if row.explainer == name]
    places = {(row.clip_id, row.target): at for at, row in enumerate(rows)}
    scores: dict[str, list[float | None]] = {}
    for score in store.scores():
        if score.explainer == name and math.isfinite(score.value):
            column = scores.setdefault(score.metric, [None] * len(rows))
            column[places[score.clip_id, score.target]] = score.value
    instances = [
        {"clip_id": row.clip_id, "target": row.target, "status": row.status} for row in rows
    ]
    return {"instances": instances, "scores": scores}
