"""Batches that fit the memory: halved until they do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from awb.errors import ParameterError
from awb.perturbation.scorers.batches import is_out_of_memory, release_memory
from awb.protocols import ScoreArray
from awb.types import AudioArray

if TYPE_CHECKING:
    import torch


Precision = Literal["float32", "bfloat16", "float16"]
"""What a network computes in; all but float32 is mixed precision, by torch's autocast."""


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """Compute in mixed precision, or as the weights are."""
    import torch

    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=getattr(torch, precision))


class FittingBatches:
    """Scores in batches; a batch that does not fit in memory is halved from then on."""

    def __init__(self, size: int, name: str) -> None:
        self.size = size
        self._name = name

    def scores(
        self, clips: AudioArray, forward: Callable[[AudioArray], torch.Tensor]
    ) -> ScoreArray:
        """Score clips a batch at a time."""
        if clips.ndim not in (2, 3) or 0 in clips.shape or clips.dtype != np.float32:
            raise ParameterError(
                f"{self._name}: waveforms must be float32 of shape (batch, samples),"
                f" got {clips.dtype} of shape {clips.shape}"
            )
        found: list[ScoreArray] = []
        start = 0
        while start < len(clips):
            batch = clips[start : start + self.size]
            try:
                found.append(forward(batch).float().cpu().numpy())
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._halve(len(batch))
                continue
            start += len(batch)
        return np.concatenate(found)

    def _halve(self, tried: int) -> None:
        if tried == 1:
            raise ParameterError(
                f"{self._name}: one clip does not fit the memory; type device=cpu, or cut the clips"
            )
        self.size = tried // 2
        release_memory()
