"""Run ``awb`` as a person would, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import warm_processes


def awb(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process that has its libraries already if that is possible."""
    if warm_processes.AVAILABLE:
        return warm_processes.awb(*arguments, cwd=cwd)
    return awb_from_cold(*arguments, cwd=cwd)


def awb_from_cold(
    *arguments: str | Path, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, from the start of Python."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, cwd=cwd, timeout=300
    )


def command(*arguments: str | Path) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "awb", *map(str, arguments)]
