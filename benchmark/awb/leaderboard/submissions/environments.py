"""Where and when a run was computed, as submissions and their shadows state it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from awb.harness.config.machine import machine
from awb.harness.storage.run_folder import RunFolder


def environment_here(computed_on: str) -> dict[str, Any]:
    """Describe this machine, its versions and the time."""
    return {
        "awb": version("audio-where-benchmark"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "computed_on": computed_on,
    }


def environment_of(folder: RunFolder, model: str) -> dict[str, Any]:
    """Describe the machines and the versions of a run, for one of its models.

    A run that was finished elsewhere names all, so that no machine is held to its last digits.
    """
    record = folder.record()
    machines = [record, *(record.get("other_machines") or [])]
    return {
        "awb": version("audio-where-benchmark"),
        "created": str(record.get("created", "")),
        "platform": _joined(one.get("platform", "") for one in machines),
        "versions": _each_joined([one.get("versions") or {} for one in machines]),
        "hardware": _each_joined([one.get("hardware") or {} for one in machines]),
        "computed_on": folder.computed_on().get(model, ""),
    }


def _joined(values: Iterable[object]) -> str:
    return " and ".join(dict.fromkeys(map(str, values)))


def _each_joined(tables: Sequence[Mapping[str, object]]) -> dict[str, str]:
    names = dict.fromkeys(name for one in tables for name in one)
    return {str(name): _joined(one.get(name, "none") for one in tables) for name in names}
