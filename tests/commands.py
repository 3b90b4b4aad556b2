"""Run ``awb`` as a person would, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def awb(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, check=False, cwd=cwd, timeout=300
    )


def command(*arguments: str | Path) -> list[str]:
    """Return the command line."""
    return [sys.executable, "-m", "awb", *map(str, arguments)]
