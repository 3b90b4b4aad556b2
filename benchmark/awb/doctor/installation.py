"""Checks of what is installed and what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from shutil import disk_usage
from tempfile import TemporaryFile

from awb.doctor.metrics import self_test
from awb.errors import AwbError
from awb.harness.steps import steps
from awb.harness.unit.score_cache import chosen_cache
from awb.plugins.discovery import Registry, mend_command, missing_modules
from awb.specs import DISTRIBUTION, MetricSpec

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "torch", "captum", "soundfile", "soxr")


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    subject: str
    ok: bool  # also True for a missing extra
    text: str  # includes what to type if something is wrong


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _libraries() -> list[Finding]:
    found = [Finding("python", True, platform.python_version())]
    for name in (DISTRIBUTION, *_LIBRARIES):
        installed = _version(name)
        advice = f"missing. Type: python -m pip install {name}"
        found.append(Finding(name, installed is not None, installed or advice))
    return found


def _devices() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    text = f"{cores} processors"
    if importlib.util.find_spec("torch") is not None:
        import torch

        text += f", {torch.cuda.device_count()} GPUs"
    return Finding("devices", True, text)


def _codecs() -> Finding:
    try:
        import soundfile
    except (ImportError, OSError) as error:
        return Finding("codecs", False, f"soundfile does not load: {error}")
    wanted = ("WAV", "FLAC", "OGG", "MP3")
    missing = [name for name in wanted if name not in soundfile.available_formats()]
    text = f"cannot read {', '.join(missing)}: update soundfile" if missing else ", ".join(wanted)
    return Finding("codecs", not missing, text)


def _cache() -> Finding:
    """Check the cache folder."""
    try:
        cache = chosen_cache(os.environ.get("AWB_CACHE") or None)
        if cache is None:
            return Finding("cache", True, "off (AWB_CACHE)")
        with TemporaryFile(dir=cache.folder):
            pass
        used, free = sum(one.n_bytes for one in cache.entries()), disk_usage(cache.folder).free
    except (AwbError, OSError) as error:
        return Finding("cache", False, f"{error}. Set AWB_CACHE to another folder, or to off")
    text = f"{cache.folder}: {used / 1e6:.1f} of {cache.limit_bytes / 1e6:.0f} MB"
    if cache.limit_bytes - used > free:
        text += f", and only {free / 1e6:.0f} MB free on the disk: set AWB_CACHE_SIZE"
    return Finding("cache", True, text)


def _plugins(registry: Registry) -> list[Finding]:
    found = [
        Finding(f"plugin {one.origin.distribution} ({one.origin.entry_point})", False, one.reason)
        for one in registry.broken
    ]
    for entry in registry:
        if missing_modules(entry.spec):
            text = f"not installed. Type: {mend_command(entry.spec, entry.origin)}"
            found.append(Finding(f"{entry.kind} {entry.spec.name}", True, text))
    return found


def examine(registry: Registry) -> list[Finding]:
    """Check the installation, and self-test every metric."""
    found = [*_libraries(), _devices(), _codecs(), _cache(), *_plugins(registry)]
    specs = registry.specs(MetricSpec)
    wrong = {spec.name: self_test(spec) for spec in steps(specs, "Testing metrics")}
    broken = {name: reason for name, reason in wrong.items() if reason}
    found += [Finding(f"metric {name}", False, reason) for name, reason in broken.items()]
    text = f"{len(specs) - len(broken)} of {len(specs)} pass their self-tests"
    return [*found, Finding("metrics", not broken, text)]
