"""Attempts at pages of untrusted entries: what cannot be rendered costs its own page only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from awb.leaderboard.verification.checks import readable

Page = TypeVar("Page")


def attempted(name: str, make: Callable[[], Page], failed: list[str]) -> Page | None:
    """Make a page; None if that fails, with the reason in ``failed``."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - entries are anybody's, and the other pages must appear
        failed.append(f"{name} cannot be shown: {type(error).__name__}: {readable(str(error))}")
        return None
