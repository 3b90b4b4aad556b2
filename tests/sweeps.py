"""How much of the longest sweeps to run.

``pytest -m slow`` runs all of them. Where ``AWB_TEST_SHARE=N`` is set, as in ``.ci/run``, it is one
N-th of each, another one every time: nothing else changes.
"""

from __future__ import annotations

import os
import random

SHARE = max(1, int(os.environ.get("AWB_TEST_SHARE", "1")))


def some_of(count: int) -> int:
    """Return how many of so many random cases to try."""
    return -(-count // SHARE)


def first_and_step() -> tuple[int, int]:
    """Return with which case of a sweep to begin, counted from 1, and how many to go on by."""
    return random.randint(1, SHARE), SHARE
