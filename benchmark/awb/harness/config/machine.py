"""The machine that computes, as far as the last digits of a result depend on it."""

from __future__ import annotations

import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from awb.harness.config.resources import default_jobs

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "captum", "soxr", "soundfile")


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
