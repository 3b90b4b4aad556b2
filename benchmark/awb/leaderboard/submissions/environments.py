"""Where and when a run was computed, as submissions and their shadows state it."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from awb.harness.storage.run_folder import RunFolder


def environment_of(folder: RunFolder, model: str) -> dict[str, Any]:
    """Describe the machine and the versions of a run, for one of its models."""
    record = folder.record()
    return {
        "awb": version("audio-where-benchmark"),
        "created": str(record.get("created", "")),
        "platform": str(record.get("platform", "")),
        "versions": {str(k): str(v) for k, v in (record.get("versions") or {}).items()},
        "hardware": {str(k): str(v) for k, v in (record.get("hardware") or {}).items()},
        "computed_on": folder.computed_on().get(model, ""),
    }
