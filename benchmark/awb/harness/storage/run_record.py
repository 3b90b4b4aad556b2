"""The content of ``run.json``: configuration, versions, plugins and hardware of a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from awb.harness.config.choice import Chosen
from awb.harness.config.resources import default_jobs
from awb.harness.config.run_config import RunConfig

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "captum", "soxr", "soundfile")


def plugin_records(chosen: Chosen) -> list[dict[str, Any]]:
    """List the plugins of a run with everything that their results depend on."""
    return [{"kind": one.kind, "label": one.label, **one.identity()} for one in chosen.all()]


def library_versions() -> dict[str, str]:
    """List the versions of Python and of the libraries that results may depend on."""
    versions = {"python": platform.python_version()}
    for library in _LIBRARIES:
        with suppress(PackageNotFoundError):
            versions[library] = version(library)
    return versions


def hardware() -> dict[str, str]:
    """Describe the processor, for comparisons of run times."""

    table, name = Path("/proc/cpuinfo"), platform.processor() or platform.machine()
    if table.is_file():
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        name = names[0] if names else name
    return {"processor": name, "processors": str(default_jobs())}


def machine() -> dict[str, Any]:
    """Describe where results are computed, as far as their last digits depend on it."""
    return {
        "versions": library_versions(),
        "platform": platform.platform(),
        "hardware": hardware(),
    }


def other_machines(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List the machines other than the first that a run was computed on, with this one."""
    before = list(record.get("other_machines") or [])
    known = [{key: record.get(key) for key in machine()}, *before]
    return before if machine() in known else [*before, machine()]


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
