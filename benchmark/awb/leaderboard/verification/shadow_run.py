"""Compute a submission's explainer on clips that did not exist when it was submitted."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from awb.errors import AwbError
from awb.harness.config.resources import Resources
from awb.harness.config.shadows import shadow_of
from awb.harness.run import run
from awb.harness.storage.run_folder import RunFolder
from awb.leaderboard.submissions.environments import environment_of
from awb.leaderboard.submissions.files import Submitted
from awb.leaderboard.submissions.names import folder_name
from awb.leaderboard.submissions.sealed_files import sealed
from awb.leaderboard.submissions.shadows import Shadow, write_shadow
from awb.leaderboard.verification.checks import UncheckedError, Verdict, readable
from awb.leaderboard.verification.shadow_comparison import compare, compared_metrics
from awb.leaderboard.verification.spot_check import same_run
from awb.plugins.discovery import Registry


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """The new clips of a verification, the same for all submissions."""

    clips: int
    seed: int
    verifier: str | None = None  # who keeps the shadows for the boards; None: nobody
    resources: Resources = field(default_factory=Resources)


def with_shadow(verdict: Verdict, registry: Registry, plan: ShadowPlan) -> Verdict:
    """Add the shadow of a submission that passed, or why there is none."""
    submitted = verdict.submitted
    if submitted is None:
        return verdict
    try:
        shadow = shadow_run(submitted, registry, plan)
        if plan.verifier is not None:
            write_shadow(shadow, verdict.path)
        return replace(verdict, shadow=compare(submitted.record, shadow, registry))
    except AwbError as error:
        return replace(verdict, no_shadow=readable(str(error)))


def shadow_run(submitted: Submitted, registry: Registry, plan: ShadowPlan) -> Shadow:
    """Run a submission's explainer, with its settings, on new clips of its dataset."""
    record = submitted.record
    config, chosen = same_run(submitted, registry)
    dataset = shadow_of(chosen.datasets[0], registry, plan.seed, plan.clips)
    config = config.model_copy(
        update={
            "datasets": [dataset.label],
            "metrics": [facts.name for facts in compared_metrics(record, registry)],
            "clips": None,
            "robustness": 0,
        }
    )
    with TemporaryDirectory() as temporary:
        folder = run(config, Path(temporary, "run"), plan.resources)
        [manifest] = folder.manifests()
        if manifest.weights_sha256 != submitted.manifest.weights_sha256:
            raise UncheckedError(f"the weights of {record.model.label} differ here")
        return sealed(
            Shadow,
            {
                "format": 1,
                "submission": record.sha256,
                "name": record.name,
                "board": folder_name(record),
                "dataset": dataset.label,
                "seed": plan.seed,
                "clips": plan.clips,
                "verifier": plan.verifier or "",
                "environment": environment_of(folder, record.model.label),
                "manifest_sha256": manifest.sha256,
                **_rows(folder, record.name),
            },
        )


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
