"""Clips that are rendered on demand, and are known by a number."""

from __future__ import annotations

from collections.abc import Sequence

from awb.errors import DataError


class NumberedClips:
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
