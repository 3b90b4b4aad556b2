"""Training data: clips of a dataset with the classes that occur in them, and nothing of when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from awb.protocols import Dataset
from awb.types import AudioArray

STEPS = 2**15  # the scenes lie on the grid of 16-bit samples, so that int16 holds them exactly
_CHUNK = 50

ClassKey = tuple[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledClips:
    """Clips with clip-level labels.

    Attributes
    ----------
    samples : np.ndarray, shape=(clips, samples), dtype=int16
        Waveforms times `STEPS`; a memory map.
    present : tuple of frozenset of (str, str)
        Name and machine id ("" if there is none) of the classes in each clip.
    """

    samples: npt.NDArray[np.int16]
    present: tuple[frozenset[ClassKey], ...]

    def classes(self) -> list[ClassKey]:
        """List all classes that occur, by name."""
        return sorted(frozenset[ClassKey]().union(*self.present))

    def labels(self, classes: Sequence[ClassKey]) -> AudioArray:
        """Return 1 where a class occurs in a clip, else 0: ``shape=(clips, classes)``."""
        return np.array([[key in keys for key in classes] for keys in self.present], np.float32)

    def waveforms(self, rows: slice | npt.NDArray[np.int64]) -> AudioArray:
        """Return some clips as float32 in [-1, 1], ``shape=(rows, samples)``."""
        return self.samples[rows].astype(np.float32) / np.float32(STEPS)


def _load(
    dataset: Dataset, clip_ids: Sequence[str]
) -> tuple[npt.NDArray[np.int16], list[frozenset[ClassKey]]]:
    """Load a chunk of clips; the times of their events are dropped here."""
    clips = [dataset.load(clip_id) for clip_id in clip_ids]
    samples = np.stack([np.rint(clip.waveform * STEPS).astype(np.int16) for clip in clips])
    return samples, [frozenset((e.label, e.mid or "") for e in clip.events) for clip in clips]


def render(dataset: Dataset, path: Path, *, workers: int) -> LabelledClips:
    """Load all clips of a dataset into a file."""
    clip_ids = list(dataset.clip_ids())
    chunks = [clip_ids[start : start + _CHUNK] for start in range(0, len(clip_ids), _CHUNK)]
    n_samples = dataset.load(clip_ids[0]).waveform.size
    present: list[frozenset[ClassKey]] = []
    samples = np.lib.format.open_memmap(path, "w+", np.int16, (len(clip_ids), n_samples))
    load = partial(_load, dataset)
    with ExitStack() as stack:
        spread: Callable[..., Iterable[Any]] = map
        if workers > 1:
            pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
            spread = stack.enter_context(pool).map
        for loaded, keys in spread(load, chunks):
            samples[len(present) : len(present) + len(loaded)] = loaded
            present += keys
    return LabelledClips(samples, tuple(present))
