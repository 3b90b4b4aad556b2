"""What the benchmarks share: a free model, a clip, and a way to time two functions side by side."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from awb.maskers import Masker, zeros
from awb.perturbation import Design, Perturber
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.segments import Segments
from awb.types import AudioArray, Clip, Event, Instance

RATE_HZ, SAMPLES, N_SEGMENTS = 16_000, 3000, 100


class FreeModel:
    """Costs next to nothing: a sample of each of a hundred segments, weighed and summed."""

    sample_rate_hz = RATE_HZ

    def __init__(self, n_classes: int = 1) -> None:
        self.classes = tuple(f"class {index}" for index in range(n_classes))
        rng = np.random.default_rng(1)
        self._weights = rng.standard_normal((N_SEGMENTS, n_classes)).astype(np.float32)

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        return waveforms[:, 800::1600] @ self._weights


def make_instance(seed: int = 0) -> Instance:
    """Return ten seconds of noise with an event of one second."""
    rng = np.random.default_rng(seed)
    waveform = (0.1 * rng.standard_normal(10 * RATE_HZ)).astype(np.float32)
    clip = Clip(f"clip-{seed}", waveform, RATE_HZ, (Event(2.0, 3.0, "class 0"),))
    return Instance("perf", clip, "class 0", 0, np.array([[2.0, 3.0]]))


def make_perturber(
    model: object,
    masker: Masker = zeros,
    *,
    samples: int = SAMPLES,
    instance: Instance | None = None,
) -> Perturber:
    """Return a perturber for a model."""
    chosen = instance or make_instance()
    segments = Segments(chosen.clip.waveform.size, RATE_HZ)
    key = RandomKey((0, "perf"))
    return Perturber(model, chosen, segments, masker, key, design=Design(samples))  # type: ignore[arg-type]


@dataclass(frozen=True)
class Ratio:
    """Two ways of doing the same work, measured side by side.

    Attributes
    ----------
    what : str
        The work.
    ours, theirs : float
        The cost of each, in `unit`.
    expected : str
        The expected ratio.
    unit : str
        Of both numbers.
    note : str
        How it was measured.
    """

    what: str
    ours: float
    theirs: float
    expected: str
    unit: str = "s"
    note: str = ""

    @property
    def ratio(self) -> float:
        """Factor by which ours takes less."""
        return self.theirs / self.ours


def side_by_side(
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    rounds: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Time two functions alternately, after one call each, and return the medians.

    The default is processor time, which is hardly affected by other processes on the machine.
    """
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for function, times in zip((ours, theirs), taken, strict=True):
            started = clock()
            function()
            if turn:
                times.append(clock() - started)
    return statistics.median(taken[0]), statistics.median(taken[1])
