"""Clips that are rendered on demand, and are known by a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from awb.errors import DataError
from awb.reprs import DescribedDataset
from awb.specs import Parameters

Settings = TypeVar("Settings", bound=Parameters)


def reseeded(parameters: Settings, seed: int, clips: int | None = None) -> Settings:
    """Return the settings of other clips, for a dataset that renders them from ``seed``."""
    changed = {"seed": seed} if clips is None else {"seed": seed, "clips": clips}
    return parameters.model_copy(update=changed)


class NumberedClips(DescribedDataset):
    """Ids ``PREFIX-0000``, ``PREFIX-0001`` and so on, of a dataset that makes its clips."""

    def __init__(self, dataset: str, prefix: str, clips: int) -> None:
        self._dataset = dataset
        self._numbers = {f"{prefix}-{number:04d}": number for number in range(clips)}

    def clip_ids(self) -> Sequence[str]:
        """List the ids, in order."""
        return tuple(self._numbers)

    def number(self, clip_id: str) -> int:
        """Return the number of a clip."""
        number = self._numbers.get(clip_id)
        if number is None:
            known = list(self._numbers)
            raise DataError(
                f"there is no clip {clip_id!r} in {self._dataset}: ids run from {known[0]}"
                f" to {known[-1]}"
            )
        return number
