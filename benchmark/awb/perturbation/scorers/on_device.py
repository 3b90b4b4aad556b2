"""Masked clips made on the model's device: one waveform goes there, then only bits.

The same samples and frames as on the host, bit for bit; what the model makes of them on another
device is its own affair.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from awb.perturbation.scorers.batches import Batches
from awb.perturbation.scorers.clips import DEFAULT_BATCH, checked
from awb.perturbation.scorers.frames import FrameScorer
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import TensorFrameModel, TensorModel
from awb.segments import Segments
from awb.types import BoolArray

if TYPE_CHECKING:
    import torch


def is_elsewhere(model: TensorModel) -> bool:
    """Tell whether a model computes on a device that is not the host."""
    return str(model.device).partition(":")[0] != "cpu"


class _OnDevice:
    """Score rows in batches of one size on a device, which is halved where memory runs out."""

    def __init__(self, model: TensorModel, class_index: int) -> None:
        self._model = model
        self._class_index = class_index
        self._batches = Batches(int(getattr(model, "batch_size", DEFAULT_BATCH)))
        self.forwards = 0.0

    def _sent(self, rows: npt.NDArray[Any], size: int) -> torch.Tensor:
        """Send the first rows, and zeros after them up to the batch's size."""
        import torch

        padded = np.zeros((size, rows.shape[1]), dtype=rows.dtype)
        padded[: len(rows)] = rows[:size]
        host = torch.from_numpy(padded)
        if str(self._model.device).startswith("cuda"):
            host = host.pin_memory()
        return host.to(self._model.device, non_blocking=True)

    def _scored(
        self,
        rows: npt.NDArray[Any],
        score: Callable[[torch.Tensor], torch.Tensor],
    ) -> npt.NDArray[np.float64]:
        self.forwards += len(rows)
        parts = self._batches.over(rows, partial(self._batch, score))
        return np.concatenate([np.empty(0), *parts])

    def _batch(
        self,
        score: Callable[[torch.Tensor], torch.Tensor],
        rows: npt.NDArray[Any],
        size: int,
    ) -> npt.NDArray[np.float32]:
        import torch

        with torch.inference_mode():
            scores = score(self._sent(rows[:size], size)).float().cpu().numpy()
        n_classes = len(self._model.classes)
        return checked(scores, size, n_classes)[: len(rows[:size]), self._class_index]


class DeviceClipScorer(_OnDevice):
    """Score masked clips that are rendered on the device."""

    def __init__(self, model: TensorModel, renderer: Renderer, class_index: int) -> None:
        import torch

        super().__init__(model, class_index)
        lengths = torch.from_numpy(np.diff(renderer.edges_samples))
        cells = torch.arange(len(lengths)).repeat_interleave(lengths)
        self._cells = cells.to(model.device)
        self._waveform = torch.tensor(renderer.waveform, device=model.device)
        self._fill = torch.tensor(renderer.fill, device=model.device)

    def render(self, drop_cells: torch.Tensor) -> torch.Tensor:
        """Make masked clips: ``bool (n, cells)`` to ``float32 (n, samples)``, on the device."""
        import torch

        return torch.where(drop_cells[:, self._cells], self._fill, self._waveform)

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips: ``bool[n, cells]`` to log-odds ``float64[n]``."""
        return self._scored(drop_cells, lambda drops: self._model.tensor_scores(self.render(drops)))


class DeviceFrameScorer(_OnDevice):
    """Score masked clips whose frames are gathered on the device."""

    def __init__(
        self, model: TensorFrameModel, renderer: Renderer, segments: Segments, class_index: int
    ) -> None:
        import torch

        super().__init__(model, class_index)
        self._frame_model = model
        self._host = FrameScorer(model, renderer, segments, class_index)
        self._table = torch.tensor(self._host.table, device=model.device)
        self._frames = torch.arange(self._table.shape[1], device=model.device)

    def gather(self, states: torch.Tensor) -> torch.Tensor:
        """Gather features: ``uint8 (n, frames)`` to ``float32 (n, frames, bins)``."""
        return self._table[states.long(), self._frames]

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips: ``bool[n, cells]`` to log-odds ``float64[n]``."""
        states = self._host.colouring.states(drop_cells).astype(np.uint8)
        return self._scored(
            states, lambda some: self._frame_model.tensor_feature_scores(self.gather(some))
        )
