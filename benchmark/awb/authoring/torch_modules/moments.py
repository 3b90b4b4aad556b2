"""A torch module that judges moments, as its recorded operations show."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from awb.authoring.callables import probe_waveforms
from awb.authoring.torch_modules.graphs import (
    UnsuitableError,
    output_of,
    part,
    recorded,
    same_operations,
)
from awb.authoring.torch_modules.locality import find_cut
from awb.authoring.torch_modules.networks import computing
from awb.intervals import IntArray
from awb.protocols import ScoreArray
from awb.types import AudioArray

Rows = npt.NDArray[np.float32]


class _Model(Protocol):
    """What is asked of a torch model."""

    sample_rate_hz: int
    classes: Sequence[str]
    batch_size: int
    device: torch.device
    precision: str

    def scores(self, waveforms: AudioArray) -> ScoreArray: ...

    def network(self, waveforms: Tensor) -> Tensor: ...

    def log_odds(self, values: ScoreArray) -> ScoreArray: ...


class TracedMoments:
    """A `awb.protocols.LocalModel` for clips of one length, made of a torch model.

    It computes each batch by the operations that the network itself runs on a batch of that size.

    Parameters
    ----------
    model : TorchModel
        The model.
    n_samples : int
        Length of the clips.
    longest_samples : int
        Most samples that a moment may hear.

    Attributes
    ----------
    sample_rate_hz, classes, batch_size
        Those of the model.
    moment_samples : int
        Length of the stretch that a moment depends on, in samples.

    Raises
    ------
    UnsuitableError
        If the network has no moments that short, or cannot be recorded.
    """

    def __init__(self, model: _Model, n_samples: int, longest_samples: int) -> None:
        if model.device.type != "cpu" or model.precision != "float32":
            raise UnsuitableError(f"it computes on {model.device} in {model.precision}")
        self._model: _Model = weakref.proxy(model)  # which remembers what was found in it
        self.sample_rate_hz, self.batch_size = model.sample_rate_hz, model.batch_size
        self.classes: Sequence[str] = model.classes
        self._n_samples = n_samples
        noise = probe_waveforms(model.sample_rate_hz)[0]
        self._noise = torch.from_numpy(np.resize(noise, n_samples).astype(np.float32))
        self._halves: dict[int, _Halves] = {}
        self._rows = min(2, self.batch_size)
        with computing(model.device, model.precision):
            self._pattern = self._recorded(self._rows)
            probe = self._noise.repeat(self._rows, 1)
            self._cut = find_cut(self._pattern, probe, longest_samples)
        self.moment_samples = self._cut.n_samples

    def moment_starts(self, n_samples: int) -> IntArray:
        """Return the first sample that each moment hears; `n_samples` is that of the clips."""
        if n_samples != self._n_samples:
            raise UnsuitableError(f"recorded for {self._n_samples} samples, asked for {n_samples}")
        return self._cut.first

    def moments(self, waveforms: AudioArray) -> npt.NDArray[np.float32]:
        """Judge moments: ``(batch, samples)`` to ``(batch, moments, channels)``."""
        return np.concatenate([self._judged(some) for some in self._batches(waveforms)])

    def moment_scores(self, moments: npt.NDArray[np.float32]) -> ScoreArray:
        """Combine moments: ``(batch, moments, channels)`` to log-odds ``(batch, classes)``."""
        return self._model.log_odds(
            np.concatenate([self._combined(some) for some in self._batches(moments)])
        )

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score whole clips; see `awb.protocols.AudioModel`."""
        return self._model.scores(waveforms)

    def _batches(self, rows: Rows) -> list[Rows]:
        return [rows[at : at + self.batch_size] for at in range(0, len(rows), self.batch_size)]

    def _judged(self, waveforms: AudioArray) -> npt.NDArray[np.float32]:
        given = self._filled(waveforms)
        halves = self._split(len(given))
        with computing(self._model.device, self._model.precision):
            value = halves.before(torch.from_numpy(given)).movedim(self._cut.axis, 1)
        moments: npt.NDArray[np.float32] = value.reshape(*value.shape[:2], -1).numpy()
        return moments[: len(waveforms)]

    def _combined(self, moments: npt.NDArray[np.float32]) -> ScoreArray:
        given = torch.from_numpy(self._filled(moments))
        halves = self._split(len(given))
        axis, shape = self._cut.axis, halves.between.shape
        moved = given.reshape(len(given), shape[axis], *shape[1:axis], *shape[axis + 1 :])
        laid_out = torch.empty_like(halves.between).copy_(moved.movedim(1, axis))
        with computing(self._model.device, self._model.precision):
            found = halves.after(laid_out)
        scores: ScoreArray = found.float().numpy()[: len(moments)]
        return scores

    def _filled(self, rows: Rows) -> Rows:
        """Fill a batch with zeros: it has the model's size, or half as often as memory demands."""
        size = self.batch_size
        while size // 2 >= max(len(rows), self._rows):
            size //= 2
        return np.pad(rows, ((0, size - len(rows)), *[(0, 0)] * (rows.ndim - 1)))

    def _recorded(self, rows: int) -> torch.fx.GraphModule:
        return recorded(self._model.network, self._noise.repeat(rows, 1))

    def _split(self, rows: int) -> _Halves:
        """Return the network for batches of one size, cut in two."""
        if rows not in self._halves:
            with computing(self._model.device, self._model.precision):
                graph = self._pattern if rows == self._rows else self._recorded(rows)
                if not same_operations(graph, self._pattern):
                    raise UnsuitableError(f"it computes {rows} waveforms in another way than two")
                node = list(graph.graph.nodes)[self._cut.place]
                [given] = [one for one in graph.graph.nodes if one.op == "placeholder"]
                before = part(graph, given, node)
                between = before(self._noise.repeat(rows, 1))
                self._halves[rows] = _Halves(before, part(graph, node, output_of(graph)), between)
        return self._halves[rows]


@dataclass(frozen=True, slots=True)
class _Halves:
    """A network for batches of one size, in two halves, and a tensor laid out like that between."""

    before: nn.Module
    after: nn.Module
    between: Tensor
