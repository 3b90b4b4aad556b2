"""Commands that recompute or verify an entry."""

from __future__ import annotations

import shlex
from typing import Any

from awb.harness.config.run_config import RunConfig
from awb.leaderboard.submissions.schema import Settings, Submission

_OPTIONS = {
    "samples": "--samples",
    "clips": "--clips",
    "among_first": "--among-first",
    "seed": "--seed",
    "design": "--design",
    "segment_s": "--segment",
    "segment_hop_s": "--segment-hop",
    "max_event_fraction": "--max-event-fraction",
    "min_score": "--min-score",
    "robustness": "--robustness",
    "robustness_samples": "--robustness-samples",
    "masker": "--masker",
    "instances": "--instances",
}


def run_command(record: Submission) -> str:
    """Write the ``awb run`` command that recomputes an entry, without default settings."""
    settings = _as_now(record.settings)
    words = [
        "awb", "run", "--dataset", record.dataset.label, "--model", record.model.label,
        "--explainers", record.explainer.label,
    ]  # fmt: skip
    metrics = [one.label for one in record.metrics]
    if settings.budgets is not None:
        words += ["--budgets", ",".join(map(str, settings.budgets))]
    for name, option in _OPTIONS.items():
        value = getattr(settings, name)
        if value not in (_default(name), None) and not (name == "samples" and settings.budgets):
            words += [option, _plain(value)]
    if settings.scoring_masker != settings.masker:
        words += ["--scoring-masker", settings.scoring_masker]
    if len(metrics) < _FEW_METRICS:
        words += ["--metrics", ",".join(metrics)]
    return shlex.join(words)


def _as_now(settings: Settings) -> Settings:
    """Rename the clips of older submissions: they were the first ones, with an instance or not."""
    if settings.among_first is not None:
        return settings
    return settings.model_copy(update={"among_first": settings.clips, "clips": None})


_FEW_METRICS = 20
"""Below this number, metrics are listed in the command; otherwise ``all`` is assumed."""


def _default(name: str) -> Any:
    return RunConfig.model_fields[name].default


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def verify_command(path: str) -> str:
    """Write the ``awb verify`` command that recomputes some instances of an entry."""
    return shlex.join(["awb", "verify", f"leaderboards/submissions/{path}", "--spot-check", "3"])
