"""A model with known causes, for testing metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from awb.intervals import FloatArray
from awb.maskers import zeros
from awb.perturbation import Design, Perturber
from awb.protocols import ScoreArray
from awb.randomness import RandomKey
from awb.scoring import Scoring
from awb.segments import Segments
from awb.types import AudioArray, BoolArray, Clip, Event, Instance
from awb.variations import Variation

RATE_HZ = 1000
CELL_SAMPLES = 100
N_CELLS = 60
OTHER_S = (1.4, 2.2)  # another labelled sound, to which the model does not respond
_BIN_HZ, _N_BINS = 100, 5
_BAND_HZ = (110.0, 190.0)  # of the events: the second bin
_OFFSET, _TOTAL = -2.0, 4.0  # log-odds of silence, and the increase by all events together
_POWER = 0.25


class Planted:
    """A model whose log-odds are a weighted sum of the power of each 100 ms."""

    sample_rate_hz = RATE_HZ
    classes: Sequence[str] = ("Target",)

    def __init__(self, weights: FloatArray) -> None:
        self._weights = weights

    def scores(self, waveforms: AudioArray) -> ScoreArray:
        """Score waveforms of ``N_CELLS`` cells; see `awb.protocols.AudioModel`."""
        cells = waveforms.reshape(len(waveforms), -1, CELL_SAMPLES).astype(np.float64)
        log_odds = np.square(cells).mean(axis=2) @ self._weights + _OFFSET
        return np.asarray(log_odds, dtype=np.float32)[:, np.newaxis]

    def frame_centers_s(self, n_frames: int) -> FloatArray:
        """Return the centres of cells; see `awb.protocols.TimeFrequencyModel`."""
        return (np.arange(n_frames, dtype=np.float64) + 0.5) * CELL_SAMPLES / RATE_HZ

    def bin_centers_hz(self, n_bins: int) -> FloatArray:
        """Return the centres of bins of 100 Hz; see `awb.protocols.TimeFrequencyModel`."""
        return (np.arange(n_bins, dtype=np.float64) + 0.5) * _BIN_HZ


def scoring(
    relevance: FloatArray,
    intervals_s: FloatArray,
    seed: int = 0,
    *,
    again: Callable[[Variation], FloatArray] | None = None,
    fitted: FloatArray | None = None,
) -> Scoring:
    """Make the `Scoring` of an explanation of a model that responds only to the events.

    The weights of its surrogate are `fitted`, by default the relevance. Its map has the relevance
    in the band of the events, and the least of it elsewhere.
    """
    spans = tuple((float(onset), float(offset)) for onset, offset in intervals_s)
    perturber = _perturber(spans, seed)
    weights = relevance if fitted is None else fitted
    scale = _TOTAL / max(float(weights.sum()), 1e-12)

    def surrogate(drop_masks: BoolArray) -> FloatArray:
        forecasts: FloatArray = (~drop_masks).astype(float) @ weights * scale + _OFFSET
        return forecasts

    relevance_map = np.full((relevance.size, _N_BINS), relevance.min())
    relevance_map[:, 1] = relevance
    return Scoring(
        relevance,
        intervals_s,
        perturber,
        RandomKey((seed, "doctor")),
        other_intervals_s=np.array([OTHER_S]),
        surrogate=surrogate,
        again=again,
        time_frequency=relevance_map,
        events=[Event(onset_s, offset_s, "Target", None, *_BAND_HZ) for onset_s, offset_s in spans],
    )


@cache
def _perturber(spans: tuple[tuple[float, float], ...], seed: int) -> Perturber:
    """Make the perturber of one instance, which knows the scores of earlier explanations."""
    intervals_s = np.array(spans)
    signs = np.random.default_rng(7).choice([-0.5, 0.5], size=N_CELLS * CELL_SAMPLES)
    clip = Clip("planted", signs.astype(np.float32), RATE_HZ)
    segments = Segments(clip.waveform.size, RATE_HZ)
    weights = segments.coverage(intervals_s)
    model = Planted(weights * (_TOTAL / _POWER) / weights.sum())
    instance = Instance("doctor", clip, "Target", 0, intervals_s)
    key = RandomKey((seed, "doctor"))
    return Perturber(model, instance, segments, zeros, key, design=Design(100))
