"""How masked clips are scored: whole, or patch by patch with exact reuse."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import chain, islice, pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from awb.activity import beat
from awb.errors import PluginError
from awb.perturbation.scorers.batches import Batches
from awb.perturbation.scorers.rendering import Renderer
from awb.protocols import AudioModel, PatchModel, ScoreArray, TargetPatchModel
from awb.segments import Segments
from awb.types import AudioArray, BoolArray

DEFAULT_BATCH = 16
PATCHES_AT_ONCE = 256
"""Patches that are rendered together, so that memory does not grow with the number of masks."""


class Scorer(Protocol):
    """Scores masked clips and counts what it really computed, in clips."""

    forwards: float

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips: ``bool[n, cells]`` to log-odds ``float64[n]``."""
        ...


def checked(scores: ScoreArray, n_rows: int, n_classes: int) -> ScoreArray:
    """Return a model's scores if they are what the contract says."""
    beat()
    scores = np.asarray(scores)
    if scores.shape != (n_rows, n_classes):
        raise PluginError(
            f"the model returned scores of shape {scores.shape}, expected {(n_rows, n_classes)}"
        )
    if np.isnan(scores).any():
        raise PluginError("the model returned NaN scores")
    return scores


class ClipScorer:
    """Score whole clips in batches of one fixed size.

    The last batch is padded, so that the score of a mask does not depend on which other masks were
    asked for: libraries may choose another algorithm, and round differently, for another size.
    """

    def __init__(
        self,
        model: AudioModel,
        renderer: Renderer,
        class_index: int,
        batch_size: int | None = None,
    ) -> None:
        self._model = model
        self._renderer = renderer
        self._class_index = class_index
        size = batch_size or int(getattr(model, "batch_size", DEFAULT_BATCH))
        self._batches = Batches(size)
        self._batch: AudioArray = np.empty((size, renderer.waveform.size), dtype=np.float32)
        self.forwards = 0.0

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        self.forwards += len(drop_cells)
        return np.concatenate([np.empty(0), *self._batches.over(drop_cells, self._some)])

    def _some(self, drop_cells: BoolArray, size: int) -> npt.NDArray[np.float32]:
        """Score the first masks in a batch of fixed size, the rest of which is the clip itself."""
        rows, batch = drop_cells[:size], self._batch[:size]
        self._renderer.render(rows, batch[: len(rows)])
        batch[len(rows) :] = self._renderer.waveform
        scores = checked(self._model.scores(batch), size, len(self._model.classes))
        return scores[: len(rows), self._class_index]


@dataclass(slots=True, eq=False)
class PartMemory:
    """What has been computed of parts of one instance's masked clips, for all that scores them.

    Explainers, curves and variations of an instance share it, other maskers and targets included.
    What was kept first is forgotten first.

    Attributes
    ----------
    patches : dict of bytes to float
        Scores of patches by class and by what they sound like.
    moments : dict of bytes to Sized
        Tables of moments by clip, replacement audio and cells; they hold all classes.
    most_patches : int
        How many are kept, each in about 250 bytes.
    most_values : int
        Numbers in all tables but the newest.
    """

    patches: dict[bytes, float] = field(default_factory=dict)
    moments: dict[bytes, Sized] = field(default_factory=dict)
    most_patches: int = 2**18
    most_values: int = 2**26

    def trim(self) -> None:
        """Forget what is too much."""
        for key in [*islice(self.patches, max(0, len(self.patches) - self.most_patches))]:
            del self.patches[key]
        while len(self.moments) > 1 and sum(map(len, self.moments.values())) > self.most_values:
            del self.moments[next(iter(self.moments))]


