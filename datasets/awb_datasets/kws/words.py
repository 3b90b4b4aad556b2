"""The digits, the speakers of the collection that awb downloads, and the parts of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal

Part = Literal["train", "validation", "test"]
Split = Literal["train", "validation", "test", "all"]

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
"""Words by the digit that they name."""

SPEAKERS: dict[str, Part] = {
    "jackson": "train",
    "nicolas": "train",
    "theo": "train",
    "lucas": "train",
    "george": "validation",
    "yweweler": "test",
}
"""The six speakers of the collection. Theo and Lucas are used where the folder holds them."""

SHARE = 0.15


def parts_of(speakers: Iterable[str], known: Mapping[str, Part]) -> dict[str, Part]:
    """Divide speakers: those that are known as they are, 15 % of the others to test and validation.

    The order is that of a hash of the names, so that one more speaker moves few of the others.

    Examples
    --------
    >>> sorted(parts_of(["anna", "ben", "cleo", "dan"], {}).values())
    ['test', 'train', 'train', 'validation']
    """
    names = sorted(set(speakers))
    others = sorted(
        (name for name in names if name not in known),
        key=lambda name: hashlib.sha256(name.encode()).hexdigest(),
    )
    size = max(1, round(SHARE * len(others)))
    found: dict[str, Part] = {name: known[name] for name in names if name in known}
    for place, name in enumerate(others):
        found[name] = "test" if place < size else "validation" if place < 2 * size else "train"
    return found
