"""The ten words, the speakers, and which part of the data each speaker belongs to."""

from __future__ import annotations

from typing import Literal

Keyword = Literal["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
Split = Literal["train", "validation", "test"]

WORDS: tuple[Keyword, ...] = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
)
"""Words by the digit that they name."""

SPEAKERS: dict[str, Split] = {
    "jackson": "train",
    "nicolas": "train",
    "theo": "train",
    "lucas": "train",
    "george": "validation",
    "yweweler": "test",
}
"""The six speakers of the collection. Theo and Lucas are used where the folder holds them."""
