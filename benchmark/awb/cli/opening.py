"""Opening a page in the browser, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click


def open_page(page: Path | str) -> None:
    """Open a page in the browser; where there is none, say so in one line."""
    if not _opened(str(page.resolve()) if isinstance(page, Path) else page):
        click.echo("No browser was found here; open the page where there is one.", err=True)


def _opened(address: str) -> bool:
    if not sys.platform.startswith("linux"):
        return click.launch(address) == 0
    opener = shutil.which("xdg-open")
    if opener is None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    done = subprocess.run([opener, address], capture_output=True, check=False)
    return done.returncode == 0
