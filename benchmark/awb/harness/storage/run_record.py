"""The content of ``run.json``: configuration, versions, plugins and hardware of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from awb.harness.config.choice import Chosen
from awb.harness.config.machine import machine
from awb.harness.config.run_config import RunConfig


def plugin_records(chosen: Chosen) -> list[dict[str, Any]]:
    """List the plugins of a run with everything that their results depend on."""
    return [{"kind": one.kind, "label": one.label, **one.identity()} for one in chosen.all()]


def other_machines(
    record: Mapping[str, Any], here: Iterable[dict[str, Any]]
) -> list[dict[str, Any]]:
    """List the machines other than the first that a run was computed on, with those given."""
    first = {key: record.get(key) for key in machine()}
    others: list[dict[str, Any]] = []
    for one in [*(record.get("other_machines") or []), *here]:
        if one != first and one not in others:
            others.append(one)
    return others


def run_record(config: RunConfig, chosen: Chosen) -> dict[str, Any]:
    """Make the content of ``run.json``: configuration, versions and origins."""
    return {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "config": config.model_dump(mode="json"),
        "cwd": str(Path.cwd()),
        "seed": config.seed,
        **machine(),
        "plugins": plugin_records(chosen),
        "manifests": [],
    }
