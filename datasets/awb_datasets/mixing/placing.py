"""When the sounds of a clip begin: in a given order, apart, and at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(
    rng: np.random.Generator, lengths: Sequence[int], n_samples: int, min_gap: int
) -> list[int] | None:
    """Draw where sounds that do not overlap begin.

    Examples
    --------
    >>> spread(np.random.default_rng(0), [3, 3], 12, 2)
    [2, 7]
    >>> spread(np.random.default_rng(0), [5, 5], 12, 2) is None
    True
    """
    free = n_samples - sum(lengths) - min_gap * (len(lengths) + 1)
    if free < 0:
        return None
    cuts = np.sort(rng.integers(0, free + 1, len(lengths)))
    before = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    gaps = min_gap * np.arange(1, len(lengths) + 1)
    return [int(start) for start in cuts + before + gaps]


def draw_levels(
    rng: np.random.Generator, count: int, snr_db: float, spread_db: float
) -> list[float]:
    """Draw the levels of sounds over a background of level 0 dB."""
    return [float(level) for level in snr_db + rng.uniform(-spread_db, spread_db, count)]


def read_levels(text: str, name: str) -> tuple[float, ...]:
    """Read a list of decibels such as ``0+10+20``.

    Examples
    --------
    >>> read_levels("-5+0+10", "snr_db")
    (-5.0, 0.0, 10.0)
    """
    try:
        levels = tuple(float(part) for part in text.split("+"))
    except ValueError:
        levels = ()
    if not levels or not all(-60 <= level <= 120 for level in levels):
        raise ValueError(f"{name} is a list of decibels from -60 to 120, like 0+10+20")
    return levels
