"""Where and when a run was computed, as submissions and their shadows state it."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from awb.harness.storage.run_folder import RunFolder
from awb.harness.storage.run_record import hardware, library_versions


def environment_here(computed_on: str) -> dict[str, Any]:
    """Describe this machine, its versions and the time."""
    return {
        "awb": version("audio-where-benchmark"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "platform": platform.platform(),
        "versions": library_versions(),
        "hardware": {key: str(value) for key, value in hardware().items()},
        "computed_on": computed_on,
    }


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
