"""What a terminal shows before anything heavy is imported: a line that is taken away again."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

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


def fitted(text: str) -> str:
    """Wrap a line at spaces to the width of the terminal; elsewhere it stays one line."""
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    lead = text[: len(text) - len(text.lstrip("\n"))]
    return lead + textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False).strip()


def say(text: str) -> None:
    """Tell something on stderr, in place of the line that is shown."""
    clear()
    click.echo(fitted(text), err=True)
