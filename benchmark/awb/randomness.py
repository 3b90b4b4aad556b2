"""Random generators that are seeded by names, not by order.

Every random draw in awb comes from a generator whose seed is the hash of (seed, dataset, clip,
target, purpose). So a result does not depend on the order of work, the number of workers,
interruptions, or which other explainers ran.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class RandomKey:
    """A path of names from which generators are derived.

    Attributes
    ----------
    parts : tuple of str or int
        The path, for example ``(seed, dataset, clip_id, target)``.

    Examples
    --------
    >>> key = RandomKey((0, "soundscapes", "scene-1", "Siren"))
    >>> a, b = key.generator("design"), key.generator("design")
    >>> bool(a.random() == b.random())
    True
    """

    parts: tuple[str | int, ...]

    def child(self, *parts: str | int) -> RandomKey:
        """Extend the path."""
        return RandomKey(self.parts + parts)

    def generator(self, *purpose: str | int) -> np.random.Generator:
        """Make the generator for one purpose; the same path always gives the same stream."""
        text = json.dumps([*self.parts, *purpose], ensure_ascii=True)
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
        return np.random.default_rng(seed)
