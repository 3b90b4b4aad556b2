"""What a terminal shows before anything heavy is imported: a line that is taken away again."""

from __future__ import annotations

import sys

_shown = ""


def show(text: str) -> None:
    """Show a line on a terminal, in place of the one before; nothing elsewhere."""
    global _shown
    clear()
    if sys.stderr.isatty():
        sys.stderr.write(text)
        sys.stderr.flush()
        _shown = text


def clear() -> None:
    """Take the line away, if there is one."""
    global _shown
    if _shown:
        sys.stderr.write(f"\r{' ' * len(_shown)}\r")
        sys.stderr.flush()
        _shown = ""