class PatchScorer:
    """Score patches: each distinct patch once, whatever masks, masker or target it belongs to.

    Only cells that overlap a patch can change it, and cells that sound the same are the same. The
    result is the plain path's, bit for bit, where the model scores patches one by one.
    """

    def __init__(
        self,
        model: PatchModel,
        renderer: Renderer,
        segments: Segments,
        class_index: int,
        memory: PartMemory | None = None,
    ) -> None:
        self._model = model
        self._renderer = renderer
        self._class_index = class_index
        self._edges = segments.edges_samples
        self._starts = np.asarray(model.patch_starts(segments.n_samples), dtype=np.int64)
        stops = self._starts + model.patch_samples
        self._first = np.searchsorted(self._edges, self._starts, side="right") - 1
        self._last = np.minimum(np.searchsorted(self._edges, stops, side="left"), segments.n_cells)
        self._batches = Batches(PATCHES_AT_ONCE)
        self._memory = memory or PartMemory()
        self._sounds = [self._sounds_of(patch) for patch in range(self._starts.size)]
        self.forwards = 0.0

    def scores(self, drop_cells: BoolArray) -> npt.NDArray[np.float64]:
        """Score masked clips."""
        patch_scores = np.empty((len(drop_cells), self._starts.size, 1), dtype=np.float32)
        for patch in range(self._starts.size):
            patch_scores[:, patch, 0] = self._one_patch(patch, drop_cells)
            self._memory.trim()
        return self._model.pool(patch_scores)[:, 0].astype(np.float64)

    def _sounds_of(self, patch: int) -> tuple[bytes, npt.NDArray[np.uint64]]:
        """Name what each cell of a patch sounds like, kept and dropped: ``(cells, 2)``.

        The first part of the result names the class and the places of the cells in the patch.
        """
        start = int(self._starts[patch])
        stop = min(start + self._model.patch_samples, self._renderer.waveform.size)
        edges = self._edges[self._first[patch] : self._last[patch] + 1].clip(start, stop)
        head = digest(edges - start, np.array([self._class_index, self._model.patch_samples]))
        audio = (self._renderer.waveform, self._renderer.fill)
        names = [
            [digest(one[begin:end]) for one in audio] for begin, end in pairwise(edges.tolist())
        ]
        return head, np.frombuffer(b"".join(chain.from_iterable(names)), np.uint64).reshape(-1, 2)

    def _one_patch(self, patch: int, drop_cells: BoolArray) -> npt.NDArray[np.float32]:
        inside = drop_cells[:, self._first[patch] : self._last[patch]]
        keys = _as_numbers(inside)
        _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
        head, sounds = self._sounds[patch]
        named = sounds[np.arange(len(sounds)), inside[first].astype(np.intp)]
        names = [head + row.tobytes() for row in named]
        known = self._memory.patches
        new = {name: place for place, name in enumerate(names) if name not in known}
        unknown = drop_cells[first[[*new.values()]]]
        parts = self._batches.over(unknown, partial(self._computed, patch))
        known.update(zip(new, chain.from_iterable(parts), strict=True))
        self.forwards += len(new) / self._starts.size
        values = np.array([known[name] for name in names], dtype=np.float32)
        return values[inverse.reshape(-1)]

    def _computed(self, patch: int, drop_cells: BoolArray, size: int) -> list[float]:
        """Ask the model for the target's scores of one patch under the first masks."""
        start = int(self._starts[patch])
        stop = start + self._model.patch_samples
        waves = self._renderer.render_span(drop_cells[:size], start, stop)
        if isinstance(self._model, TargetPatchModel):
            alone = self._model.target_patch_scores(waves, self._class_index)
            scores = checked(np.asarray(alone)[..., np.newaxis], len(waves), 1)[:, 0]
        else:
            every = self._model.patch_scores(waves)
            scores = checked(every, len(waves), len(self._model.classes))[:, self._class_index]
        found: list[float] = scores.tolist()
        return found


def digest(*arrays: npt.NDArray[Any]) -> bytes:
    """Name the contents of arrays in eight bytes."""
    found = blake2b(digest_size=8)
    for one in arrays:
        found.update(np.ascontiguousarray(one).tobytes())
    return found.digest()


def _as_numbers(drop_cells: BoolArray) -> npt.NDArray[np.uint64]:
    """Pack each row into as few whole numbers as it takes: one, for up to 64 cells."""
    n_cells = drop_cells.shape[1]
    padded = np.zeros((len(drop_cells), -(-n_cells // 64) * 64), dtype=bool)
    padded[:, :n_cells] = drop_cells
    packed: npt.NDArray[np.uint64] = np.packbits(padded, axis=1).view(np.uint64)
    return packed[:, 0] if packed.shape[1] == 1 else packed
